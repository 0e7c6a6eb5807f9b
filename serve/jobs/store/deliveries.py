"""Keeps the webhooks that are due, and the outcome of each attempt to deliver them."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, Text, insert, literal_column, select, update

from serve.jobs.records import DELIVERED_STATUSES, Delivery, DeliveryAttempt, DeliveryState, Webhook
from serve.jobs.store.database.rows import storable, time_of
from serve.jobs.store.database.schema import attempts, deliveries, jobs
from serve.jobs.store.database.transactions import Database

__all__ = ["Deliveries"]


class Deliveries:
    """The webhooks of jobs that have ended. Each one is due when its job ends, in the same transaction.

    Args:
        database: The database of the jobs.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def take_due(self, worker: str, lease_s: float, but_of: Collection[str] = ()) -> Delivery | None:
        """Lease the webhook that has been due longest.

        Args:
            worker: Name of the process that will deliver it.
            lease_s: Seconds for which nobody else is given it. They must be more than an attempt can take.
            but_of: Owners whose webhooks are left alone for now.

        Raises:
            StorageUnavailable: The database does not answer.
        """

        def due(connection: Connection, now: float) -> int | None:
            is_due = (deliveries.c.next_at <= now) & (deliveries.c.leased_until <= now)
            oldest = select(deliveries.c.job_key).where(_is_pending(), is_due).order_by(deliveries.c.next_at).limit(1)
            if but_of:
                of_others = jobs.c.owner.not_in(list(but_of))
                oldest = oldest.join(jobs, jobs.c.key == deliveries.c.job_key).where(of_others)
            # Two processes that ask at once get different webhooks.
            locked = oldest.with_for_update(of=deliveries, skip_locked=True)
            return connection.execute(locked).scalar_one_or_none()

        def take(connection: Connection) -> Delivery | None:
            now = self._database.now(connection)
            key = due(connection, now)
            if key is None:
                return None
            taken = update(deliveries).where(deliveries.c.job_key == key).values(leased_until=now + lease_s)
            row = connection.execute(taken.returning(deliveries)).one()
            job = connection.execute(select(jobs).where(jobs.c.key == key)).one()
            return Delivery(row.id, job.id, job.owner, job.webhook, row.attempts, time_of(row.created))

        if self._database.read(lambda connection: due(connection, self._database.now(connection))) is None:
            return None
        return self._database.write(take)

    def note(self, delivery: Delivery, outcome: int | str, next_at: float | None) -> None:
        """Note an attempt, unless the job has been removed.

        Args:
            delivery: A delivery of `take_due`.
            outcome: The HTTP status of the answer, or the reason why none came.
            next_at: Time of the next attempt, in seconds since the epoch. None: no attempt follows, and the webhook
                counts as delivered if the status is 2xx, else as given up.

        Raises:
            StorageUnavailable: The database does not answer.
        """
        status = outcome if isinstance(outcome, int) else None
        error = None if isinstance(outcome, int) else storable(outcome)
        state = DeliveryState.DELIVERED if outcome in DELIVERED_STATUSES else DeliveryState.GIVEN_UP
        if next_at is not None:
            state = DeliveryState.PENDING

        def write(connection: Connection) -> None:
            noted = (
                update(deliveries)
                .where(deliveries.c.id == delivery.id, _is_pending())
                .values(state=state.value, attempts=deliveries.c.attempts + 1, next_at=next_at, leased_until=0.0)
                .returning(deliveries.c.job_key)
            )
            key = connection.execute(noted).scalar_one_or_none()
            if key is not None:
                now = self._database.now(connection)
                connection.execute(insert(attempts).values(job_key=key, at=now, status=status, error=error))

        self._database.write(write)

    def of(self, job_id: str) -> Webhook | None:
        """The webhook of a job, with its attempts; None for a job without one.

        Args:
            job_id: The job. Ask `Views.job` first whether the caller may see it.

        Raises:
            Overloaded: The database does not answer.
        """

        def query(connection: Connection) -> Webhook | None:
            job = connection.execute(select(jobs.c.key, jobs.c.webhook).where(jobs.c.id == job_id)).one_or_none()
            if job is None or job.webhook is None:
                return None
            row = connection.execute(select(deliveries).where(deliveries.c.job_key == job.key)).one_or_none()
            of_job = select(attempts).where(attempts.c.job_key == job.key).order_by(attempts.c.key)
            log = [DeliveryAttempt(time_of(one.at), one.status, one.error) for one in connection.execute(of_job)]
            state = None if row is None else DeliveryState(row.state)
            next_at = None if row is None or row.next_at is None else time_of(row.next_at)
            return Webhook(job.webhook, state, tuple(log), next_at)

        return self._database.read(query, for_client=True)


def _is_pending() -> ColumnElement[bool]:
    """The condition that a webhook is pending, as text in the SQL, for the partial index."""
    return deliveries.c.state == literal_column("'pending'", Text)
