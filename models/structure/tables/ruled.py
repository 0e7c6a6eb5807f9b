"""Reads grids from rules: groups of rules that meet, and cells wherever a rule parts two places of their grid."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from models.structure.tables.geometry.frame import Floats
from models.structure.tables.geometry.grid import Grid, Slot, clustered, without_overlap
from models.structure.tables.geometry.rules import Rules

__all__ = ["Lattice", "find_lattices", "grid_of"]

Flags = npt.NDArray[np.bool_]

# In heights of a line: how far from a rule another one may end that meets it, and how far apart two rules are that
# are not the two edges of one thick rule or double rule.
_MEETS, _APART = 0.6, 0.45
# A strip between two rules that has no text and is thinner, in heights of a line, is the space of a double rule.
_THIN = 0.8
# Pieces so many heights of a line long are rules wherever they end.
_LONG = 3.0
# The share of a cell's side that is ruled if the side is.
_RULED_SIDE = 0.5
# In heights of a line: how far level rules go beyond the outermost upright one if the table is open at that side.
_OPEN = 1.2


@dataclass(frozen=True, slots=True)
class Lattice:
    """Rules that meet.

    Args:
        level: (N, 4) left, y, right, y.
        upright: (M, 4) x, top, x, bottom.
    """

    level: Floats
    upright: Floats

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        both = np.concatenate([self.level, self.upright])
        left, top = both[:, :2].min(axis=0).tolist()
        right, bottom = both[:, 2:].max(axis=0).tolist()
        return left, top, right, bottom


def find_lattices(rules: Rules) -> list[Lattice]:
    """Group rules that meet: at least two level ones, and an upright one."""
    near = _MEETS * rules.height
    level, upright = rules.level, rules.upright
    x, top, bottom = upright[:, 0], upright[:, 1], upright[:, 3]
    y, left, right = level[:, 1, None], level[:, 0, None], level[:, 2, None]
    meets = (x > left - near) & (x < right + near) & (y > top - near) & (y < bottom + near)
    group_level, group_upright = np.full(len(level), -1), np.full(len(upright), -1)
    found: list[Lattice] = []
    for first in range(len(level)):
        if group_level[first] >= 0:
            continue
        number = len(found)
        new: npt.NDArray[np.intp] = np.array([first])
        group_level[new] = number
        while len(new):
            met = np.flatnonzero(meets[new].any(axis=0) & (group_upright < 0))
            group_upright[met] = number
            new = np.flatnonzero(meets[:, met].any(axis=1) & (group_level < 0))
            group_level[new] = number
        found.append(Lattice(level[group_level == number], upright[group_upright == number]))
    return [lattice for lattice in found if len(lattice.level) >= 2 and len(lattice.upright)]


def grid_of(lattice: Lattice, height: float, boxes: Floats) -> Grid | None:
    """Read the grid of rules that meet.

    Args:
        lattice: The rules.
        height: The median height of the page's lines.
        boxes: (N, 4) left, top, right, bottom of its words.

    Returns:
        The grid; None if there are fewer than two rows and columns.
    """
    left, top, right, bottom = lattice.box
    lattice = _without_loose_ends(lattice, height)
    if not len(lattice.level) or not len(lattice.upright):
        return None
    xs = _borders(lattice.upright[:, 0], (left, right), height)
    ys = _borders(lattice.level[:, 1], (top, bottom), height)
    xs = _without_thin(xs, (boxes[:, 0] + boxes[:, 2]) / 2, height)
    ys = _without_thin(ys, (boxes[:, 1] + boxes[:, 3]) / 2, height)
    if len(xs) < 3 or len(ys) < 3:
        return None
    grid = Grid(xs, ys, is_ruled=True, confidence=0.9)
    if grid.is_too_large:
        return grid
    near = _APART * height
    level = _sides(lattice.level[:, [1, 0, 2]], ys, xs, near)
    upright = _sides(lattice.upright[:, [0, 1, 3]], xs, ys, near)
    return replace(grid, slots=_slots(level[1:-1], upright[1:-1].T))


def _slots(level: Flags, upright: Flags) -> list[Slot]:
    """The cells of a grid: places that no rule parts.

    Args:
        level: (rows - 1, columns), whether there is a rule beneath each place.
        upright: (rows, columns - 1), whether there is a rule to the right of each place.
    """
    rows, columns = len(upright), level.shape[1]
    open_ = np.zeros((2 * rows - 1, 2 * columns - 1), np.uint8)
    open_[::2, ::2] = 1
    open_[1::2, ::2] = ~level
    open_[::2, 1::2] = ~upright
    count, _, stats, _ = cv2.connectedComponentsWithStats(open_, connectivity=4)
    joined = [
        Slot(y // 2, x // 2, (high + 1) // 2, (wide + 1) // 2)
        for x, y, wide, high, area in stats[1:count].tolist()
        if area > 1
    ]
    return without_overlap(rows, columns, joined)


def _without_loose_ends(lattice: Lattice, height: float) -> Lattice:
    """Leave out short pieces that do not end at rules, such as parts of a circle or of a letter."""
    ys, xs = lattice.level[:, 1], lattice.upright[:, 0]
    near = _MEETS * height
    kept = []
    for ends, places in ((lattice.upright[:, [1, 3]], ys), (lattice.level[:, [0, 2]], xs)):
        distance = np.abs(ends[:, :, None] - places).min(axis=2, initial=np.inf)
        kept.append((distance < near).all(axis=1) | (ends[:, 1] - ends[:, 0] > _LONG * height))
    return Lattice(lattice.level[kept[1]], lattice.upright[kept[0]])


def _borders(values: Floats, ends: tuple[float, float], height: float) -> list[float]:
    """The places of rules, and of the open sides of a table."""
    places = clustered(values.tolist(), _APART * height)
    first = [ends[0]] if not places or places[0] - ends[0] > _OPEN * height else []
    last = [ends[1]] if not places or ends[1] - places[-1] > _OPEN * height else []
    return [*first, *places, *last]


def _without_thin(borders: list[float], middles: Floats, height: float) -> list[float]:
    """Leave out one border of each strip that is thinner than a line and has no word: the space of a double rule."""
    counts, _ = np.histogram(middles, borders) if len(borders) > 1 else (np.zeros(0), None)
    kept = borders[:1]
    for count, border in zip(counts.tolist(), borders[1:], strict=True):
        if count or border - kept[-1] >= _THIN * height:
            kept.append(border)
    return kept


def _sides(rules: Floats, across: list[float], along: list[float], near: float) -> Flags:
    """Whether each piece of each border is ruled: (borders across, pieces along)."""
    covered = np.zeros((len(across), len(along) - 1))
    starts, ends = np.array(along[:-1]), np.array(along[1:])
    places = np.array(across)
    for place, start, end in rules.tolist():
        at = int(np.abs(places - place).argmin())
        if abs(places[at] - place) <= 2 * near:
            covered[at] += np.clip(np.minimum(ends, end) - np.maximum(starts, start), 0, None)
    sides: Flags = covered >= _RULED_SIDE * (ends - starts)
    return sides
