"""CPU time of a changing group of processes, from samples of their counters."""

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["CpuAccount", "CpuTimes", "ProcessIdentity"]


class ProcessIdentity(NamedTuple):
    """A process. The system uses numbers again, so the time of creation is part of it."""

    pid: int
    created_at: float


class CpuTimes(NamedTuple):
    """CPU seconds since a process began: its own, and those of children it has waited for."""

    own_s: float
    children_s: float


class CpuAccount:
    """Adds up what a group of processes used since the first sample, those that began or ended in between included."""

    def __init__(self) -> None:
        self.used_s = 0.0
        self._is_first = True
        self._last: Mapping[ProcessIdentity, CpuTimes] = {}
        self._ended_last_s = 0.0

    def add(self, times: Mapping[ProcessIdentity, CpuTimes]) -> None:
        """Take in one sample: the counters of all processes now alive, parents read before their children."""
        reaped_s = 0.0
        for identity, now in times.items():
            # Not in the first sample: it began since. Its time of creation can't tell, it is up to a second off.
            before = now if self._is_first else self._last.get(identity, CpuTimes(0.0, 0.0))
            self.used_s += now.own_s - before.own_s
            reaped_s += now.children_s - before.children_s
        ended_s = sum(last.own_s + last.children_s for identity, last in self._last.items() if identity not in times)
        # A parent that waits for its child inherits the child's whole time: what goes beyond the last sample is new.
        # It may show in the next sample only, parents being read first. One that ignores its children inherits nothing.
        beyond_s = reaped_s - self._ended_last_s
        self.used_s += max(0.0, beyond_s - ended_s)
        self._ended_last_s = max(0.0, ended_s - max(0.0, beyond_s))
        self._last = dict(times)
        self._is_first = False
