"""Bounds what one call may cost the child process, and what the process may cost until its end.

A native library can be neither interrupted nor bounded from within.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["OVER_MEMORY", "SHARE_OF_STEP", "Bounds", "CallLimits", "Outgrown"]

OVER_MEMORY = 77
"""The exit status of a process that took too much memory."""

SHARE_OF_STEP = 0.75
"""The share of a step's time that a call has. The watchdog ends a replica after the whole: a slow call fails first."""

_PAGE_BYTES = resource.getpagesize()
_LOOK_EVERY_S = 0.005

# Beyond a watched bound, allocations fail: between two looks, a process can ask for any amount, though not use it.
_AT_ONCE_BYTES = 4_000_000_000

# Until the end of the process. None is on processes (RLIMIT_NPROC): it counts all threads of the user, and libheif
# starts some.
_MOST_CPU_S = 3600
_FOR_LIFE = (
    (resource.RLIMIT_CORE, 0, 0),
    (resource.RLIMIT_NOFILE, 64, 64),
    (resource.RLIMIT_CPU, _MOST_CPU_S, _MOST_CPU_S + 5),
)
# A process is replaced long before its CPU time is over, so that no call is cut off.
_RETIRES_AFTER_CPU_S = 600

# Code that has taken over the process can raise a limit of its calls by this, and by no more. Calls with larger files
# than the first one need some of it.
_SLACK_BYTES = 500_000_000


class CallLimits(NamedTuple):
    """The most that one call may cost.

    Args:
        cpu_s: Seconds of CPU time. Other processes' load does not count.
        wall_s: Seconds that the parent waits for the answer.
        max_bytes: Address space that the process may add during the call, the files that come with it left out.
        max_file_bytes: Size of a file that the call writes.
    """

    cpu_s: float
    wall_s: float
    max_bytes: int
    max_file_bytes: int


class Outgrown(Exception):
    """A call asks for more than this process can still be allowed. A new process can do it."""


class Bounds:
    """Bounds around this process's calls. They are made when everything is imported that is not part of a call.

    They are made before the wall, which refuses to open the file of the process's size, and set up after it, since the
    wall must hold for the thread too.

    Args:
        is_watched: Whether a thread watches the memory, as `Task.is_watched` says.
    """

    def __init__(self, *, is_watched: bool) -> None:
        self._is_watched = is_watched
        self._at_once_bytes = _AT_ONCE_BYTES if is_watched else 0
        self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        self._most_bytes = 0
        self._is_in_call = threading.Event()
        self._own_bytes = self._size()

    def set_up(self) -> None:
        """Set what holds until the end of the process, and begin to watch."""
        # The child would inherit the signals that the parent ignores or blocks, and Python itself ignores SIGXFSZ.
        for kind in (signal.SIGPROF, signal.SIGXFSZ, signal.SIGXCPU):
            signal.signal(kind, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        if self._is_watched:
            threading.Thread(target=self._watch, name="memory", daemon=True).start()
            self._own_bytes = self._size()
        for limited, soft, hard in _FOR_LIFE:
            most = _hard_limit(limited)
            resource.setrlimit(limited, (min(soft, most), min(hard, most)))
        self._inherited = {kind: _hard_limit(kind) for kind in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE)}

    @property
    def is_spent(self) -> bool:
        """Whether the process has worked so long that another is to take its place."""
        return time.process_time() > _RETIRES_AFTER_CPU_S

    @contextlib.contextmanager
    def around(self, limits: CallLimits, file_bytes: int) -> Iterator[None]:
        """Bound the work inside the block.

        Beyond the CPU time, SIGPROF ends the process, and beyond the size of a file, SIGXFSZ. Beyond the memory, a
        watched process ends with `OVER_MEMORY`, and in another one allocations fail.

        Args:
            limits: The most that the work may cost.
            file_bytes: Size of the files that came with the call, which may be mapped.

        Raises:
            Outgrown: The limits are more than this process can be allowed.
        """
        self._most_bytes = self._size() + limits.max_bytes + file_bytes
        with (
            self._lowered(resource.RLIMIT_AS, self._most_bytes + self._at_once_bytes),
            self._lowered(resource.RLIMIT_FSIZE, limits.max_file_bytes),
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

    @contextlib.contextmanager
    def _lowered(self, kind: int, limit: int) -> Iterator[None]:
        """Lower a limit of the kernel during a call, so that the answer can still be sent. Its ceiling stays low."""
        inherited, ceiling = self._inherited[kind], _hard_limit(kind)
        limit = min(limit, inherited)
        if ceiling == inherited:
            ceiling = min(limit + _SLACK_BYTES, inherited)
        if limit > ceiling:
            raise Outgrown
        resource.setrlimit(kind, (limit, ceiling))
        try:
            yield
        finally:
            resource.setrlimit(kind, (ceiling, ceiling))

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


def _hard_limit(kind: int) -> int:
    hard = resource.getrlimit(kind)[1]
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard
