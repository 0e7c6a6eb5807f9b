"""What `rayocr serve` refuses before anything starts."""

import re
import socket

import pytest

from tests.service import running_service

pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("variable", ["RAYOCR_HTTP__PORT", "RAYOCR_RAY__METRICS_PORT"])
def test_taken_port_is_refused_before_anything_starts(variable: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refusal = re.compile(rf"ended with 78: .*127\.0\.0\.1:{port}", re.DOTALL)
        with pytest.raises(AssertionError, match=refusal), running_service({variable: str(port)}):
            pass


def test_cuda_without_a_gpu_is_refused_by_name() -> None:
    refusal = r"ended with 78: .*device cuda:7 was asked for"
    variables = {"RAYOCR_DETECTION__NET__DEVICE": "cuda:7"}
    with pytest.raises(AssertionError, match=refusal), running_service(variables):
        pass
