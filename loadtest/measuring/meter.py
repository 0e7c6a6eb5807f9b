"""CPU time and memory of a changing group of processes, sampled beside a measurement."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil

from loadtest.measuring.cpu_account import CpuAccount, CpuTimes, ProcessIdentity

__all__ = ["SAMPLE_INTERVAL_S", "Meter", "ResourceUse", "pss_bytes"]

SAMPLE_INTERVAL_S = 0.5
"""Seconds between samples. One of an idle Ray Serve with one replica (11 processes) costs 4 ms of CPU, 25-30 with
memory, which is therefore read in every fourth: 2 % of a core are taken from the service and the load generator."""

_MEMORY_EVERY = 4


@dataclass(frozen=True)
class ResourceUse:
    """What a service used while it was metered.

    Attributes:
        cpu_s: CPU seconds, user and system, of all its processes. Of one that ended and whose parent did not wait for
            it, up to the last sample it was in.
        peak_memory_bytes: Highest sum of proportional set sizes (PSS: a page shared by n processes counts 1/n in each);
            None where this user may not read it or the system has none.
        processes: Most processes seen at once.
    """

    cpu_s: float
    peak_memory_bytes: int | None
    processes: int


def pss_bytes(pid: int) -> int:
    """Proportional set size of a process; 0 for one that is ending.

    Raises:
        ProcessLookupError, FileNotFoundError: No such process.
        PermissionError: It belongs to another user.
    """
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name == "Pss":
            return int(value.split()[0]) * 1024
    return 0


class Meter:
    """Context manager that samples in a thread of its own; `use` holds the result after it is left.

    Args:
        alive: Gives the processes that belong to the group now, parents before their children.
        interval_s: Seconds between samples.
        is_memory_sampled: False meters CPU alone, which is far cheaper.
    """

    def __init__(
        self,
        alive: Callable[[], Sequence[psutil.Process]],
        interval_s: float = SAMPLE_INTERVAL_S,
        is_memory_sampled: bool = True,
    ) -> None:
        self._alive = alive
        self._interval_s = interval_s
        self._cpu = CpuAccount()
        self._peak_memory_bytes = 0
        self._is_memory_readable = is_memory_sampled
        self._samples = 0
        self._most_processes = 0
        self._failure: Exception | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._sample_until_stopped, name="meter", daemon=True)

    def __enter__(self) -> "Meter":
        self._sample()
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self._sample()
        if self._failure is not None and exc is None:
            raise self._failure

    @property
    def use(self) -> ResourceUse:
        """Use from entering to the last sample."""
        memory = self._peak_memory_bytes if self._is_memory_readable else None
        return ResourceUse(self._cpu.used_s, memory, self._most_processes)

    def _sample_until_stopped(self) -> None:
        while not self._stopping.wait(self._interval_s):
            try:
                self._sample()
            except Exception as exc:  # a thread's error would only be printed: hand it to whoever waits for the figures
                self._failure = exc
                return

    def _sample(self) -> None:
        alive = self._alive()
        times: dict[ProcessIdentity, CpuTimes] = {}
        memory_bytes = 0
        is_memory_due = self._samples % _MEMORY_EVERY == 0
        self._samples += 1
        for process in alive:
            try:
                identity = ProcessIdentity(process.pid, process.create_time())
                cpu = process.cpu_times()
                times[identity] = CpuTimes(cpu.user + cpu.system, cpu.children_user + cpu.children_system)
                if self._is_memory_readable and is_memory_due:
                    memory_bytes += pss_bytes(process.pid)
            except (psutil.NoSuchProcess, ProcessLookupError):
                continue  # it ended meanwhile
            except FileNotFoundError:  # the process is gone, or this system has no such file
                self._is_memory_readable = not process.is_running()
            except PermissionError:
                self._is_memory_readable = False
        self._cpu.add(times)
        self._peak_memory_bytes = max(self._peak_memory_bytes, memory_bytes)
        self._most_processes = max(self._most_processes, len(alive))
