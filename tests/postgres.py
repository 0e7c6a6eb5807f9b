"""A real PostgreSQL server for the tests: on loopback, on a free port, with a folder of its own."""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.ports import free_port

__all__ = ["PostgresServer", "postgres", "postgres_programs"]

_STARTUP_S = 30.0
_STOP_S = 20.0
_ROLE = "rayocr"


class PostgresServer:
    """One PostgreSQL server. It keeps its port and its data over `stop` and `start`.

    Args:
        programs: Folder of `initdb` and `postgres`.
        folder: An empty folder for data and log. It will belong to whom the server runs as.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._databases = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        # PostgreSQL refuses to run as root.
        self._account = _other_account() if os.geteuid() == 0 else None
        self.port = 0

    def start(self) -> None:
        """Start, and wait until it answers; the first time with new data on a port that is free now.

        Raises:
            RuntimeError: It ended, or was not ready in time. Holds the end of its log.
        """
        if not self.port:
            self.port = free_port()
            if self._account is not None:
                os.chown(self._folder, self._account.pw_uid, self._account.pw_gid)
            self._spawn("initdb", "-D", str(self._data), "-U", _ROLE, "-A", "trust", "--no-sync").wait()
        self._process = self._spawn(
            *("postgres", "-D", str(self._data), "-k", str(self._folder), "-h", "127.0.0.1", "-p", str(self.port)),
            # Tests end processes, and cut no power: what they leave does not depend on it, and they are faster.
            *("-c", "fsync=off"),
        )
        end = time.monotonic() + _STARTUP_S
        while time.monotonic() < end and self._process.poll() is None:
            try:
                psycopg.connect(self._url("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                time.sleep(0.05)  # not listening yet, or still reading its log of changes
            else:
                return
        self.kill()
        log = (self._folder / "log").read_text()[-2000:]
        raise RuntimeError(f"PostgreSQL did not start within {_STARTUP_S:g} s: {log}")

    def stop(self) -> None:
        """Stop at once: what runs is broken off, as in a restart of the service."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as a crash does: it must read its log of changes at the next start."""
        self._end(signal.SIGQUIT)

    def database(self) -> str:
        """Make a fresh database and return its URL."""
        name = f"tests_{next(self._databases)}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._url(name)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _url(self, database: str) -> str:
        return f"postgresql://{_ROLE}@127.0.0.1:{self.port}/{database}"

    def _spawn(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        account = self._account
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [self._programs / program, *arguments],
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
                stdout=log,
                stderr=log,
                cwd=self._folder,
                user=None if account is None else account.pw_uid,
                group=None if account is None else account.pw_gid,
                extra_groups=None if account is None else [],
            )

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def _other_account() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    pytest.fail("PostgreSQL does not run as root, and there is no user postgres to run it as", pytrace=False)


def postgres_programs() -> Path:
    """Folder of the server's programs: on PATH, or where Debian puts the newest.

    Raises:
        pytest.fail.Exception: There is none.
    """
    if (found := shutil.which("initdb")) is not None:
        return Path(found).parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    if folders := sorted((path.parent for path in installed), key=lambda folder: int(folder.parent.name)):
        return folders[-1]
    pytest.fail("no PostgreSQL server here: install the Debian package postgresql", pytrace=False)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The PostgreSQL server of this test run."""
    # Not below pytest's own folder, which another user can't enter.
    with tempfile.TemporaryDirectory(prefix="rayocr-postgres-") as folder:
        server = PostgresServer(postgres_programs(), Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.kill()  # nobody wants what it would write
