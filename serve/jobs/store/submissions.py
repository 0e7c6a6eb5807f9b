"""Takes new jobs into the store."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, true, update
from sqlalchemy.exc import IntegrityError

from models.errors import Conflict, Overloaded, QuotaExceeded
from serve.jobs.records import Job, JobState, NewJob, QueueLimits
from serve.jobs.store.counts import add_waiting
from serve.jobs.store.database.rows import job_of, json_of, lock_new_owners, lock_owners, position, storable
from serve.jobs.store.database.schema import Phase, jobs, owners, pages, stored
from serve.jobs.store.database.transactions import Database

__all__ = ["Submissions"]

_ROWS_AT_A_TIME = 5_000
_RETRY_AFTER_S = 30.0


class Submissions:
    """Takes new jobs into the store.

    Args:
        database: The database of the jobs.
        limits: Limits of the queue.
    """

    def __init__(self, database: Database, limits: QueueLimits) -> None:
        self._database = database
        self._limits = limits

    def add(self, job: NewJob) -> tuple[Job, bool]:
        """Take a new job. It is durable when this returns.

        Args:
            job: A job with at least one page.

        Returns:
            The job, and whether this call made it. If a job of the same owner has the same idempotency key and digest,
            that one is returned.

        Raises:
            ValueError: The job has no page.
            Conflict: The owner has used the idempotency key for another request.
            QuotaExceeded: The owner's waiting pages would pass their limit.
            Overloaded: All waiting pages would pass their limit, or the database does not answer.
        """
        if not job.pages:
            raise ValueError("a job has at least one page")
        # Most refusals happen here, before ten thousand rows are written.
        if (existing := self._database.read(lambda connection: self._before(connection, job), for_client=True)) is None:
            try:
                return self._database.write(lambda connection: self._insert(connection, job), for_client=True), True
            except IntegrityError:
                # The same key came in twice at once. Or this very job exists, and only the answer to its commit was
                # lost.
                existing = self._database.read(lambda connection: _existing(connection, job), for_client=True)
                if existing is None:
                    raise
        return existing, existing.id == job.id

    def find(self, owner: str, idempotency_key: str) -> tuple[Job, str] | None:
        """Find the job of an idempotency key, and the digest of its request; None if there is none.

        Args:
            owner: Owner of the key.
            idempotency_key: The key as the owner gave it.

        Raises:
            Overloaded: The database does not answer.
        """

        def query(connection: Connection) -> tuple[Job, str] | None:
            row = _row_of_key(connection, owner, idempotency_key)
            return None if row is None else (job_of(row, position(connection, row)), row.request_sha256)

        return self._database.read(query, for_client=True)

    def _before(self, connection: Connection, job: NewJob) -> Job | None:
        """Find the job if it exists already; None if it may be made."""
        if (existing := _existing(connection, job)) is None:
            self._refuse_over_limits(connection, job)
        return existing

    def _insert(self, connection: Connection, job: NewJob) -> Job:
        count = len(job.pages)
        made = insert(jobs).values(
            id=job.id,
            owner=job.owner,
            state=JobState.QUEUED.value,
            total=count,
            queued=0,
            ready=0,
            virtual=0.0,
            created=self._database.now(connection),
            options=json_of(job.options),
            warnings=json_of(list(job.warnings)),
            webhook=job.webhook,
            idempotency_key=job.idempotency_key,
            request_sha256=job.request_sha256,
        )
        key = connection.execute(made.returning(jobs.c.key)).scalar_one()
        for rows in _batches(_page_rows(key, job)):
            connection.execute(insert(pages), rows)
        size_bytes = sum(page.size_bytes or 0 for page in job.pages if page.is_upload)
        connection.execute(update(stored).where(stored.c.job_id == job.id).values(bytes=size_bytes))
        # Owners are locked only now, since everybody waits for this lock, and all of them, since the limit on all their
        # pages is exact, too.
        lock_new_owners(connection)
        _ensure_owner(connection, job.owner)
        lock_owners(connection, true())
        self._refuse_over_limits(connection, job)
        add_waiting(connection, job.owner, key, queued=count, ready=count)
        row = connection.execute(select(jobs).where(jobs.c.key == key)).one()
        return job_of(row, position(connection, row))

    def _refuse_over_limits(self, connection: Connection, job: NewJob) -> None:
        count = len(job.pages)
        own = select(func.coalesce(func.sum(owners.c.queued), 0))
        waiting = connection.execute(own.where(owners.c.owner == job.owner)).scalar_one()
        most = self._limits.max_queued_pages_per_client
        if waiting + count > most:
            raise QuotaExceeded(
                f"{waiting:,} pages of this client wait, and {count:,} more would pass its limit of {most:,}",
                _RETRY_AFTER_S,
            )
        waiting = connection.execute(own).scalar_one()
        most = self._limits.max_queued_pages
        if waiting + count > most:
            raise Overloaded(
                f"{waiting:,} pages wait, and {count:,} more would pass the limit of {most:,}", _RETRY_AFTER_S
            )


def _existing(connection: Connection, job: NewJob) -> Job | None:
    row = connection.execute(select(jobs).where(jobs.c.id == job.id)).one_or_none()
    if row is None and job.idempotency_key is not None:
        row = _row_of_key(connection, job.owner, job.idempotency_key)
    if row is None:
        return None
    if row.request_sha256 != job.request_sha256 or row.owner != job.owner:
        raise Conflict(
            "this Idempotency-Key was used before for another request: send a new key, or the same request as then"
        )
    return job_of(row, position(connection, row))


def _row_of_key(connection: Connection, owner: str, idempotency_key: str) -> "Row[Any] | None":
    of_key = select(jobs).where(jobs.c.owner == owner, jobs.c.idempotency_key == idempotency_key)
    return connection.execute(of_key).one_or_none()


def _ensure_owner(connection: Connection, owner: str) -> None:
    if connection.execute(select(owners.c.owner).where(owners.c.owner == owner)).one_or_none() is not None:
        return
    try:
        with connection.begin_nested():
            connection.execute(insert(owners).values(owner=owner))
    except IntegrityError:
        pass  # another process was faster


def _page_rows(key: int, job: NewJob) -> Iterator[dict[str, Any]]:
    for number, page in enumerate(job.pages, 1):
        yield {
            "job_key": key,
            "number": number,
            "phase": Phase.READY.value,
            "source": storable(page.source),
            "name": storable(page.name),
            "is_upload": page.is_upload,
            "size_bytes": page.size_bytes,
        }


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rows = iter(rows)
    while batch := list(islice(rows, _ROWS_AT_A_TIME)):
        yield batch
