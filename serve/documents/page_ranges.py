"""Parses which pages of a document are to be read: `1-3,7,10-`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from models.errors import MalformedRequest, SourceNotFound, TooLarge
from models.page import PageWarning

__all__ = ["PageRanges", "first_page_only"]

_RANGE = re.compile(r"([1-9]\d{0,8})?(-)?([1-9]\d{0,8})?")
_MOST_RANGES = 1000


@dataclass(frozen=True, slots=True)
class PageRanges:
    """The pages of a document that are asked for.

    Args:
        ranges: First and last page of each range, counted from 1, in ascending order and with gaps between; None for
            the document's last page.
    """

    ranges: tuple[tuple[int, int | None], ...] = ((1, None),)

    @classmethod
    def parse(cls, text: str) -> "PageRanges":
        """Parse the text that a user wrote.

        Args:
            text: Numbers and ranges with commas between, such as `1-3,7`; `5-` goes to the end, `-3` begins at 1.

        Raises:
            MalformedRequest: The text is not of that form, or a range ends before it begins.

        >>> PageRanges.parse("7, 1-3,2-4").ranges
        ((1, 4), (7, 7))
        """
        parts = text.split(",", _MOST_RANGES)
        found = sorted((cls._range(part.strip(), text) for part in parts), key=lambda one: one[0])
        merged: list[tuple[int, int | None]] = []
        for first, last in found:
            before = merged[-1][1] if merged else 0
            if merged and (before is None or first <= before + 1):
                merged[-1] = (merged[-1][0], None if before is None or last is None else max(before, last))
            else:
                merged.append((first, last))
        return cls(tuple(merged))

    @staticmethod
    def _range(part: str, text: str) -> tuple[int, int | None]:
        match = _RANGE.fullmatch(part)
        if match is None or not (match[1] or match[3]) or (match[3] and not match[2]):
            raise MalformedRequest(f"pages is {text[:60]!r}: give numbers and ranges from 1 on, such as 1-3,7 or 5-")
        first = int(match[1] or 1)
        last = int(match[3]) if match[3] else None if match[2] else first
        if last is not None and last < first:
            raise MalformedRequest(f"pages is {text[:60]!r}: the range {part} ends before it begins")
        return first, last

    @property
    def first(self) -> int:
        """The lowest page."""
        return self.ranges[0][0]

    @property
    def is_single(self) -> bool:
        """Whether exactly one page is named."""
        return len(self.ranges) == 1 and self.ranges[0][0] == self.ranges[0][1]

    def count(self, page_count: int) -> int:
        """Count these pages in a document.

        Raises:
            SourceNotFound: The document lacks a page that is named.
        """
        return sum(1 + last - first for first, last in self._closed(page_count))

    def numbers(self, page_count: int) -> Iterator[int]:
        """Yield these pages of a document, ascending.

        Raises:
            SourceNotFound: The document lacks a page that is named.

        >>> list(PageRanges.parse("1-2,5-").numbers(7))
        [1, 2, 5, 6, 7]
        """
        for first, last in self._closed(page_count):
            yield from range(first, last + 1)

    def allowed(self, page_count: int, max_pages: int, limit_name: str = "http.max_pages") -> Iterator[int]:
        """Return these pages of a document, ascending, unless they are too many.

        Args:
            page_count: Pages of the document.
            max_pages: The most pages that may be asked for.
            limit_name: Name of the setting behind `max_pages`, for the message.

        Raises:
            SourceNotFound: The document lacks a page that is named.
            TooLarge: More pages are asked for than `max_pages`.
        """
        count = self.count(page_count)
        if count > max_pages:
            raise TooLarge(
                f"{count:,} pages are asked for, more than the limit of {max_pages:,}: ask for fewer "
                f"(pages={self.first}-{self.first + max_pages - 1}), or raise {limit_name}"
            )
        return self.numbers(page_count)

    def _closed(self, page_count: int) -> list[tuple[int, int]]:
        closed = [(first, page_count if last is None else last) for first, last in self.ranges]
        for first, last in closed:
            if max(first, last) > page_count:
                raise SourceNotFound(f"page {max(first, last)} does not exist: the document has {page_count}")
        return closed


def first_page_only(page_count: int, asked: object | None) -> list[PageWarning]:
    """Warn if an answer shows the first of several pages because the client chose none.

    Args:
        page_count: Number of pages in the document.
        asked: The page that was chosen, if any.
    """
    if page_count == 1 or asked is not None:
        return []
    message = f"the document has {page_count:,} pages, and this is the first: ask for another by its number"
    return [PageWarning("first_page_only", message)]
