"""Finds the places of words and characters in lines, by the time steps at which CTC read them.

CTC reports each character somewhere inside it, not where it begins and ends. A border is put between two neighbors,
nearer to the narrower one. At a word's ends, the border is half of the character's width away; that width is taken from
the distances between the characters of its line.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from models.page import Character, Polygon, Word
from models.recognition.ctc import LineText

__all__ = ["ReadLine", "relative_width", "words_of_lines"]

Floats = npt.NDArray[np.float64]

# Width of a usual character as a share of its line's height, for a line without two characters side by side.
_USUAL_WIDTH = 0.33
# Share of a character's width between its reported place and the end of its word. It is more than half, since a letter
# leans to one side of that place. Measured on funsd and on drawn pages.
_HALF = 0.65
_SPACE = 0.45
_NARROW = frozenset("ijlItfr.,:;'`!|()[]{}1\"\u00b0-\u00b7\u2018\u2019")
_WIDE = frozenset("mwMW@%&\u2014\u2026")


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line whose text is known.

    Args:
        text: The line's text.
        quad: (4, 2), the line's corners in pixels of the page, clockwise from the text's top left.
        shown: The share of the crop's width that shows the line; the rest is padding.
        begin: The place in the quad where the crop begins, as a share of its length.
        end: The place where it ends, likewise.
    """

    text: LineText
    quad: npt.NDArray[np.floating]
    shown: float
    begin: float = 0.0
    end: float = 1.0


def words_of_lines(lines: Sequence[ReadLine], *, with_characters: bool = False) -> list[tuple[Word, ...]]:
    """Find the words of a page's lines, which white space parts in any script.

    A run of Chinese or Japanese is one word, together with any Latin letters in it. A line's words joined by single
    blanks give its text, apart from longer runs of white space.

    Args:
        lines: Lines with text.
        with_characters: Whether words come with their characters.

    Returns:
        The words of each line. Their polygons lie within the line's, in the order of its text.
    """
    if not lines:
        return []
    characters = [character for line in lines for character in line.text.characters]
    line_of = np.repeat(np.arange(len(lines)), [len(line.text.characters) for line in lines])
    left, right = _extents(lines, characters, line_of)
    probability = np.fromiter((p for line in lines for p in line.text.probabilities), np.float64, len(characters))
    is_space = np.fromiter(map(str.isspace, characters), np.bool_, len(characters))
    # A word begins at a character that is not a space and follows a space or the end of another line.
    begins = ~is_space & np.concatenate([[True], is_space[:-1] | (line_of[1:] != line_of[:-1])])
    ends = ~is_space & np.concatenate([is_space[1:] | (line_of[1:] != line_of[:-1]), [True]])
    first, last = np.flatnonzero(begins), np.flatnonzero(ends)
    quads = np.array([line.quad for line in lines], dtype=np.float64)
    # Where text runs to the left, a word's last character is its leftmost.
    starts, stops = np.minimum(left[first], left[last]), np.maximum(right[first], right[last])
    polygons = _polygons(quads[line_of[first]], starts, stops)
    sums = np.concatenate([[0.0], np.cumsum(probability)])
    confidences = np.round((sums[last + 1] - sums[first]) / (last + 1 - first), 4).clip(0, 1).tolist()
    pieces: list[tuple[Character, ...]] = [()] * len(first)
    if with_characters:
        every = _polygons(quads[line_of], left, right)
        told = [
            Character(*one) for one in zip(characters, np.round(probability, 4).clip(0, 1).tolist(), every, strict=True)
        ]
        pieces = [tuple(told[a : b + 1]) for a, b in zip(first.tolist(), last.tolist(), strict=True)]
    words = [
        Word("".join(characters[a : b + 1]), confidence, polygon, piece)
        for a, b, confidence, polygon, piece in zip(
            first.tolist(), last.tolist(), confidences, polygons, pieces, strict=True
        )
    ]
    counts = np.bincount(line_of[first], minlength=len(lines)).cumsum().tolist()
    return [tuple(words[a:b]) for a, b in zip([0, *counts], counts, strict=False)]


def _extents(lines: Sequence[ReadLine], characters: list[str], line_of: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
    """The beginnings and ends of characters as shares of their line's length.

    They ascend and do not overlap, but in lines whose reader tells them itself.
    """
    count = len(characters)
    position = np.fromiter((p for line in lines for p in line.text.positions), np.float64, count)
    begin, length = np.array([(line.begin, (line.end - line.begin) / line.shown) for line in lines])[line_of].T
    position = (begin + position * length).clip(0, 1)
    width = np.fromiter(map(relative_width, characters), np.float64, count)
    unit = _units(lines, position, width, characters, line_of)
    half = width * unit[line_of] * _HALF
    # The border between neighbors of one line is nearer to the narrower one.
    border = position[:-1] + np.diff(position) * width[:-1] / (width[:-1] + width[1:])
    is_end = line_of[1:] != line_of[:-1]
    least = np.concatenate([[0.0], np.where(is_end, 0.0, border)])
    most = np.concatenate([np.where(is_end, 1.0, border), [1.0]])
    is_space = np.fromiter(map(str.isspace, characters), np.bool_, count)
    at_left = np.concatenate([[True], is_end | is_space[:-1]])
    at_right = np.concatenate([is_end | is_space[1:], [True]])
    left = np.where(at_left, np.maximum(least, position - half), least)
    right = np.where(at_right, np.minimum(most, position + half), most)
    if any(line.text.extents for line in lines):
        told = np.array([extent for line in lines for extent in line.text.extents], np.float64)
        is_told = np.array([bool(line.text.extents) for line in lines])[line_of]
        left[is_told], right[is_told] = (begin[is_told, None] + told * length[is_told, None]).clip(0, 1).T
    return left, right


def _units(
    lines: Sequence[ReadLine], position: Floats, width: Floats, characters: list[str], line_of: npt.NDArray[np.intp]
) -> Floats:
    """The width of a usual character on each line, as a share of the line's length."""
    is_space = np.fromiter(map(str.isspace, characters), np.bool_, len(characters))
    beside = (line_of[1:] == line_of[:-1]) & ~is_space[1:] & ~is_space[:-1]
    of_pair = line_of[1:][beside]
    distance = np.bincount(of_pair, np.diff(position)[beside], len(lines))
    widths = np.bincount(of_pair, ((width[1:] + width[:-1]) / 2)[beside], len(lines))
    quads = np.array([line.quad for line in lines], dtype=np.float64)
    length = np.linalg.norm(quads[:, 1] - quads[:, 0], axis=1)
    height = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
    usual = _USUAL_WIDTH * height / np.maximum(length, 1e-6)
    return np.where(widths > 0, distance / np.maximum(widths, 1e-6), usual)


@cache
def relative_width(character: str) -> float:
    """The width of a character in most fonts, in widths of a usual Latin letter.

    >>> relative_width("i"), relative_width("n"), relative_width("語")
    (0.55, 1.0, 2.0)
    """
    if unicodedata.east_asian_width(character[0]) in "WF":
        return 2.0 * len(character)
    if len(character) > 1:
        return sum(map(relative_width, character))
    if character.isspace():
        return _SPACE
    if character in _NARROW:
        return 0.55
    if character in _WIDE:
        return 1.5
    return 1.2 if character.isupper() else 1.0


def _polygons(quads: Floats, left: Floats, right: Floats) -> list[Polygon]:
    """The parts of quads, (N, 4, 2), between two shares of their length, with four corners each."""
    top, bottom = quads[:, 1] - quads[:, 0], quads[:, 2] - quads[:, 3]
    corners = np.stack(
        [
            quads[:, 0] + top * left[:, None],
            quads[:, 0] + top * right[:, None],
            quads[:, 3] + bottom * right[:, None],
            quads[:, 3] + bottom * left[:, None],
        ],
        axis=1,
    )
    return [tuple(map(tuple, polygon)) for polygon in np.round(corners, 1).tolist()]
