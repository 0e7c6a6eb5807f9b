"""Reads jobs and their pages."""

import itertools
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, select

from models.errors import MalformedRequest, SourceNotFound
from serve.jobs.records import Job, JobState, PageOutcome
from serve.jobs.store.database.rows import job_of, outcome_of, owned_job, position, positions
from serve.jobs.store.database.schema import jobs, pages, results
from serve.jobs.store.database.transactions import Database

__all__ = ["Views"]

# A greater number is not a key: PostgreSQL refuses it.
_LARGEST_KEY = 2**63 - 1
# Bytes of compressed results in memory at once. They are uncompressed piece by piece while they are sent.
_MOST_BYTES = 2_000_000


class Views:
    """Reads jobs and results, and changes nothing. All methods raise Overloaded if the database does not answer.

    Args:
        database: The database of the jobs.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def job(self, job_id: str, owner: str) -> Job:
        """Read one job.

        Args:
            job_id: Id of the job.
            owner: The owner who asks.

        Raises:
            SourceNotFound: There is no job of that id, or it belongs to another owner.
        """

        def query(connection: Connection) -> Job:
            row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
            row = owned_job(row, job_id, owner)
            return job_of(row, position(connection, row))

        return self._database.read(query, for_client=True)

    def jobs(
        self, owner: str, states: Collection[JobState] = (), after: str | None = None, limit: int = 100
    ) -> tuple[list[Job], str | None]:
        """List an owner's jobs, newest first.

        Args:
            owner: The owner who asks.
            states: States of the jobs to list; empty for all.
            after: The cursor with which the page before ended.
            limit: The most jobs.

        Returns:
            The jobs, and the cursor of the next page; None after the last.

        Raises:
            MalformedRequest: `after` is not a cursor.
        """
        below = _key_of(after)

        def query(connection: Connection) -> tuple[list[Job], str | None]:
            wanted = select(jobs).where(jobs.c.owner == owner)
            if below is not None:
                wanted = wanted.where(jobs.c.key < below)
            if states:
                wanted = wanted.where(jobs.c.state.in_([state.value for state in states]))
            rows = connection.execute(wanted.order_by(jobs.c.key.desc()).limit(limit + 1)).all()
            cursor = str(rows[limit - 1].key) if len(rows) > limit else None
            places = positions(connection, rows[:limit])
            return [job_of(row, places.get(row.key)) for row in rows[:limit]], cursor

        return self._database.read(query, for_client=True)

    def outcomes(self, job_id: str, after_number: int = 0, limit: int = 100) -> list[PageOutcome]:
        """List settled pages with their results, by number. Ask `job` first whether the caller may see them.

        Args:
            job_id: Id of the job. A missing or cancelled job has no pages.
            after_number: Only pages of a higher number are listed.
            limit: The most pages. All are in memory at once, so there are fewer, but at least one, if their results are
                large.
        """
        both = and_(results.c.job_key == pages.c.job_key, results.c.number == pages.c.number)
        found = _settled(job_id).outerjoin(results, both).where(pages.c.number > after_number).order_by(pages.c.number)

        def query(connection: Connection) -> "list[Row[Any]]":
            size = func.coalesce(func.length(results.c.content), 0)
            sizes = connection.execute(found.with_only_columns(size, maintain_column_froms=True).limit(limit)).scalars()
            within = [total for total in itertools.accumulate(sizes) if total <= _MOST_BYTES]
            few = found.add_columns(results.c.content).limit(max(1, len(within)))
            return list(connection.execute(few).all())

        return [outcome_of(row, row.content) for row in self._database.read(query, for_client=True)]

    def upload(self, job_id: str, number: int) -> tuple[str, str]:
        """Find the upload of a page while it is kept. Ask `job` first whether the caller may see it.

        Args:
            job_id: Id of the job.
            number: Number of the page.

        Returns:
            Its location, and the user's name for it.

        Raises:
            SourceNotFound: There is no such page, it was not uploaded, or the upload is deleted.
        """
        key = select(jobs.c.key).where(jobs.c.id == job_id).scalar_subquery()
        rows = self._rows(select(pages).where(pages.c.job_key == key, pages.c.number == number))
        if not rows:
            raise SourceNotFound(f"job {job_id} has no page {number}")
        if not (rows[0].is_upload and rows[0].source):
            raise SourceNotFound(
                f"the document of page {number} of job {job_id} is not kept: with jobs.keep_uploads, uploads are kept "
                "as long as their job"
            )
        return rows[0].source, rows[0].name

    def settled_since(self, job_id: str, after_sequence: int = 0, limit: int = 1000) -> list[PageOutcome]:
        """List settled pages without their results, in the order in which they were settled.

        Once a page is listed, no page of a lower sequence follows.

        Args:
            job_id: Id of the job. A missing or cancelled job has no pages.
            after_sequence: Only pages that were settled after this one are listed.
            limit: The most pages.
        """
        wanted = _settled(job_id).where(pages.c.sequence > after_sequence).order_by(pages.c.sequence).limit(limit)
        return [outcome_of(row) for row in self._rows(wanted)]

    def known(self, job_ids: Collection[str]) -> set[str]:
        """Find out which of these jobs exist, whoever owns them.

        Raises:
            StorageUnavailable: The database does not answer.
        """
        found = select(jobs.c.id).where(jobs.c.id.in_(list(job_ids)))
        return self._database.read(lambda connection: set(connection.execute(found).scalars()))

    def _rows(self, wanted: "Select[Any]") -> "list[Row[Any]]":
        return self._database.read(lambda connection: list(connection.execute(wanted).all()), for_client=True)


def _settled(job_id: str) -> "Select[Any]":
    """Select the settled pages of a job."""
    key = select(jobs.c.key).where(jobs.c.id == job_id).scalar_subquery()
    return select(pages).where(pages.c.job_key == key, pages.c.sequence.is_not(None))


def _key_of(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20 and int(cursor) <= _LARGEST_KEY):
        raise MalformedRequest(f"{cursor[:40]!r} is not a cursor: take the one that came with the page before")
    return int(cursor)
