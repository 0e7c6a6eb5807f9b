"""Writes the lines of a page as rows of text."""

import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from serve.exports.parts import RowParagraph
from serve.results import LineResult

__all__ = ["Block", "one_line"]

# Lines of one row are cells of a table rather than words of a sentence if they are so many heights or more apart.
_CELL_GAP = 1.2


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of a page.

    Args:
        rows: The text of each row, with a tab between cells that stand apart.
        is_text: Whether the rows are running text, broken when a row is full, unlike tables, lists and addresses.
        height: Median height of the lines, in pixels.
    """

    rows: tuple[str, ...]
    is_text: bool
    height: float

    @classmethod
    def of(cls, paragraph: RowParagraph) -> "Block":
        """Write the rows of a paragraph."""
        return cls(tuple(map(_row_text, paragraph.rows)), paragraph.is_text, paragraph.height)


def one_line(text: str) -> str:
    r"""Remove line breaks, tabs and control characters from a text, which a file's text layer may have.

    A run of white space becomes one blank. Other control characters, and halves of surrogate pairs, are replaced.

    >>> one_line(" a\tb\x00 ") == "a b\ufffd"
    True
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return "".join(
        "\ufffd" if unicodedata.category(character) in ("Cc", "Cs") else character
        for character in " ".join(text.split())
    )


def _row_text(row: tuple[LineResult, ...]) -> str:
    text = one_line(row[0].text)
    for before, line in pairwise(row):
        gap = min(x for x, _ in line.polygon) - max(x for x, _ in before.polygon)
        height = max(y for _, y in line.polygon) - min(y for _, y in line.polygon)
        text += ("\t" if gap > _CELL_GAP * height else " ") + one_line(line.text)
    return text
