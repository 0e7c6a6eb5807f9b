"""CPU time of the threads that a net brings with it."""

import threading
import time
from pathlib import Path
from types import TracebackType

__all__ = ["NetClock"]


class NetClock:
    """Counts the CPU time of the threads that start inside its context: those of a net that is loaded there.

    With several runs at a time OpenVINO runs them on threads of its own, and the caller only waits.
    """

    def __init__(self) -> None:
        self._counted_s: dict[int, float] = {}  # by thread
        self._lock = threading.Lock()

    def __enter__(self) -> "NetClock":
        self._before = _threads()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._counted_s = {thread: _cpu_s(thread) for thread in _threads() - self._before}

    def uncounted_s(self) -> float:
        """What they used since they were asked last, in seconds, whoever asked."""
        with self._lock:
            now_s = {thread: _cpu_s(thread) for thread in self._counted_s}
            used_s = sum(now_s.values()) - sum(self._counted_s.values())
            self._counted_s = now_s
        return used_s


def _threads() -> set[int]:
    """Kernel ids of this process's threads, native ones included (man 5 proc_pid_task)."""
    return {int(entry.name) for entry in Path("/proc/self/task").iterdir()}


def _cpu_s(thread: int) -> float:
    # The kernel's clock of one thread, by its id (clock_getcpuclockid(3) makes the same number for a process).
    return time.clock_gettime((~thread << 3) | 6)
