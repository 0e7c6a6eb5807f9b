"""Finds columns of running text on a page, by the empty strip between two of them.

Recursive XY-cut (Nagy and Seth 1984) takes any wide gap for a border of columns, and tears the rows of tables and
receipts apart. Here a strip counts only if lines of running text stand on both sides of it: several long lines, most
of them as wide as their column.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Boxes", "Gutter", "cut_columns", "find_gutter"]

Floats = npt.NDArray[np.float64]
Cells = npt.NDArray[np.bool_]

# Cells of the grid in a line's height, across and down. However large the page, the grid has no more cells each way.
_CELLS_X, _CELLS_Y = 8, 4
_MOST_CELLS = 512
# Quads are somewhat larger than their text and touch the quads beneath them, so only the middle of each counts.
_INSET_X, _INSET_Y = 0.3, 0.3
# In heights of a line: the narrowest gutter, and the least width of a line of running text (about 14 letters). A
# narrower column, such as notes in a margin, counts beside a wide one if it has more lines.
_NARROWEST_GUTTER = 0.35
_LEAST_LINE, _LEAST_NOTE, _WIDE_LINE = 7.0, 6.0, 12.0
# Fewer lines beside each other are read across: most of them are addresses, dates and cells of forms.
_LEAST_LINES, _LEAST_NOTE_LINES = 4, 6
# The share of its column that the median line of running text fills. Lines of tables and forms fill less.
_FILLED = 0.72
# The share that the median line of justified text fills.
_FLUSH = 0.95
# A gap of up to so many heights does not end a line.
_WORD_GAP = 1.0
# A gap so many heights wider than is usual between lines parts two blocks. A gap of so many heights in all parts
# columns from a page's head or foot, from notes, or from a heading.
_LOOSE, _FAR = 0.35, 1.5
# If all text to the right of a strip's end begins so many heights away, the strip does not belong to that text.
_PASSED = 3.0
_CANDIDATES = 12


@dataclass(frozen=True, slots=True)
class Boxes:
    """Upright boxes of lines in the leveled page: (K,) float64 each."""

    left: Floats
    top: Floats
    right: Floats
    bottom: Floats

    def of(self, indices: npt.NDArray[np.intp]) -> "Boxes":
        """The boxes at these indices."""
        return Boxes(self.left[indices], self.top[indices], self.right[indices], self.bottom[indices])

    def __len__(self) -> int:
        return len(self.left)


@dataclass(frozen=True, slots=True)
class Gutter:
    """An empty strip between two columns.

    Args:
        x: The middle of the strip, in pixels of the leveled page, as the others are.
        top: The strip's upper end.
        bottom: The strip's lower end.
    """

    x: float
    top: float
    bottom: float


def cut_columns(boxes: Boxes, most: int) -> tuple[list[npt.NDArray[np.intp]], list[Gutter]]:
    """Cut a page into columns and the text between them.

    Args:
        boxes: Boxes of the lines of a page, all of which run to the right.
        most: The greatest number of parts.

    Returns:
        Indices of the lines of each part, in reading order, and the gutters between them.
    """
    found: list[npt.NDArray[np.intp]] = []
    gutters: list[Gutter] = []
    waiting = [np.arange(len(boxes))]  # a stack: the next to be read is its last
    while waiting:
        part = waiting.pop()
        own = boxes.of(part)
        gutter = find_gutter(own) if len(found) + len(waiting) < most else None
        if gutter is None:
            found.append(part)
            continue
        gutters.append(gutter)
        middle_x, middle_y = (own.left + own.right) / 2, (own.top + own.bottom) / 2
        above, below = middle_y < gutter.top, middle_y >= gutter.bottom
        is_left = middle_x < gutter.x
        parts = (part[above], part[~above & ~below & is_left], part[~above & ~below & ~is_left], part[below])
        waiting += [one for one in reversed(parts) if len(one)]
    return found, gutters


def find_gutter(boxes: Boxes) -> Gutter | None:
    """Find the strip that parts columns of running text; of several, the one with most lines on both sides.

    Args:
        boxes: Boxes of the lines of one region.

    Returns:
        The strip; None if the region is one column, or a table.
    """
    if len(boxes) < 2 * _LEAST_LINES:
        return None
    ends, starts = np.partition(boxes.right, _LEAST_LINES), np.partition(boxes.left, -_LEAST_LINES)
    if ends[_LEAST_LINES - 1] >= starts[-_LEAST_LINES]:
        return None  # no place has enough lines on both sides, as in a single column; the search below is slow
    grid = _Grid.of(boxes)
    if grid is None:
        return None
    for candidate in _candidates(grid, boxes):
        # A strip so near to an edge leaves no room for a column; on receipts this spares most of the work below.
        beside = min(candidate.left, grid.covered.shape[1] - candidate.left - candidate.width) + 1
        strip = _trimmed(grid, candidate) if beside >= _LEAST_NOTE * grid.line_x else None
        if strip is None:
            continue
        at_left = _text_width(grid, strip, -1)
        if at_left < _LEAST_NOTE:
            continue
        narrow, wide = sorted((at_left, _text_width(grid, strip, 1)))
        is_note = wide >= _WIDE_LINE and _line_count(grid, strip) >= _LEAST_NOTE_LINES - 0.5
        if narrow >= (_LEAST_NOTE if is_note else _LEAST_LINE):
            return Gutter(
                grid.left + (strip.left + strip.width / 2) * grid.cell_x,
                grid.top + strip.top * grid.cell_y,
                grid.top + strip.bottom * grid.cell_y,
            )
    return None


@dataclass(frozen=True, slots=True)
class _Grid:
    """The cells of a region that lines cover, (rows, columns), and the size of a cell in pixels.

    `line_x` and `line_y` are a line's height in cells, across and down; `core_y` is the part of it that covers cells.
    """

    covered: Cells
    left: float
    top: float
    cell_x: float
    cell_y: float
    line_x: float
    line_y: float

    @property
    def core_y(self) -> float:
        return self.line_y * (1 - 2 * _INSET_Y) + 1  # the cells that an interval touches, on average

    @classmethod
    def of(cls, boxes: Boxes) -> "_Grid | None":
        thickness = boxes.bottom - boxes.top
        height = median(thickness.tolist())
        left, top = float(boxes.left.min()), float(boxes.top.min())
        width, depth = float(boxes.right.max()) - left, float(boxes.bottom.max()) - top
        if not (height > 0 and np.isfinite(width + depth)):
            return None
        cell_x, cell_y = max(height / _CELLS_X, width / _MOST_CELLS), max(height / _CELLS_Y, depth / _MOST_CELLS)
        inset_x = np.minimum(_INSET_X * thickness, (boxes.right - boxes.left) / 3)
        x0 = ((boxes.left + inset_x - left) / cell_x).astype(np.intp)
        x1 = ((boxes.right - inset_x - left) / cell_x).astype(np.intp) + 1
        y0 = ((boxes.top + _INSET_Y * thickness - top) / cell_y).astype(np.intp)
        y1 = ((boxes.bottom - _INSET_Y * thickness - top) / cell_y).astype(np.intp) + 1
        edges = np.zeros((int(y1.max()) + 1, int(x1.max()) + 1), dtype=np.int32)
        for y, x, step in ((y0, x0, 1), (y1, x1, 1), (y0, x1, -1), (y1, x0, -1)):
            np.add.at(edges, (y, x), step)
        covered = edges.cumsum(axis=0, out=edges).cumsum(axis=1, out=edges)[:-1, :-1] > 0
        return cls(covered, left, top, cell_x, cell_y, height / cell_x, height / cell_y)


@dataclass(frozen=True, slots=True)
class _Strip:
    """An empty part of the grid: columns from `left`, rows from `top` up to `bottom`."""

    left: int
    width: int
    top: int
    bottom: int


def _candidates(grid: _Grid, boxes: Boxes) -> Iterator[_Strip]:
    """Empty strips with enough lines on both sides, those with most lines first."""
    rows, columns = grid.covered.shape
    # A strip is wide enough if the cells beside it are empty too.
    reach = max(0, round((_NARROWEST_GUTTER * grid.line_x - 1) / 2))
    covered = grid.covered.copy()
    for shift in range(1, reach + 1):
        covered[:, shift:] |= grid.covered[:, :-shift]
        covered[:, :-shift] |= grid.covered[:, shift:]
    framed = np.ones((columns, rows + 2), dtype=np.int8)
    framed[:, 1:-1] = covered.T
    change = np.diff(framed, axis=1)
    x, first = np.nonzero(change == -1)
    _, end = np.nonzero(change == 1)
    tall = end - first >= _LEAST_LINES * grid.line_y
    x, first, end = x[tall], first[tall], end[tall]
    # How many lines have their middle left of a column and above a row.
    middle_x = (((boxes.left + boxes.right) / 2 - grid.left) / grid.cell_x).astype(np.intp)
    middle_y = (((boxes.top + boxes.bottom) / 2 - grid.top) / grid.cell_y).astype(np.intp)
    if not len(x):
        return
    counts = np.zeros((rows + 1, columns + 1), dtype=np.int32)
    np.add.at(counts, (middle_y.clip(0, rows - 1) + 1, middle_x.clip(0, columns - 1) + 1), 1)
    counts = counts.cumsum(axis=0, out=counts).cumsum(axis=1, out=counts)
    at_left = counts[end, x] - counts[first, x]
    at_right = counts[end, -1] - counts[first, -1] - at_left
    enough = (at_left >= _LEAST_LINES) & (at_right >= _LEAST_LINES)
    # Columns of the grid side by side that part the same lines are one strip.
    found: dict[tuple[int, int, int, int], list[int]] = {}
    keys = zip(*(values[enough].tolist() for values in (first, end, at_left, at_right, x)), strict=True)
    for top, bottom, before, behind, column in keys:
        found.setdefault((top, bottom, before, behind), [column, column])[1] = column
    best = sorted(found.items(), key=lambda item: (-min(item[0][2:]), item))
    for (top, bottom, _, _), (low, high) in best[:_CANDIDATES]:
        yield _Strip(low - reach, high - low + 1 + 2 * reach, top, bottom)


def _trimmed(grid: _Grid, strip: _Strip) -> _Strip | None:
    """Cut headings, page numbers and the like off the ends of a strip. Returns None if no columns are left."""
    sides = _sides(grid, strip)
    has_text: Cells = np.asarray(sides.any(axis=0))
    blocks = _blocks(has_text, grid)
    if not blocks:
        return None
    lines = [sides[:, top:bottom].sum(axis=1) / grid.core_y for top, bottom in blocks]
    # Columns begin at their left edge: text that begins far to the right of the strip belongs to another column.
    begins = grid.covered[strip.top : strip.bottom, strip.left + strip.width :].argmax(axis=1) / grid.line_x
    is_passed = [
        sides[1, top:bottom].any() and begins[top:bottom][sides[1, top:bottom]].min() > _PASSED
        for top, bottom in blocks
    ]
    gaps = [(after[0] - before[1]) / grid.line_y > _FAR for before, after in pairwise(blocks)]
    first, last = 0, len(blocks) - 1
    while first < last and (is_passed[first] or (gaps[first] and _is_loose(lines[first]))):
        first += 1
    while first < last and (is_passed[last] or (gaps[last - 1] and _is_loose(lines[last]))):
        last -= 1
    top, bottom = blocks[first][0], blocks[last][1]
    # Columns stand side by side, not one beneath the other.
    at = [np.flatnonzero(side[top:bottom]) for side in sides]
    if not (len(at[0]) and len(at[1])):
        return None
    common = slice(top + max(rows[0] for rows in at), top + min(rows[-1] for rows in at) + 1)
    if (sides[:, common].sum(axis=1) < (_LEAST_LINES - 0.5) * grid.core_y).any():
        return None
    return _Strip(strip.left, strip.width, strip.top + top, strip.top + bottom)


def _sides(grid: _Grid, strip: _Strip) -> Cells:
    """Flags (2, rows of the strip): whether a row has text to the left and to the right of the strip."""
    part = grid.covered[strip.top : strip.bottom]
    return np.stack([part[:, : max(strip.left, 0)].any(axis=1), part[:, strip.left + strip.width :].any(axis=1)])


def _line_count(grid: _Grid, strip: _Strip) -> float:
    """Count the lines beside a strip, on the side that has fewer."""
    return float(_sides(grid, strip).sum(axis=1).min() / grid.core_y)


def _blocks(has_text: Cells, grid: _Grid) -> list[tuple[int, int]]:
    """Runs of rows with text, as (first, last + 1). A gap wider than is usual between lines ends a run."""
    rows = np.flatnonzero(has_text)
    gaps = np.diff(rows) - 1
    wide = gaps[gaps > 0].tolist()
    usual = float(median(wide)) if wide else 0.0
    borders = np.flatnonzero(gaps > usual + _LOOSE * grid.line_y)
    first, last = np.concatenate([rows[:1], rows[borders + 1]]), np.concatenate([rows[borders], rows[-1:]])
    return list(zip(first.tolist(), (last + 1).tolist(), strict=True))


def _is_loose(lines: Floats) -> bool:
    """Whether a distant block at an end of a strip is not part of the columns, judged by its lines on each side."""
    return float(lines.max()) <= (3.5 if float(lines.min()) == 0 else 1.5)


def _text_width(grid: _Grid, strip: _Strip, side: int) -> float:
    """The width of the column beside a strip, in heights of a line; 0 if its lines fill less than running text does."""
    rows = grid.covered[strip.top : strip.bottom]
    part = rows[:, max(strip.left, 0) :: -1] if side < 0 else rows[:, strip.left + strip.width - 1 :]
    part = part[part.any(axis=1)]
    # A gap as wide as the strip ends a line, or the words of a table would make up lines. Beside two columns, one of
    # which is shorter, only their gutter shows where lines end.
    columns = np.arange(part.shape[1], dtype=np.int16)
    # The last covered cell at or before each cell, which tells how wide the gap there is.
    last = np.maximum.accumulate(np.where(part, columns, np.int16(-1)), axis=1)
    narrowest = round(_NARROWEST_GUTTER * grid.line_x)
    for gap in (min(round(_WORD_GAP * grid.line_x), strip.width - 2), narrowest):
        width = _column_width(part, last, columns - last > gap, _FILLED)
        if width:
            return width / grid.line_x
    # The words of justified lines may stand farther apart than the columns do, but not at the same place in each line.
    if len(part) < _LEAST_NOTE_LINES * grid.core_y:
        return 0.0
    aligned = np.ones((round(_LEAST_NOTE_LINES * grid.core_y), max(1, narrowest)), dtype=np.uint8)
    blank = cv2.morphologyEx((~part).astype(np.uint8), cv2.MORPH_OPEN, aligned)
    return _column_width(part, last, np.asarray(blank > 0), _FLUSH) / grid.line_x


def _column_width(part: Cells, last: npt.NDArray[np.int16], ends: Cells, filled: float) -> float:
    """The width of the column next to a strip, in cells; 0 if its lines fill less of it than running text does.

    Args:
        part: Rows of cells that lines cover, from the strip outwards.
        last: The last covered column at or before each cell.
        ends: The cells at which a line has ended.
        filled: The share of the column that its median line fills.
    """
    start = part.argmax(axis=1)
    ended = ends & (np.arange(part.shape[1]) > start[:, None])
    end = np.where(ended.any(axis=1), ended.argmax(axis=1), part.shape[1] - 1)
    widths = np.sort(last[np.arange(len(part)), end] + 1 - start)
    column = float(widths[int(0.9 * (len(widths) - 1))])
    return column if float(widths[len(widths) // 2]) >= filled * column else 0.0
