"""Puts the lines of a region into rows, from the top, each row from the left.

Of two lines that overlap from side to side, the upper one always comes first. So a number that is centered beside the
two lines of a table's cell neither parts nor swaps them.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from models.columns import Boxes

__all__ = ["Row", "find_rows"]

Row = list[int]

# The share of its height that a line has in common with another one of its row, and with one of two lines that it is
# centered beside.
_ROW_OVERLAP, _CELL_OVERLAP = 0.5, 0.25
# Quads are larger than their text. If lines have so much of their height in common, they stand side by side even if
# their quads overlap by this share of a line's height and of the shorter one's length.
_SIDE_BY_SIDE = 0.7
_NEIGHBORS, _NEIGHBORS_LENGTH = 0.8, 0.5
# In heights of a line: how far what is centered beside a cell may be from the cell's middle, and by how much more a
# table's rows are apart than the lines of a cell.
_CENTERED, _ROWS_APART = 0.3, 0.15
# An initial is at least so many lines high and at most so many times as wide; in heights of a line, how far its quad
# reaches into the lines beside it, and how far it is from them.
_INITIAL, _WIDEST_INITIAL = 1.4, 1.7
_INITIAL_OVERLAP, _INITIAL_AWAY = 0.5, 1.5
# A cell with more lines is rare. Two lists whose rows are half a line apart have more.
_MOST_CELL_LINES = 4
# A larger group is not one row of a table, and finding its cells would take long. A line is compared with so many lines
# of a row, the last ones, or thousands of lines at one place would take minutes.
_MOST_GROUP = 60


def find_rows(boxes: Boxes) -> list[Row]:
    """Put boxes into rows.

    Args:
        boxes: Boxes of the lines of one region.

    Returns:
        Rows of indices into `boxes`, in reading order. The cells of a table's row may have several lines if others are
        centered beside them; such a row is read cell by cell.
    """
    boxes = _with_initials_lowered(boxes)
    places = _Places(boxes.left.tolist(), boxes.top.tolist(), boxes.right.tolist(), boxes.bottom.tolist())
    groups = _groups(places, np.lexsort((boxes.left, boxes.top, (boxes.top + boxes.bottom) / 2)).tolist())
    tops = [min(places.top[i] for i in group) for group in groups]
    bottoms = [max(places.bottom[i] for i in group) for group in groups]
    rows: list[Row] = []
    for group, top, bottom, above, below in zip(
        groups, tops, bottoms, [-math.inf, *bottoms], [*tops[1:], math.inf], strict=False
    ):
        if len(group) == 1:
            rows.append(group)
            continue
        is_cells = _is_row_of_cells(places, group, min(top - above, below - bottom))
        parts = [group] if is_cells else _parted(places, group)
        rows += [[index for cell in places.cells(part) for index in cell] for part in parts]
    return rows


def _with_initials_lowered(boxes: Boxes) -> Boxes:
    """Boxes in which an initial as high as several lines of its paragraph is only as high as the first of them."""
    top, bottom = boxes.top.copy(), boxes.bottom.copy()
    high, wide, middle = bottom - top, boxes.right - boxes.left, (top + bottom) / 2
    usual = median(high.tolist())
    for initial in np.flatnonzero((high > _INITIAL * usual) & (wide < _WIDEST_INITIAL * high)):
        away = (boxes.left - boxes.right[initial]) / usual
        begins = (away > -_INITIAL_OVERLAP) & (away < _INITIAL_AWAY) & (high < high[initial] / _INITIAL)
        is_beside = (middle > boxes.top[initial] - usual / 2) & (middle < boxes.bottom[initial])
        lines = np.flatnonzero(begins & is_beside)
        if len(lines) < 2 or np.ptp(boxes.left[lines]) > usual:
            continue
        first = lines[np.argmin(boxes.top[lines])]
        # Nothing that stands above the initial's middle may change places with it.
        shared = np.minimum(boxes.right, boxes.right[initial]) - np.maximum(boxes.left, boxes.left[initial])
        passed = (shared > usual / 2) & (middle >= middle[first]) & (middle <= middle[initial])
        if passed.sum() == 1:
            top[initial], bottom[initial] = boxes.top[first], boxes.bottom[first]
    return Boxes(boxes.left, top, boxes.right, bottom)


@dataclass(frozen=True, slots=True)
class _Places:
    """Boxes as lists, whose elements are read faster one by one."""

    left: list[float]
    top: list[float]
    right: list[float]
    bottom: list[float]

    def middle(self, lines: Row) -> float:
        """The middle between the upper and the lower end of lines."""
        return (min(self.top[i] for i in lines) + max(self.bottom[i] for i in lines)) / 2

    def beside(self, one: int, other: int) -> float:
        """The share of the lower line's height that two lines have in common; negative if there is a gap."""
        shared = min(self.bottom[one], self.bottom[other]) - max(self.top[one], self.top[other])
        return shared / max(min(self.bottom[one] - self.top[one], self.bottom[other] - self.top[other]), 1e-6)

    def are_stacked(self, one: int, other: int) -> bool:
        """Whether one of two lines stands above the other."""
        shared = min(self.right[one], self.right[other]) - max(self.left[one], self.left[other])
        if shared <= 0 or self.beside(one, other) < _SIDE_BY_SIDE:
            return shared > 0
        height = min(self.bottom[one] - self.top[one], self.bottom[other] - self.top[other])
        length = min(self.right[one] - self.left[one], self.right[other] - self.left[other])
        return shared > min(_NEIGHBORS * height, _NEIGHBORS_LENGTH * length)

    def cells(self, lines: Row) -> list[Row]:
        """Part lines into cells, from the left. The lines of a cell stand above each other, and are in that order."""
        cells: list[Row] = []
        ends: list[float] = []  # the right end of each cell
        for line in sorted(lines, key=lambda i: (self.left[i], self.top[i])):
            joined, end = [line], self.right[line]
            for at in range(len(cells) - 1, -1, -1):
                if ends[at] > self.left[line] and any(self.are_stacked(line, other) for other in cells[at]):
                    joined = [*cells.pop(at), *joined]
                    end = max(end, ends.pop(at))
            cells.append(joined)
            ends.append(end)
        by_left = sorted(cells, key=lambda cell: min(self.left[i] for i in cell))
        return [sorted(cell, key=lambda i: (self.top[i] + self.bottom[i], self.left[i])) for cell in by_left]


def _groups(places: _Places, lines: Row) -> list[Row]:
    """Gather lines, in order of their middles, that are linked by what they have of their heights in common."""
    groups: list[Row] = []
    deepest = 0
    for line in lines:
        if groups and max(places.beside(line, groups[-1][-1]), places.beside(line, deepest)) >= _CELL_OVERLAP:
            groups[-1].append(line)
            deepest = max(deepest, line, key=places.bottom.__getitem__)
        else:
            groups.append([line])
            deepest = line
    return groups


def _is_row_of_cells(places: _Places, group: Row, apart: float) -> bool:
    """Whether one cell has several lines, nearer to each other than to other rows, and another is centered beside it.

    Args:
        places: Places of the lines.
        group: The lines, in order of their middles.
        apart: The distance of other rows, in pixels.
    """
    if len(group) > _MOST_GROUP:
        return False
    cells = places.cells(group)
    largest = max(cells, key=len)
    if not 1 < len(largest) <= _MOST_CELL_LINES:
        return False
    height = min(places.bottom[i] - places.top[i] for i in largest)
    gaps = [places.top[below] - places.bottom[above] for above, below in pairwise(largest)]
    return max(gaps) + _ROWS_APART * height < apart and any(
        abs(places.middle(cell) - places.middle(largest)) <= _CENTERED * height
        for cell in cells
        if len(cell) < len(largest)
    )


def _parted(places: _Places, group: Row) -> list[Row]:
    """Part a group into rows in which no line stands above another."""
    rows: list[Row] = []
    for line in group:
        # Each line is compared with the row's last one, so that a photographed row may rise or fall.
        if rows and places.beside(line, rows[-1][-1]) >= _ROW_OVERLAP and not _is_below(places, line, rows[-1]):
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _is_below(places: _Places, line: int, row: Row) -> bool:
    others = row[-_MOST_GROUP:]
    return any(places.are_stacked(line, other) and places.beside(line, other) < _SIDE_BY_SIDE for other in others)
