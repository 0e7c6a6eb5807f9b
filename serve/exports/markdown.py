"""Writes Markdown (CommonMark) in reading order."""

import re
from collections.abc import Sequence
from typing import ClassVar

from serve.exports.arrangement import Block, arranged
from serve.exports.base import Export, ReadDocument
from serve.results import OcrPage

__all__ = ["MarkdownExport"]

# A heading of the second and of the first level has letters so many times as high as most of the page's. The heights of
# lines of one size differ by up to a third.
_HEADING, _TITLE = 1.6, 2.3
_MOST_HEADING_ROWS = 3
_PAGE_BREAK = "\n\n---\n\n"

# Characters with a meaning anywhere in a line, and those with a meaning at its beginning.
_ANYWHERE = re.compile(r"[\\`*_\[\]<|~]|&(?=#?\w+;)")
_AT_BEGINNING = re.compile(
    r"#{1,6}(?=\s|$)|>|[-+](?=\s|$)|-+\s*$|=+\s*$|:?-[-:|\s]*$|(?P<number>\d{1,9})(?=[.)](?:\s|$))"
)
# The beginning of a list item, numbered or not, which stays at the beginning of a line.
_POINT = re.compile(r"[\u2022\u25cf\u25e6\u25aa\u25a0\u00b7]|[-*\u2013\u2014]\s|\(?(?:\d{1,3}|[A-Za-z])[.)](?!\w)")
_POINT_LETTERS = 3
_HYPHENS = "-\u2010"
_SOFT_HYPHEN = "\u00ad"
_CONJUNCTIONS = frozenset(("and", "or", "und", "oder"))


class MarkdownExport(Export):
    """Writes UTF-8 with paragraphs, headings of clearly larger letters, and a rule between pages.

    The lines of running text are joined, and so are words that were hyphenated at their ends. The rows of tables,
    receipts and lists stay separate lines, with a tab between cells; no Markdown table is made of them.
    """

    name: ClassVar[str] = "markdown"
    media_type: ClassVar[str] = "text/markdown"
    extension: ClassVar[str] = ".md"

    def convert(self, read: ReadDocument) -> bytes:
        """Write a Markdown document, as `Export.convert` says."""
        pages = [_page_markdown(page) for page in read.result.pages]
        text = _PAGE_BREAK.join(page for page in pages if page)
        return (text + "\n" if text else "").encode()


def _page_markdown(page: OcrPage) -> str:
    found = [block for region in arranged(page) for block in region]
    usual = _usual_height(found)
    return "\n\n".join(_block_markdown(block, usual) for block in found)


def _usual_height(found: Sequence[Block]) -> float:
    """The height of most of the page's characters: half of them are not higher."""
    sizes = sorted((block.height, sum(map(len, block.rows))) for block in found)
    rest = sum(count for _, count in sizes) / 2
    for height, count in sizes:
        rest -= count
        if rest <= 0:
            return height
    return 0.0


def _block_markdown(block: Block, usual_height: float) -> str:
    if usual_height and block.height >= _HEADING * usual_height and _may_be_heading(block):
        marks = "#" if block.height >= _TITLE * usual_height else "##"
        heading = _escaped(" ".join(block.rows))
        return f"{marks} {heading[:-1]}\\#" if heading.endswith("#") else f"{marks} {heading}"
    # Two blanks at the end of a line break it.
    return "  \n".join(_escaped(row) for row in (_joined(block.rows) if block.is_text else block.rows))


def _may_be_heading(block: Block) -> bool:
    return (
        len(block.rows) <= _MOST_HEADING_ROWS
        and not any("\t" in row for row in block.rows)
        and sum(map(str.isalpha, "".join(block.rows))) >= _POINT_LETTERS
    )


def _joined(rows: Sequence[str]) -> list[str]:
    """Join the rows of running text, apart from those that begin a list item."""
    joined: list[str] = []
    for row in rows:
        if not joined or _POINT.match(row):
            joined.append(row)
        else:
            joined[-1] = _continued(joined[-1], row)
    return joined


def _continued(text: str, row: str) -> str:
    """Join two rows.

    A hyphen is removed only between small letters ("well-known" loses its own if it is split there), and stays before a
    conjunction. Chinese or Japanese characters get no blank between them.

    >>> _continued("an exam-", "ple"), _continued("a non-", "EU state"), _continued("pre-", "and post-war")
    ('an example', 'a non-EU state', 'pre- and post-war')
    """
    if text[-1] == _SOFT_HYPHEN:
        return text[:-1] + row
    if text[-1] in _HYPHENS and text[-2:-1].isalnum() and row.split()[0] not in _CONJUNCTIONS:
        return (text[:-1] if text[-2].islower() and row[0].islower() else text) + row
    return text + row if _is_wide(text[-1]) and _is_wide(row[0]) else f"{text} {row}"


def _is_wide(character: str) -> bool:
    """Whether a character, or a punctuation mark, belongs to a script without blanks between words."""
    code = ord(character)
    return 0x2E80 <= code <= 0xA4CF or 0xF900 <= code <= 0xFAFF or 0xFE30 <= code <= 0xFE4F or 0xFF00 <= code <= 0xFFEF


def _escaped(row: str) -> str:
    text = _ANYWHERE.sub(lambda found: "\\" + found[0], row)
    beginning = _AT_BEGINNING.match(text)
    if beginning is None:
        return text
    number = beginning["number"]
    return f"{number}\\{text[len(number) :]}" if number else "\\" + text
