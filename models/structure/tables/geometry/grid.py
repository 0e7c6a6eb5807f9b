"""The grid of a table in the level frame, before its words are in its cells."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = ["MOST_CELLS", "Box", "Found", "Grid", "Slot", "clustered", "without_overlap"]


MOST_CELLS = 10_000
"""A table of more cells is not read: a page of the smallest print has some 5,000."""


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """The place of a cell: its first row and column, and how many of them it takes."""

    row: int
    column: int
    row_span: int = 1
    column_span: int = 1


@dataclass(frozen=True, slots=True)
class Grid:
    """A table's grid.

    Args:
        xs: The columns' borders from the left, one more than columns.
        ys: The rows' borders from the top, one more than rows.
        slots: The cells. Together they cover the grid, and none covers another.
        header_rows: Rows at the top that are headings.
        is_ruled: Whether rules parted its cells.
        confidence: How sure it is, in [0, 1].
        columns: The columns of words that may reach over a border, by their indices.
    """

    xs: Sequence[float]
    ys: Sequence[float]
    slots: Sequence[Slot] = field(default=())
    header_rows: int = 0
    is_ruled: bool = False
    confidence: float = 0.5
    columns: Mapping[int, int] = field(default_factory=dict)

    @property
    def is_too_large(self) -> bool:
        """Whether it has more than `MOST_CELLS` places; then it has no cells."""
        return (len(self.xs) - 1) * (len(self.ys) - 1) > MOST_CELLS

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        return self.xs[0], self.ys[0], self.xs[-1], self.ys[-1]


Box = tuple[float, float, float, float]
"""Left, top, right and bottom in the level frame."""

Found = tuple[Grid, list[int]]
"""The grid of a table, and indices of its words."""


def clustered(values: Iterable[float], apart: float) -> list[float]:
    """The means of groups of values that are at most `apart` from their neighbors."""
    groups: list[list[float]] = []
    for value in sorted(values):
        if groups and value - groups[-1][-1] <= apart:
            groups[-1].append(value)
        else:
            groups.append([value])
    return [sum(group) / len(group) for group in groups]


def without_overlap(rows: int, columns: int, joined: Iterable[Slot]) -> list[Slot]:
    """Cover a grid with cells: joined ones grow until none overlaps another, and single ones fill the rest.

    Args:
        rows: Number of rows.
        columns: Number of columns.
        joined: Cells of more than one place; they may overlap.
    """
    owner = np.full((rows, columns), -1)
    kept: list[Slot] = []
    for slot in joined:
        while (others := np.unique(_place(owner, slot)))[-1] >= 0:
            for other in others[others >= 0].tolist():
                _place(owner, kept[other])[:] = -1
                slot = _around(slot, kept[other])
        _place(owner, slot)[:] = len(kept)
        kept.append(slot)
    single = [Slot(r, c) for r, c in np.argwhere(owner < 0).tolist()]
    return sorted([*(kept[i] for i in np.unique(owner[owner >= 0]).tolist()), *single])


def _place(owner: npt.NDArray[np.intp], slot: Slot) -> npt.NDArray[np.intp]:
    return owner[slot.row : slot.row + slot.row_span, slot.column : slot.column + slot.column_span]


def _around(a: Slot, b: Slot) -> Slot:
    row, column = min(a.row, b.row), min(a.column, b.column)
    bottom = max(a.row + a.row_span, b.row + b.row_span)
    right = max(a.column + a.column_span, b.column + b.column_span)
    return Slot(row, column, bottom - row, right - column)
