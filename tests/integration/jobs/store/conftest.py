"""The job store in PostgreSQL."""

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("tests.jobs")

from serve.jobs.records import QueueLimits  # noqa: E402 - the cases' own assertions come first
from serve.jobs.store import JobStore  # noqa: E402
from tests.jobs.building import LIMITS  # noqa: E402
from tests.postgres import PostgresServer  # noqa: E402


@pytest.fixture
def store_url(postgres: PostgresServer) -> str:
    return postgres.database()


@pytest.fixture
def limits() -> QueueLimits:
    return LIMITS


@pytest.fixture
def store(store_url: str, limits: QueueLimits) -> Iterator[JobStore]:
    store = JobStore.open(store_url, limits)
    yield store
    store.close()
