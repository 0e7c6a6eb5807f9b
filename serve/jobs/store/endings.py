"""Cancelling jobs, and removing what is too old."""

from collections.abc import Collection
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from serve.jobs.records import Job, JobState, QueueLimits
from serve.jobs.store.counts import take_from_owner
from serve.jobs.store.database.rows import job_of, lock_job, lock_owners, owned_job
from serve.jobs.store.database.schema import attempts, deliveries, jobs, owners, pages, results, trash
from serve.jobs.store.database.transactions import Database
from serve.jobs.store.settling import end_job

__all__ = ["Endings"]


class Endings:
    """Ends jobs early, and forgets those that have ended.

    Args:
        database: With the jobs.
        limits: For how long a job is kept.
    """

    def __init__(self, database: Database, limits: QueueLimits) -> None:
        self._database = database
        self._limits = limits

    def cancel(self, job_id: str, owner: str) -> Job:
        """Cancel a job that has not ended; remove one that has.

        Cancelled, it keeps its counts until it expires, and nothing else: names, sources and results are gone, and
        uploads are in the trash. Whoever works on one of its pages learns it from `Leases.extend`.

        Args:
            job_id: Its id.
            owner: Who asks.

        Returns:
            The job as cancelled, or as it was when it was removed.

        Raises:
            SourceNotFound: There is none of that id, or it is another owner's.
            Overloaded: The database does not answer.
        """

        def look(connection: Connection) -> bool:
            row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
            return JobState(owned_job(row, job_id, owner).state).is_ended

        # Decided once: if the answer to a commit is lost, the second try must not remove what the first cancelled.
        if self._database.read(look, for_client=True):
            return self._database.write(lambda connection: self._remove(connection, job_id, owner), for_client=True)
        return self._database.write(lambda connection: self._cancel(connection, job_id, owner), for_client=True)

    def expire(self, limit: int = 100) -> int:
        """Remove jobs that ended long enough ago, with their results; uploads that are left go to the trash.

        Args:
            limit: Jobs at most; each is a transaction of its own.

        Returns:
            How many were removed; call again while it is `limit`.

        Raises:
            StorageUnavailable: The database does not answer.
        """
        over = select(jobs.c.id).where(jobs.c.expires.is_not(None))

        def look(connection: Connection) -> "list[Row[Any]]":
            due = over.where(jobs.c.expires <= self._database.now(connection)).order_by(jobs.c.expires).limit(limit)
            return list(connection.execute(due).all())

        return sum(self._database.write(partial(_forget_ended, job_id=row.id)) for row in self._database.read(look))

    def trash(self, limit: int = 1000) -> list[str]:
        """Locations of uploads that nothing needs any more. They stay listed until `emptied` is told.

        Args:
            limit: Locations at most, oldest first.

        Raises:
            StorageUnavailable: The database does not answer.
        """
        oldest = select(trash.c.location).order_by(trash.c.key).limit(limit)
        return self._database.read(lambda connection: list(connection.execute(oldest).scalars()))

    def emptied(self, locations: Collection[str]) -> None:
        """Forget locations whose content was deleted.

        Args:
            locations: As `trash` gave them.

        Raises:
            StorageUnavailable: The database does not answer.
        """
        if locations:
            gone = delete(trash).where(trash.c.location.in_(list(locations)))
            self._database.write(lambda connection: connection.execute(gone))

    def _cancel(self, connection: Connection, job_id: str, owner: str) -> Job:
        lock_owners(connection, owners.c.owner == owner)
        job = owned_job(lock_job(connection, jobs.c.id == job_id), job_id, owner)
        if JobState(job.state).is_ended:  # by its last page, or another call, since it was looked at
            if job.state != JobState.CANCELLED.value:
                _forget(connection, job)
            return job_of(job)
        _forget_pages(connection, job)
        take_from_owner(connection, owner, queued=job.queued, ready=job.ready)
        counts = {
            "cancelled": job.total - job.done - job.failed,
            "queued": 0,
            "ready": 0,
            "running": 0,
        }
        now = self._database.now(connection)
        return end_job(connection, job.key, JobState.CANCELLED, now, self._limits.retention_s, counts)

    def _remove(self, connection: Connection, job_id: str, owner: str) -> Job:
        job = owned_job(lock_job(connection, jobs.c.id == job_id), job_id, owner)
        _forget(connection, job)
        return job_of(job)


def _forget_ended(connection: Connection, job_id: str) -> bool:
    job = lock_job(connection, jobs.c.id == job_id)
    if job is not None:
        _forget(connection, job)
    return job is not None


def _forget(connection: Connection, job: "Row[Any]") -> None:
    """Remove every trace of a job that has ended."""
    _forget_pages(connection, job)
    for table in (deliveries, attempts):
        connection.execute(delete(table).where(table.c.job_key == job.key))
    connection.execute(delete(jobs).where(jobs.c.key == job.key))


def _forget_pages(connection: Connection, job: "Row[Any]") -> None:
    """Remove the pages and results of a job. A page that is settled has no source any more."""
    uploads = select(pages.c.source).where(pages.c.job_key == job.key, pages.c.is_upload, pages.c.source != "")
    connection.execute(insert(trash).from_select(["location"], uploads))
    for table in (results, pages):
        connection.execute(delete(table).where(table.c.job_key == job.key))
