"""Soaks with made-up figures."""

from loadtest.measuring.machine import Machine
from loadtest.soak import MemorySample, SoakRecord, Windows

__all__ = ["MB", "WINDOWS", "growing", "record", "sample"]

MB = 1_000_000
WINDOWS = Windows(settled_after=50, width=20)


def sample(images: int, **megabytes: int) -> MemorySample:
    """Memory of some roles of one process each."""
    sizes = {role: size * MB for role, size in megabytes.items()}
    return MemorySample(images, images / 2, sizes, dict.fromkeys(megabytes, 1))


def record(samples: list[MemorySample]) -> SoakRecord:
    """A soak on a machine that does not exist."""
    return SoakRecord(Machine("Test CPU", 2, ("avx2",)), 8, 200, 100.0, {"timeout": 1}, WINDOWS, samples)


def growing() -> SoakRecord:
    """A soak in which detection grows and all else does not."""
    return record([sample(5 * number, detection=400 + number, recognition=300, gcs=50) for number in range(1, 41)])
