"""Turns rows of the tables into records, and gives the conditions that more than one module uses."""

import itertools
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Text,
    func,
    literal_column,
    or_,
    select,
    text,
)

from models.errors import SourceNotFound
from serve.jobs.records import Job, JobState, PageOutcome
from serve.jobs.store.database.schema import Phase, jobs, owners, pages

__all__ = [
    "above_zero",
    "by_job",
    "in_phase",
    "job_of",
    "json_of",
    "lock_job",
    "lock_jobs",
    "lock_new_owners",
    "lock_owners",
    "outcome_of",
    "owned_job",
    "position",
    "positions",
    "storable",
    "time_of",
]

# An arbitrary number, another than that of the lock under which tables are made.
_OWNERS_LOCK = 0x7261796F6373


def above_zero(column: Column[int]) -> ColumnElement[bool]:
    """The condition that a count is above zero, as text in the SQL, for the sake of partial indexes."""
    return column > literal_column("0", Integer)


def in_phase(*phases: Phase) -> ColumnElement[bool]:
    """The condition that a page is in one of these phases, as text: a parameter would rule out a partial index."""
    return or_(*(pages.c.phase == literal_column(f"'{phase.value}'", Text) for phase in phases))


def lock_owners(connection: Connection, condition: ColumnElement[bool]) -> "Sequence[Row[Any]]":
    """Lock owners until the transaction ends, to change their counts. Call it once, and before any job is locked."""
    return connection.execute(select(owners).where(condition).order_by(owners.c.owner).with_for_update()).all()


def lock_new_owners(connection: Connection) -> None:
    """Keep others from adding owners until the transaction ends: `lock_owners` locks only those that are there."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_OWNERS_LOCK})"))


def lock_job(connection: Connection, condition: ColumnElement[bool]) -> "Row[Any] | None":
    """Lock a job until the transaction ends, and read it. Call it after the owners and before any page is locked.

    Returns:
        The job's row; None if it has been removed.
    """
    return connection.execute(select(jobs).where(condition).with_for_update()).one_or_none()


def lock_jobs(connection: Connection, condition: ColumnElement[bool]) -> "Sequence[Row[Any]]":
    """Lock several jobs, as `lock_job` locks one."""
    return connection.execute(select(jobs).where(condition).order_by(jobs.c.key).with_for_update()).all()


def owned_job(row: "Row[Any] | None", job_id: str, owner: str) -> "Row[Any]":
    """Check that the row of a job exists and belongs to an owner, and return it.

    Raises:
        SourceNotFound: The job does not exist, or belongs to another owner. The caller can't tell which.
    """
    if row is None or row.owner != owner:
        raise SourceNotFound(
            f"there is no job {job_id[:100]!r}: it never existed, belongs to another client, or has expired"
        )
    return row


def position(connection: Connection, row: "Row[Any]") -> int | None:
    """The place of a job among those of which no page has begun; None if one has."""
    return positions(connection, [row]).get(row.key)


def positions(connection: Connection, rows: Sequence["Row[Any]"]) -> dict[int, int]:
    """The places of jobs among those of which no page has begun, by their keys. Other jobs have none.

    Each job that waits is counted once, from one of these to the next, however many are asked for.
    """
    keys = [row.key for row in rows if row.state == JobState.QUEUED.value]
    before = func.coalesce(func.lag(jobs.c.key).over(order_by=jobs.c.key), 0).label("before")
    asked = select(jobs.c.key, before).where(jobs.c.key.in_(keys)).cte("asked")
    other = jobs.alias("other")
    between = (other.c.key > asked.c.before) & (other.c.key <= asked.c.key)
    # As text in the SQL, for the sake of the partial index.
    is_queued = other.c.state == literal_column("'queued'", Text)
    count = select(func.count()).select_from(other).where(is_queued, between).scalar_subquery()
    found = connection.execute(select(asked.c.key, count).order_by(asked.c.key)).all() if keys else []
    return dict(zip((key for key, _ in found), itertools.accumulate(more for _, more in found), strict=True))


def job_of(row: "Row[Any]", queue_position: int | None = None) -> Job:
    """Make the record of a job."""
    return Job(
        id=row.id,
        owner=row.owner,
        state=JobState(row.state),
        total=row.total,
        done=row.done,
        failed=row.failed,
        cancelled=row.cancelled,
        created=time_of(row.created),
        started=None if row.started is None else time_of(row.started),
        ended=None if row.ended is None else time_of(row.ended),
        expires=None if row.expires is None else time_of(row.expires),
        queue_position=queue_position,
        webhook=row.webhook,
        options=json.loads(row.options),
        warnings=tuple(json.loads(row.warnings)),
    )


def outcome_of(row: "Row[Any]", content: bytes | None = None) -> PageOutcome:
    """Make the record of a settled page; `content` is compressed."""
    return PageOutcome(
        number=row.number,
        name=row.name,
        state=Phase(row.phase).state,
        sequence=row.sequence,
        packed=content,
        code=row.code,
        message=row.message,
        attempts=row.attempts + row.losses,
    )


def time_of(seconds: float) -> datetime:
    """Convert seconds since the epoch to a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def json_of(value: object) -> str:
    """Write a value as JSON, in the form that is stored."""
    return json.dumps(value, separators=(",", ":"))


def storable(text: str) -> str:
    """Make a text fit for every database: PostgreSQL refuses NUL, and both refuse lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def by_job(rows: Sequence["Row[Any]"]) -> dict[int, list["Row[Any]"]]:
    """Group rows of pages by the key of their job, in the order in which jobs are locked."""
    found: dict[int, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.job_key, []).append(row)
    return dict(sorted(found.items()))
