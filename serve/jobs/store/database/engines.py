"""Connects to each kind of database. The table has one row for each scheme."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from models.errors import ConfigurationError

__all__ = ["REMOVES", "WRITES", "Connected", "connected"]

#: Option of a connection whose transaction will write. SQLite must lock at its beginning, or it may fail at its end.
WRITES = "rayocr_writes"

#: Mark on a connection whose transaction removes what must not stay in the write-ahead log.
REMOVES = "rayocr_removes"

_CONNECT_TIMEOUT_S = 5
_BUSY_TIMEOUT_S = 20.0
_POOL_SIZE = 8
# In an SQLite file of many pages, those that are often read stay in 16 MB of memory for each connection.
_CACHE_KIB = 16 * 1024
_WAL_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Connected:
    """A database that is ready to be used.

    Args:
        engine: The database's connections.
        writing: A lock that is held around each transaction that writes.
        empties_log: SQL that has removed content leave the write-ahead log too; None if the server does so in its time.
        clock: SQL that gives the database's time in seconds since the epoch; None if the machine's own clock holds.
        shown: The URL without its password.
    """

    engine: Engine
    writing: AbstractContextManager[Any]
    empties_log: str | None
    clock: str | None
    shown: str


def connected(url: str) -> Connected:
    """Prepare the database of a URL. Nothing is connected yet.

    Raises:
        ConfigurationError: The scheme is not known, or the URL can't be used.
    """
    try:
        parsed = make_url(url)
        build = _ROWS[parsed.get_backend_name()]
    except (ArgumentError, KeyError) as exc:
        # The message does not show the URL, which may hold a password.
        raise ConfigurationError(
            f"jobs.store must be a URL of one of {', '.join(_ROWS)}, such as sqlite:////folder/jobs.db"
        ) from exc
    return build(parsed)


def _sqlite(url: URL) -> Connected:
    path = Path(url.database or "")
    if not path.is_absolute():
        raise ConfigurationError("jobs.store must name an absolute path: sqlite:////folder/jobs.db, with four slashes")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)  # the folder will hold other people's documents
    except OSError as exc:
        raise ConfigurationError(f"the folder {path.parent} of the job store can't be made: {exc.strerror}") from exc
    _make_private(path)
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        connect_args={"timeout": _BUSY_TIMEOUT_S, "check_same_thread": False},
        hide_parameters=True,  # errors and logs must not show names, sources and passwords of documents
        pool_size=_POOL_SIZE,
        max_overflow=_POOL_SIZE,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin below, not inside Python's driver
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # a commit is on disk when it returns
            f"cache_size=-{_CACHE_KIB}",
            f"journal_size_limit={_WAL_BYTES}",
            "secure_delete=ON",  # deleted content is overwritten
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    # SQLite has one writer at a time. Threads of this process queue here, or SQLite would make them sleep and poll.
    return Connected(engine, threading.Lock(), "PRAGMA wal_checkpoint(TRUNCATE)", None, str(url))


def _make_private(path: Path) -> None:
    """Make the file of a database, or the files that are there, private to this user, whatever the umask."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        # SQLite makes its other files with the mode of the first.
        for file in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
            if file.exists():
                file.chmod(0o600)
    except OSError as exc:
        raise ConfigurationError(f"the file {path} of the job store can't be used: {exc.strerror}") from exc


def _postgresql(url: URL) -> Connected:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={
            "connect_timeout": _CONNECT_TIMEOUT_S,
            "application_name": "rayocr",
            # With these times, a server that vanished from the network is noticed soon, not after hours.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,  # milliseconds
        },
        isolation_level="READ COMMITTED",  # rows are locked by name
        hide_parameters=True,  # errors and logs must not show names, sources and passwords of documents
        pool_size=_POOL_SIZE,
        max_overflow=_POOL_SIZE,
        pool_timeout=_BUSY_TIMEOUT_S,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '60s'")
            cursor.execute("SET lock_timeout = '20s'")
            cursor.execute("SET idle_in_transaction_session_timeout = '60s'")
            # A server may be set up to answer before a commit is on disk, but accepted jobs must not be lost.
            cursor.execute(
                "SELECT set_config('synchronous_commit', 'on', false) "
                "WHERE current_setting('synchronous_commit') = 'off'"
            )
        connection.commit()

    # Leases of several machines are compared, so all of them ask one clock.
    return Connected(
        engine,
        contextlib.nullcontext(),
        None,
        "SELECT extract(epoch FROM clock_timestamp())::float8",
        url.render_as_string(hide_password=True),
    )


_ROWS: dict[str, Callable[[URL], Connected]] = {"sqlite": _sqlite, "postgresql": _postgresql}
