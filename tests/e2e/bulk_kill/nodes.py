"""A Ray cluster of two nodes on this machine's loopback: one for the driver, and one to be lost."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from tests.ports import free_port

__all__ = ["RayNodes"]

_ROOT = Path(__file__).parents[3]
_START_S = 90.0
_ADDRESS = "127.0.0.1"
_OBJECT_STORE_BYTES = 256 * 1024**2
_POLL_S = 0.2


class RayNodes:
    """Two nodes, each of them started by `ray start` and with room for all of a small run.

    Args:
        environment: Variables that the workers need beside this process's own.
        cpus: Of each node; they only count.
    """

    def __init__(self, environment: Mapping[str, str], cpus: int) -> None:
        self._cpus = cpus
        self._port = free_port()
        # The paths of Ray's sockets may have some 100 characters, fewer than a test's own folder has.
        self._folder = tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
        self._environment = {
            **os.environ,
            **environment,
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # stay on loopback, see serve/ray_patches/loopback.py
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
        }
        self._environment.pop("RAY_ADDRESS", None)
        self._nodes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start what does not run.

        Raises:
            RuntimeError: A node was not ready in time; then none runs.
        """
        try:
            if "head" not in self._nodes:
                ports = ("--ray-client-server-port", str(free_port()), "--include-dashboard=false")
                self._start("head", "--head", "--port", str(self._port), *ports)
            if "other" not in self._nodes:
                self._start("other", "--address", f"{_ADDRESS}:{self._port}")
        except BaseException:
            self.stop()
            raise

    def environment(self) -> dict[str, str]:
        """Variables with which a driver joins."""
        names = ("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN")
        return {"RAY_ADDRESS": f"{_ADDRESS}:{self._port}", **{name: self._environment[name] for name in names}}

    def kill_other(self) -> bool:
        """End all processes of the node that is not the driver's at once, as a machine does that loses power.

        Returns:
            Whether it was there.
        """
        node = self._nodes.pop("other", None)
        if node is None:
            return False
        _kill_tree(node)
        return True

    def processes(self) -> list[psutil.Process]:
        """All that the nodes have started."""
        found = []
        for node in self._nodes.values():
            try:
                found += psutil.Process(node.pid).children(recursive=True)
            except psutil.NoSuchProcess:  # it has just ended
                continue
        return found

    def stop(self) -> None:
        """End all of it."""
        for node in self._nodes.values():
            _kill_tree(node)
        self._nodes.clear()
        self._folder.cleanup()

    def _start(self, name: str, *arguments: str) -> None:
        log = Path(self._folder.name, f"{name}.log")
        command = [
            *(sys.executable, "-m", "tests.e2e.bulk_kill.ray_start", "--block", *arguments),
            *("--node-ip-address", _ADDRESS, "--num-cpus", str(self._cpus)),
            *("--object-store-memory", str(_OBJECT_STORE_BYTES), "--resources", f'{{"{name}": 1}}'),
        ]
        if name == "head":
            command += ["--temp-dir", self._folder.name]
        with log.open("wb") as stream:
            node = subprocess.Popen(command, cwd=_ROOT, env=self._environment, stdout=stream, stderr=stream)
        self._nodes[name] = node
        give_up = time.monotonic() + _START_S
        while b"Ray runtime started" not in log.read_bytes():
            if node.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"a node of Ray did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(_POLL_S)


def _kill_tree(process: "subprocess.Popen[bytes]") -> None:
    """The raylet first: what it has started must find no time to say goodbye."""
    try:
        children = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        children = []
    for child in sorted(children, key=lambda child: not _is_raylet(child)):
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
    process.kill()
    process.wait()


def _is_raylet(process: psutil.Process) -> bool:
    try:
        return process.name() == "raylet"
    except psutil.NoSuchProcess:
        return False
