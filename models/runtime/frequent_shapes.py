"""Finds the shapes of input that come so often that each is worth a net of its own."""

import math
from collections import Counter, deque

__all__ = ["FrequentShapes"]

_Shape = tuple[int, ...]

# The input that counts as recent: some 80 pages at 960 pixels, or 1,000 lines of 800 columns, with three values a
# pixel.
_RECENT_VALUES = 120_000_000
# A net takes a third of a second to compile, and saves an eighth of a run or more. A shape with this share of the
# recent input, 16 of those pages or 200 lines, pays for its net when as many have come again.
_LEAST_SHARE = 0.2
# Two shapes that are nearly equally frequent must not take turns.
_CLEARLY_MORE = 2.0


class FrequentShapes:
    """Counts the shapes of recent runs, and says which to keep a net for. Not for several threads at once.

    Args:
        most: The most shapes that are kept at a time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._recent: deque[_Shape] = deque()
        self._values: Counter[_Shape] = Counter()
        self._kept: set[_Shape] = set()

    def note(self, shape: _Shape) -> bool:
        """Count a run. Returns whether to keep its shape from now on, if need be in place of another."""
        self._recent.append(shape)
        self._values[shape] += math.prod(shape)
        while self._values.total() > _RECENT_VALUES:
            oldest = self._recent.popleft()
            self._values[oldest] -= math.prod(oldest)
            if not self._values[oldest]:
                del self._values[oldest]
        if shape in self._kept or not self._most or self._values[shape] < _LEAST_SHARE * _RECENT_VALUES:
            return False
        return len(self._kept) < self._most or self._values[shape] > _CLEARLY_MORE * self._values[self._least()]

    def keep(self, shape: _Shape) -> _Shape | None:
        """Keep a shape. Returns the shape that is dropped for it, if any."""
        dropped = self._least() if len(self._kept) == self._most else None
        if dropped is not None:
            self._kept.remove(dropped)
        self._kept.add(shape)
        return dropped

    def _least(self) -> _Shape:
        return min(self._kept, key=self._values.__getitem__)
