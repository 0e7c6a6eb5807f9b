"""One service for the tests of the HTTP API, and one with each stage in replicas of its own."""

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
def separate_service(minio: MinioServer) -> Iterator[RunningService]:
    """A service with a replica for each stage, and Ray's own proxy in place of HAProxy."""
    variables = {"RAYOCR_COLOCATED": "false", "RAYOCR_HTTP__PROXY": "python"}
    with running_service({**minio.environment(), **variables}) as running:
        yield running
