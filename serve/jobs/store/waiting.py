"""Brings pages back to the queue that were put off for a time, or whose worker was lost."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, Select, case, select, update

from serve.jobs.records import POISON, Job, QueueLimits, Settled
from serve.jobs.store.counts import add_waiting
from serve.jobs.store.database.rows import by_job, in_phase, lock_job, lock_owners
from serve.jobs.store.database.schema import Phase, jobs, owners, pages
from serve.jobs.store.settling import Outcome, settle

__all__ = ["Leased", "delayed_until", "held_pages", "reclaim_pages", "wake"]

Leased: TypeAlias = Mapping[str, float]
"""The ends of leases by their tokens, in seconds since the epoch by the store's clock."""

_PAGES_AT_A_TIME = 500


def delayed_until(connection: Connection, now: float) -> "Sequence[Row[Any]]":
    """Find the pages whose delay is over."""
    over: Select[Any] = select(pages.c.job_key, pages.c.number).where(in_phase(Phase.DELAYED), pages.c.ready_at <= now)
    return connection.execute(over.order_by(pages.c.ready_at).limit(_PAGES_AT_A_TIME)).all()


def held_pages(connection: Connection) -> "Sequence[Row[Any]]":
    """Find the pages that are leased. There are never many."""
    of_lease = pages.c.job_key, pages.c.number, pages.c.token, pages.c.leased_until
    held: Select[Any] = select(*of_lease).where(in_phase(Phase.RUNNING))
    return connection.execute(held).all()


def wake(connection: Connection, now: float) -> None:
    """Make the pages ready whose delay is over."""
    found = by_job(delayed_until(connection, now))
    owner_of = _hold_owners(connection, list(found))
    for key, rows in found.items():
        # The owner is held now, but the job may have been removed before.
        if key not in owner_of or lock_job(connection, jobs.c.key == key) is None:
            continue
        woken = connection.execute(
            update(pages)
            .where(pages.c.job_key == key, pages.c.number.in_([row.number for row in rows]), in_phase(Phase.DELAYED))
            .values(phase=case((pages.c.losses > 0, Phase.SUSPECT.value), else_=Phase.READY.value), ready_at=None)
            .returning(pages.c.phase)
        ).scalars()
        add_waiting(connection, owner_of[key], key, ready=list(woken).count(Phase.READY.value))


def reclaim_pages(connection: Connection, lost: Leased, now: float, most_losses: int, limits: QueueLimits) -> list[Job]:
    """Take back pages of leases that are still as they were when their worker was found lost.

    Returns:
        The jobs that this has ended.
    """
    is_lost = [row for row in held_pages(connection) if lost.get(row.token) == row.leased_until]
    found = by_job(is_lost[:_PAGES_AT_A_TIME])
    owner_of = _hold_owners(connection, list(found))
    ended: list[Job] = []
    for key, rows in found.items():
        for row in rows if key in owner_of else ():
            job = lock_job(connection, jobs.c.key == key)  # again for each page, since the counts have changed
            if job is None:
                break
            settled = _lose(connection, job, row, now, most_losses, limits)
            if settled.end is not None:
                ended.append(settled.end)
    return ended


def _lose(
    connection: Connection, job: "Row[Any]", lost: "Row[Any]", now: float, most_losses: int, limits: QueueLimits
) -> Settled:
    """Count a lost worker for a page, if its lease has not been extended or ended meanwhile."""
    number = lost.number
    one = (pages.c.job_key == job.key) & (pages.c.number == number)
    is_lost = one & in_phase(Phase.RUNNING) & (pages.c.token == lost.token)
    is_lost &= pages.c.leased_until == lost.leased_until
    page = connection.execute(select(pages).where(is_lost).with_for_update()).one_or_none()
    if page is None:
        return Settled(counted=False)
    losses = page.losses + 1
    if losses >= most_losses:
        times = "once" if losses == 1 else f"{losses} times"
        message = f"the process that worked on this page was lost {times}; it gets no further attempt"
        outcome = Outcome(code=POISON, message=message, losses=losses)
        upload = page.source if page.is_upload else None
        return settle(connection, job, page.token, number, upload, outcome, now, limits)
    connection.execute(
        update(pages)
        .where(one)
        .values(
            phase=Phase.SUSPECT.value,
            losses=losses,
            attempts=pages.c.attempts - 1,
            token=None,
            worker=None,
            leased_until=None,
        )
    )
    add_waiting(connection, job.owner, job.key, queued=1, running=-1)
    return Settled(counted=False)


def _hold_owners(connection: Connection, keys: Sequence[int]) -> dict[int, str]:
    """Lock the owners of some jobs. Returns the owner of each job that still exists."""
    found = connection.execute(select(jobs.c.key, jobs.c.owner).where(jobs.c.key.in_(keys))).all()
    if found:
        lock_owners(connection, owners.c.owner.in_({row.owner for row in found}))
    return {row.key: row.owner for row in found}
