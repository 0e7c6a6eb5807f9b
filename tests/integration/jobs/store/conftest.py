"""The job store in PostgreSQL."""

import pytest

pytest.register_assert_rewrite("tests.jobs")

from tests.jobs.fixtures import limits, store  # noqa: E402 - the cases' own assertions come first
from tests.postgres import PostgresServer  # noqa: E402

__all__ = ["limits", "store"]


@pytest.fixture
def store_url(postgres: PostgresServer) -> str:
    return postgres.database()
