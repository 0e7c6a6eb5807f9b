"""Pages that could not be read, where others of their document could."""

from dataclasses import dataclass

from models.errors import RayocrError, ReplicaCrashed
from models.page import PageWarning

__all__ = ["PageFailure", "PageFailures"]

# Each of them costs every other request a replica, several times.
_MOST_CRASHES = 1


@dataclass(frozen=True, slots=True)
class PageFailure:
    """A page that could not be read, where others of its document can.

    Args:
        number: Counted from 1.
        error: Why.
        page_count: Pages of the document.
    """

    number: int
    error: RayocrError
    page_count: int

    @property
    def warning(self) -> PageWarning:
        """The same, for the result of the other pages."""
        message = f"page {self.number} could not be read and is left out ({self.error.code}): {self.error}"
        return PageWarning("page_failed", message, self.number)


class PageFailures:
    """Decides which errors cost one page, and which the whole document."""

    def __init__(self) -> None:
        self._crashes = 0

    def of(self, number: int, error: RayocrError, page_count: int) -> PageFailure:
        """Take a page for failed.

        Args:
            number: Of the page, counted from 1.
            error: That reading it raised.
            page_count: Pages of the document.

        Raises:
            RayocrError: `error`, where its reason does not lie in the page, such as load or a storage that does not
                answer; or where it is the second page of this document that ended its replica.
        """
        if error.retryable:
            raise error
        if isinstance(error, ReplicaCrashed):
            self._crashes += 1
            if self._crashes > _MOST_CRASHES:
                raise error
        return PageFailure(number, error, page_count)
