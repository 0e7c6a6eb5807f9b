"""Latency percentiles."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Latency", "percentile"]


@dataclass(frozen=True)
class Latency:
    """Seconds from the first byte sent to the last byte received, of answered requests only."""

    p50: float
    p95: float
    p99: float
    max: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Latency | None":
        """Summarize latencies; None when there are none."""
        if not seconds:
            return None
        ordered = sorted(seconds)
        return cls(percentile(ordered, 50), percentile(ordered, 95), percentile(ordered, 99), ordered[-1])


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Nearest-rank percentile: the smallest value that at least `percent` of all do not exceed, so one that occurred.

    Args:
        ordered: At least one value, ascending.
        percent: In (0, 100].

    Raises:
        ValueError: No values, or `percent` out of range.
    """
    if not ordered or not 0 < percent <= 100:
        raise ValueError(f"percentile {percent} of {len(ordered)} values: needs (0, 100] and at least one value")
    return ordered[math.ceil(len(ordered) * percent / 100) - 1]
