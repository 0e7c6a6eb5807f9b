"""Hands pages out to workers, and settles them."""

import json
import secrets
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, Text, bindparam, cast, func, literal, or_, select, update

from serve.jobs.records import Job, JobState, Lease, Packed, QueueDepth, QueueLimits, Settled
from serve.jobs.store.counts import add_waiting
from serve.jobs.store.database.rows import above_zero, in_phase, lock_job, lock_jobs, lock_owners
from serve.jobs.store.database.schema import Phase, jobs, owners, pages
from serve.jobs.store.database.transactions import Database
from serve.jobs.store.fairness import JobShare, OwnerShare, share_out
from serve.jobs.store.settling import Outcome, settle
from serve.jobs.store.waiting import Leased, delayed_until, held_pages, reclaim_pages, wake

__all__ = ["Leases"]

_TAKE_FROM_JOB = (
    update(jobs)
    .where(jobs.c.key == bindparam("of"))
    .values(
        queued=jobs.c.queued - bindparam("granted"),
        ready=jobs.c.ready - bindparam("granted"),
        running=jobs.c.running + bindparam("granted"),
        virtual=bindparam("now_virtual"),
    )
)
_TAKE_FROM_OWNER = (
    update(owners)
    .where(owners.c.owner == bindparam("of"))
    .values(
        queued=owners.c.queued - bindparam("granted"),
        ready=owners.c.ready - bindparam("granted"),
        virtual=bindparam("now_virtual"),
        served=bindparam("now_served"),
        jobs_served=bindparam("now_jobs_served"),
    )
)


class Leases:
    """Hands pages out to workers. Each page is settled exactly once, however often it was handed out.

    All methods raise StorageUnavailable if the database does not answer. The same call may then be made again. If the
    first call had taken effect, a second `complete` or `fail` reports that it was not counted.

    Args:
        database: The database of the pages.
        limits: Limits of the queue.
    """

    def __init__(self, database: Database, limits: QueueLimits) -> None:
        self._database = database
        self._limits = limits

    def take(self, worker: str, most: int, lease_s: float) -> list[Lease]:
        """Lease waiting pages: owners take turns by weight, each owner's jobs take turns, and pages go by number.

        A job's first lease makes it `running`. Pages over which a worker was lost are left to `take_suspect`.

        Args:
            worker: Name of the process that will hold them.
            most: The most pages.
            lease_s: Seconds for which it holds them, unless they are extended.

        Returns:
            The leases; fewer than `most`, or none, if no more pages are ready.
        """

        def query(connection: Connection) -> tuple[bool, bool]:
            is_waiting = connection.execute(select(owners.c.owner).where(owners.c.ready > 0).limit(1)).first()
            return is_waiting is not None, bool(delayed_until(connection, self._database.now(connection)))

        # Workers without work ask twice a second, so the first query only reads.
        is_waiting, is_delayed = self._database.read(query)
        if is_delayed:
            self._database.write(lambda connection: wake(connection, self._database.now(connection)))
        if not is_waiting and not is_delayed:
            return []
        return self._database.write(lambda connection: self._take(connection, worker, most, lease_s))

    def take_suspect(self, worker: str, lease_s: float) -> Lease | None:
        """Lease one page over which a worker was lost. It should run with no other page of a job beside it.

        Args:
            worker: Name of the process that will hold it.
            lease_s: Seconds for which it holds the page, unless they are extended.
        """
        next_one = (
            select(pages.c.job_key, pages.c.number)
            .where(in_phase(Phase.SUSPECT))
            .order_by(pages.c.losses, pages.c.job_key, pages.c.number)
            .limit(1)
        )

        def take(connection: Connection) -> Lease | None:
            row = connection.execute(next_one).one_or_none()
            if row is None:
                return None
            lock_owners(connection, owners.c.owner == _owner_of(row.job_key))
            leases = self._lease(connection, {row.job_key: [row.number]}, Phase.SUSPECT, worker, lease_s)
            if not leases:  # another worker was faster, or the job has been removed
                return None
            add_waiting(connection, leases[0].owner, row.job_key, queued=-1, running=1)
            return leases[0]

        if self._database.read(lambda connection: connection.execute(next_one).one_or_none()) is None:
            return None
        return self._database.write(take)

    def extend(self, worker: str, tokens: Collection[str], lease_s: float) -> set[str]:
        """Move the end of leases to `lease_s` from now.

        Args:
            worker: Name of the process that holds them.
            tokens: Tokens of the leases.
            lease_s: Seconds from now for which it holds them, unless they are extended again.

        Returns:
            Tokens of the leases that still hold. The worker must stop every other page: its job was cancelled, or its
            lease was lost.
        """
        if not tokens:
            return set()

        def move(connection: Connection) -> set[str]:
            held = (
                update(pages)
                .where(in_phase(Phase.RUNNING), pages.c.token.in_(list(tokens)), pages.c.worker == worker)
                .values(leased_until=self._database.now(connection) + lease_s)
                .returning(pages.c.token)
            )
            return {str(token) for token in connection.execute(held).scalars()}

        return self._database.write(move)

    def complete(self, lease: Lease, result: bytes | Packed) -> Settled:
        """Settle a page with its result. Its upload goes to the trash.

        Args:
            lease: Lease of the page.
            result: JSON of its `OcrResult`, packed or not.
        """
        packed = result if isinstance(result, Packed) else Packed.of([result])
        return self._settle(lease, Outcome(content=packed.content))

    def fail(self, lease: Lease, code: str, message: str) -> Settled:
        """Settle a page with an error. Its upload goes to the trash.

        Args:
            lease: Lease of the page.
            code: Code of the error.
            message: One sentence for a person.
        """
        return self._settle(lease, Outcome(code=code, message=message))

    def retry_later(self, lease: Lease, delay_s: float, *, counts: bool) -> None:
        """Give a page back for another attempt, unless the lease was lost.

        Args:
            lease: Lease of the page.
            delay_s: Seconds before it is handed out again.
            counts: Whether this attempt counts, so that `Lease.attempt` grows.
        """

        def give_back(connection: Connection) -> None:
            lock_owners(connection, owners.c.owner == lease.owner)
            job = lock_job(connection, jobs.c.id == lease.job_id)
            if job is None:
                return
            given_back = connection.execute(
                update(pages)
                .where(pages.c.job_key == job.key, pages.c.number == lease.number)
                .where(in_phase(Phase.RUNNING), pages.c.token == lease.token)
                .values(
                    phase=Phase.DELAYED.value,
                    ready_at=self._database.now(connection) + delay_s,
                    attempts=pages.c.attempts - (0 if counts else 1),
                    token=None,
                    worker=None,
                    leased_until=None,
                )
            )
            if given_back.rowcount:
                add_waiting(connection, job.owner, job.key, queued=1, running=-1)

        self._database.write(give_back)

    def held(self) -> Leased:
        """List all leases, whoever holds them. The end of one moves whenever its worker gives a sign of life."""
        rows = self._database.read(held_pages)
        return {row.token: row.leased_until for row in rows}

    def reclaim(self, lost: Leased, most_losses: int) -> list[Job]:
        """Take back pages whose worker is lost.

        Args:
            lost: Leases as `held` gave them. One that was extended or ended since is left alone. Whether a worker is
                lost is not decided by the ends of its leases: the store's clock may be set, and while the store is
                away, nobody can extend a lease.
            most_losses: A page over which so many workers were lost fails with the code `poison`.

        Returns:
            The jobs that this has ended.
        """

        def reclaim(connection: Connection) -> list[Job]:
            return reclaim_pages(connection, lost, self._database.now(connection), most_losses, self._limits)

        return self._database.write(reclaim) if lost else []

    def queue(self) -> QueueDepth:
        """Tell how many pages wait and are in work. This is cheap, since it counts no pages."""

        def add_up(connection: Connection) -> QueueDepth:
            queued = connection.execute(select(func.sum(owners.c.queued))).scalar_one()
            running = connection.execute(
                select(func.sum(jobs.c.running)).where(above_zero(jobs.c.running))
            ).scalar_one()
            return QueueDepth(int(queued or 0), int(running or 0))

        return self._database.read(add_up)

    def oldest_s(self) -> float:
        """Tell the age of the oldest job with pages ready to be read, in seconds; 0 if there is none.

        It reads each of these jobs: 12 ms for 100,000.
        """

        def age(connection: Connection) -> float:
            oldest = connection.execute(select(func.min(jobs.c.created)).where(above_zero(jobs.c.ready))).scalar_one()
            return 0.0 if oldest is None else max(0.0, self._database.now(connection) - oldest)

        return self._database.read(age)

    def _take(self, connection: Connection, worker: str, most: int, lease_s: float) -> list[Lease]:
        # Takers hold the owners, so they work one after the other, and fairness holds among all of them.
        waiting = [
            OwnerShare(row.owner, row.virtual, row.ready, row.served, row.jobs_served)
            for row in lock_owners(connection, owners.c.ready > 0)
        ]

        def jobs_of(owner: str) -> list[JobShare]:
            ready = (
                select(jobs.c.key, jobs.c.virtual, jobs.c.ready)
                .where(jobs.c.owner == owner, above_zero(jobs.c.ready))
                .order_by(jobs.c.virtual, jobs.c.key)
                .limit(most)
            )
            return [JobShare(row.key, row.virtual, row.ready) for row in connection.execute(ready)]

        served = share_out(waiting, jobs_of, self._limits.weight_of, most)
        shares = {job.key: job for owner in served for job in owner.jobs if job.granted}
        numbers = {key: self._first_ready(connection, key, share.granted) for key, share in shares.items()}
        leases = self._lease(connection, numbers, Phase.READY, worker, lease_s)
        if shares:
            connection.execute(
                _TAKE_FROM_JOB,
                [{"of": key, "granted": job.granted, "now_virtual": job.virtual} for key, job in shares.items()],
            )
            connection.execute(
                _TAKE_FROM_OWNER,
                [
                    {
                        "of": owner.owner,
                        "granted": owner.granted,
                        "now_virtual": owner.virtual,
                        "now_served": owner.served,
                        "now_jobs_served": owner.jobs_served,
                    }
                    for owner in served
                ],
            )
        return leases

    def _first_ready(self, connection: Connection, job_key: int, count: int) -> list[int]:
        ready = select(pages.c.number).where(pages.c.job_key == job_key, in_phase(Phase.READY))
        return list(connection.execute(ready.order_by(pages.c.number).limit(count)).scalars())

    def _lease(
        self, connection: Connection, numbers: dict[int, list[int]], phase: Phase, worker: str, lease_s: float
    ) -> list[Lease]:
        """Lease those pages that are in the phase, by the keys of their jobs. The jobs' owners are held."""
        held = {row.key: row for row in lock_jobs(connection, jobs.c.key.in_(numbers))}
        if not held:
            return []
        now = self._database.now(connection)
        if any(job.state == JobState.QUEUED.value for job in held.values()):
            first = update(jobs).where(jobs.c.key.in_(held), jobs.c.state == JobState.QUEUED.value)
            connection.execute(first.values(state=JobState.RUNNING.value, started=now))
        chosen = or_(*((pages.c.job_key == key) & pages.c.number.in_(numbers[key]) for key in held))
        taken = (
            update(pages)
            .where(chosen, in_phase(phase))
            .values(
                phase=Phase.RUNNING.value,
                token=literal(f"{secrets.token_hex(16)}-")
                + cast(pages.c.job_key, Text)
                + "-"
                + cast(pages.c.number, Text),
                worker=worker,
                leased_until=now + lease_s,
                attempts=pages.c.attempts + 1,
            )
            .returning(pages)
        )
        rows = connection.execute(taken).all()
        return [_lease_of(row, held[row.job_key]) for row in sorted(rows, key=lambda row: (row.job_key, row.number))]

    def _settle(self, lease: Lease, outcome: Outcome) -> Settled:
        def settle_page(connection: Connection) -> Settled:
            job = lock_job(connection, jobs.c.id == lease.job_id)
            if job is None:
                return Settled(counted=False)
            now = self._database.now(connection)
            upload = lease.source if lease.is_upload else None
            return settle(connection, job, lease.token, lease.number, upload, outcome, now, self._limits)

        return self._database.write(settle_page)


def _lease_of(page: "Row[Any]", job: "Row[Any]") -> Lease:
    return Lease(
        token=page.token,
        job_id=job.id,
        number=page.number,
        source=page.source,
        name=page.name,
        is_upload=page.is_upload,
        owner=job.owner,
        attempt=page.attempts,
        losses=page.losses,
        options=json.loads(job.options),
    )


def _owner_of(job_key: int) -> Any:
    return select(jobs.c.owner).where(jobs.c.key == job_key).scalar_subquery()
