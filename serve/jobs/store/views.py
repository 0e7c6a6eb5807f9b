"""Looking at jobs and their pages."""

import itertools
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, select

from models.errors import MalformedRequest
from serve.jobs.records import Job, JobState, PageOutcome
from serve.jobs.store.database.rows import is_queued, job_of, outcome_of, owned_job, position
from serve.jobs.store.database.schema import jobs, pages, results
from serve.jobs.store.database.transactions import Database

__all__ = ["Views"]

# Beyond, a number is no key: PostgreSQL refuses it.
_LARGEST_KEY = 2**63 - 1
# Of compressed results in memory at once: five times as much when they are taken apart.
_MOST_BYTES = 8_000_000


class Views:
    """Reads jobs and results; changes nothing. All raise Overloaded where the database does not answer.

    Args:
        database: With the jobs.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def job(self, job_id: str, owner: str) -> Job:
        """One job.

        Args:
            job_id: Its id.
            owner: Who asks.

        Raises:
            SourceNotFound: There is none of that id, or it is another owner's.
        """

        def look(connection: Connection) -> Job:
            row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
            row = owned_job(row, job_id, owner)
            return job_of(row, position(connection, row))

        return self._database.read(look, for_client=True)

    def jobs(
        self, owner: str, states: Collection[JobState] = (), after: str | None = None, limit: int = 100
    ) -> tuple[list[Job], str | None]:
        """An owner's jobs, newest first.

        Args:
            owner: Whose.
            states: Only jobs in these; empty for all.
            after: The cursor that the page before ended with.
            limit: Jobs at most.

        Returns:
            The jobs, and the cursor of the next page; None after the last.

        Raises:
            MalformedRequest: The cursor is none of these.
        """
        below = _key_of(after)

        def look(connection: Connection) -> tuple[list[Job], str | None]:
            # Numbered once, not counted for each job.
            places = select(jobs.c.key, func.row_number().over(order_by=jobs.c.key).label("place"))
            queued = places.where(is_queued()).subquery()
            wanted = select(jobs, queued.c.place).outerjoin(queued, queued.c.key == jobs.c.key)
            wanted = wanted.where(jobs.c.owner == owner)
            if below is not None:
                wanted = wanted.where(jobs.c.key < below)
            if states:
                wanted = wanted.where(jobs.c.state.in_([state.value for state in states]))
            rows = connection.execute(wanted.order_by(jobs.c.key.desc()).limit(limit + 1)).all()
            cursor = str(rows[limit - 1].key) if len(rows) > limit else None
            return [job_of(row, row.place) for row in rows[:limit]], cursor

        return self._database.read(look, for_client=True)

    def outcomes(self, job_id: str, after_number: int = 0, limit: int = 100) -> list[PageOutcome]:
        """Settled pages with their results, by number. Ask `job` first whether the caller may see them.

        Args:
            job_id: The job; one that there is not, or that was cancelled, has no pages.
            after_number: Only pages of a higher number.
            limit: Pages at most. All are in memory at once, so that there are fewer, but one at least, where their
                results are large.
        """
        both = and_(results.c.job_key == pages.c.job_key, results.c.number == pages.c.number)
        found = _settled(job_id).outerjoin(results, both).where(pages.c.number > after_number).order_by(pages.c.number)

        def look(connection: Connection) -> "list[Row[Any]]":
            size = func.coalesce(func.length(results.c.content), 0)
            sizes = connection.execute(found.with_only_columns(size, maintain_column_froms=True).limit(limit)).scalars()
            within = [total for total in itertools.accumulate(sizes) if total <= _MOST_BYTES]
            few = found.add_columns(results.c.content).limit(max(1, len(within)))
            return list(connection.execute(few).all())

        # Taken apart outside of the transaction: results are compressed.
        return [outcome_of(row, row.content) for row in self._database.read(look, for_client=True)]

    def settled_since(self, job_id: str, after_sequence: int = 0, limit: int = 1000) -> list[PageOutcome]:
        """Settled pages without their results, in the order in which they were settled.

        A page that is seen is never followed by one of a lower sequence.

        Args:
            job_id: The job; one that there is not, or that was cancelled, has no pages.
            after_sequence: Only pages that were settled after this one.
            limit: Pages at most.
        """
        wanted = _settled(job_id).where(pages.c.sequence > after_sequence).order_by(pages.c.sequence).limit(limit)
        return [outcome_of(row) for row in self._rows(wanted)]

    def known(self, job_ids: Collection[str]) -> set[str]:
        """Those of these jobs that there are, whoever's.

        Raises:
            StorageUnavailable: The database does not answer.
        """
        found = select(jobs.c.id).where(jobs.c.id.in_(list(job_ids)))
        return self._database.read(lambda connection: set(connection.execute(found).scalars()))

    def _rows(self, wanted: "Select[Any]") -> "list[Row[Any]]":
        return self._database.read(lambda connection: list(connection.execute(wanted).all()), for_client=True)


def _settled(job_id: str) -> "Select[Any]":
    """Pages of a job that are settled."""
    key = select(jobs.c.key).where(jobs.c.id == job_id).scalar_subquery()
    return select(pages).where(pages.c.job_key == key, pages.c.sequence.is_not(None))


def _key_of(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20 and int(cursor) <= _LARGEST_KEY):
        raise MalformedRequest(f"{cursor[:40]!r} is no cursor: take the one that the page before came with")
    return int(cursor)
