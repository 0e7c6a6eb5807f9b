"""Which shapes of input come so often that each is worth a net of its own."""

import math
from collections import Counter, deque

__all__ = ["FrequentShapes"]

_Shape = tuple[int, ...]

# A net takes a third of a second to compile, and saves a fifth of a run: it has paid after some 50 runs. A shape that
# made up a sixteenth of the last runs will, in most streams of documents, come so often again.
_RECENT_RUNS = 256
_LEAST_RUNS = 16
# Shapes that are nearly as frequent as one another must not take turns.
_CLEARLY_MORE = 2.0


class FrequentShapes:
    """Counts the shapes of recent runs, and says which to keep a net for. Not for several threads at once.

    Args:
        most: Shapes that are kept at a time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._recent: deque[_Shape] = deque()
        self._counts: Counter[_Shape] = Counter()
        self._kept: set[_Shape] = set()

    def note(self, shape: _Shape) -> bool:
        """Count a run. Returns whether its shape should be kept from now on, in place of another if need be."""
        self._recent.append(shape)
        self._counts[shape] += 1
        if len(self._recent) > _RECENT_RUNS:
            oldest = self._recent.popleft()
            self._counts[oldest] -= 1
            if not self._counts[oldest]:
                del self._counts[oldest]
        if shape in self._kept or not self._most or self._counts[shape] < _LEAST_RUNS:
            return False
        return len(self._kept) < self._most or self._work(shape) > _CLEARLY_MORE * self._work(self._least())

    def keep(self, shape: _Shape) -> _Shape | None:
        """Keep a shape. Returns the one that is dropped for it."""
        dropped = self._least() if len(self._kept) == self._most else None
        if dropped is not None:
            self._kept.remove(dropped)
        self._kept.add(shape)
        return dropped

    def _least(self) -> _Shape:
        return min(self._kept, key=self._work)

    def _work(self, shape: _Shape) -> int:
        return self._counts[shape] * math.prod(shape)
