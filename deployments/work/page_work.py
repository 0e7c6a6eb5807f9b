"""The account of the work on one page, with its limit and its priority."""

from dataclasses import dataclass

from models.errors import PageTimeout

__all__ = ["PageWork"]

# The limit is for pages of up to so many pixels: half of an A4 page at 300 dpi, or a phone's screen.
_PIXELS_OF_LIMIT = 4_000_000


@dataclass(slots=True)
class PageWork:
    """The account of the work on one page in one stage. Only the stage's event loop changes it.

    It counts the seconds in which a CPU worked for the page, and the page's share of a run for several pages. Waiting
    does not count, so that load brings no page nearer to its limit.

    Args:
        priority: Priority of the request; lower numbers are more urgent.
        limit_s: Seconds that a page of up to 4 megapixels may take; None for no limit.
        pixels: Pixels of this page, which raise the limit in proportion.
        spent_s: Seconds so far, earlier stages included.
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
        """Make the error of a page whose work took longer than its limit; None if it did not."""
        most_s = self.most_s
        if most_s is None or self.spent_s <= most_s:
            return None
        return PageTimeout(
            f"the work on this page took more than {most_s:.3g} s, the limit for its {self.pixels / 1e6:.2g} "
            "megapixels: send a smaller picture, or raise jobs.page_work_s"
        )

    def check(self) -> None:
        """Refuse more work on a page that has reached its limit.

        Raises:
            PageTimeout: The work on the page took longer than its limit.
        """
        if (excess := self.excess()) is not None:
            raise excess
