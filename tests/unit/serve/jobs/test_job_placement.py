"""Where jobs are taken, how many pages are in work, and what /readyz says of the store."""

from pathlib import Path

import pytest

from models.errors import ConfigurationError
from serve.app import pages_in_work
from serve.config.settings import Settings
from serve.health.store import ReadyStore
from serve.jobs.placement import takes_jobs
from tests.unit.serve.jobs.scripted_route import jobs_in

POSTGRES = "postgresql://rayocr@db/jobs"


def settings(**sections: object) -> Settings:
    return Settings.model_validate(sections)


@pytest.mark.parametrize(
    ("jobs", "on_one_machine", "taken"),
    [
        ({}, True, True),
        ({"enabled": False}, True, False),
        ({}, False, False),
        ({"enabled": False, "store": POSTGRES}, False, False),
        ({"store": POSTGRES, "uploads": "s3://bucket/uploads/"}, False, True),
    ],
)
def test_jobs_are_taken_where_they_can_be_kept(jobs: dict[str, object], on_one_machine: bool, taken: bool) -> None:
    assert takes_jobs(settings(jobs=jobs), on_one_machine=on_one_machine) is taken


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"jobs": {"enabled": True}}, "set jobs.store to a PostgreSQL"),
        ({"jobs": {"store": POSTGRES}}, "jobs.uploads is not set"),
        (
            {"jobs": {"store": "sqlite:////disk/jobs.db", "uploads": "s3://b/u/"}, "http": {"replicas": 2}},
            "jobs.store is a file, and http.replicas is 2",
        ),
    ],
)
def test_what_a_cluster_can_not_keep_is_refused(sections: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        takes_jobs(settings(**sections), on_one_machine=False)


def test_pages_in_work_keep_all_replicas_busy_and_show_serve_a_queue() -> None:
    scaling = {"max_replicas": 4, "target_ongoing_requests": 2}
    threads = {"net": {"threads": 4}}
    tree = {"reader": {"scaling": scaling}, "detection": threads, "recognition": threads}
    assert pages_in_work(settings(**tree), colocated=True) == 20  # a page more than threads, for each replica
    assert pages_in_work(settings(**tree, http={"replicas": 3}), colocated=True) == 7
    scaling["target_ongoing_requests"] = 6
    assert pages_in_work(settings(**tree), colocated=True) == 36  # above the target, or no replica would be added
    assert pages_in_work(settings(**tree, jobs={"pages_in_work": 5}), colocated=True) == 5


async def test_store_that_does_not_answer_is_named(tmp_path: Path) -> None:
    jobs = jobs_in(tmp_path)
    assert await ReadyStore(jobs).problem() is None
    away = jobs_in(tmp_path, store="postgresql://rayocr@127.0.0.1:9/jobs")  # nobody listens on the discard port
    problem = await ReadyStore(away).problem()
    assert problem is not None
    assert problem.startswith("the store of jobs (jobs.store): ")
