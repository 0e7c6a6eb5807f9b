"""Bounds what one call may cost the child process.

A native library can be neither interrupted nor bounded from within.
"""

import contextlib
import ctypes
import os
import resource
import signal
import threading
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["OVER_MEMORY", "Bounds", "CallLimits"]

OVER_MEMORY = 77
"""The exit status of a process that took too much memory."""

_PAGE_BYTES = resource.getpagesize()
_LOOK_EVERY_S = 0.005

# Beyond a watched bound, allocations fail: between two looks, a process can ask for any amount, though not use it.
_AT_ONCE_BYTES = 4_000_000_000


class CallLimits(NamedTuple):
    """The most that one call may cost.

    Args:
        cpu_s: Seconds of CPU time. Other processes' load does not count.
        wall_s: Seconds that the parent waits for the answer.
        max_bytes: Address space that the process may add during the call, the files that come with it left out.
        max_file_bytes: Size of a file that the call writes; None for any size.
    """

    cpu_s: float
    wall_s: float
    max_bytes: int
    max_file_bytes: int | None = None


class Bounds:
    """Bounds around this process's calls. They are made when everything is imported that is not part of a call.

    Args:
        is_watched: Whether a thread watches the memory, as `Task.is_watched` says.
    """

    def __init__(self, *, is_watched: bool) -> None:
        # The child would inherit the signals that the parent ignores or blocks, and Python itself ignores SIGXFSZ.
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        self._at_once_bytes = _AT_ONCE_BYTES if is_watched else 0
        self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        self._most_bytes = 0
        self._is_in_call = threading.Event()
        if is_watched:
            threading.Thread(target=self._watch, name="memory", daemon=True).start()
        self._own_bytes = self._size()

    @contextlib.contextmanager
    def around(self, limits: CallLimits, file_bytes: int) -> Iterator[None]:
        """Bound the work inside the block.

        Beyond the CPU time, SIGPROF ends the process, and beyond the size of a file, SIGXFSZ. Beyond the memory, a
        watched process ends with `OVER_MEMORY`, and in another one allocations fail.

        Args:
            limits: The most that the work may cost.
            file_bytes: Size of the files that came with the call, which may be mapped.
        """
        self._most_bytes = self._size() + limits.max_bytes + file_bytes
        with (
            _lowered(resource.RLIMIT_AS, self._most_bytes + self._at_once_bytes),
            _lowered(resource.RLIMIT_FSIZE, limits.max_file_bytes),
        ):
            self._is_in_call.set()
            signal.setitimer(signal.ITIMER_PROF, limits.cpu_s)
            try:
                yield
                self._look()  # the work may have taken less time than passes between two looks
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
                self._is_in_call.clear()

    def kept_bytes(self) -> int:
        """Give back free memory, and tell the address space that this process has beyond that of a new one."""
        ctypes.CDLL(None).malloc_trim(0)
        return self._size() - self._own_bytes

    def _watch(self) -> None:
        pause = threading.Event()
        while True:
            self._is_in_call.wait()
            self._look()
            pause.wait(_LOOK_EVERY_S)

    def _look(self) -> None:
        if self._size() > self._most_bytes:
            os._exit(OVER_MEMORY)

    def _size(self) -> int:
        return int(os.pread(self._statm, 64, 0).split()[0]) * _PAGE_BYTES


@contextlib.contextmanager
def _lowered(kind: int, limit: int | None) -> Iterator[None]:
    """Lower a soft limit of the kernel during a call, so that the answer can still be sent."""
    soft, hard = resource.getrlimit(kind)
    if limit is not None:
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))
