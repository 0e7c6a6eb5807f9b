"""`rayocr serve` that a test may lose all at once, and start again at the same address."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import psutil

from tests.ports import free_port
from tests.service import replicas

__all__ = ["RestartedService"]

_ROOT = Path(__file__).parents[3]
_START_S = 150.0
_STOP_S = 90.0


class RestartedService:
    """A service on this machine, with a Ray of its own.

    Args:
        environment: Settings, beside this process's own variables.
        log: File for what it prints.
    """

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {
            **os.environ,
            "RAYOCR_HTTP__PORT": str(port),
            "RAYOCR_RAY__METRICS_PORT": "0",
            "RAYOCR_RAY__OBJECT_STORE_MEMORY_BYTES": str(512 * 1024**2),
            **environment,
        }
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it is ready.

        Raises:
            RuntimeError: It ended, or was not ready in time. Holds the end of what it printed.
        """
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "serve.cli", "serve"]
            self._process = subprocess.Popen(command, cwd=_ROOT, env=self._environment, stdout=log, stderr=log)
        give_up = time.monotonic() + _START_S
        while time.monotonic() < give_up and self._process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz", timeout=20, trust_env=False).is_success:
                    return
            time.sleep(0.25)
        self.kill()
        raise RuntimeError(f"the service was not ready: {self._log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """Stop as an operator would."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End all its processes at once, the raylet first, as a machine does that loses power."""
        if self._process is None:
            return
        processes = [*self._children(), psutil.Process(self._process.pid)]
        for process in sorted(processes, key=lambda one: not _is_raylet(one)):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()
        self._process = None

    def kill_replica(self, deployment: str, source: random.Random) -> bool:
        """End one replica.

        Args:
            deployment: Its name.
            source: Chooses among several.

        Returns:
            Whether there was one.
        """
        if self._process is None:
            return False
        with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
            if not (found := replicas(self._process.pid, deployment)):
                return False
            source.choice(sorted(found, key=lambda one: one.pid)).kill()
        return True

    def _children(self) -> list[psutil.Process]:
        if self._process is None:
            return []
        try:
            return psutil.Process(self._process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []


def _is_raylet(process: psutil.Process) -> bool:
    try:
        return process.name() == "raylet"
    except psutil.Error:
        return False
