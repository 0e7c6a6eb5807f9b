"""Pairs labels with values by where they stand and what they are.

Labels are read as people read forms: a value stands to the right of its label, in the same row, or else beneath it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from models.structure.fields.frames import Frames
from models.structure.fields.likeness import label_likeness, running_text, value_likeness
from models.structure.fields.names.known import NUMBERS, TYPE_OF_NAME
from models.structure.fields.pieces import Piece
from models.structure.fields.places import Places
from models.structure.fields.rules import Rules
from models.structure.fields.types.amounts import is_currency

__all__ = ["Pair", "find_pairs"]

# Distances are in heights of the label.
# No value is further to the right: half of a page that has 60 rows is 40 heights wide.
_FURTHEST_RIGHT = 45.0
# The sign of a currency stands so far left of its number at most, in columns of amounts.
_FURTHEST_SIGN = 8.0
# What is so close to the right of a colon is its value.
_CLOSE = 8.0
# No value is further beneath: between the lines of a form there may be a rule and some air.
_FURTHEST_BELOW = 2.5
# A value beneath begins at most so far left of its label, and so far right of it.
_MOST_TRIED = 3
# A label beneath the rule for its value stands close to it.
_FURTHEST_ABOVE = 1.0
# In a table that has rules too, texts stand above each other: a value is above only such labels as `Date` or `Name`.
_LEAST_ABOVE = 0.7
_LEFT_OF_LABEL, _RIGHT_OF_LABEL = 1.5, 6.0
_LEAST_CONFIDENCE = 0.5
# A form has columns of labels and of values: if so many pairs of two columns are surer than this, the others are surer.
_COLUMN_SURE, _LEAST_OF_COLUMN, _WORTH_OF_COLUMN = 0.6, 2, 0.25
_LEAST_LIKE_VALUE = 0.5
# With such a value to the right, no other one is looked for.
_SURE = 0.9
# Lines of one text overlap or are so close; their boxes have some air.
_LINE_GAP = 0.5
_WORD_GAP = 1.2
# Lines of one text begin in one place, and are of one height.
_ALIGNED, _SAME_HEIGHT = 0.8, 1.6
# A value of so many heights of width is running text, which goes on beneath its label.
_FLOW = 15
_MOST_LABEL_LINES, _MOST_VALUE_LINES = 3, 12
# How sure a field without a value is one, with a rule to write on, and without.
_EMPTY_ON_RULE, _EMPTY, _LEAST_EMPTY = 0.7, 0.5, 0.8
# A row with so many numbers beside a text is one of data.
_NUMBERS_OF_DATA = 3
# Upper lines of a label look so much like one.
_LEAST_LIKE_LABEL = 0.5


@dataclass(frozen=True, slots=True)
class Pair:
    """A label and its value, as indices of pieces.

    Args:
        label: Pieces of the label, in reading order.
        value: Pieces of the value, in reading order; empty if there is none.
        confidence: How sure it is that both belong together, in [0, 1].
    """

    label: tuple[int, ...]
    value: tuple[int, ...]
    confidence: float


def find_pairs(pieces: Sequence[Piece], rules: Rules) -> list[Pair]:
    """Pair labels with values.

    Args:
        pieces: The pieces of a page, in reading order.
        rules: The page's rules.

    Returns:
        Pairs by the place of their labels. A piece is in at most one pair.
    """
    if not pieces:
        return []
    return _Pairing(pieces, rules).pairs()


_Candidate = tuple[float, int, int]
"""How sure a pair is, and the indices of its label and its value."""


class _Pairing:
    """The pieces of one page, their neighbors, and what was paired."""

    def __init__(self, pieces: Sequence[Piece], rules: Rules) -> None:
        self._pieces = pieces
        self._rules = rules
        self._places = Places(pieces)
        self._frames = Frames(pieces, rules)
        self._text = running_text(pieces)
        self._labels = [
            0.0 if index in self._text else label_likeness(piece, self._frames.is_first_of_two(index))
            for index, piece in enumerate(pieces)
        ]
        self._free = [True] * len(pieces)
        self._values = [value_likeness(piece) for piece in pieces]

    def pairs(self) -> list[Pair]:
        """Take what is framed, then the surest candidates first, then the lines that labels and values go on with."""
        found = list(self._framed())
        candidates = sorted(self._with_columns(self._candidates()), key=lambda one: (-one[0], one[1], one[2]))
        chosen: list[tuple[float, int, int]] = []
        for confidence, label, value in candidates:
            if confidence >= _LEAST_CONFIDENCE and self._free[label] and self._free[value]:
                self._free[label] = self._free[value] = False
                chosen.append((confidence, label, value))
        for confidence, label, value in sorted(chosen, key=lambda one: one[1]):
            labels = self._label_lines(label)
            found.append(Pair(labels, self._value_lines(labels, value), confidence))
        found += [Pair((label,), (), confidence) for label, confidence in self._empty()]
        return sorted(found, key=lambda pair: pair.label)

    def _framed(self) -> Iterator[Pair]:
        """Boxes of a form that hold a label and beneath it the value."""
        for label, value, confidence in self._frames.fields():
            for index in (label, *value):
                self._free[index] = False
            yield Pair((label,), value, confidence)

    def _empty(self) -> Iterator[tuple[int, float]]:
        """Labels that have no value, but a colon or a rule to write on."""
        for index, piece in enumerate(self._pieces):
            if self._free[index] and self._labels[index] >= _LEAST_EMPTY and (piece.has_colon or piece.has_leader):
                yield index, _EMPTY_ON_RULE if piece.has_leader else _EMPTY

    def _label_lines(self, label: int) -> tuple[int, ...]:
        """The lines of a label, of which the last one is known: those above that begin where it does."""
        lines = [label]
        if self._pieces[label].known:
            return (label,)
        while len(lines) < _MOST_LABEL_LINES:
            piece = self._pieces[lines[0]]
            above = self._places.beneath(piece, _LINE_GAP * piece.height, is_below=False).tolist()
            if len(above) != 1 or not self._goes_on(above[0], lines[0]) or self._labels[above[0]] < _LEAST_LIKE_LABEL:
                break
            upper = self._pieces[above[0]].text
            if upper.isupper() != piece.text.isupper() or upper.endswith((".", "?", "!", ")")):
                break
            if len(self._places.beside(self._pieces[above[0]], _FURTHEST_RIGHT * piece.height)):
                break
            self._free[above[0]] = False
            lines.insert(0, above[0])
        return tuple(lines)

    def _value_lines(self, labels: tuple[int, ...], value: int) -> tuple[int, ...]:
        """The lines of a value, of which the first one is known, with what stands close to their right."""
        lines = [value]
        pieces = self._pieces
        for index in self._places.beside(pieces[value], _FURTHEST_SIGN * pieces[value].height, is_right=False).tolist()[
            :1
        ]:
            if self._free[index] and is_currency(pieces[index].text):
                self._free[index] = False
                lines.insert(0, index)
        for index in self._places.beside(pieces[value], _WORD_GAP * pieces[value].height).tolist()[:1]:
            is_more = pieces[index].value.type in ("text", "number") and not pieces[index].has_colon
            if self._free[index] and is_more and not pieces[index].known:
                self._free[index] = False
                lines.append(index)
        first, label = pieces[value], pieces[labels[-1]]
        is_beside = first.left > label.right - label.height
        is_long = first.right - first.left > _FLOW * first.height
        if first.value.type != "text":
            return tuple(lines)
        last = value
        while len(lines) < _MOST_VALUE_LINES:
            below = self._places.beneath(pieces[last], _LINE_GAP * pieces[last].height).tolist()
            if not below or not self._free[below[0]]:
                break
            index = below[0]
            piece = pieces[index]
            is_flow = is_beside and abs(piece.left - label.left) < _ALIGNED * label.height and is_long
            if not is_flow and not self._goes_on(last, index):
                break
            if piece.has_colon or piece.known or piece.has_leader:
                break
            if not is_flow and len(self._places.beside(piece, 1.0e9, is_right=False)):
                break
            self._free[index] = False
            lines.append(index)
            last = index
        return tuple(lines)

    def _goes_on(self, upper: int, lower: int) -> bool:
        """Whether two lines, one close beneath the other, may be one text."""
        first, second = self._pieces[upper], self._pieces[lower]
        height = min(first.height, second.height)
        return (
            (self._free[upper] or self._free[lower])
            and abs(first.left - second.left) < _ALIGNED * height
            and max(first.height, second.height) < _SAME_HEIGHT * height
            and not first.has_colon
        )

    def _candidates(self) -> list[_Candidate]:
        found = []
        for label, likeness in enumerate(self._labels):
            if likeness <= 0 or self._is_in_data(label):
                continue
            right = self._right_of(label)
            confidence = 0.0 if right is None else self._row_confidence(label, right)
            if right is not None and confidence > 0:
                found.append((confidence, label, right))
                if confidence > _SURE:
                    continue
            below = self._below(label)
            if below is not None and self._is_row_of_data(below) and not self._pieces[label].has_colon:
                below = None
            if below is not None and (confidence := self._below_confidence(label, below, right)) > 0:
                found.append((confidence, label, below))
            above = self._above(label)
            if above is not None and (confidence := self._above_confidence(label, above)) > 0:
                found.append((confidence, label, above))
        return found

    def _is_in_data(self, label: int) -> bool:
        """Whether a piece stands in a row of data, rather than in front of its value."""
        piece = self._pieces[label]
        return not (piece.has_colon or piece.has_leader or piece.known) and self._is_row_of_data(label)

    def _is_row_of_data(self, index: int) -> bool:
        """Whether a piece stands in a row with several numbers."""
        row = [index]
        for is_right in (True, False):
            row += self._places.beside(self._pieces[index], 1.0e9, is_right).tolist()
        return sum(_is_quantity(self._pieces[other]) for other in row) >= _NUMBERS_OF_DATA

    def _with_columns(self, candidates: list[_Candidate]) -> list[_Candidate]:
        """Trust pairs more that stand in two columns with sure ones, labels to the left and values to the right."""
        height = float(np.median([piece.height for piece in self._pieces]))

        def columns(label: int, value: int) -> tuple[int, int] | None:
            first, second = self._pieces[label], self._pieces[value]
            is_row = min(first.bottom, second.bottom) > max(first.top, second.top) and second.left > first.left
            return (round(first.left / height), round(second.left / height)) if is_row else None

        sure = Counter(columns(label, value) for confidence, label, value in candidates if confidence > _COLUMN_SURE)
        found = []
        for confidence, label, value in candidates:
            key = columns(label, value)
            if key is not None and confidence <= _COLUMN_SURE and self._values[value] >= _LEAST_LIKE_VALUE:
                near = sum(sure[key[0] + x, key[1] + y] for x in (-1, 0, 1) for y in (-1, 0, 1))
                if near >= _LEAST_OF_COLUMN:
                    confidence += _WORTH_OF_COLUMN
            found.append((confidence, label, value))
        return found

    def _right_of(self, label: int) -> int | None:
        """The next piece to the right in the same row."""
        piece = self._pieces[label]
        chosen: int | None = None
        for index in self._places.beside(piece, _FURTHEST_RIGHT * piece.height)[:_MOST_TRIED].tolist():
            other = self._pieces[index]
            if not any(map(str.isalnum, other.text)) or is_currency(other.text):
                continue
            # On a page askew, two rows may be near: the one that is more level counts.
            if chosen is None or (other.left < self._pieces[chosen].right and self._is_nearer(piece, other, chosen)):
                chosen = index
        return chosen

    def _is_nearer(self, label: Piece, other: Piece, chosen: int) -> bool:
        first = self._pieces[chosen]
        return abs(other.top + other.bottom - label.top - label.bottom) < abs(
            first.top + first.bottom - label.top - label.bottom
        )

    def _below(self, label: int) -> int | None:
        """The next piece beneath that begins where the label does, or a little to its left or right."""
        piece = self._pieces[label]
        height = piece.height
        for index in self._places.beneath(piece, _FURTHEST_BELOW * height).tolist()[:_MOST_TRIED]:
            beside = self._pieces[index].left - piece.left
            if -_LEFT_OF_LABEL * height < beside < max(_RIGHT_OF_LABEL * height, piece.right - piece.left):
                return int(index)
        return None

    def _above(self, label: int) -> int | None:
        """What is written on the rule above a label."""
        piece = self._pieces[label]
        if piece.has_colon or self._labels[label] < _LEAST_ABOVE or not self._rules:
            return None
        for index in self._places.beneath(piece, _FURTHEST_ABOVE * piece.height, is_below=False).tolist()[:_MOST_TRIED]:
            if self._has_rule_between(index, label) and not self._frames.are_parted(index, label):
                return int(index)
        return None

    def _has_rule_between(self, upper: int, lower: int) -> bool:
        first, second = self._pieces[upper], self._pieces[lower]
        left, right = max(first.left, second.left), min(first.right, second.right)
        top, bottom = first.bottom - 0.4 * first.height, second.top + 0.4 * second.height
        return any(True for _ in self._rules.between(top, bottom, left, right))

    def _row_confidence(self, label: int, value: int) -> float:
        first, second = self._pieces[label], self._pieces[value]
        worth = self._values[value]
        if worth == 0:
            return 0.0
        distance = 0.006 * self._gap(label, value)
        if first.has_colon or second.follows_colon:
            return 0.95 - distance - (0.4 if worth < 0.5 else 0)
        if first.has_leader:
            return (0.9 if worth >= 0.5 else 0.0) - distance
        if value in self._text:
            return 0.0
        fit = self._type_fit(first, second)
        return 0.45 * self._labels[label] + 0.4 * worth + fit - distance

    def _gap(self, label: int, value: int) -> float:
        """How far a value is to the right of its label, in heights."""
        first, second = self._pieces[label], self._pieces[value]
        return max(second.left - first.right, 0.0) / first.height

    def _below_confidence(self, label: int, value: int, right: int | None) -> float:
        first, second = self._pieces[label], self._pieces[value]
        worth = self._values[value]
        if worth == 0:
            return 0.0
        gap = (second.top - first.bottom) / first.height
        beside = abs(second.left - first.left) / first.height
        distance = 0.05 * max(gap, 0.0) + 0.02 * beside
        if first.has_colon:
            is_beside = right is not None and self._values[right] > 0 and self._gap(label, right) < _CLOSE
            return 0.8 - distance - (0.4 if worth < 0.5 else 0) - (0.25 if is_beside else 0)
        if first.has_leader:
            return (0.6 if worth >= 0.5 else 0.0) - distance
        if value in self._text or self._has_rule_between(label, value) or self._frames.are_text(label, value):
            return 0.0
        fit = self._type_fit(first, second)
        return 0.4 * self._labels[label] + 0.3 * worth + fit - distance

    def _above_confidence(self, label: int, value: int) -> float:
        first, second = self._pieces[label], self._pieces[value]
        if not second.is_on_rule:
            return 0.0
        return 0.4 * self._labels[label] + 0.3 * self._values[value] + self._type_fit(first, second) + 0.15

    @staticmethod
    def _type_fit(label: Piece, value: Piece) -> float:
        expected = TYPE_OF_NAME.get(label.known or "")
        if expected is None:
            return -0.15 if label.known in NUMBERS and not any(map(str.isdigit, value.text)) else 0.0
        return 0.1 if value.value.type == expected or value.value.type == "number" else -0.15


def _is_quantity(piece: Piece) -> bool:
    """Whether a piece is a number, or has one in front, as `3 pcs.` has."""
    return piece.value.type in ("amount", "number") or (piece.value.type == "text" and piece.text[0].isdecimal())
