"""PostgreSQL that goes away and comes back."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from models.errors import Overloaded, StorageUnavailable
from serve.jobs.records import JobState
from serve.jobs.store import JobStore
from tests.jobs.building import LIMITS, add_job, complete_all, counts_are_true
from tests.postgres import PostgresServer

_ROOT = Path(__file__).parents[4]


def test_absence_is_said_and_passes(store: JobStore, postgres: PostgresServer) -> None:
    job = add_job(store, 3)
    lease = store.leases.take("worker", 1, 60)[0]
    postgres.stop()
    began = time.monotonic()
    asked: list[Callable[[], object]] = [
        lambda: add_job(store),
        lambda: store.views.job(job.id, "ann"),
        lambda: store.endings.cancel(job.id, "ann"),
    ]
    for ask in asked:
        with pytest.raises(Overloaded, match="job store does not answer") as away:
            ask()
        assert away.value.retry_after_s > 0
    worked: list[Callable[[], object]] = [
        store.check,
        store.leases.queue,
        lambda: store.leases.complete(lease, b"{}"),
        store.endings.trash,
    ]
    for work in worked:
        with pytest.raises(StorageUnavailable, match="does not answer: connection failed"):
            work()
    assert time.monotonic() - began < 60
    postgres.start()
    assert store.leases.complete(lease, b"{}").counted
    assert complete_all(store)[0].state is JobState.SUCCEEDED


def test_restart_between_two_calls_is_not_noticed(store: JobStore, postgres: PostgresServer) -> None:
    add_job(store, 2)
    postgres.stop()
    postgres.start()
    assert len(complete_all(store)) == 1


def test_store_that_was_opened_too_early_works_later(postgres: PostgresServer) -> None:
    url = postgres.database()
    postgres.stop()
    store = JobStore.open(url, LIMITS)
    with pytest.raises(StorageUnavailable):
        store.check()
    postgres.start()
    store.check()
    store.close()


def test_wrong_password_or_database_is_unavailable_and_not_shown(postgres: PostgresServer) -> None:
    url = postgres.database().replace("rayocr@", "rayocr:secret@") + "_unknown"
    store = JobStore.open(url, LIMITS)
    with pytest.raises(StorageUnavailable, match="does not exist") as refused:
        store.check()
    assert "secret" not in refused.value.message


def test_server_that_answers_before_its_disk_is_told_not_to(postgres: PostgresServer) -> None:
    url = postgres.database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET synchronous_commit = off".encode())
    store = JobStore.open(url, LIMITS)
    with store._database._parts.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    store.close()


@pytest.mark.slow
def test_crashes_under_work_lose_nothing(store_url: str, postgres: PostgresServer, tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-m", "tests.jobs.worker", store_url, "worker", "7", str(log)]
    worker = subprocess.Popen([*command, "adds"], cwd=_ROOT)
    for _ in range(3):
        time.sleep(1.0)
        postgres.kill()
        time.sleep(0.3)
        postgres.start()
    time.sleep(1.0)
    worker.kill()
    worker.wait()
    subprocess.run(command, cwd=_ROOT, check=True, timeout=100)
    lines = [line.split() for line in log.read_text().splitlines()]
    assert ["error", "storage_unavailable"] in lines
    assert max(sum(line == one for line in lines) for one in lines if one[0] == "job") == 1
    store = JobStore.open(store_url, LIMITS)
    kept = {job.id: job for job in store.views.jobs("ann", limit=100_000)[0]}
    assert {job.state for job in kept.values()} == {JobState.SUCCEEDED}
    assert {line[1] for line in lines if line[0] == "job"} <= kept.keys()
    for job_id, job in kept.items():
        assert [one.number for one in store.views.outcomes(job_id, limit=100)] == list(range(1, job.total + 1))
    pages = [tuple(line) for line in lines if line[0] == "page"]
    assert len(pages) == len(set(pages)) > 50
    assert counts_are_true(store_url)
    store.close()
