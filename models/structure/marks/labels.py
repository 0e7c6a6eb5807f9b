"""Finds the text that a check box belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.page import Line
from models.structure.result import PlacedText, WordSpan

__all__ = ["Rectangle", "TextPlaces", "labels_of"]

Rectangle = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels of the page."""

# In heights of the label's line: how far away it may begin, and the widest space between its words.
_FARTHEST, _WIDEST_SPACE = 3.0, 2.0
# Of a word, so much lies on the box if it is the box, read as a letter.
_ON_BOX = 0.7
# Of the box's width: how far a label may reach into it.
_INTO = 0.3
# All labels of a page stand on one side: the one where more boxes have some, or on the right unless so many of them are
# much nearer on the left.
_MOST_OF_THEM, _MUCH_NEARER = 0.75, 0.6
# What is read in place of circles is not a label, nor are zeros, which are circles.
_CIRCLES = frozenset("0oO○◯〇")  # noqa: RUF001
# Below a box, in heights of the line.
_BELOW = 1.5


@dataclass(slots=True)
class TextPlaces:
    """The places of a page's lines and words.

    Args:
        lines: The lines.
    """

    lines: Sequence[Line]
    boxes: npt.NDArray[np.float64] = field(init=False)
    _words: dict[int, npt.NDArray[np.float64]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        corners = np.array([line.polygon for line in self.lines], np.float64).reshape(-1, 4, 2)
        self.boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)

    def words(self, line: int) -> npt.NDArray[np.float64]:
        """Left, top, right and bottom of the words of a line, (N, 4); of the line itself if it has no words."""
        if line not in self._words:
            words = self.lines[line].words
            corners = np.array([word.polygon for word in words], np.float64).reshape(-1, 4, 2)
            edges = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
            self._words[line] = edges if words else self.boxes[line : line + 1]
        return self._words[line]

    def beside(self, box: Rectangle) -> list[int]:
        """Lines that the middle of a box is in one row with."""
        middle = (box[1] + box[3]) / 2
        return np.flatnonzero((self.boxes[:, 1] < middle) & (self.boxes[:, 3] > middle)).tolist()

    def on(self, box: Rectangle) -> list[int]:
        """Lines that have something in common with a box."""
        low, high = np.maximum(self.boxes[:, :2], box[:2]), np.minimum(self.boxes[:, 2:], box[2:])
        return np.flatnonzero((high > low).all(axis=1)).tolist()


@dataclass(frozen=True, slots=True)
class _Label:
    gap: float
    span: WordSpan
    is_glued: bool = False


def labels_of(boxes: Sequence[Rectangle], places: TextPlaces) -> list[PlacedText | None]:
    """Find the label of each box.

    Args:
        boxes: The boxes of a page.
        places: The page's text.
    """
    before, after = _limits(boxes)
    right = [_right(box, limit, places) for box, limit in zip(boxes, after, strict=True)]
    left = [_left(box, limit, places) for box, limit in zip(boxes, before, strict=True)]
    nearer = sum(
        one is not None and (other is None or one.gap < _MUCH_NEARER * other.gap)
        for one, other in zip(left, right, strict=True)
    )
    has_left, has_right = (sum(label is not None for label in side) for side in (left, right))
    is_left = has_left > has_right or nearer >= _MOST_OF_THEM * len(boxes)
    first, second = (left, right) if is_left else (right, left)
    taken = {label.span for label in first if label is not None}
    labels: list[PlacedText | None] = []
    for one, other in zip(first, second, strict=True):
        label = one if one is not None else None if other is None or other.span in taken else other
        labels.append(None if label is None else _text(label, places))
    if not any(labels):
        labels = [_below(box, places) for box in boxes]
    return labels


def _text(label: _Label, places: TextPlaces) -> PlacedText | None:
    placed = PlacedText.of([label.span], places.lines)
    if placed.text in _CIRCLES:
        return None
    # The first character of a word is the box, read as one: the word can't be divided, but its text can.
    return PlacedText(placed.text[1:].lstrip(), placed.polygon, placed.words) if label.is_glued else placed


def _right(box: Rectangle, limit: float, places: TextPlaces) -> _Label | None:
    width = box[2] - box[0]
    best: _Label | None = None
    for line in places.beside(box):
        words = places.words(line)
        begins = words[:, 2] > box[2] + _INTO * width
        begins &= _off_box(words, box) & (words[:, 0] < limit)
        if not begins.any():
            continue
        start = int(np.argmax(begins))
        height = places.boxes[line, 3] - places.boxes[line, 1]
        gap = max(0.0, words[start, 0] - box[2])
        if gap > _FARTHEST * height or (best is not None and gap >= best.gap):
            continue
        end = start + 1
        while end < len(words) and words[end, 0] < limit and words[end, 0] - words[end - 1, 2] < _WIDEST_SPACE * height:
            end += 1
        is_glued = bool(words[start, 0] < box[0] + (1 - _INTO) * width) and len(places.lines[line].words) > 0
        best = _Label(gap, _span(places, line, start, end), is_glued)
    return best


def _left(box: Rectangle, limit: float, places: TextPlaces) -> _Label | None:
    width = box[2] - box[0]
    best: _Label | None = None
    for line in places.beside(box):
        words = places.words(line)
        ends = words[:, 2] < box[0] + _INTO * width
        ends &= _off_box(words, box) & (words[:, 0] > limit - _INTO * width)
        if not ends.any():
            continue
        last = int(np.flatnonzero(ends)[-1])
        height = places.boxes[line, 3] - places.boxes[line, 1]
        gap = max(0.0, box[0] - words[last, 2])
        if gap > _FARTHEST * height or (best is not None and gap >= best.gap):
            continue
        start = last
        while start > 0 and ends[start - 1] and words[start, 0] - words[start - 1, 2] < _WIDEST_SPACE * height:
            start -= 1
        best = _Label(gap, _span(places, line, start, last + 1))
    return best


def _below(box: Rectangle, places: TextPlaces) -> PlacedText | None:
    middle = (box[0] + box[2]) / 2
    heights = places.boxes[:, 3] - places.boxes[:, 1]
    gaps = places.boxes[:, 1] - box[3]
    are_below = (gaps > -heights / 2) & (gaps < _BELOW * heights)
    are_below &= (places.boxes[:, 0] < middle) & (places.boxes[:, 2] > middle)
    for line in np.flatnonzero(are_below)[np.argsort(gaps[are_below], kind="stable")].tolist():
        return PlacedText.of([_span(places, line, 0, max(1, len(places.lines[line].words)))], places.lines)
    return None


def _span(places: TextPlaces, line: int, start: int, end: int) -> WordSpan:
    return WordSpan(line, start, end) if places.lines[line].words else WordSpan(line, 0, 0)


def _off_box(words: npt.NDArray[np.float64], box: Rectangle) -> npt.NDArray[np.bool_]:
    shared = np.minimum(words[:, 2], box[2]) - np.maximum(words[:, 0], box[0])
    off: npt.NDArray[np.bool_] = shared < _ON_BOX * (words[:, 2] - words[:, 0])
    return off


def _limits(boxes: Sequence[Rectangle]) -> tuple[list[float], list[float]]:
    """The right edge of the box before each box in its row, and the left edge of the one after it."""
    edges = np.array(boxes, np.float64).reshape(-1, 4)
    left, top, right, bottom = edges.T
    middle = (top + bottom) / 2
    in_row = (top[None] < middle[:, None]) & (bottom[None] > middle[:, None])
    before = np.where(in_row & (left[None] < left[:, None]), right[None], -np.inf).max(axis=1, initial=-np.inf)
    after = np.where(in_row & (left[None] > left[:, None]), left[None], np.inf).min(axis=1, initial=np.inf)
    return before.tolist(), after.tolist()
