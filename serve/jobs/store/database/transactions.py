"""Runs transactions, repeats them if that helps, and translates their errors once."""

import logging
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from models.errors import ConfigurationError, InsufficientStorage, Overloaded, RayocrError, StorageUnavailable
from serve.jobs.store.database import schema
from serve.jobs.store.database.engines import REMOVES, WRITES, Connected, connected

__all__ = ["Database"]

logger = logging.getLogger("ray.serve")

T = TypeVar("T")

_TRIES = 6
_LONGEST_PAUSE_S = 0.2
_RETRY_AFTER_S = 5.0
# PostgreSQL's codes for a serialization failure, a deadlock, and no lock in time.
_RETRIED_SQLSTATES = frozenset({"40001", "40P01", "55P03"})
_FULL_SQLSTATE = "53100"
# Primary codes of SQLite: https://www.sqlite.org/rescode.html
_SQLITE_MISTAKE, _SQLITE_LOCKED, _SQLITE_FULL = 1, 6, 13
# An arbitrary number for the lock under which tables are made, so that replicas don't make them at once.
_TABLES_LOCK = 0x7261796F6372


class Database:
    """Runs functions in transactions. Each function may run several times, and must change nothing but the database.

    Args:
        parts: The database and its connections.
    """

    def __init__(self, parts: Connected) -> None:
        self._parts = parts
        self._preparing = threading.Lock()
        self._is_prepared = False

    @classmethod
    def open(cls, url: str) -> "Database":
        """Make the database of a URL. Nothing is connected before its first use.

        Raises:
            ConfigurationError: The URL can't be used.
        """
        return cls(connected(url))

    def read(self, work: Callable[[Connection], T], *, for_client: bool = False) -> T:
        """Run a function that only reads.

        Args:
            work: The function.
            for_client: Whether a client of the HTTP API waits for it, and is told to come back on an error.

        Raises:
            StorageUnavailable: The database does not answer, and no client waits.
            Overloaded: The database does not answer, and a client waits.
        """
        return self._run(work, for_client=for_client, writes=False)

    def write(self, work: Callable[[Connection], T], *, for_client: bool = False) -> T:
        """Run a function in a transaction that is durable when this returns. Despite an error, it may have happened.

        Args:
            work: The function. If it raises, everything is undone.
            for_client: Whether a client of the HTTP API waits for it, and is told to come back on an error.

        Raises:
            StorageUnavailable: The database does not answer, and no client waits.
            Overloaded: The database does not answer, and a client waits.
            InsufficientStorage: The database's disk is full.
        """
        return self._run(work, for_client=for_client, writes=True)

    def now(self, connection: Connection) -> float:
        """Seconds since the epoch by the one clock that all users of the database share."""
        if self._parts.clock is None:
            return time.time()
        return float(connection.execute(text(self._parts.clock)).scalar_one())

    def check(self) -> None:
        """Ask the database for a sign of life, as `JobStore.check` says."""
        self.read(lambda connection: connection.execute(select(1)).scalar_one())

    def close(self) -> None:
        """Close all connections, as `JobStore.close` says."""
        self._parts.engine.dispose()

    def _run(self, work: Callable[[Connection], T], *, for_client: bool, writes: bool) -> T:
        for left in reversed(range(_TRIES)):
            try:
                self._prepare()
                return self._once(work, writes=writes)
            except (DBAPIError, PoolTimeout) as exc:
                if left and _may_pass(exc):
                    time.sleep(random.uniform(0, _LONGEST_PAUSE_S))
                    continue
                raise self._translated(exc, for_client=for_client) from exc
        raise AssertionError("the last attempt returns or raises")

    def _once(self, work: Callable[[Connection], T], *, writes: bool) -> T:
        if not writes:
            with self._parts.engine.connect() as connection, connection.begin():
                return work(connection)
        with self._parts.writing, self._parts.engine.connect() as plain:
            connection = plain.execution_options(**{WRITES: True})
            connection.info.pop(REMOVES, None)
            with connection.begin():
                result = work(connection)
            if connection.info.pop(REMOVES, False) and self._parts.empties_log is not None:
                self._empty_log(plain, self._parts.empties_log)
            return result

    def _empty_log(self, connection: Connection, sql: str) -> None:
        """Write the log into the database and cut it, once no reader needs it. What fails is left to the next time."""
        driver: Any = connection.connection.driver_connection  # SQLAlchemy would begin a transaction
        try:
            driver.execute(sql).close()
        except sqlite3.Error as exc:
            logger.warning("removed content stays in the log of the job store %s for now: %s", self._parts.shown, exc)

    def _prepare(self) -> None:
        """Make the tables if there are none."""
        if self._is_prepared:
            return
        with self._preparing:
            if not self._is_prepared:
                self._once(_make_tables, writes=True)
                self._is_prepared = True

    def _translated(self, error: Exception, *, for_client: bool) -> RayocrError:
        reason = str(error.orig if isinstance(error, DBAPIError) else error).strip().partition("\n")[0][:200]
        if _is_full(error) and for_client:
            logger.error("the job store %s is full: %s", self._parts.shown, reason)
            return InsufficientStorage("the job store is full: delete jobs, or make space")
        if _is_full(error):
            return InsufficientStorage(f"the job store {self._parts.shown} is full: {reason}")
        if not _is_away(error):
            raise error  # a constraint that the caller knows, or a mistake of ours
        if for_client:
            return Overloaded("the job store does not answer at the moment; try again", _RETRY_AFTER_S)
        return StorageUnavailable(f"the job store {self._parts.shown} does not answer: {reason}")


def _make_tables(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_TABLES_LOCK})"))
    schema.metadata.create_all(connection)
    found = connection.execute(select(schema.version.c.version)).scalar_one_or_none()
    if found is None:
        connection.execute(insert(schema.version).values(version=schema.VERSION))
    elif found != schema.VERSION:
        raise ConfigurationError(
            f"jobs.store has tables of version {found}, and this rayocr needs {schema.VERSION}: give it an empty one"
        )


def _sqlstate(error: Exception) -> str:
    original = error.orig if isinstance(error, DBAPIError) else None
    return getattr(original, "sqlstate", None) or ""


def _sqlite_code(error: Exception) -> int:
    original = error.orig if isinstance(error, DBAPIError) else None
    code = getattr(original, "sqlite_errorcode", 0)
    return int(code) & 0xFF  # without the extension


def _may_pass(error: Exception) -> bool:
    """Whether another attempt may succeed at once, unlike one while the database is away, which lasts."""
    if _sqlstate(error) in _RETRIED_SQLSTATES or _sqlite_code(error) == _SQLITE_LOCKED:
        return True
    # The connection was open before the server restarted, and the next one is new.
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _is_away(error: Exception) -> bool:
    """Whether the database does not answer, or can't be read."""
    if isinstance(error, OperationalError):
        # SQLite's driver has no separate class for wrong SQL.
        return _sqlite_code(error) != _SQLITE_MISTAKE
    return isinstance(error, InterfaceError | PoolTimeout) or type(error) is DatabaseError


def _is_full(error: Exception) -> bool:
    return _sqlstate(error) == _FULL_SQLSTATE or _sqlite_code(error) == _SQLITE_FULL
