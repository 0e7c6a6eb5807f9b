"""Tells kinds of block that the net does not know or often takes for others: headings, literature, captions, notes.

The rules use places, sizes and the first characters of lines.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.structure.layout.assign import HOLDERS, TEXTS, Block
from models.structure.layout.edges import settle_edges
from models.structure.layout.lines import PageLines
from models.structure.layout.patterns import begins_caption, begins_note, has_year, is_entry, names_author
from models.structure.result import FURNITURE

__all__ = ["settle_kinds"]

Floats = npt.NDArray[np.float64]

# A heading has letters so many times as high as most of the page's (lines of one size differ by up to a third), and at
# most so many lines and at least so many letters.
_HEADING, _MOST_HEADING_LINES, _HEADING_LETTERS = 1.6, 3, 3
# A list of literature has a number or a year in at least so many of its lines, and a year that is not a date's in so
# many. It names an author: numbers alone are those of a list.
_ENTRIES, _YEARS = 0.25, 0.1
# In heights of a line: how far a caption is from its picture or table, and a table's note from the table, at most.
_AWAY = 2.5
# The letters of notes are so many times as high as most of the page's, at most.
_NOTE_SIZE = 0.95
# A note stands in the lower part of its page, from this share of the height.
_NOTES_FROM = 0.5


def settle_kinds(blocks: Sequence[Block], lines: PageLines, page_height: int) -> None:
    """Set `kind` and `is_note` of blocks.

    Args:
        blocks: The page's blocks, at least one, which are changed.
        lines: The page's lines.
        page_height: Height of the upright page, in pixels.
    """
    places = np.array([block.place(lines) for block in blocks])
    for block in blocks:
        if block.kind == "reference":
            block.kind = "reference" if _is_literature([lines.texts[index] for index in block.lines]) else "text"
        elif block.kind == "text" and block.box is None and _is_heading(block, lines):
            block.kind = "title"
    has_prose = settle_edges(blocks, places, lines, page_height)
    _settle_captions(blocks, places, lines)
    if has_prose:
        _settle_notes(blocks, places, lines, page_height)


def _is_literature(texts: Sequence[str]) -> bool:
    entries, years = sum(map(is_entry, texts)), sum(map(has_year, texts))
    return entries >= _ENTRIES * len(texts) and years >= _YEARS * len(texts) and any(map(names_author, texts))


def _is_heading(block: Block, lines: PageLines) -> bool:
    if len(block.lines) > _MOST_HEADING_LINES or block.height(lines) < _HEADING * lines.usual_height:
        return False
    return sum(map(str.isalpha, block.text(lines))) >= _HEADING_LETTERS


def _settle_captions(blocks: Sequence[Block], places: Floats, lines: PageLines) -> None:
    """Find captions: paragraphs beside a picture or a table that begin with its number."""
    others = places[[block.kind in HOLDERS for block in blocks]]
    for block, place in zip(blocks, places, strict=True) if len(others) else ():
        if block.kind in TEXTS and block.lines and begins_caption(lines.texts[min(block.lines)]):
            across = np.minimum(others[:, 2], place[2]) - np.maximum(others[:, 0], place[0])
            away = np.maximum(others[:, 1] - place[3], place[1] - others[:, 3])
            if ((across > 0) & (away < _AWAY * lines.usual_height)).any():
                block.kind = "caption"


def _settle_notes(blocks: Sequence[Block], places: Floats, lines: PageLines, page_height: int) -> None:
    """Find footnotes: the last blocks of their columns, with smaller letters and a mark."""
    left, top, right, bottom = places.T
    is_text = np.array([block.kind not in FURNITURE for block in blocks])
    is_holder = np.array([block.kind in HOLDERS for block in blocks])
    heights = np.array([block.height(lines) for block in blocks])
    is_small = (heights > 0) & (heights <= _NOTE_SIZE * lines.usual_height)
    for index in np.flatnonzero(is_small & (top >= _NOTES_FROM * page_height)).tolist():
        block = blocks[index]
        if block.kind not in ("text", "reference") or not begins_note(lines.texts[min(block.lines)]):
            continue
        is_beside = np.minimum(right, right[index]) - np.maximum(left, left[index]) > lines.usual_height
        is_under = is_text & is_beside & (top > top[index] + heights[index] / 2)
        is_above = is_holder & is_beside & (bottom < bottom[index] - heights[index] / 2)
        is_of_table = (is_above & (top[index] - bottom < _AWAY * heights[index])).any()
        block.is_note = bool(is_small[is_under].all() and not is_of_table)
