"""Small jobs, and a look into the tables behind the store's back."""

import itertools
import os
import time

from sqlalchemy import Connection, func, select

from serve.jobs.records import Job, NewJob, NewPage, QueueLimits
from serve.jobs.store import JobStore
from serve.jobs.store.database.schema import Phase, jobs, owners, pages, results
from serve.jobs.store.database.transactions import Database

__all__ = ["LIMITS", "add_job", "complete_all", "counts_are_true", "new_job", "reclaim", "row_counts"]

LIMITS = QueueLimits(100_000, 500_000, 3600.0)
_WAITING = (Phase.READY, Phase.DELAYED, Phase.SUSPECT)
_numbers = itertools.count(1)


def new_job(
    count: int = 1,
    owner: str = "ann",
    *,
    key: str | None = None,
    sha256: str = "00",
    webhook: str | None = None,
    uploads: int = 0,
) -> NewJob:
    """A job of `count` pages, the first `uploads` of which were uploaded."""
    name = f"job-{os.getpid()}-{next(_numbers)}"
    return NewJob(
        id=name,
        owner=owner,
        pages=[
            NewPage(f"s3://uploads/{name}/{number}", f"{number}.png", is_upload=number <= uploads, size_bytes=10)
            for number in range(1, count + 1)
        ],
        options={},
        webhook=webhook,
        idempotency_key=key,
        request_sha256=sha256,
    )


def add_job(
    store: JobStore, count: int = 1, owner: str = "ann", *, webhook: str | None = None, uploads: int = 0
) -> Job:
    """Hand a job in."""
    return store.submissions.add(new_job(count, owner, webhook=webhook, uploads=uploads))[0]


def complete_all(store: JobStore) -> list[Job]:
    """Complete whatever is ready; the jobs that ended by that."""
    ended = []
    while leases := store.leases.take("worker", 50, 60):
        for lease in leases:
            if (end := store.leases.complete(lease, b"{}").end) is not None:
                ended.append(end)
    return ended


def reclaim(store: JobStore, most_losses: int) -> list[Job]:
    """Take back the pages of leases that are over; the jobs that ended by that."""
    over = {token: end for token, end in store.leases.held().items() if end < time.time()}
    return store.leases.reclaim(over, most_losses)


def row_counts(url: str) -> dict[str, int]:
    """Rows of the tables that hold what users handed in."""
    database = Database.open(url)

    def count(connection: Connection) -> dict[str, int]:
        tables = (jobs, pages, results)
        return {
            table.name.removeprefix("rayocr_"): connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in tables
        }

    try:
        return database.read(count)
    finally:
        database.close()


def counts_are_true(url: str) -> bool:
    """Whether the counts that are kept are those that counting gives."""
    database = Database.open(url)

    def compare(connection: Connection) -> bool:
        totals: dict[str, tuple[int, int]] = {}
        for job in connection.execute(select(jobs)):
            of_job = select(pages.c.phase, func.count()).where(pages.c.job_key == job.key).group_by(pages.c.phase)
            found = {Phase(phase): count for phase, count in connection.execute(of_job)}
            queued, ready = sum(found.get(phase, 0) for phase in _WAITING), found.get(Phase.READY, 0)
            counted = (queued, ready, found.get(Phase.RUNNING, 0), found.get(Phase.DONE, 0), found.get(Phase.FAILED, 0))
            if job.state != "cancelled" and counted != (job.queued, job.ready, job.running, job.done, job.failed):
                return False
            if job.total != queued + job.running + job.done + job.failed + job.cancelled:
                return False
            before = totals.get(job.owner, (0, 0))
            totals[job.owner] = (before[0] + queued, before[1] + ready)
        return all(
            (row.queued, row.ready) == totals.get(row.owner, (0, 0)) for row in connection.execute(select(owners))
        )

    try:
        return database.read(compare)
    finally:
        database.close()
