"""CPU time of a service's processes by what each is for."""

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType

import psutil

from loadtest.measuring.cpu_account import ProcessIdentity

__all__ = ["RoleMeter", "RoleUse", "role_of"]

_INTERVAL_S = 1.0
_REPLICA = re.compile(r"ray::(?:SERVE_REPLICA::.*:)?ServeReplica:[^:]*:(\w+)")
_DEPLOYMENTS = {
    "Ingress": "ingress",
    "Preprocessor": "preprocess",
    "Detector": "detection",
    "Recognizer": "recognition",
    "Structurer": "structure",
    "Reader": "reader",
}
# Seen with Ray 2.60; the first that is found in the command line decides.
_ROLES = (
    ("ray::ProxyActor", "proxy"),
    ("ray::HAProxyManager", "proxy manager"),
    ("ray::ServeController", "controller"),
    ("ray::DashboardAgent", "agents"),
    ("ray::RuntimeEnvAgent", "agents"),
    ("ray::", "other workers"),
    ("/raylet/raylet", "raylet"),
    ("/gcs/gcs_server", "gcs"),
    ("ray/dashboard/", "monitors"),
    ("_private/monitor.py", "monitors"),
    ("_private/log_monitor.py", "monitors"),
    ("haproxy", "proxy"),
)


@dataclass(frozen=True)
class RoleUse:
    """CPU seconds of the processes of one role.

    Attributes:
        cpu_s: Of all of them.
        busiest_s: Of the one that used most: a Python process can't use much more than one core.
        processes: How many there were.
    """

    cpu_s: float
    busiest_s: float
    processes: int


def role_of(command_line: Sequence[str]) -> str:
    """What a process of a Ray cluster is for, by its command line; `driver` where nothing tells."""
    text = " ".join(command_line)
    if replica := _REPLICA.search(text):
        return _DEPLOYMENTS.get(replica[1], replica[1])
    return next((role for mark, role in _ROLES if mark in text), "driver")


class RoleMeter:
    """Context manager that samples processes in a thread of its own; `use` holds the result after it is left.

    A process that ends between two samples loses up to a second; one that begins counts from its start.

    Args:
        alive: Gives the processes that belong to the service now.
    """

    def __init__(self, alive: Callable[[], Sequence[psutil.Process]]) -> None:
        self._alive = alive
        self._first_s: dict[ProcessIdentity, float] = {}
        self._last: dict[ProcessIdentity, tuple[str, float]] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._sample_until_stopped, name="role-meter", daemon=True)
        self._started = 0.0
        self.wall_s = 0.0

    def __enter__(self) -> "RoleMeter":
        self._sample()
        self._first_s = {identity: used_s for identity, (_, used_s) in self._last.items()}
        self._started = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.wall_s = time.perf_counter() - self._started
        self._stopping.set()
        self._thread.join()
        self._sample()

    @property
    def use(self) -> Mapping[str, RoleUse]:
        """CPU time by role, from entering to the last sample; the largest first."""
        by_role: dict[str, list[float]] = {}
        for identity, (role, used_s) in self._last.items():
            by_role.setdefault(role, []).append(used_s - self._first_s.get(identity, 0.0))
        uses = {role: RoleUse(sum(used), max(used), len(used)) for role, used in by_role.items()}
        return dict(sorted(uses.items(), key=lambda item: -item[1].cpu_s))

    def _sample_until_stopped(self) -> None:
        while not self._stopping.wait(_INTERVAL_S):
            self._sample()

    def _sample(self) -> None:
        for process in self._alive():
            try:
                identity = ProcessIdentity(process.pid, process.create_time())
                times = process.cpu_times()
                self._last[identity] = (role_of(process.cmdline()), times.user + times.system)
            except (psutil.NoSuchProcess, ProcessLookupError):  # it ended meanwhile: its last sample stays
                continue
