"""Several processes on one store, and what is left when they are killed in the middle."""

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from serve.jobs.records import JobState
from serve.jobs.store import JobStore
from tests.jobs.building import LIMITS, add_job, counts_are_true
from tests.postgres import PostgresServer

_ROOT = Path(__file__).parents[4]


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/jobs.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.database()


def start(url: str, name: str, log: Path, *options: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.jobs.worker", url, name, "7", str(log), *options]
    return subprocess.Popen(command, cwd=_ROOT)


def acknowledged(log: Path) -> list[list[str]]:
    """What was acknowledged: the whole lines of a log, in words."""
    return [line.split() for line in log.read_text().split("\n")[:-1]] if log.exists() else []


def test_two_processes_settle_each_page_once(store: JobStore, store_url: str, tmp_path: Path) -> None:
    jobs = [add_job(store, 60, owner) for owner in ("ann", "bob")]
    logs = [tmp_path / f"log {number}" for number in range(2)]
    workers = [start(store_url, f"worker {number}", log) for number, log in enumerate(logs)]
    assert [worker.wait(100) for worker in workers] == [0, 0]
    settled = Counter(tuple(words) for log in logs for words in acknowledged(log))
    pages = {("page", job.id, str(number)): 1 for job in jobs for number in range(1, 61)}
    assert settled == pages | {("end", job.id): 1 for job in jobs}
    assert {job.state for owner in ("ann", "bob") for job in store.views.jobs(owner)[0]} == {JobState.SUCCEEDED}
    assert counts_are_true(store_url)


@pytest.mark.slow
def test_kill_in_the_middle_loses_nothing_that_was_acknowledged(store_url: str, tmp_path: Path) -> None:
    moments = random.Random(11)
    log = tmp_path / "log"
    for life in range(4):
        worker = start(store_url, f"life-{life}", log, "adds")
        known = len(acknowledged(log))
        while len(acknowledged(log)) <= known:  # it has begun
            assert worker.poll() is None
            time.sleep(0.02)
        time.sleep(moments.uniform(0.05, 0.4))
        worker.kill()
        worker.wait()
    assert start(store_url, "last", log).wait(100) == 0
    store = JobStore.open(store_url, LIMITS)
    seen = Counter(tuple(words) for words in acknowledged(log))
    accepted = {words[1]: int(words[2]) for words in seen if words[0] == "job"}
    kept = {job.id: job for job in store.views.jobs("ann", limit=100_000)[0]}
    assert len(accepted) > 4
    assert accepted.keys() <= kept.keys()
    for job_id, job in kept.items():
        assert (job.state, job.done) == (JobState.SUCCEEDED, job.total)
        assert job.total == accepted.get(job_id, job.total)
        outcomes = store.views.outcomes(job_id, limit=100)
        assert [one.number for one in outcomes] == list(range(1, job.total + 1))
        assert sorted(one.sequence for one in outcomes) == list(range(1, job.total + 1))
    assert max(count for words, count in seen.items() if words[0] != "error") == 1
    assert len(store.endings.trash(100_000)) == sum(job.total for job in kept.values())
    webhooks = 0
    while store.deliveries.take_due("worker", 600) is not None:
        webhooks += 1
    assert webhooks == len(kept)
    assert counts_are_true(store_url)
    store.close()
