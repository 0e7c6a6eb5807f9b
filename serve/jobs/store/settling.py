"""Settles a page and, if it was the last, ends its job, all in one transaction."""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, update

from serve.jobs.records import Job, JobState, QueueLimits, Settled
from serve.jobs.store.database.engines import REMOVES
from serve.jobs.store.database.rows import in_phase, job_of, storable
from serve.jobs.store.database.schema import Phase, deliveries, jobs, pages, results, stored, trash

__all__ = ["Outcome", "end_job", "settle"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a page.

    Args:
        content: The page's result, compressed; None if it failed.
        code: Code of the error.
        message: Message of the error.
        losses: Number of workers that were lost over it; None if that has not changed.
    """

    content: bytes | None = None
    code: str | None = None
    message: str | None = None
    losses: int | None = None

    @property
    def phase(self) -> Phase:
        """The phase that the page has now."""
        return Phase.FAILED if self.content is None else Phase.DONE


def settle(
    connection: Connection,
    job: "Row[Any]",
    token: str,
    number: int,
    upload: str | None,
    outcome: Outcome,
    now: float,
    limits: QueueLimits,
) -> Settled:
    """Settle a leased page.

    Args:
        connection: A connection in a transaction that holds the job.
        job: The job's row, as it was read when it was locked.
        token: Token of the lease. The page is settled only while it has this one.
        number: Number of the page.
        upload: Location of its upload, which nobody reads again to settle it.
        outcome: The page's outcome.
        now: Seconds since the epoch.
        limits: Limits of the queue, which say how long uploads and jobs are kept.
    """
    sequence = job.done + job.failed + job.cancelled + 1
    kept = upload if limits.keep_uploads else None
    settled = connection.execute(
        update(pages)
        .where(pages.c.job_key == job.key, pages.c.number == number, pages.c.token == token, in_phase(Phase.RUNNING))
        .values(
            phase=outcome.phase.value,
            sequence=sequence,
            code=outcome.code,
            message=None if outcome.message is None else storable(outcome.message),
            losses=pages.c.losses if outcome.losses is None else outcome.losses,
            source=kept or "",  # other sources may be long, or hold a signature, and nobody reads them again
            token=None,
            worker=None,
            leased_until=None,
        )
    )
    if settled.rowcount == 0:
        return Settled(counted=False)
    if outcome.content is not None:
        connection.execute(insert(results).values(job_key=job.key, number=number, content=outcome.content))
    if upload is not None and kept is None:
        connection.execute(insert(trash).values(location=upload))
    done, failed = job.done + (outcome.content is not None), job.failed + (outcome.content is None)
    counts = {"done": done, "failed": failed, "running": jobs.c.running - 1}
    if sequence < job.total:
        connection.execute(update(jobs).where(jobs.c.key == job.key).values(counts))
        return Settled(counted=True)
    state = JobState.SUCCEEDED if not failed else JobState.PARTIAL if done else JobState.FAILED
    return Settled(counted=True, end=end_job(connection, job, state, now, limits, counts))


def end_job(
    connection: Connection, job: "Row[Any]", state: JobState, now: float, limits: QueueLimits, counts: dict[str, Any]
) -> Job:
    """Bring a job to its final state. Its webhook is due from now on.

    Args:
        connection: A connection in a transaction that holds the job, which has not ended.
        job: The job's row, as it was read when it was locked.
        state: The final state.
        now: Seconds since the epoch.
        limits: Limits of the queue, which say how long uploads and jobs are kept.
        counts: Columns that change with the state.
    """
    if json.loads(job.options).get("password") is not None:
        connection.info[REMOVES] = True
    ended = (
        update(jobs)
        .where(jobs.c.key == job.key)
        # Nobody reads the options again, and a password may be among them.
        .values({**counts, "state": state.value, "ended": now, "expires": now + limits.retention_s, "options": "{}"})
        .returning(jobs)
    )
    row = connection.execute(ended).one()
    if not limits.keep_uploads:
        connection.execute(delete(stored).where(stored.c.job_id == row.id))
    if row.webhook is not None:
        connection.execute(
            insert(deliveries).values(
                job_key=job.key, id=f"msg_{secrets.token_hex(16)}", state="pending", created=now, next_at=now
            )
        )
    return job_of(row)
