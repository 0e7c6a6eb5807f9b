"""Finds the boxes that a text layer has as characters."""

from collections import Counter
from collections.abc import Sequence

from models.page import Line, TextSource, Word
from models.polygons import bounds
from models.structure.marks.checkboxes import SeenBox

__all__ = ["GLYPHS", "glyph_boxes"]

# Characters that are nothing but boxes to be ticked.
_OPEN, _SET = "☐", "☑☒🗹🗵🗷"
# Squares and circles are bullets too, unless there are open ones; circles are, unless several are in one line.
_OPEN_SQUARES, _SET_SQUARES = "□▢◻", "■▣◼☒"
_OPEN_CIRCLES, _SET_CIRCLES = "○◯", "●◉◎⦿"
GLYPHS = frozenset(_OPEN + _SET + _OPEN_SQUARES + _SET_SQUARES + _OPEN_CIRCLES + _SET_CIRCLES)
"""All characters that may be boxes."""

_FEWEST_CIRCLES = 2


def glyph_boxes(lines: Sequence[Line], source: TextSource) -> list[SeenBox]:
    """Find the boxes among the characters of text layers. What was read from pixels is told better by the pixels.

    Args:
        lines: The page's lines.
        source: The source of lines that do not tell theirs.
    """
    places = [
        (index, word, at, character)
        for index, line in enumerate(lines)
        if (line.source or source) == "text_layer" and not GLYPHS.isdisjoint(line.text)
        for word in line.words
        for at, character in enumerate(word.text)
        if character in GLYPHS
    ]
    # A square that ends a line ends a proof.
    counts = Counter(index for index, *_ in places)
    places = [
        place
        for place in places
        if place[3] not in _OPEN_SQUARES or counts[place[0]] > 1 or not lines[place[0]].text.endswith(place[3])
    ]
    has_open = any(character in _OPEN + _OPEN_SQUARES for *_, character in places)
    has_open_circle = any(character in _OPEN_CIRCLES for *_, character in places)
    circles = Counter(index for index, *_, character in places if character in _OPEN_CIRCLES + _SET_CIRCLES)
    boxes = []
    for index, word, at, character in places:
        is_circle = character in _OPEN_CIRCLES + _SET_CIRCLES
        if is_circle and (circles[index] < _FEWEST_CIRCLES or not has_open_circle):
            continue
        if character in _SET_SQUARES and not has_open:
            continue
        is_set = character in _SET + _SET_SQUARES + _SET_CIRCLES
        boxes.append(SeenBox("radio" if is_circle else "checkbox", *_place(word, at), is_set, 1.0))
    return boxes


def _place(word: Word, at: int) -> tuple[float, float, float, float]:
    """The edges of one of a word's characters. If the word has no characters, they are taken to be equally wide."""
    if len(word.characters) == len(word.text):
        return bounds(word.characters[at].polygon)
    left, top, right, bottom = bounds(word.polygon)
    step = (right - left) / len(word.text)
    return left + at * step, top, left + (at + 1) * step, bottom
