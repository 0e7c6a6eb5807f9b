"""What one call may cost this process: PDFium itself can be neither interrupted nor bounded.

Time is kept by the kernel. Memory is watched by a thread, which ends the process: where allocations only fail, PDFium
goes on, and leaves out the pictures whose decoders found no memory without a word.
"""

import contextlib
import ctypes
import os
import resource
import signal
import threading
from collections.abc import Iterator

__all__ = ["OVER_MEMORY", "Bounds"]

OVER_MEMORY = 77
"""The exit status of a process that took too much memory."""

_PAGE_BYTES = resource.getpagesize()
_LOOK_EVERY_S = 0.005

# Beyond the bound, allocations fail: between two looks, a process can ask for any amount, though not use it.
_AT_ONCE_BYTES = 4_000_000_000


class Bounds:
    """Bounds around this process's calls. Made when everything is imported."""

    def __init__(self) -> None:
        # Whatever the parent ignores or blocks would be inherited.
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        self._hard_limit = resource.getrlimit(resource.RLIMIT_AS)[1]
        self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        self._most_bytes = 0
        self._is_in_call = threading.Event()
        threading.Thread(target=self._watch, name="memory", daemon=True).start()
        self._own_bytes = self._size()

    @contextlib.contextmanager
    def around(self, cpu_s: float, max_bytes: int) -> Iterator[None]:
        """Bound what is done inside.

        Args:
            cpu_s: Seconds of CPU time, after which SIGPROF ends the process; other processes' load does not count.
            max_bytes: Of address space beyond what the process has now, after which it ends with `OVER_MEMORY`.
        """
        self._most_bytes = self._size() + max_bytes
        limit = self._most_bytes + _AT_ONCE_BYTES
        if self._hard_limit != resource.RLIM_INFINITY:
            limit = min(limit, self._hard_limit)
        resource.setrlimit(resource.RLIMIT_AS, (limit, self._hard_limit))
        self._is_in_call.set()
        signal.setitimer(signal.ITIMER_PROF, cpu_s)
        try:
            yield
            self._look()  # at what took less time than passes between two looks
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            self._is_in_call.clear()

    def kept_bytes(self) -> int:
        """Address space that this process has beyond that of an idle one, after giving back what it can."""
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
