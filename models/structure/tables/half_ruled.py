"""Reads a table within rules: by these, or by its words too if rules part only some of its rows and columns."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from models.structure.tables.aligned import read_grid
from models.structure.tables.geometry.columns import column_of
from models.structure.tables.geometry.grid import Box, Found, Grid, Slot
from models.structure.tables.geometry.rules import Rules, rules_inside
from models.structure.tables.geometry.words import Chunk, TextRow, Words, is_number, line_height, rows_of

__all__ = ["read_ruled"]

# The least share of a grid's cells with text: pictures have boxes that are nearly all empty. A form that is not
# filled in has headings for all of its columns, and for this share of its rows.
_LEAST_FILLED, _HEADED = 0.25, 0.8
# A blank strip of so many heights of a line parts rows of a table that no rule parts.
_BLANK = 0.6
# So many rows, and this share of them, have two texts in a column, one of which is a number, if rules part only
# some of the columns.
_LEAST_SHARED, _SHARED = 3, 0.4
# The share of a grid's rows with a cell in which no rule parts the columns, though their texts are apart.
_OPEN = 0.3


def read_ruled(box: Box, grid: Grid | None, members: list[int], words: Words, rules: Rules) -> Found | None:
    """Read a table within rules, by these or, if they part too little, by its words too."""
    if len(members) < 4:
        return None
    height = line_height(members, words, rules.height)
    if grid is None or (len(grid.slots) < 4 and not grid.is_too_large):
        return None
    if grid.is_too_large:
        return grid, members
    if not _is_filled(grid, members, words):
        return None
    rows = rows_of(words, members, words.gap * height)
    if _is_half_ruled(grid, rows, height):
        level, upright = rules_inside(box, rules)
        aligned = read_grid(rows, level, upright, box, height)
        if aligned is not None and len(aligned.xs) >= len(grid.xs):
            return replace(aligned, is_ruled=True), members
    return replace(grid, slots=_parted(grid, rows, height)), members


def _parted(grid: Grid, rows: Sequence[TextRow], height: float) -> list[Slot]:
    """Part cells over several rows that hold a number in each: the rule between them was too faint."""
    slots: list[Slot] = []
    for slot in grid.slots:
        places = range(slot.row, slot.row + slot.row_span)
        left, right = grid.xs[slot.column], grid.xs[slot.column + slot.column_span]
        inside: list[list[Chunk]] = [[]]
        if slot.row_span > 1:
            beside = [_chunks_between(rows, grid.ys[row], grid.ys[row + 1]) for row in places]
            inside = [[one for one in chunks if left < (one.left + one.right) / 2 < right] for chunks in beside]
        if all(len(one) == 1 and is_number(one[0].text) for one in inside):
            slots += [replace(slot, row=row, row_span=1) for row in places]
        else:
            slots.append(slot)
    return sorted(slots)


def _chunks_between(rows: Sequence[TextRow], top: float, bottom: float) -> list[Chunk]:
    return [chunk for row in rows for chunk in row.chunks if top < (chunk.top + chunk.bottom) / 2 < bottom]


def _is_filled(grid: Grid, members: Sequence[int], words: Words) -> bool:
    """Whether enough of a grid's cells have a word, or all columns and most rows have headings."""
    boxes = words.boxes[list(members)]
    columns = np.searchsorted(grid.xs[1:-1], (boxes[:, 0] + boxes[:, 2]) / 2)
    rows = np.searchsorted(grid.ys[1:-1], (boxes[:, 1] + boxes[:, 3]) / 2)
    taken = np.zeros((len(grid.ys) - 1, len(grid.xs) - 1), np.bool_)
    taken[rows, columns] = True
    count = sum(bool(taken[s.row : s.row + s.row_span, s.column : s.column + s.column_span].any()) for s in grid.slots)
    is_headed = taken.any(axis=0).all() and taken.any(axis=1).mean() >= _HEADED
    return count >= _LEAST_FILLED * len(grid.slots) or bool(is_headed)


def _is_half_ruled(grid: Grid, rows: Sequence[TextRow], height: float) -> bool:
    """Whether rules part only some of a table's rows or columns: places of its grid hold rows of values."""
    for top, bottom in pairwise(grid.ys):
        inside = [row for row in rows if top < (row.top + row.bottom) / 2 < bottom]
        values = [
            row
            for row in inside
            if sum(is_number(chunk.text) for chunk in row.chunks) >= max(1, 0.4 * len(row.chunks))
            and len(row.chunks) > 1
        ]
        if len(values) >= 3 and len(values) >= 0.6 * len(inside):
            return True
        parts = [0]
        for number, row in enumerate(inside):
            if number and row.top - inside[number - 1].bottom > _BLANK * height:
                parts.append(0)
            parts[-1] = max(parts[-1], len(row.chunks))
        if sum(part > 1 for part in parts) > 1:
            return True
    open_ = sum(_is_open(slot, grid, rows) for slot in grid.slots if slot.column_span > 1)
    if open_ >= _OPEN * (len(grid.ys) - 1):
        return True
    shared = 0
    for row in rows:
        places = [(column_of(chunk, grid.xs[1:-1]), is_number(chunk.text)) for chunk in row.chunks]
        shared += any(a[0] == b[0] and (a[1] or b[1]) for a, b in pairwise(places))
    return shared >= max(_LEAST_SHARED, _SHARED * len(rows))


def _is_of_values(row: TextRow) -> bool:
    """Whether much of a row is numbers."""
    return len(row.chunks) > 1 and sum(is_number(one.text) for one in row.chunks) >= max(1, 0.4 * len(row.chunks))


def _is_open(slot: Slot, grid: Grid, rows: Sequence[TextRow]) -> bool:
    """Whether a cell over several columns holds texts side by side, each of which is in one of them."""
    left, right = grid.xs[slot.column], grid.xs[slot.column + slot.column_span]
    top, bottom = grid.ys[slot.row], grid.ys[slot.row + slot.row_span]
    for row in rows:
        if top < (row.top + row.bottom) / 2 < bottom:
            inside = [chunk for chunk in row.chunks if left < (chunk.left + chunk.right) / 2 < right]
            if len({column_of(chunk, grid.xs[1:-1]) for chunk in inside}) == len(inside) > 1:
                return True
    return False
