"""Fixtures of the cases; whoever runs them says which database `store_url` names."""

from collections.abc import Iterator

import pytest

from serve.jobs.records import QueueLimits
from serve.jobs.store import JobStore
from tests.jobs.building import LIMITS

__all__ = ["limits", "store"]


@pytest.fixture
def limits() -> QueueLimits:
    return LIMITS


@pytest.fixture
def store(store_url: str, limits: QueueLimits) -> Iterator[JobStore]:
    store = JobStore.open(store_url, limits)
    yield store
    store.close()
