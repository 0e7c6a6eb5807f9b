"""The words of a page in its level frame: joined to chunks where no wide gap parts them, and put into rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from models.page import Line, Word
from models.structure.tables.geometry.frame import Floats, Frame

__all__ = ["Chunk", "TextRow", "Words", "chunk_of", "gaps_of", "is_number", "line_height", "place_words", "rows_of"]

# Lines of so many words, and so many of their gaps, tell the usual gap. Bounds of the widest gap, which is wide in
# fonts with letters of one width.
_RUNNING_WORDS, _LEAST_GAPS, _WORD_GAPS = 6, 12, (0.5, 1.2)
# Signs that stand at the left of a column, away from their amounts, as in statements of accounts.
_CURRENCIES = frozenset({"$", "\u20ac", "\u00a3", "\u00a5", "US$"})
# A word is in a row if it has so much of its height in common with it.
_ROW_OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class Words:
    """All words of a page.

    Args:
        boxes: (N, 4) left, top, right, bottom in the level frame.
        line: (N,) index of each word's line.
        index: (N,) index of each word in its line.
        texts: N texts.
        gap: The widest gap between two words of a cell, in heights of a line.
    """

    boxes: Floats
    line: npt.NDArray[np.intp]
    index: npt.NDArray[np.intp]
    texts: tuple[str, ...]
    gap: float


@dataclass(frozen=True, slots=True)
class Chunk:
    """Words beside each other that no wide gap parts.

    Args:
        left: Its left edge.
        top: Its upper edge.
        right: Its right edge.
        bottom: Its lower edge.
        text: Its words, joined by spaces.
        words: Indices into the page's words.
    """

    left: float
    top: float
    right: float
    bottom: float
    text: str
    words: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TextRow:
    """Chunks beside each other, from the left.

    Args:
        top: The median upper edge.
        bottom: The median lower edge.
        chunks: The chunks, of which there is at least one.
    """

    top: float
    bottom: float
    chunks: tuple[Chunk, ...]


def place_words(lines: Sequence[Line], frame: Frame) -> Words:
    """Place the words of a page's lines in its level frame. A line whose words are not known is one word."""
    polygons, line, index, texts = [], [], [], []
    for number, one in enumerate(lines):
        parts: Sequence[Line | Word] = one.words or (one,)
        for place, word in enumerate(parts):
            polygons.append(word.polygon)
            line.append(number)
            index.append(place)
            texts.append(word.text)
    points = np.array(polygons, np.float64).reshape(-1, 2)
    corners = frame.level(points).reshape(-1, 4, 2)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    lines_of = np.array(line, np.intp)
    return Words(boxes, lines_of, np.array(index, np.intp), tuple(texts), _word_gap(boxes, lines_of))


def rows_of(words: Words, members: Sequence[int], gap: float) -> list[TextRow]:
    """Put words into rows from the top, and join the words of each row to chunks.

    Args:
        words: The page's words.
        members: Indices of the words that count.
        gap: The widest gap between two words of a chunk, in pixels.
    """
    boxes = words.boxes.tolist()
    groups: list[list[int]] = []
    bands: list[tuple[float, float]] = []
    for word in sorted(members, key=lambda i: (boxes[i][1] + boxes[i][3], boxes[i][0])):
        _, top, _, bottom = boxes[word]
        for k in range(len(groups) - 1, max(-1, len(groups) - 4), -1):
            common = min(bottom, bands[k][1]) - max(top, bands[k][0])
            if common > _ROW_OVERLAP * min(bottom - top, bands[k][1] - bands[k][0]):
                groups[k].append(word)
                if len(groups[k]) <= 8:  # later words change a median by little
                    bands[k] = _band(groups[k], boxes)
                break
        else:
            groups.append([word])
            bands.append((top, bottom))
    rows = []
    for group in groups:
        group.sort(key=lambda i: (boxes[i][0], i))
        chunks: list[list[int]] = []
        right = -np.inf
        for word in group:
            is_amount = bool(chunks) and _is_currency(chunks[-1], words.texts) and is_number(words.texts[word])
            if chunks and (is_amount or boxes[word][0] - right <= gap):
                chunks[-1].append(word)
            else:
                chunks.append([word])
            right = max(right, boxes[word][2]) if len(chunks[-1]) > 1 else boxes[word][2]
        top, bottom = _band(group, boxes)
        rows.append(TextRow(top, bottom, tuple(chunk_of(chunk, words) for chunk in chunks)))
    return sorted(rows, key=lambda row: row.top + row.bottom)


def _is_currency(chunk: Sequence[int], texts: Sequence[str]) -> bool:
    """Whether words end with a sign of a currency whose amount is still to come."""
    return texts[chunk[-1]] in _CURRENCIES and (len(chunk) == 1 or not is_number(texts[chunk[-2]]))


def _word_gap(boxes: Floats, line: npt.NDArray[np.intp]) -> float:
    """The widest gap between two words of a cell, in heights of a line: most gaps of running text are half as wide."""
    same = (line[1:] == line[:-1]) & (np.bincount(line)[line[1:]] >= _RUNNING_WORDS)
    gaps = (boxes[1:, 0] - boxes[:-1, 2])[same] / np.maximum(boxes[1:, 3] - boxes[1:, 1], 1)[same]
    usual = float(np.median(gaps)) if len(gaps) >= _LEAST_GAPS else 0.0
    return float(np.clip(2 * usual, *_WORD_GAPS))


def line_height(members: Sequence[int], words: Words, usual: float) -> float:
    """The height of a line in a table, whose letters may be smaller than those of the page's text."""
    if not members:
        return usual
    boxes = words.boxes[list(members)]
    return float(np.clip(np.median(boxes[:, 3] - boxes[:, 1]), 0.4 * usual, 1.6 * usual))


def gaps_of(row: TextRow, least: float) -> list[tuple[float, float]]:
    """The left and right end of each gap of a row that is at least so wide."""
    return [(a.right, b.left) for a, b in pairwise(row.chunks) if b.left - a.right >= least]


def is_number(text: str) -> bool:
    """Whether a text is a value such as a number, an amount, a date, or a dash for none, rather than words."""
    digits = sum(character.isdigit() for character in text)
    letters = sum(character.isalpha() for character in text)
    return digits > letters if letters or digits else len(text) <= 3


def _band(group: Sequence[int], boxes: Sequence[Sequence[float]]) -> tuple[float, float]:
    tops, bottoms = sorted(boxes[i][1] for i in group), sorted(boxes[i][3] for i in group)
    return tops[len(tops) // 2], bottoms[len(bottoms) // 2]


def chunk_of(members: Sequence[int], words: Words) -> Chunk:
    """Make a chunk of words, of which there is at least one."""
    lefts, tops, rights, bottoms = words.boxes[list(members)].T
    text = " ".join(words.texts[i] for i in members)
    return Chunk(float(lefts.min()), float(tops.min()), float(rights.max()), float(bottoms.max()), text, tuple(members))
