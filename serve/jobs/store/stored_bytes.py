"""Counts the bytes of uploads, so that neither one client nor all together take more than their share."""

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, text, update

from models.errors import InsufficientStorage, QuotaExceeded
from serve.jobs.records import QueueLimits
from serve.jobs.store.database.schema import jobs, stored
from serve.jobs.store.database.transactions import Database

__all__ = ["StoredBytes"]

# A request that brings uploads is over by then. If its service ended, nothing has freed its bytes.
_FORGOTTEN_AFTER_S = 24 * 3600.0
_RETRY_AFTER_S = 30.0
# Each reservation is a durable transaction, so that many small files share one.
_STEP_BYTES = 16 * 1024**2


class StoredBytes:
    """Counts the uploads of each job from the first byte until they are deleted.

    Args:
        database: The database of the jobs.
        limits: Limits of the queue.
    """

    def __init__(self, database: Database, limits: QueueLimits) -> None:
        self._database = database
        self._limits = limits
        again = "try again when jobs have ended"
        self._remedy = "delete jobs that have ended, or lower jobs.retention_s" if limits.keep_uploads else again

    def reserve(self, job_id: str, owner: str, size_bytes: int) -> int:
        """Reserve bytes for a job that is being submitted. `Submissions.add` brings them down to those of its pages.

        Args:
            job_id: Id that the job will have.
            owner: The job's owner.
            size_bytes: All bytes that the job needs so far.

        Returns:
            The bytes that are reserved now, `size_bytes` or a little more.

        Raises:
            QuotaExceeded: The owner's uploads would pass their limit.
            InsufficientStorage: All uploads would pass their limit.
            Overloaded: The database does not answer.
        """
        return self._database.write(
            lambda connection: self._reserve(connection, job_id, owner, size_bytes), for_client=True
        )

    def release(self, job_id: str) -> None:
        """Give back the bytes of a job that was not made.

        Raises:
            StorageUnavailable: The database does not answer.
        """
        gone = delete(stored).where(stored.c.job_id == job_id)
        self._database.write(lambda connection: connection.execute(gone))

    def _reserve(self, connection: Connection, job_id: str, owner: str, size_bytes: int) -> int:
        if connection.dialect.name == "postgresql":  # SQLite has one writer anyway
            connection.execute(text(f"LOCK TABLE {stored.name} IN SHARE ROW EXCLUSIVE MODE"))
        now = self._database.now(connection)
        unmade = stored.c.job_id.not_in(select(jobs.c.id))
        connection.execute(delete(stored).where(stored.c.created < now - _FORGOTTEN_AFTER_S, unmade))
        others = stored.c.job_id != job_id
        own_room = self._limits.max_upload_bytes_per_client - _total(connection, others & (stored.c.owner == owner))
        room = self._limits.max_upload_bytes - _total(connection, others)
        if size_bytes > own_room:
            raise QuotaExceeded(
                f"the stored uploads of this client would pass its limit of "
                f"{self._limits.max_upload_bytes_per_client:,} bytes: {self._remedy}",
                _RETRY_AFTER_S,
            )
        if size_bytes > room:
            raise InsufficientStorage(
                f"the stored uploads of all clients would pass their limit of {self._limits.max_upload_bytes:,} "
                f"bytes: {self._remedy}"
            )
        granted = min(size_bytes + min(size_bytes, _STEP_BYTES), own_room, room)
        if connection.execute(update(stored).where(~others).values(bytes=granted)).rowcount == 0:
            connection.execute(insert(stored).values(job_id=job_id, owner=owner, bytes=granted, created=now))
        return granted


def _total(connection: Connection, where: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.coalesce(func.sum(stored.c.bytes), 0)).where(where)).scalar_one())
