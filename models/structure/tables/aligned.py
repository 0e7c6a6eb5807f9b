"""Reads the grid of a table whose cells are told apart by the places of their words, and by rules where it has some."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from models.structure.tables.geometry.columns import column_of, find_separators, full_rows
from models.structure.tables.geometry.frame import Floats
from models.structure.tables.geometry.grid import Grid, Slot, clustered, without_overlap
from models.structure.tables.geometry.words import Chunk, TextRow, is_number
from models.structure.tables.header import header_rows, heading_spans

__all__ = ["Placed", "read_grid"]

# A rule over so much of a table's width parts its rows; an upright one over so much of its height parts its columns.
_WIDE, _TALL = 0.7, 0.5
# The usual width of a gap between two rules that are one double rule, in heights of a line.
_DOUBLE = 0.45
# The distance of two rows of one cell is at most so large a share of that of two rows of the table.
_TIGHT = 0.82
# A cell's text may reach so far over a border, in heights of a line, before it takes the next column too.
_OVER = 0.6
# The share of bands between rules that hold a single row of text if rules part the table's rows.
_SINGLE = 0.5


@dataclass(frozen=True, slots=True)
class Placed:
    """A row of text and the columns that its chunks take.

    Args:
        row: The row.
        spans: For each chunk, its first column and the one after its last.
    """

    row: TextRow
    spans: tuple[tuple[int, int], ...]

    @property
    def filled(self) -> set[int]:
        """The columns that have text."""
        return {column for first, end in self.spans for column in range(first, end)}


def read_grid(
    rows: Sequence[TextRow], level: Floats, upright: Floats, box: tuple[float, float, float, float], height: float
) -> Grid | None:
    """Read the grid of a table.

    Args:
        rows: The table's rows of text, from the top.
        level: (N, 4) left, y, right, y of its level rules.
        upright: (M, 4) x, top, x, bottom of its upright rules.
        box: Left, top, right and bottom of the table.
        height: The median height of the page's lines.

    Returns:
        The grid; None if there are no two columns.
    """
    left, top, right, bottom = box
    tall = upright[(upright[:, 3] - upright[:, 1]) >= _TALL * (bottom - top)]
    separators = _separators(rows, tall, height)
    if not separators:
        return None
    wide = level[(level[:, 2] - level[:, 0]) >= _WIDE * (right - left)]
    wide_ys = clustered(wide[:, 1].tolist(), _DOUBLE * height)
    placed = [Placed(row, tuple(_span(chunk, separators, height, row) for chunk in row.chunks)) for row in rows]
    columns = len(separators) + 1
    heading = header_rows([p.row for p in placed], [p.filled for p in placed], wide_ys, columns)
    joined = _joined_rows(placed, wide_ys, heading, height)
    partial = level[(level[:, 2] - level[:, 0]) < _WIDE * (right - left)]
    placed = heading_spans(placed, heading, partial, separators, box, height)
    joined = _header_joins(placed, joined, heading, partial)
    starts = [0, *(i + 1 for i, is_joined in enumerate(joined) if not is_joined)]
    ends = [*starts[1:], len(placed)]
    ys = [top]
    for end in ends[:-1]:
        above, below = placed[end - 1].row, placed[end].row
        middle = (above.bottom + below.top) / 2
        ys.append(min((y for y in wide_ys if _between(above, y, below)), key=lambda y: abs(y - middle), default=middle))
    ys.append(bottom)
    spans = [
        Slot(number, first, 1, end - first)
        for number, (start, stop) in enumerate(zip(starts, ends, strict=True))
        for one in placed[start:stop]
        for first, end in one.spans
        if end - first > 1
    ]
    header = sum(start < heading for start in starts)
    grid = Grid([left, *separators, right], ys, (), header, bool(len(tall) and len(wide)), 0.6)
    if grid.is_too_large:
        return grid
    return replace(grid, slots=without_overlap(len(starts), columns, spans))


def _separators(rows: Sequence[TextRow], tall: Floats, height: float) -> list[float]:
    """Separators by text, with those that upright rules give in their place."""
    separators = find_separators(rows, height)
    full = full_rows(rows)
    edges = [(chunk.left, chunk.right) for row in (full or rows) for chunk in row.chunks]
    if not edges:
        return separators
    low, high = min(e[0] for e in edges), max(e[1] for e in edges)
    for x in clustered(tall[:, 0].tolist(), _DOUBLE * height):
        if not low < x < high:
            continue
        # Strips between the texts to the left and to the right of the rule are the rule's own.
        before = max((e[1] for e in edges if (e[0] + e[1]) / 2 < x), default=low)
        after = min((e[0] for e in edges if (e[0] + e[1]) / 2 > x), default=high)
        start, end = min(before, x) - 0.1 * height, max(after, x) + 0.1 * height
        separators = [s for s in separators if not (start <= s <= end or abs(s - x) < height)]
        separators.append(x)
    return _telling(sorted(separators), rows) if len(tall) else separators


def _telling(separators: list[float], rows: Sequence[TextRow]) -> list[float]:
    """Leave out separators with text on one side only in each row, such as beside numbers at a column's right."""
    kept: list[float] = []
    columns = [{column_of(chunk, separators) for chunk in row.chunks} for row in rows]
    for number, separator in enumerate(separators):
        if any(number in row and number + 1 in row for row in columns):
            kept.append(separator)
    return kept


def _span(chunk: Chunk, separators: Sequence[float], height: float, row: TextRow) -> tuple[int, int]:
    """The columns over which a chunk reaches clearly, and in which no other chunk of its row is."""
    middle = column_of(chunk, separators)
    first, last = middle, middle
    while first > 0 and chunk.left < separators[first - 1] - _OVER * height:
        first -= 1
    while last < len(separators) and chunk.right > separators[last] + _OVER * height:
        last += 1
    for other in row.chunks:
        if other is not chunk:
            place = column_of(other, separators)
            if other.left < chunk.left:
                first = max(first, min(place + 1, middle))
            else:
                last = min(last, max(place - 1, middle))
    return first, last + 1


def _joined_rows(placed: Sequence[Placed], wide: Sequence[float], heading: int, height: float) -> list[bool]:
    """Whether each row of text, but for the last, is in one row of the table with the next one."""
    parted = [
        any(a.row.top < y < b.row.bottom and _between(a.row, y, b.row) for y in wide) for a, b in pairwise(placed)
    ]
    bands = _bands(parted)
    body = [band for band in bands if band[0] >= heading]
    # Rules part all rows: then what is between two rules is one row.
    if len(body) >= 3 and sum(b - a == 1 for a, b in body) >= _SINGLE * len(body) and len(placed) < 2.2 * len(bands):
        is_one = [True] * len(parted)
        for start, end in body:
            if end - start > 1 and _are_rows(placed[start:end]):
                is_one[start : end - 1] = [False] * (end - start - 1)
        return [one and not cut and i + 1 != heading for i, (one, cut) in enumerate(zip(is_one, parted, strict=True))]
    tight = _tight(placed, parted, heading, height)
    joined = []
    for i, (a, b) in enumerate(pairwise(placed)):
        if parted[i] or i + 1 <= heading:
            joined.append(i + 1 < heading and not parted[i])
        else:
            joined.append(tight[i] or _goes_on(a, b, placed[i + 2] if i + 2 < len(placed) else None))
    return joined


def _between(above: TextRow, y: float, below: TextRow) -> bool:
    return (above.top + above.bottom) / 2 < y < (below.top + below.bottom) / 2


def _bands(parted: Sequence[bool]) -> list[tuple[int, int]]:
    cuts = [0, *(i + 1 for i, cut in enumerate(parted) if cut), len(parted) + 1]
    return list(pairwise(cuts))


def _are_rows(placed: Sequence[Placed]) -> bool:
    """Whether rows of text between two rules are rows of the table: most have a label and values."""
    full = [p for p in placed if 0 in p.filled and sum(is_number(c.text) for c in p.row.chunks[1:]) >= 1]
    return len(full) >= 0.6 * len(placed)


def _tight(placed: Sequence[Placed], parted: Sequence[bool], heading: int, height: float) -> list[bool]:
    """Whether rows of text are closer than rows of the table are, if there are two distances in it."""
    tops = np.array([p.row.top + p.row.bottom for p in placed]) / 2
    distances = np.diff(tops)
    body = [i for i in range(heading, len(distances)) if not parted[i]]
    none = [False] * len(distances)
    if len(body) < 3:
        return none
    ordered = np.sort(distances[body])
    jumps = ordered[1:] / np.maximum(ordered[:-1], 1e-6)
    at = int(jumps.argmax())
    if ordered[at] > _TIGHT * ordered[at + 1] or ordered[at] < 0.5 * height:
        return none
    close = [i for i in body if distances[i] <= ordered[at]]
    # Groups of rows with space between them are not cells of several lines: each of their rows has a label.
    labeled = sum(_is_complete(placed[i + 1]) for i in close)
    if labeled > 0.4 * len(close):
        return none
    limit = ordered[at]
    return [i in set(close) and distances[i] <= limit for i in range(len(distances))]


def _is_complete(placed: Placed) -> bool:
    return 0 in placed.filled and len(placed.row.chunks) > 1


def _goes_on(a: Placed, b: Placed, after: Placed | None) -> bool:
    """Whether the text of the lower row goes on with that of the upper one."""
    first = b.row.chunks[0].text[:1]
    if len(b.spans) == 1 and b.filled == {0}:
        return first.islower() and 0 in a.filled
    if 0 not in b.filled:
        texts = [chunk.text for chunk in b.row.chunks]
        return b.filled <= a.filled and len(b.filled) < len(a.filled) - 1 and not all(map(is_number, texts))
    return len(a.spans) == 1 and a.filled == {0} and first.islower()


def _header_joins(placed: Sequence[Placed], joined: list[bool], heading: int, partial: Floats) -> list[bool]:
    """Part the rows of headings where a heading of several columns stands above their own ones."""
    joined = list(joined)
    for i in range(min(heading, len(placed)) - 1):
        a, b = placed[i], placed[i + 1]
        spans = [(first, end) for first, end in a.spans if end - first > 1]
        is_above = any(sum(first <= f and e <= end for f, e in b.spans) > 1 for first, end in spans)
        if is_above:
            joined[i] = False
    return joined
