"""How much memory grew, from the medians of two windows of samples: a single one shows what was just being read."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loadtest.errors import LoadtestError
from loadtest.soak.memory import MemorySample

__all__ = ["LEAST_SAMPLES", "Growth", "Windows", "growth_by_role", "total_growth"]

LEAST_SAMPLES = 3
"""Fewest samples in a window: with two, the median is no guard against one that stands out."""


@dataclass(frozen=True)
class Windows:
    """The two windows of a run.

    Attributes:
        settled_after: Image around which the first lies: by then caches are filled and replicas scaled.
        width: Images in each.
    """

    settled_after: int = 500
    width: int = 100

    def split(self, samples: Sequence[MemorySample]) -> tuple[list[MemorySample], list[MemorySample]]:
        """Samples of the first window, and of the last `width` images.

        Raises:
            LoadtestError: The run was too short, or the windows hold too few samples.
        """
        last = max((sample.images for sample in samples), default=0)
        first_end = self.settled_after + self.width / 2
        if last - self.width < first_end:
            needed = int(first_end + self.width)
            raise LoadtestError(f"{last} images tell no growth; from image {self.settled_after} on it takes {needed}")
        early = [sample for sample in samples if abs(sample.images - self.settled_after) <= self.width / 2]
        late = [sample for sample in samples if sample.images > last - self.width]
        if min(len(early), len(late)) < LEAST_SAMPLES:
            raise LoadtestError(
                f"windows of {self.width} images hold {len(early)} and {len(late)} samples of memory, and need "
                f"{LEAST_SAMPLES}: sample more often by --sample-every, or widen them by --window"
            )
        return early, late


@dataclass(frozen=True)
class Growth:
    """Memory of one role, or of all, in both windows.

    Attributes:
        role: Its name; `all` for the whole service.
        early_bytes: Median of the first window.
        late_bytes: Median of the last.
        early_processes: Median number of processes in the first window.
        late_processes: In the last.
    """

    role: str
    early_bytes: float
    late_bytes: float
    early_processes: float
    late_processes: float

    @property
    def percent(self) -> float | None:
        """Growth from the first window to the last; None where there was nothing in the first."""
        return 100 * (self.late_bytes / self.early_bytes - 1) if self.early_bytes else None


def total_growth(samples: Sequence[MemorySample], windows: Windows) -> Growth:
    """Growth of the whole service: of the median total, which is not the sum of the roles' medians.

    Raises:
        LoadtestError: As `Windows.split`.
    """
    return _growth(
        "all",
        windows.split(samples),
        lambda sample: sample.total_bytes,
        lambda sample: sum(sample.processes_by_role.values()),
    )


def growth_by_role(samples: Sequence[MemorySample], windows: Windows) -> list[Growth]:
    """Growth of each role that was seen in a window, the largest first. A role without a process counts as nothing.

    Raises:
        LoadtestError: As `Windows.split`.
    """
    split = windows.split(samples)
    roles = sorted({role for window in split for sample in window for role in sample.bytes_by_role})
    found = [
        _growth(
            role,
            split,
            lambda sample, role=role: sample.bytes_by_role.get(role, 0),  # type: ignore[misc]
            lambda sample, role=role: sample.processes_by_role.get(role, 0),  # type: ignore[misc]
        )
        for role in roles
    ]
    return sorted(found, key=lambda growth: -growth.late_bytes)


def _growth(
    role: str,
    split: tuple[Sequence[MemorySample], Sequence[MemorySample]],
    size: Callable[[MemorySample], int],
    processes: Callable[[MemorySample], int],
) -> Growth:
    early, late = split
    return Growth(
        role,
        statistics.median(map(size, early)),
        statistics.median(map(size, late)),
        statistics.median(map(processes, early)),
        statistics.median(map(processes, late)),
    )
