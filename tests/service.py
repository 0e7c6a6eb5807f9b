"""A real rayocr service in a process of its own, for tests."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import psutil

from tests.ports import free_port
from tests.ray_node import environment_of_users, one_start_at_a_time

__all__ = ["RunningService", "processes", "replicas", "running_service"]

_ROOT = Path(__file__).parent.parent
_START_TIMEOUT_S = 300.0
_STOP_TIMEOUT_S = 120.0
_ANNOUNCED_LINES = 2


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service that answers.

    Args:
        url: Where.
        pid: Of `rayocr serve`.
        announcement: The lines it printed when it was ready.
        log_directory: Where its replicas log.
        metrics_url: Where its Prometheus metrics are.
    """

    url: str
    pid: int
    announcement: str
    log_directory: Path
    metrics_url: str


def replicas(pid: int, deployment: str) -> list[psutil.Process]:
    """The replicas of a deployment.

    Args:
        pid: Of the `rayocr serve` that they belong to.
        deployment: How its name begins.

    Raises:
        psutil.NoSuchProcess: The service has ended.
    """
    # A busy replica has the name of its method appended.
    return processes(pid, f"ray::ServeReplica:rayocr:{deployment}")


def processes(pid: int, name: str) -> list[psutil.Process]:
    """The processes of a service that have a name in their command line, before the files that it names.

    Args:
        pid: Of the `rayocr serve` that they belong to.
        name: A part of the command line.

    Raises:
        psutil.NoSuchProcess: The service has ended.
    """
    found = []
    for process in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # ended while we looked, or before, and nobody has noticed
            if name in " ".join(process.cmdline()).partition(" -f ")[0]:
                found.append(process)
    return found


@contextmanager
def running_service(
    environment: Mapping[str, str] | None = None, command: Sequence[str] = ("-m", "serve.cli", "serve")
) -> Iterator[RunningService]:
    """Start a service, wait until it is ready, and stop it at the end. Two of a machine start one after the other.

    Args:
        environment: Variables on top of this process's.
        command: What Python is to run.
    """
    with tempfile.TemporaryDirectory(prefix="rayocr-jobs-", ignore_cleanup_errors=True) as jobs:
        variables = {"RAYOCR_JOBS__DIRECTORY": jobs, **(environment or {})}
        yield from _running(variables, command)


def _running(environment: Mapping[str, str], command: Sequence[str]) -> Iterator[RunningService]:
    port, metrics_port = free_port(), free_port()
    variables = {
        **environment_of_users(),
        "RAYOCR_HTTP__PORT": str(port),
        "RAYOCR_RAY__METRICS_PORT": str(metrics_port),
        "RAYOCR_RAY__OBJECT_STORE_MEMORY_BYTES": str(512 * 1024**2),
        **environment,
    }
    errors: list[str] = []
    with one_start_at_a_time():
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=_ROOT,
            env=variables,
            process_group=0,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        reader = threading.Thread(target=errors.extend, args=(process.stderr,), daemon=True)
        reader.start()
        announcement = _first_lines(process)
    try:
        if not announcement:
            process.wait(_STOP_TIMEOUT_S)
            reader.join(5)
            raise AssertionError(f"the service ended with {process.returncode}: {''.join(errors)[-4000:]}")
        logs = Path(announcement.partition("logs: ")[2].partition(")")[0])
        yield RunningService(
            f"http://127.0.0.1:{port}", process.pid, announcement, logs, f"http://127.0.0.1:{metrics_port}/metrics"
        )
    finally:
        family: list[psutil.Process] = []
        if process.poll() is None:
            family = psutil.Process(process.pid).children(recursive=True)
            os.killpg(process.pid, signal.SIGTERM)  # to its whole group, as a terminal, `timeout` and make do
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the service did not stop within {_STOP_TIMEOUT_S:g} s of SIGTERM") from None
        finally:
            reader.join(5)
            process.stdout.close()
            process.stderr.close()
        _, left = psutil.wait_procs(family, _STOP_TIMEOUT_S)
        assert not left, f"the service left processes behind: {left}"


def _first_lines(process: "subprocess.Popen[str]") -> str:
    lines: list[str] = []
    assert process.stdout is not None
    announced = islice(process.stdout, _ANNOUNCED_LINES)
    reader = threading.Thread(target=lambda: lines.extend(announced), daemon=True)
    reader.start()
    give_up = time.monotonic() + _START_TIMEOUT_S
    while reader.is_alive() and time.monotonic() < give_up:
        reader.join(0.5)
    return "".join(lines)
