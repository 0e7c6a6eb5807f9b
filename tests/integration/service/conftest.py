"""A client of the service that all tests share."""

from collections.abc import Iterator

import httpx
import pytest

from tests.service import RunningService


@pytest.fixture
def client(service: RunningService) -> Iterator[httpx.Client]:
    """An HTTP client of the service."""
    with httpx.Client(base_url=service.url, timeout=60, trust_env=False) as client:
        yield client
