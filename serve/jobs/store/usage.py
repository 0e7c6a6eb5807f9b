"""Counts what clients use, for all replicas and over restarts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from serve.jobs.store.database.schema import paces, usage
from serve.jobs.store.database.transactions import Database

__all__ = ["MINUTE_S", "PAGES", "MonthOfUse", "Standing", "UsageCounts", "month_of", "refilled"]

PAGES = "pages"
"""Name of the amount that budgets are about."""

MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a client is with its limits.

    Args:
        month: The present month in UTC, such as `2026-12`.
        pages: Pages that were read for it in this month.
        tokens: Pages that it may have read at once; negative if more were read than its pace allows. None without a
            pace.
    """

    month: str
    pages: int
    tokens: float | None


@dataclass(frozen=True, slots=True)
class MonthOfUse:
    """What a client has used in a month.

    Args:
        client: The client's name.
        month: The month in UTC, such as `2026-12`.
        amounts: How much of what, by name.
    """

    client: str
    month: str
    amounts: dict[str, float]


def month_of(now: float) -> str:
    """Name the month of a time.

    Args:
        now: Seconds since the epoch.
    """
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m")


def refilled(tokens: float, elapsed_s: float, pages_a_minute: float) -> float:
    """Fill a bucket of tokens as time goes by.

    Args:
        tokens: What was in it.
        elapsed_s: Seconds since then; a clock that was set back counts as none.
        pages_a_minute: What it gets in a minute, which is also the most that it holds.

    Returns:
        What is in it now.
    """
    return min(pages_a_minute, tokens + max(0.0, elapsed_s) * pages_a_minute / MINUTE_S)


class UsageCounts:
    """Adds up what clients use by months, and fills their buckets of tokens. Errors are those of `JobStore`.

    Args:
        database: The database of the jobs.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, spent: Mapping[str, Mapping[str, float]], paces_of: Mapping[str, tuple[float, float]]
    ) -> dict[str, Standing]:
        """Add what clients have used, and tell where they are.

        Args:
            spent: Amounts by client and name, this month's.
            paces_of: Of clients with a pace: pages a minute, which is also what its bucket holds, and the pages of
                requests to take out of it.

        Returns:
            The standing of each client that was named.
        """

        def change(connection: Connection) -> dict[str, Standing]:
            now = self._database.now(connection)
            month = month_of(now)
            rows = [
                {"client": client, "month": month, "name": name, "amount": amount}
                for client, amounts in spent.items()
                for name, amount in amounts.items()
            ]
            if rows:
                added = _upsert(connection, usage)
                total = usage.c.amount + added.excluded.amount
                keys = [usage.c.client, usage.c.month, usage.c.name]
                connection.execute(added.on_conflict_do_update(index_elements=keys, set_={"amount": total}), rows)
            tokens = {client: _filled(connection, client, *pace, now) for client, pace in paces_of.items()}
            clients = spent.keys() | paces_of.keys()
            used = _pages(connection, clients, month)
            return {client: Standing(month, used.get(client, 0), tokens.get(client)) for client in clients}

        return self._database.write(change)

    def standing(self, client: str, pages_a_minute: float | None) -> Standing:
        """Tell where a client is with its limits.

        Args:
            client: The client's name.
            pages_a_minute: Its pace; None without one.
        """

        def query(connection: Connection) -> Standing:
            now = self._database.now(connection)
            tokens = None
            if pages_a_minute is not None:
                found = connection.execute(select(paces).where(paces.c.client == client)).first()
                tokens = pages_a_minute if found is None else refilled(found.tokens, now - found.at, pages_a_minute)
            month = month_of(now)
            return Standing(month, _pages(connection, [client], month).get(client, 0), tokens)

        return self._database.read(query, for_client=True)

    def months(self, client: str | None = None, *, for_client: bool = False) -> list[MonthOfUse]:
        """List what was used by months, the latest first.

        Args:
            client: The client's name; None for all clients.
            for_client: Whether a client of the HTTP API waits for it.
        """
        asked = select(usage).order_by(usage.c.month.desc(), usage.c.client, usage.c.name)
        if client is not None:
            asked = asked.where(usage.c.client == client)

        def query(connection: Connection) -> list[MonthOfUse]:
            found: dict[tuple[str, str], dict[str, float]] = {}
            for row in connection.execute(asked):
                found.setdefault((row.client, row.month), {})[row.name] = row.amount
            return [MonthOfUse(name, month, amounts) for (name, month), amounts in found.items()]

        return self._database.read(query, for_client=for_client)


def _upsert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Begin to insert rows that may be there: both databases have the same words for it, each in its own class."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def _filled(connection: Connection, client: str, pages_a_minute: float, taken: float, now: float) -> float:
    """Fill a client's bucket, take pages out of it, and return what is left."""
    found = connection.execute(select(paces).where(paces.c.client == client).with_for_update()).first()
    before = pages_a_minute if found is None else refilled(found.tokens, now - found.at, pages_a_minute)
    row = {"tokens": before - taken, "at": now}
    added = _upsert(connection, paces).values(client=client, **row)
    connection.execute(added.on_conflict_do_update(index_elements=[paces.c.client], set_=row))
    return before - taken


def _pages(connection: Connection, clients: Iterable[str], month: str) -> dict[str, int]:
    asked = select(usage.c.client, usage.c.amount).where(
        usage.c.client.in_(list(clients)), usage.c.month == month, usage.c.name == PAGES
    )
    return {row.client: round(row.amount) for row in connection.execute(asked)}
