"""Notes which pages were in work when a worker ended, so that a page which ends workers takes no other with it.

Ray runs the task of a dead worker again, without end, and does not report it. So each stage notes the pages that it
begins and those that it has finished. A page that is begun a second time, and was not finished, was in work when a
worker ended. Another page beside it may have been at fault, so from then on it is a suspect and runs alone in its
worker. In this way, a page that ends workers is soon alone when it does so, and is given up. The others lose only time.
"""

from collections import Counter
from collections.abc import Sequence

__all__ = ["Attempts"]


class Attempts:
    """The pages in work, and how often each was in work when its worker ended.

    Only pages in work and suspects are held.
    """

    def __init__(self) -> None:
        self._in_work: set[str] = set()
        self._crashes: Counter[str] = Counter()

    def begin(self, names: Sequence[str], *, alone: bool = False) -> list[int]:
        """Note that a worker takes pages.

        Args:
            names: Names of the pages, with the stage.
            alone: Whether the only page here runs alone, so that it may be a suspect.

        Returns:
            For each page, the number of crashes at which it was in work. A page with crashes counts as begun only if
            it is `alone`.
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
        """Note that pages are finished, read or failed."""
        self._in_work.difference_update(names)

    @property
    def crashes(self) -> int:
        """How often a page was in work when a worker ended."""
        return self._crashes.total()
