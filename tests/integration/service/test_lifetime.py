"""Start and stop of `rayocr serve`, and its scaling."""

import re
import socket
import threading
import time
from collections.abc import Callable

import httpx
import psutil
import pytest

from tests.nets import QUICK_NETS
from tests.pictures import drawn_page, encoded
from tests.service import replicas, running_service

pytestmark = pytest.mark.timeout(600)

_PNG = encoded(drawn_page(*(f"ROW {number} OF A LONG PAGE 0123456789" for number in range(24)), width=900))


def _post(url: str, client: httpx.Client | None = None) -> httpx.Response:
    post = client.post if client else httpx.post
    return post(f"{url}/v1/ocr", files={"file": ("page.png", _PNG)}, timeout=100)


def test_recognition_scales_under_load_and_back_while_detection_stays() -> None:
    variables = {
        **QUICK_NETS,
        "RAYOCR_RECOGNITION__SCALING__MAX_REPLICAS": "2",
        "RAYOCR_RECOGNITION__SCALING__UPSCALE_DELAY_S": "1",
        "RAYOCR_RECOGNITION__SCALING__DOWNSCALE_DELAY_S": "3",
    }
    with running_service(variables) as service:
        assert service.announcement.count("\n") == 2
        assert f"curl -F file=@receipt.jpg {service.url}/v1/ocr" in service.announcement
        assert len(replicas(service.pid, "Recognizer")) == 1
        over = threading.Event()
        statuses: list[int] = []

        def load() -> None:
            with httpx.Client(trust_env=False) as client:
                while not over.is_set():
                    statuses.append(_post(service.url, client).status_code)

        clients = [threading.Thread(target=load) for _ in range(8)]
        for client in clients:
            client.start()
        try:
            most = _wait_for(lambda: len(replicas(service.pid, "Recognizer")), 2, 150)
            assert len(replicas(service.pid, "Detector")) == 1
        finally:
            over.set()
            for client in clients:
                client.join()
        assert most == 2
        assert set(statuses) == {200}
        assert _wait_for(lambda: len(replicas(service.pid, "Recognizer")), 1, 150) == 1
        assert len(replicas(service.pid, "Detector")) == 1
        family = psutil.Process(service.pid).children(recursive=True)
        # in work when SIGINT comes: it is still answered
        last = threading.Thread(target=lambda: statuses.append(_post(service.url).status_code))
        last.start()
        time.sleep(0.5)
    last.join()
    assert statuses[-1] == 200
    _, alive = psutil.wait_procs(family, timeout=60)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


def _wait_for(count: Callable[[], int], wanted: int, timeout_s: float) -> int:
    give_up = time.monotonic() + timeout_s
    while (last := count()) != wanted and time.monotonic() < give_up:
        time.sleep(0.5)
    return last


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
