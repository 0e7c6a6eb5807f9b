"""Bulk runs in this process, on one Ray for all of them."""

import warnings
from collections.abc import Iterator

import pytest

from serve.cli.application import run
from serve.cli.console import Invocation
from tests.faults import bulk as faulty
from tests.integration.bulk.runs import Bulk, Ended
from tests.minio import MinioServer
from tests.nets import QUICK_NETS
from tests.ray_node import running_ray


@pytest.fixture(scope="session")
def ray_variables(minio: MinioServer) -> Iterator[dict[str, str]]:
    """The variables with which a run joins the Ray of the tests."""
    with running_ray(minio.environment()) as joining:
        yield {**minio.environment(), **joining}


@pytest.fixture
def bulk(ray_variables: dict[str, str], capfd: pytest.CaptureFixture[str]) -> Bulk:
    """Run `rayocr bulk` to the end."""

    def run_bulk(*arguments: str, is_faulty: bool = False, **variables: str) -> Ended:
        with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of Ray Data, which its users see as little
            for name, value in {**QUICK_NETS, **ray_variables, **variables}.items():
                patch.setenv(name, value)
            capfd.readouterr()
            code = faulty.main(*arguments) if is_faulty else run(["bulk", *arguments], Invocation())
        out, err = capfd.readouterr()
        return code, out, err

    return run_bulk
