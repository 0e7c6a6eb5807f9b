"""CPU time of the threads that a net brings with it."""

import threading
import time
from pathlib import Path

__all__ = ["NetClock"]

_TASKS = Path("/proc/self/task")  # man 5 proc_pid_task
# Nets are compiled, and bring threads, while others run.
_LOOK_EVERY_S = 5.0
# A look costs a microsecond a thread, and a net of ten shapes has many.
_READ_EVERY_S = 0.1


class NetClock:
    """Counts the CPU time of the threads of one net in this process.

    With several runs at a time OpenVINO runs them on threads of its own, and the caller only waits.

    Args:
        name: Of the net's threads; see `net_threads`.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._counted_s: dict[int, float] = {}  # by thread
        self._lock = threading.Lock()
        self._look_again = 0.0
        self._read_again = 0.0
        self.uncounted_s()  # what loading took is no run

    def uncounted_s(self) -> float:
        """What they used since they were last read, in seconds, whoever asked; 0 where that was just now."""
        with self._lock:
            now = time.monotonic()
            if now < self._read_again:
                return 0.0
            self._read_again = now + _READ_EVERY_S
            if now >= self._look_again:
                self._look_again = now + _LOOK_EVERY_S
                self._counted_s = {thread: self._counted_s.get(thread, 0.0) for thread in _threads(self._name)}
            used_s = 0.0
            for thread, counted_s in self._counted_s.items():
                now_s = _cpu_s(thread, counted_s)
                used_s += now_s - counted_s
                self._counted_s[thread] = now_s
        return used_s


def _threads(name: str) -> list[int]:
    return [int(task.name) for task in _TASKS.iterdir() if _name(task) == name]


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
