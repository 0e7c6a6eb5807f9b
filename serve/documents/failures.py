"""Pages that could not be read, in documents of which other pages could."""

from collections.abc import Iterable
from dataclasses import dataclass

from models.errors import ConfigurationError, RayocrError, ReplicaCrashed
from models.page import PageText, PageWarning

__all__ = ["PageFailure", "PageFailures", "whole_document"]

# Each crash costs every other request a replica, several times.
_MOST_CRASHES = 1


@dataclass(frozen=True, slots=True)
class PageFailure:
    """A page that could not be read, although others of its document can.

    Args:
        number: Number of the page, counted from 1.
        error: Why it could not be read.
        page_count: Pages of the document.
    """

    number: int
    error: RayocrError
    page_count: int

    @property
    def warning(self) -> PageWarning:
        """The warning in the result of the other pages."""
        message = f"page {self.number} could not be read and is left out ({self.error.code}): {self.error}"
        return PageWarning("page_failed", message, self.number)


class PageFailures:
    """Decides which errors cost one page, and which the whole document."""

    def __init__(self) -> None:
        self._crashes = 0

    def of(self, number: int, error: RayocrError, page_count: int) -> PageFailure:
        """Take a page for failed.

        Args:
            number: Number of the page, counted from 1.
            error: The error that reading it raised.
            page_count: Pages of the document.

        Raises:
            RayocrError: The error itself costs the whole document. Its cause is not the page but load, a storage that
                does not answer, or the configuration; or this is the second page that ended its replica.
        """
        if error.retryable or isinstance(error, ConfigurationError):
            raise error
        if isinstance(error, ReplicaCrashed):
            self._crashes += 1
            if self._crashes > _MOST_CRASHES:
                raise error
        return PageFailure(number, error, page_count)


def whole_document(outcomes: Iterable[PageText | PageFailure]) -> tuple[list[PageText], list[PageFailure]]:
    """Sort the outcomes of all pages of a document.

    Args:
        outcomes: One for each page, in order; one at least.

    Returns:
        The pages that were read, one at least, and those that could not be.

    Raises:
        RayocrError: No page could be read. It is the error of the first one.
    """
    pages: list[PageText] = []
    failures: list[PageFailure] = []
    for outcome in outcomes:
        if isinstance(outcome, PageFailure):
            failures.append(outcome)
        else:
            pages.append(outcome)
    if not pages:
        raise failures[0].error
    return pages, failures
