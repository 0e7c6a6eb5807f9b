"""Fixtures of the integration tests: real services, started once a run."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from deployments.document import Document
from serve.config.loading import load_settings
from serve.documents.local import LocalReader
from serve.documents.options import DocumentOptions
from tests.integration.files import FILES
from tests.minio import MinioServer, minio
from tests.nets import QUICK_NETS, loaded_nets, shared_nets
from tests.postgres import postgres
from tests.service import RunningService, running_service

__all__ = ["faulty_client", "faulty_service", "loaded_nets", "minio", "postgres", "shared_nets"]

# A replica takes seconds to start, and good requests wait for three of them.
_PATIENCE_S = 300


@pytest.fixture(scope="session")
def service(minio: MinioServer) -> Iterator[RunningService]:
    """`rayocr serve`, with MinIO as its S3."""
    variables = {"RAYOCR_HTTP__MAX_CONCURRENT_REQUESTS": "16", "RAYOCR_HTTP__MAX_BODY_BYTES": str(8 * 1024**2)}
    with running_service({**minio.environment(), **variables}) as running:
        yield running


@pytest.fixture(scope="session")
def faulty_service() -> Iterator[RunningService]:
    """A service whose detection stage fails on marked pages."""
    variables = {
        "RAYOCR_DETECTION__MAX_WORK_S": "4",
        "RAYOCR_HTTP__REQUEST_TIMEOUT_S": str(_PATIENCE_S),
        "RAYOCR_READER__RECYCLE_AFTER_PAGES": "60",
    }
    with running_service({**QUICK_NETS, **variables}, ["-m", "tests.faults.service"]) as running:
        yield running


@pytest.fixture
def faulty_client(faulty_service: RunningService) -> Iterator[httpx.Client]:
    """An HTTP client of the faulty service."""
    with httpx.Client(base_url=faulty_service.url, timeout=_PATIENCE_S, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def read_here() -> dict[str, dict[str, Any]]:
    """What this process reads in each of `FILES`, with the quick nets, and its structure."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUICK_NETS.items():
            patch.setenv(name, value)
        reader = LocalReader(load_settings().settings)
    options = DocumentOptions(structure="all")
    try:
        return {
            key: reader.read(Document(content, key), options).model_dump(mode="json") for key, content in FILES.items()
        }
    finally:
        reader.close()
