"""A service that is started for a measurement, in a process of its own, and ended with it."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from loadtest.errors import LoadtestError
from loadtest.processes import ServiceProcesses

__all__ = ["check_on_loopback", "free_port", "running_program"]

_ROOT = Path(__file__).parents[1]
_STOP_TIMEOUT_S = 60.0
_LAST_WORDS_S = 5.0
_KEPT_LINES = 30
_LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")


def free_port() -> int:
    """A port of loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_program(
    arguments: Sequence[str], environment: Mapping[str, str], ready: str, start_timeout_s: float
) -> Iterator[ServiceProcesses]:
    """Start a Python program, wait until it says that it is ready, and end it by SIGINT.

    Args:
        arguments: For the interpreter.
        environment: Variables on top of this process's.
        ready: How the line begins that says so. Ray may print others before it.
        start_timeout_s: Longest wait for that line.

    Yields:
        Its processes.

    Raises:
        LoadtestError: It ended without that line, or took too long.
    """
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=_ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    said: deque[str] = deque(maxlen=_KEPT_LINES)
    drains = [_draining(process.stderr, said)]
    give_up = threading.Timer(start_timeout_s, process.terminate)
    give_up.start()
    try:
        is_ready = any(line.startswith(ready) for line in _kept(process.stdout, said))
        give_up.cancel()
        if not is_ready:
            process.wait(_STOP_TIMEOUT_S)
            drains[0].join(_LAST_WORDS_S)
            words = "".join(said).strip() or "it said nothing"
            raise LoadtestError(f"{' '.join(arguments)} was not ready within {start_timeout_s:g} s: {words}")
        drains.append(_draining(process.stdout, said))
        yield ServiceProcesses([psutil.Process(process.pid)])
    finally:
        give_up.cancel()
        _stop(process)
        for drain in drains:
            drain.join(_LAST_WORDS_S)
        # A stream that is still being read, since a child holds its other end, could not be closed without waiting.
        if not any(drain.is_alive() for drain in drains):
            process.stdout.close()
            process.stderr.close()


def check_on_loopback(service: ServiceProcesses) -> None:
    """Make sure that nobody on the network reaches a service that was started only to be measured.

    Raises:
        LoadtestError: One of its sockets listens on another address.
    """
    for process in service.alive():
        try:
            sockets = process.net_connections("inet")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        for listener in sockets:
            if listener.status == psutil.CONN_LISTEN and listener.laddr[0] not in _LOOPBACK:
                raise LoadtestError(
                    f"{process.name()} listens on {listener.laddr[0]}:{listener.laddr[1]}, beyond this machine: ended"
                )


def _draining(stream: Iterable[str], said: deque[str]) -> threading.Thread:
    thread = threading.Thread(target=said.extend, args=(stream,), daemon=True)
    thread.start()
    return thread


def _kept(lines: Iterable[str], said: deque[str]) -> Iterator[str]:
    for line in lines:
        said.append(line)
        yield line


def _stop(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.kill()
        process.wait()
