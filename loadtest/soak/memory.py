"""Memory of a service's processes by what each is for."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psutil

from loadtest.errors import LoadtestError
from loadtest.measuring.meter import pss_bytes
from loadtest.measuring.roles import role_of

__all__ = ["MemorySample", "sample_memory"]


@dataclass(frozen=True)
class MemorySample:
    """Memory at one time. Roles, not processes: replicas are replaced, and come and go with the load.

    Attributes:
        images: Requests answered before, failures included.
        elapsed_s: Seconds since the first request.
        bytes_by_role: Proportional set sizes, added up over the processes of a role.
        processes_by_role: How many those were.
    """

    images: int
    elapsed_s: float
    bytes_by_role: Mapping[str, int]
    processes_by_role: Mapping[str, int]

    @property
    def total_bytes(self) -> int:
        """Memory of the whole service."""
        return sum(self.bytes_by_role.values())


def sample_memory(alive: Iterable[psutil.Process], images: int, elapsed_s: float) -> MemorySample:
    """Read the memory of all processes; one that ends meanwhile is left out.

    Raises:
        LoadtestError: This user may not read it, or this system does not tell it.
    """
    sizes: Counter[str] = Counter()
    processes: Counter[str] = Counter()
    for process in alive:
        try:
            role = role_of(process.cmdline())
            size = pss_bytes(process.pid)
        except (psutil.NoSuchProcess, ProcessLookupError):
            continue
        except (psutil.AccessDenied, PermissionError) as exc:
            raise LoadtestError("the service's memory can't be read: run the soak as the service's user") from exc
        except FileNotFoundError as exc:
            if process.is_running():
                raise LoadtestError("this system has no /proc/PID/smaps_rollup to read memory from") from exc
            continue
        sizes[role] += size
        processes[role] += 1
    return MemorySample(images, elapsed_s, dict(sizes), dict(processes))
