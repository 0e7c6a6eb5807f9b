"""Which pages were in work when a worker ended: the one that ends workers must not take the others with it.

Ray runs the task of a dead worker again, without end, and says nothing about it. So each stage notes what it begins and
what it has finished. A page that is begun a second time without having been finished was in work when a worker ended.
Perhaps another page beside it was at fault, so from then on it is a suspect: it runs alone in its worker. In this way a
page that ends workers soon stands alone when it happens, and is given up; the others lose nothing but time.
"""

from collections import Counter
from collections.abc import Sequence

__all__ = ["Attempts"]


class Attempts:
    """The pages in work, and how often each was in work when its worker ended.

    Holds only what is in work, and the suspects.
    """

    def __init__(self) -> None:
        self._in_work: set[str] = set()
        self._crashes: Counter[str] = Counter()

    def begin(self, names: Sequence[str], *, alone: bool = False) -> list[int]:
        """Note that a worker takes pages.

        Args:
            names: Of the pages, with the stage.
            alone: Whether a suspect may be begun: it is the only one.

        Returns:
            At how many crashes each was in work. Only those with 0 count as begun, or the one that is `alone`.
        """
        counts = []
        for name in names:
            if name in self._in_work:
                self._in_work.remove(name)
                self._crashes[name] += 1
            count = self._crashes.get(name, 0)
            counts.append(count)
            if count == 0 or alone:
                self._in_work.add(name)
        return counts

    def end(self, names: Sequence[str]) -> None:
        """Note that pages are finished, whatever came of them."""
        self._in_work.difference_update(names)

    @property
    def crashes(self) -> int:
        """How often a page was in work when a worker ended."""
        return self._crashes.total()
