"""Finds fields that are framed: boxes of a form whose first line is the label, with the value beneath."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from models.structure.fields.likeness import label_likeness, value_likeness
from models.structure.fields.pieces import Piece
from models.structure.fields.rules import Frame, Rules

__all__ = ["Frames"]

# A frame with more lines is a part of the page, with fields of its own, or a list if its first line may be anything.
_MOST_LINES, _MOST_OF_ANY = 6, 4
# Labels are printed smaller than what is written beneath: a line so many times as high may have a longer label.
_SMALLER, _MOST_WORDS = 1.2, 12
_LIKE_LABEL = 0.5
# How sure a framed field is, without and with a label that is known.
_CONFIDENCE, _WORTH_OF_LABEL = 0.6, 0.3
# How sure a box without a value is one, and how much room is in it beneath the label, in heights.
_EMPTY, _ROOM_FOR_VALUE = 0.5, 0.6
# A line of text goes on in the next one if that one's first word had no room, with so many heights beside it.
_ROOM = 1.5
# The one line of a cell of a table stands in the middle of its height, give or take so much of it.
_OFF_MIDDLE = 0.2
# Sides of two frames are one if they are so close, in heights of the frame.
_SAME_SIDE = 0.1


class Frames:
    """The pieces of one page by the frames around them.

    Args:
        pieces: The pieces.
        rules: The page's rules.
    """

    def __init__(self, pieces: Sequence[Piece], rules: Rules) -> None:
        self._pieces = pieces
        self._of = [rules.around(piece.left, piece.top, piece.right, piece.bottom) for piece in pieces]
        inside: dict[Frame, list[int]] = defaultdict(list)
        for index, frame in enumerate(self._of):
            if frame is not None:
                inside[frame].append(index)
        self._rows = {frame: _rows(pieces, indices) for frame, indices in inside.items()}
        self._by_sides: dict[tuple[float, float], list[Frame]] = defaultdict(list)
        for frame in inside:
            self._by_sides[frame.top, frame.bottom].append(frame)
        self._by_top = sorted(inside, key=lambda frame: frame.top)

    def fields(self) -> Iterator[tuple[int, tuple[int, ...], float]]:
        """Each framed field: the index of its label, those of its value, and how sure it is. A value may be empty."""
        filled: list[Frame] = []
        for frame, rows in self._rows.items():
            if len(rows) > 1 and not self._is_text(frame) and (likeness := self._likeness(rows)) > 0:
                filled.append(frame)
                value = tuple(index for row in rows[1:] for index in row)
                yield rows[0][0], value, _CONFIDENCE + _WORTH_OF_LABEL * likeness
        beside = {(frame.top, frame.bottom) for frame in filled}
        beneath = {below for frame in filled if (below := self._beneath(frame)) is not None}
        for frame in self._rows:
            if (frame in beneath or (frame.top, frame.bottom) in beside) and self._is_empty(frame):
                yield self._rows[frame][0][0], (), _EMPTY

    def is_first_of_two(self, index: int) -> bool:
        """Whether a piece is the one line of a box, with one other box with text in its row, to its right."""
        frame = self._of[index]
        if frame is None or len(self._rows[frame]) > 1 or len(self._rows[frame][0]) > 1:
            return False
        row = self._by_sides[frame.top, frame.bottom]
        return len(row) == 2 and frame.left < max(other.left for other in row) == frame.right

    def are_parted(self, first: int, second: int) -> bool:
        """Whether two pieces stand in two frames, or one of them in a frame and the other in none."""
        return self._of[first] != self._of[second]

    def are_text(self, first: int, second: int) -> bool:
        """Whether two pieces are lines of one text in one frame, as those of a heading over a column are."""
        frame = self._of[first]
        return frame is not None and frame == self._of[second] and self._is_text(frame)

    def _likeness(self, rows: Sequence[Sequence[int]]) -> float:
        """How much the first line of a frame looks like the label of the other lines; 0 if they are no field."""
        others = [self._pieces[index] for row in rows[1:] for index in row]
        if len(rows) > _MOST_LINES or len(rows[0]) > 1:
            return 0.0
        label, value = self._pieces[rows[0][0]], others[0]
        if any(piece.has_colon or piece.has_leader or piece.known for piece in others) or value_likeness(value) == 0:
            return 0.0
        likeness = label_likeness(label)
        is_smaller = _SMALLER * label.height < value.height
        if not likeness and is_smaller and label.value.type == "text" and label.text.count(" ") < _MOST_WORDS:
            likeness = _LIKE_LABEL
        return 0.0 if likeness <= _LIKE_LABEL and len(rows) > _MOST_OF_ANY else likeness

    def _is_text(self, frame: Frame) -> bool:
        """Whether the first line of a frame goes on in the next one, or both are the heading of a column."""
        rows = self._rows[frame]
        if len(rows) < 2 or len(rows[0]) > 1:
            return False
        first, second = self._pieces[rows[0][0]], self._pieces[rows[1][0]]
        is_smaller = _SMALLER * first.height < second.height
        return not is_smaller and not first.has_colon and (self._is_full(frame, first, second) or self._heads(frame))

    @staticmethod
    def _is_full(frame: Frame, first: Piece, second: Piece) -> bool:
        """Whether a line goes on in the next one, since the first word of that one had no room."""
        if any(map(str.isdigit, second.text)):
            return False
        word = len(second.text.split()[0]) / len(second.text) * (second.right - second.left)
        return first.right + word + _ROOM * first.height > frame.right

    def _is_empty(self, frame: Frame) -> bool:
        """Whether a frame has a label of one line, and room for a value beneath.

        A well-known label, such as that of a total, may have its value in the next box.
        """
        rows = self._rows[frame]
        piece = self._pieces[rows[0][0]]
        if len(rows) > 1 or len(rows[0]) > 1 or piece.known:
            return False
        return frame.bottom - piece.bottom > _ROOM_FOR_VALUE * piece.height and label_likeness(piece) >= _LIKE_LABEL

    def _heads(self, frame: Frame) -> bool:
        """Whether a cell of one line is beneath, as beneath the heading of a column."""
        beneath = self._beneath(frame)
        if beneath is None or len(rows := self._rows[beneath]) > 1:
            return False
        piece = self._pieces[rows[0][0]]
        middle = (piece.top + piece.bottom - beneath.top - beneath.bottom) / 2
        return abs(middle) < _OFF_MIDDLE * (beneath.bottom - beneath.top)

    def _beneath(self, frame: Frame) -> Frame | None:
        """The frame beneath that is as wide."""
        slack = _SAME_SIDE * (frame.bottom - frame.top)
        first = bisect_left(self._by_top, frame.bottom - slack, key=lambda other: other.top)
        for other in islice(self._by_top, first, None):
            if other.top > frame.bottom + slack:
                break
            if _is_near(other.left, frame.left, slack) and _is_near(other.right, frame.right, slack):
                return other
        return None


def _is_near(first: float, second: float, slack: float) -> bool:
    """Whether two sides are one, or both frames are open there."""
    return first == second or abs(first - second) < slack


def _rows(pieces: Sequence[Piece], indices: Sequence[int]) -> list[list[int]]:
    """Pieces by the rows in which they stand, from the top, each from the left."""
    order = sorted(indices, key=lambda index: pieces[index].top + pieces[index].bottom)
    rows = [[order[0]]]
    for last, index in pairwise(order):
        if (pieces[index].top + pieces[index].bottom) / 2 > pieces[last].bottom:
            rows.append([])
        rows[-1].append(index)
    return [sorted(row, key=lambda index: pieces[index].left) for row in rows]
