"""A server of the test's own on loopback, and pictures whose content says what it shall do."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_PORT_PREFIX = "port "


@dataclass(frozen=True)
class FakeService:
    """A server in a process of its own."""

    url: str
    pid: int


@pytest.fixture
def service() -> Iterator[FakeService]:
    """Start the stand-in, end it after the test."""
    script = Path(__file__).with_name("fake_service.py")
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().removeprefix(_PORT_PREFIX).strip()
        # Its socket listens before it prints: a request waits there until the server takes it.
        yield FakeService(f"http://127.0.0.1:{port}", process.pid)
        process.kill()  # it would first wait for requests that nobody waits for any more
