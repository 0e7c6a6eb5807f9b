"""Keeps the numbers of waiting pages beside each job and its owner. Every caller must hold the owner's row."""

from sqlalchemy import Connection, case, func, select, update

from serve.jobs.store.database.schema import jobs, owners

__all__ = ["add_waiting", "service_time", "take_from_owner"]


def service_time(connection: Connection) -> float:
    """The present virtual time of service, at which an owner begins that had nothing to do."""
    return float(connection.execute(select(func.max(owners.c.served))).scalar_one() or 0.0)


def add_waiting(
    connection: Connection, owner: str, job_key: int, *, queued: int = 0, ready: int = 0, running: int = 0
) -> None:
    """Change the counts of a job and its owner.

    Args:
        connection: A connection in a transaction that holds the owner.
        owner: Owner of the job.
        job_key: Key of the job.
        queued: Number of further pages that wait, in any way.
        ready: Number of further pages that are ready.
        running: Number of further pages that are leased.
    """
    served = select(owners.c.jobs_served).where(owners.c.owner == owner).scalar_subquery()
    connection.execute(
        update(jobs)
        .where(jobs.c.key == job_key)
        .values(
            queued=jobs.c.queued + queued,
            ready=jobs.c.ready + ready,
            running=jobs.c.running + running,
            # The owner comes back, and starts at the present time of service.
            virtual=case(((jobs.c.ready == 0) & (jobs.c.virtual < served), served), else_=jobs.c.virtual),
        )
    )
    if queued or ready:
        now = service_time(connection)
        connection.execute(
            update(owners)
            .where(owners.c.owner == owner)
            .values(
                queued=owners.c.queued + queued,
                ready=owners.c.ready + ready,
                virtual=case(((owners.c.ready == 0) & (owners.c.virtual < now), now), else_=owners.c.virtual),
            )
        )


def take_from_owner(connection: Connection, owner: str, *, queued: int, ready: int) -> None:
    """Lower the counts of an owner whose job is removed.

    Args:
        connection: A connection in a transaction that holds the owner.
        owner: Owner of the job.
        queued: Pages of the job that waited, in any way.
        ready: Pages of the job that were ready.
    """
    if queued or ready:
        connection.execute(
            update(owners)
            .where(owners.c.owner == owner)
            .values(queued=owners.c.queued - queued, ready=owners.c.ready - ready)
        )
