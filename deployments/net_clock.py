"""CPU time of the threads that a net brings with it."""

import threading
import time
from pathlib import Path

from models.runtime.thread_names import NET_THREADS

__all__ = ["NetClock"]

_TASKS = Path("/proc/self/task")  # man 5 proc_pid_task
# Nets are compiled, and bring threads, while others run.
_LOOK_EVERY_S = 1.0


class NetClock:
    """Counts the CPU time of this process's net threads.

    With several runs at a time OpenVINO runs them on threads of its own, and the caller only waits.
    """

    def __init__(self) -> None:
        self._counted_s: dict[int, float] = {}  # by thread
        self._lock = threading.Lock()
        self._look_again = 0.0
        self.uncounted_s()  # what loading took is no run

    def uncounted_s(self) -> float:
        """What they used since they were asked last, in seconds, whoever asked."""
        with self._lock:
            if time.monotonic() >= self._look_again:
                self._look_again = time.monotonic() + _LOOK_EVERY_S
                self._counted_s = {thread: self._counted_s.get(thread, 0.0) for thread in _net_threads()}
            used_s = 0.0
            for thread, counted_s in self._counted_s.items():
                now_s = _cpu_s(thread, counted_s)
                used_s += now_s - counted_s
                self._counted_s[thread] = now_s
        return used_s


def _net_threads() -> list[int]:
    return [int(task.name) for task in _TASKS.iterdir() if _name(task) == NET_THREADS]


def _name(task: Path) -> str | None:
    try:
        return (task / "comm").read_text().rstrip("\n")
    except OSError:  # it has just ended
        return None


def _cpu_s(thread: int, otherwise_s: float) -> float:
    # The kernel's clock of one thread, by its id (clock_getcpuclockid(3) makes the same number for a process).
    try:
        return time.clock_gettime((~thread << 3) | 6)
    except OSError:  # it has ended
        return otherwise_s
