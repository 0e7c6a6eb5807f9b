"""Puts a page's words into the cells of grids."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.page import Line, Polygon
from models.polygons import rectangle
from models.structure.result import Cell, Table, WordSpan
from models.structure.tables.geometry.frame import Frame
from models.structure.tables.geometry.grid import Grid, Slot
from models.structure.tables.geometry.words import Words
from models.structure.tables.header import header_rows_of

__all__ = ["table_of", "words_inside"]

# Equal words whose middles are nearer than this share of their height are one word that is drawn or read twice.
_SAME_PLACE = 0.4
# Words side by side have so much of their height in common.
_SIDE_BY_SIDE = 0.5


def words_inside(box: tuple[float, float, float, float], words: Words, slack: float = 0.0) -> list[int]:
    """The indices of words whose middles are in a box."""
    x, y = (words.boxes[:, 0] + words.boxes[:, 2]) / 2, (words.boxes[:, 1] + words.boxes[:, 3]) / 2
    left, top, right, bottom = box
    inside = (x >= left - slack) & (x <= right + slack) & (y >= top - slack) & (y <= bottom + slack)
    return np.flatnonzero(inside).tolist()


def table_of(grid: Grid, words: Words, members: Sequence[int], lines: Sequence[Line], frame: Frame) -> Table:
    """Make a table of a grid.

    Args:
        grid: The grid.
        words: The page's words.
        members: Indices of the table's words.
        lines: The page's lines.
        frame: The page's level frame.
    """
    place = {
        (r, c): k
        for k, s in enumerate(grid.slots)
        for r in range(s.row, s.row + s.row_span)
        for c in range(s.column, s.column + s.column_span)
    }
    xs, ys = np.array(grid.xs[1:-1]), np.array(grid.ys[1:-1])
    inside: dict[int, list[int]] = defaultdict(list)
    boxes = words.boxes[list(members)]
    columns = np.searchsorted(xs, (boxes[:, 0] + boxes[:, 2]) / 2).tolist()
    rows = np.searchsorted(ys, (boxes[:, 1] + boxes[:, 3]) / 2).tolist()
    for word, row, column in zip(members, rows, columns, strict=True):
        inside[place[row, grid.columns.get(word, column)]].append(word)
    polygons = _polygons(grid, frame)
    cells = tuple(
        Cell(
            s.row,
            s.column,
            s.row_span,
            s.column_span,
            polygon,
            *_text(inside[k], words, lines),
            s.row < grid.header_rows,
        )
        for k, (s, polygon) in enumerate(zip(grid.slots, polygons, strict=True))
    )
    if grid.is_ruled and not grid.header_rows:
        heading = header_rows_of(cells, len(grid.ys) - 1, len(grid.xs) - 1)
        cells = tuple(replace(cell, is_header=cell.row < heading) for cell in cells)
    whole = _polygon_of(frame, [_corners(grid, Slot(0, 0, len(grid.ys) - 1, len(grid.xs) - 1))])[0]
    return Table(whole, grid.confidence, len(grid.ys) - 1, len(grid.xs) - 1, cells, grid.is_ruled)


def _corners(grid: Grid, slot: Slot) -> Polygon:
    left, right = grid.xs[slot.column], grid.xs[slot.column + slot.column_span]
    top, bottom = grid.ys[slot.row], grid.ys[slot.row + slot.row_span]
    return rectangle(left, top, right, bottom)


def _polygons(grid: Grid, frame: Frame) -> list[Polygon]:
    return _polygon_of(frame, [_corners(grid, slot) for slot in grid.slots])


def _polygon_of(frame: Frame, corners: Sequence[Polygon]) -> list[Polygon]:
    points = frame.page(np.array(corners).reshape(-1, 2)).round(1).reshape(-1, 4, 2)
    return [tuple((x, y) for x, y in quad) for quad in points.tolist()]


def _once(members: Sequence[int], words: Words) -> list[int]:
    """Leave out words that are in the place of an equal one."""
    kept: dict[str, list[int]] = defaultdict(list)
    for word in sorted(members):
        slack = _SAME_PLACE * float(words.boxes[word][3] - words.boxes[word][1])
        middle = words.boxes[word].reshape(2, 2).mean(axis=0)
        others = (words.boxes[other].reshape(2, 2).mean(axis=0) for other in kept[words.texts[word]])
        if all(float(np.abs(other - middle).max()) > slack for other in others):
            kept[words.texts[word]].append(word)
    return sorted(word for same in kept.values() for word in same)


def _text(members: Sequence[int], words: Words, lines: Sequence[Line]) -> tuple[str, tuple[WordSpan, ...]]:
    """The text of a cell, and where its words are.

    A word that is drawn twice, as for bold letters, or read from a picture beneath a text layer too, counts once.
    """
    members = _once(members, words)
    if not members:
        return "", ()
    spans: list[list[int]] = []  # neighboring words of one line
    for word in sorted(members):
        if (
            spans
            and words.line[word] == words.line[spans[-1][0]]
            and words.index[word] == words.index[spans[-1][-1]] + 1
        ):
            spans[-1].append(word)
        else:
            spans.append([word])
    boxes = [words.boxes[span] for span in spans]
    tops, bottoms = [float(b[:, 1].mean()) for b in boxes], [float(b[:, 3].mean()) for b in boxes]
    order = sorted(range(len(spans)), key=lambda k: (tops[k] + bottoms[k], float(boxes[k][0, 0])))
    rows: list[list[int]] = []
    for k in order:
        if rows:
            first = rows[-1][0]
            common = min(bottoms[k], bottoms[first]) - max(tops[k], tops[first])
            if common > _SIDE_BY_SIDE * min(bottoms[k] - tops[k], bottoms[first] - tops[first]):
                rows[-1].append(k)
                continue
        rows.append([k])
    for row in rows:
        row.sort(key=lambda k: (float(boxes[k][0, 0]), k))
    text = "\n".join(" ".join(words.texts[word] for k in row for word in spans[k]) for row in rows)
    places = tuple(
        WordSpan(int(words.line[spans[k][0]]), int(words.index[spans[k][0]]), int(words.index[spans[k][-1]]) + 1)
        for row in rows
        for k in row
    )
    return text, places
