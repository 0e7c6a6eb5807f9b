"""One service for the tests of the HTTP API, and one whose detection stage can be made to fail."""

from collections.abc import Iterator

import httpx
import pytest

from tests.minio import MinioServer
from tests.service import RunningService, running_service


@pytest.fixture(scope="session")
def service(minio: MinioServer) -> Iterator[RunningService]:
    """`rayocr serve`, with MinIO as its S3."""
    variables = {"RAYOCR_HTTP__MAX_CONCURRENT_REQUESTS": "32", "RAYOCR_HTTP__MAX_BODY_BYTES": str(8 * 1024**2)}
    with running_service({**minio.environment(), **variables}) as running:
        yield running


@pytest.fixture
def client(service: RunningService) -> Iterator[httpx.Client]:
    """An HTTP client of the service."""
    with httpx.Client(base_url=service.url, timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def faulty_service() -> Iterator[RunningService]:
    """A service whose detection stage fails on marked pages."""
    # a replica takes seconds to start, and the good requests wait for three of them
    variables = {"RAYOCR_DETECTION__MAX_WORK_S": "3", "RAYOCR_HTTP__REQUEST_TIMEOUT_S": "150"}
    with running_service(variables, ["-m", "tests.faults.service"]) as running:
        yield running


@pytest.fixture
def faulty_client(faulty_service: RunningService) -> Iterator[httpx.Client]:
    """An HTTP client of the faulty service."""
    with httpx.Client(base_url=faulty_service.url, timeout=160, trust_env=False) as client:
        yield client
