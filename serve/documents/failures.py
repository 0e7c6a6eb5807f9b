"""Handles pages that could not be read, in documents whose other pages could."""

from collections.abc import Iterable
from dataclasses import dataclass

from models.errors import ConfigurationError, RayocrError, ReplicaCrashed
from models.page import PageText, PageWarning

__all__ = ["PageFailure", "PageFailures", "whole_document"]

# A page that crashes is tried several times, and each attempt takes a replica away from all other requests.
_MOST_CRASHES = 1


@dataclass(frozen=True, slots=True)
class PageFailure:
    """A page that could not be read, although other pages of its document can.

    Args:
        number: Number of the page, counted from 1.
        error: The error that reading it raised.
        page_count: Pages of the document.
    """

    number: int
    error: RayocrError
    page_count: int

    @property
    def warning(self) -> PageWarning:
        """The warning about this page in the result of the others."""
        message = f"page {self.number} could not be read and is left out ({self.error.code}): {self.error}"
        return PageWarning("page_failed", message, self.number)


class PageFailures:
    """Decides which errors cost one page, and which the whole document."""

    def __init__(self) -> None:
        self._crashes = 0

    def of(self, number: int, error: RayocrError, page_count: int) -> PageFailure:
        """Make the failure of a page, if its error costs only that page.

        Args:
            number: Number of the page, counted from 1.
            error: The error that reading it raised.
            page_count: Pages of the document.

        Raises:
            RayocrError: The error costs the whole document, and is raised as it is. Either its cause is not the page
                but load, a storage that does not answer, or the configuration; or this is the second page that ended
                its replica.
        """
        if error.retryable or isinstance(error, ConfigurationError):
            raise error
        if isinstance(error, ReplicaCrashed):
            self._crashes += 1
            if self._crashes > _MOST_CRASHES:
                raise error
        return PageFailure(number, error, page_count)


def whole_document(outcomes: Iterable[PageText | PageFailure]) -> tuple[list[PageText], list[PageFailure]]:
    """Sort the outcomes of a document's pages into texts and failures.

    Args:
        outcomes: One outcome for each page, in order; at least one.

    Returns:
        The pages that were read, at least one, and the failures.

    Raises:
        RayocrError: No page could be read. The error is that of the first page.
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
