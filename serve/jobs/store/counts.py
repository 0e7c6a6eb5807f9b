"""How many pages of a job and of its owner wait, kept beside them. Whoever calls these holds the owner."""

from sqlalchemy import Connection, case, func, select, update

from serve.jobs.store.database.schema import jobs, owners

__all__ = ["add_waiting", "service_time", "take_from_owner"]


def service_time(connection: Connection) -> float:
    """The virtual time at which service is: where an owner begins that had nothing to do."""
    return float(connection.execute(select(func.max(owners.c.served))).scalar_one() or 0.0)


def add_waiting(
    connection: Connection, owner: str, job_key: int, *, queued: int = 0, ready: int = 0, running: int = 0
) -> None:
    """Change the counts of a job and its owner.

    Args:
        connection: In a transaction that holds the owner.
        owner: Whose job it is.
        job_key: The job.
        queued: Pages more that wait, in any way.
        ready: Pages more that are ready.
        running: Pages more that are leased.
    """
    served = select(owners.c.jobs_served).where(owners.c.owner == owner).scalar_subquery()
    connection.execute(
        update(jobs)
        .where(jobs.c.key == job_key)
        .values(
            queued=jobs.c.queued + queued,
            ready=jobs.c.ready + ready,
            running=jobs.c.running + running,
            # It comes back: it starts where service is now.
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
    """Lower the counts of an owner whose job vanishes.

    Args:
        connection: In a transaction that holds the owner.
        owner: Whose job it was.
        queued: Its pages that waited, in any way.
        ready: Its pages that were ready.
    """
    if queued or ready:
        connection.execute(
            update(owners)
            .where(owners.c.owner == owner)
            .values(queued=owners.c.queued - queued, ready=owners.c.ready - ready)
        )
