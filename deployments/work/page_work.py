"""What the work on one page has cost, and how urgent it is."""

from dataclasses import dataclass

from models.errors import PageTimeout

__all__ = ["PageWork"]

# Up to so many pixels a page has the whole limit: half of an A4 page at 300 dpi, or what a phone's screen shows.
_PIXELS_OF_LIMIT = 4_000_000


@dataclass(slots=True)
class PageWork:
    """The account of one page in one stage. Only its event loop changes it.

    It counts seconds in which a CPU worked for the page, its share where pages work together, and no waiting: load
    brings no page nearer to its limit.

    Args:
        priority: As `RequestContext.priority`.
        limit_s: Of a page of up to 4 megapixels; None for no limit.
        pixels: Of this page, which raise the limit in proportion.
        spent_s: So far, earlier stages included.
    """

    priority: int = 0
    limit_s: float | None = None
    pixels: int = 0
    spent_s: float = 0.0

    @property
    def most_s(self) -> float | None:
        """Seconds that this page may take; None for no limit."""
        return None if self.limit_s is None else self.limit_s * max(1.0, self.pixels / _PIXELS_OF_LIMIT)

    def excess(self) -> PageTimeout | None:
        """The error of a page that has taken more than it may; None where it has not."""
        most_s = self.most_s
        if most_s is None or self.spent_s <= most_s:
            return None
        return PageTimeout(
            f"the work on this page took more than {most_s:.3g} s, the limit for its {self.pixels / 1e6:.2g} "
            "megapixels: send a smaller picture, or raise jobs.page_work_s"
        )

    def check(self) -> None:
        """Begin no more work on a page that has taken more than it may.

        Raises:
            PageTimeout: It has.
        """
        if (excess := self.excess()) is not None:
            raise excess
