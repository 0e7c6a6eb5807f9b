"""The job store in SQLite."""

from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.jobs")

from tests.jobs.fixtures import limits, store  # noqa: E402 - the cases' own assertions come first

__all__ = ["limits", "store"]


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/jobs.db"
