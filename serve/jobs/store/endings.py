"""Cancels jobs, and removes those that are too old."""

from collections.abc import Collection
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from serve.jobs.records import Job, JobState, QueueLimits
from serve.jobs.store.counts import take_from_owner
from serve.jobs.store.database.engines import REMOVES
from serve.jobs.store.database.rows import job_of, lock_job, lock_owners, owned_job
from serve.jobs.store.database.schema import attempts, deliveries, jobs, owners, pages, results, stored, trash
from serve.jobs.store.database.transactions import Database
from serve.jobs.store.settling import end_job

__all__ = ["Endings"]


class Endings:
    """Ends jobs early, and forgets those that have ended.

    Args:
        database: The database of the jobs.
        limits: Limits of the queue, which say how long a job is kept.
    """

    def __init__(self, database: Database, limits: QueueLimits) -> None:
        self._database = database
        self._limits = limits

    def cancel(self, job_id: str, owner: str) -> Job:
        """Cancel a job that has not ended, or remove one that has.

        A cancelled job keeps only its counts until it expires: names, sources and results are gone, and uploads are in
        the trash. A worker on one of its pages learns of it from `Leases.extend`.

        Args:
            job_id: Id of the job.
            owner: The owner who asks.

        Returns:
            The job after it was cancelled, or before it was removed.

        Raises:
            SourceNotFound: There is no job of that id, or it belongs to another owner.
            Overloaded: The database does not answer.
        """

        def query(connection: Connection) -> bool:
            row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
            return JobState(owned_job(row, job_id, owner).state).is_ended

        # This is decided once: if the answer to a commit is lost, the second attempt must not remove the job that the
        # first has cancelled.
        if self._database.read(query, for_client=True):
            return self._database.write(lambda connection: self._remove(connection, job_id, owner), for_client=True)
        return self._database.write(lambda connection: self._cancel(connection, job_id, owner), for_client=True)

    def expire(self, limit: int = 100) -> int:
        """Remove jobs that ended long enough ago, with their results. Uploads that are left go to the trash.

        Args:
            limit: The most jobs to remove, each in its own transaction.

        Returns:
            The number of removed jobs. Call again while it is `limit`.

        Raises:
            StorageUnavailable: The database does not answer.
        """
        over = select(jobs.c.id).where(jobs.c.expires.is_not(None))

        def query(connection: Connection) -> "list[Row[Any]]":
            due = over.where(jobs.c.expires <= self._database.now(connection)).order_by(jobs.c.expires).limit(limit)
            return list(connection.execute(due).all())

        return sum(self._database.write(partial(_forget_ended, job_id=row.id)) for row in self._database.read(query))

    def trash(self, limit: int = 1000) -> list[str]:
        """List uploads that nothing needs any more. They stay listed until `emptied` is called with them.

        Args:
            limit: The most locations, oldest first.

        Raises:
            StorageUnavailable: The database does not answer.
        """
        oldest = select(trash.c.location).order_by(trash.c.key).limit(limit)
        return self._database.read(lambda connection: list(connection.execute(oldest).scalars()))

    def emptied(self, locations: Collection[str]) -> None:
        """Forget locations whose content was deleted.

        Args:
            locations: Locations of `trash`.

        Raises:
            StorageUnavailable: The database does not answer.
        """
        if locations:
            gone = delete(trash).where(trash.c.location.in_(list(locations)))
            self._database.write(lambda connection: connection.execute(gone))

    def _cancel(self, connection: Connection, job_id: str, owner: str) -> Job:
        lock_owners(connection, owners.c.owner == owner)
        job = owned_job(lock_job(connection, jobs.c.id == job_id), job_id, owner)
        if JobState(job.state).is_ended:  # its last page or another call has ended it since it was read
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
        return end_job(connection, job, JobState.CANCELLED, now, self._limits, counts)

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
    """Remove the pages, results and uploads of a job. A settled page has no source any more but a kept upload."""
    connection.info[REMOVES] = True
    uploads = select(pages.c.source).where(pages.c.job_key == job.key, pages.c.is_upload, pages.c.source != "")
    connection.execute(insert(trash).from_select(["location"], uploads))
    connection.execute(delete(stored).where(stored.c.job_id == job.id))
    for table in (results, pages):
        connection.execute(delete(table).where(table.c.job_key == job.key))
