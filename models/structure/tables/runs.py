"""Finds tables by the gaps of their rows: rows between rules of one width, and rows whose gaps are above each other."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from models.structure.tables.aligned import read_grid
from models.structure.tables.cells import words_inside
from models.structure.tables.geometry.columns import parted_rows
from models.structure.tables.geometry.frame import Floats
from models.structure.tables.geometry.grid import Box, Found, clustered
from models.structure.tables.geometry.rules import Rules, rules_inside
from models.structure.tables.geometry.words import TextRow, Words, gaps_of, is_number, line_height, rows_of
from models.structure.tables.judging import is_running, is_table

__all__ = ["find_stacks", "read_runs", "read_stack"]

# In heights of a line: the least gap that may be one between columns.
_COLUMN_GAP = 0.8
# In heights of a line: the widest distance of two rows of one table.
_MOST_DISTANCE = 3.6
# Gaps of a row that are compared with those of others.
_MOST_GAPS = 64
# Rows without a gap, such as titles of sections, that may stand between two rows of a table.
_MOST_TITLES = 3
# In heights of a line: the least width of a table, how far the ends of rules of one table differ, and how high an
# empty band between its rules may be.
_LEAST_WIDTH, _SAME_ENDS, _MOST_EMPTY = 8.0, 1.5, 4.0
# The share of a table's gaps that its last rows have at least, and how far in heights of a line a rule goes beyond
# those of a part of a table.
_FEWER_GAPS, _BEYOND = 0.35, 4.0
# So many rows with few gaps at the end are notes and text beneath a table whose last rule is missing.
# A row of the table before them has at least this share of the gaps that any row has.
_LEAST_NOTES, _FULL = 3, 0.6
# Rows of headings above the first row with a gap, and how near they are in heights of a line.
_MOST_HEADINGS, _NEAR = 3, 1.0
# The least share of a higher band that its rows take.
_SPARSE = 0.3


def find_stacks(rules: Rules, words: Words, free: npt.NDArray[np.bool_]) -> list[tuple[Box, int]]:
    """Find boxes between level rules of one width, which may hold tables, and the number of these rules.

    Args:
        rules: The page's rules.
        words: The page's words.
        free: (N,), whether each word is in no table yet.
    """
    height, stacks = rules.height, []
    level = rules.level[rules.level[:, 2] - rules.level[:, 0] >= _LEAST_WIDTH * height]
    left_over = sorted(range(len(level)), key=lambda i: float(level[i, 1]))
    while left_over:
        first = left_over[0]
        alike = np.abs(level[left_over][:, [0, 2]] - level[first, [0, 2]]).max(axis=1) < _SAME_ENDS * height
        group = [i for i, flag in zip(left_over, alike.tolist(), strict=True) if flag]
        left_over = [i for i in left_over if i not in group]
        if len(group) < 2:
            continue
        left, right = float(level[group, 0].min()), float(level[group, 2].max())
        ys = clustered(level[group, 1].tolist(), 0.45 * height)
        if _goes_beyond(rules.level, (left, ys[0], right, ys[-1]), height):
            continue
        kinds, gaps = [], []
        for top, bottom in pairwise(ys):
            members = [w for w in words_inside((left, top, right, bottom), words) if free[w]]
            rows = rows_of(words, members, words.gap * height)
            kinds.append(_band_kind(rows, bottom - top, right - left, height, words.gap))
            gaps.append(max((len(row.chunks) - 1 for row in rows), default=0))
        start = 0
        while start < len(kinds):
            end = start
            while end < len(kinds) and kinds[end] >= 0:
                end += 1
            after = end
            # Notes and text in columns beneath a table have fewer gaps than its rows.
            while end > start and gaps[end - 1] < _FEWER_GAPS * max(gaps[start:end]):
                end -= 1
            if any(kind > 0 for kind in kinds[start:end]):
                stacks.append(((left, ys[start], right, ys[end]), end - start + 1))
            start = after + 1
    return stacks


def _goes_beyond(level: Floats, box: Box, height: float) -> bool:
    """Whether a rule between those of a box goes far beyond it, so that the box is a part of a table at most."""
    inside = level[(level[:, 1] > box[1] + height) & (level[:, 1] < box[3] - height)]
    common = np.minimum(inside[:, 2], box[2]) - np.maximum(inside[:, 0], box[0])
    far = np.maximum(box[0] - inside[:, 0], inside[:, 2] - box[2])
    return bool(((common > 0.5 * (box[2] - box[0])) & (far > _BEYOND * height)).any())


def read_stack(box: Box, count: int, members: list[int], words: Words, rules: Rules) -> Found | None:
    """Read the table between rules of one width.

    Args:
        box: The box that they bound.
        count: The number of these rules.
        members: Indices of the words in the box.
        words: The page's words.
        rules: The page's rules.
    """
    height = line_height(members, words, rules.height)
    rows = rows_of(words, members, words.gap * height)
    if not rows:
        return None
    most = max(len(row.chunks) - 1 for row in rows)
    end = len(rows)
    while len(rows[end - 1].chunks) - 1 < _FULL * most:
        end -= 1
    if len(rows) - end >= _LEAST_NOTES:
        rows = rows[:end]
        members = [word for row in rows for chunk in row.chunks for word in chunk.words]
        box = (*box[:3], max(chunk.bottom for row in rows for chunk in row.chunks))
    rows = parted_rows(rows, words, height)
    if not is_table(rows, count, height) or _lacks_labels(rows, box, words):
        return None
    grid = read_grid(rows, *rules_inside(box, rules), box, height)
    return None if grid is None or len(grid.ys) < 3 else (grid, members)


def _lacks_labels(rows: Sequence[TextRow], box: Box, words: Words) -> bool:
    """Whether rows begin with numbers, and have words to their left: their rules leave out the column of labels."""
    full = [row for row in rows if len(row.chunks) > 1]
    numbers = sum(is_number(row.chunks[0].text) for row in full)
    middles = (words.boxes[:, 1] + words.boxes[:, 3]) / 2
    outside = middles[words.boxes[:, 2] < box[0]]
    labeled = sum(bool(((outside > row.top) & (outside < row.bottom)).any()) for row in full)
    return bool(full) and numbers >= 0.6 * len(full) and labeled >= 0.6 * len(full)


def read_runs(members: list[int], words: Words, rules: Rules) -> list[Found]:
    """Read the tables of a block of text by the gaps of its rows.

    Args:
        members: Indices of the block's words.
        words: The page's words.
        rules: The page's rules.
    """
    rows = rows_of(words, members, words.gap * rules.height)
    reads = (_read_run(rows, run, words, rules) for run in _runs(rows, rules.height, words.gap))
    return [read for read in reads if read is not None]


def _band_kind(rows: Sequence[TextRow], high: float, wide: float, height: float, gap: float) -> int:
    """Whether what is between two rules is rows of a table (1), can be part of one (0), or can't (-1)."""
    if not rows:
        return 0 if high < _MOST_EMPTY * height else -1
    gaps = sum(bool(gaps_of(row, max(_COLUMN_GAP, gap) * height)) for row in rows)
    text = sum(is_running(row, wide) for row in rows)
    if text > max(1, 0.3 * len(rows)) and text > 0.5 * gaps:
        return -1
    if high > _MOST_EMPTY * height and sum(row.bottom - row.top for row in rows) < _SPARSE * high:
        return -1
    if not gaps and (text or len(rows) > 2):
        return -1  # notes and captions between two tables
    return int(gaps >= 0.4 * len(rows))


def _runs(rows: Sequence[TextRow], height: float, gap: float) -> list[tuple[int, int]]:
    """Runs of rows, whose gaps overlap from one to the next: the first row and the one after the last."""
    runs: list[tuple[int, int]] = []
    start, last, core = -1, -1, []  # type: int, int, list[list[tuple[float, float]]]
    for number, row in enumerate(rows):
        gaps = gaps_of(row, max(_COLUMN_GAP, gap) * height)
        if not gaps:
            continue
        if start >= 0:
            near = row.top - rows[number - 1].bottom < _MOST_DISTANCE * height
            near &= all(b.top - a.bottom < _MOST_DISTANCE * height for a, b in pairwise(rows[last : number + 1]))
            common = any(_overlap(before, gaps, 0.3 * height) for before in core[-3:])
            if near and common and number - last - 1 <= _MOST_TITLES:
                last = number
                core.append(gaps)
                continue
            runs.append((start, last + 1))
        start, last, core = number, number, [gaps]
    if start >= 0:
        runs.append((start, last + 1))
    return [run for run in runs if run[1] - run[0] >= 2]


def _read_run(rows: Sequence[TextRow], run: tuple[int, int], words: Words, rules: Rules) -> Found | None:
    height = rules.height
    first, end = run
    chunks = [chunk for row in rows[first:end] for chunk in row.chunks]
    left, right = min(c.left for c in chunks), max(c.right for c in chunks)
    top, bottom = rows[first].top, rows[end - 1].bottom
    # Rules over the width of the run: the table begins and ends with them if they are near.
    level = rules.level
    common = np.minimum(level[:, 2], right) - np.maximum(level[:, 0], left)
    wide = level[(common > 0.8 * (right - left)) & (common > 0.8 * (level[:, 2] - level[:, 0]))]
    ys = np.sort(wide[:, 1])
    above = ys[(ys < top + 0.5 * height) & (ys > top - 6 * height)]
    below = ys[(ys > bottom - 0.5 * height) & (ys < bottom + 4 * height)]
    if len(above):
        y = float(above[0])
        before = first
        while before > 0 and (rows[before - 1].top + rows[before - 1].bottom) / 2 > y:
            before -= 1
        if not any(is_running(row, right - left) for row in rows[before:first]):
            first, top = before, min(top, y)
    if len(below):
        y = float(below[0])
        after = end
        while after < len(rows) and (rows[after].top + rows[after].bottom) / 2 < y:
            after += 1
        if not any(is_running(row, right - left) for row in rows[end:after]):
            end, bottom = after, max(y, bottom)
    first = _with_headings(rows, first, end, height)
    members = [word for row in rows[first:end] for chunk in row.chunks for word in chunk.words]
    height = line_height(members, words, rules.height)
    inside = parted_rows(rows_of(words, members, words.gap * height), words, height)
    chunks = [chunk for row in inside for chunk in row.chunks]
    left, right = min(c.left for c in chunks), max(c.right for c in chunks)
    box = (left, min(top, *(c.top for c in chunks)), right, max(bottom, *(c.bottom for c in chunks)))
    count = sum(bool(box[1] - height < y < box[3] + height) for y in ys)
    if not is_table(inside, count, height):
        return None
    level_inside, upright = rules_inside(box, rules)
    grid = read_grid(inside, level_inside, upright, box, height)
    if grid is None or len(grid.ys) < 3:
        return None
    return grid, [word for chunk in chunks for word in chunk.words]


def _overlap(some: Sequence[tuple[float, float]], others: Sequence[tuple[float, float]], least: float) -> bool:
    """Whether a gap of a row overlaps one of another row by at least so much."""
    pairs = ((a, b) for a in some[:_MOST_GAPS] for b in others[:_MOST_GAPS])
    return any(min(a[1], b[1]) - max(a[0], b[0]) > least for a, b in pairs)


def _with_headings(rows: Sequence[TextRow], first: int, end: int, height: float) -> int:
    """The first row of a run, with the rows just above it that stand over its columns of values alone."""
    labels = sorted(row.chunks[0].right for row in rows[first:end] if len(row.chunks) > 1 and not _is_value(row))
    if not labels:
        return first
    start = first
    while start > max(0, first - _MOST_HEADINGS):
        above = rows[start - 1]
        if above.chunks[0].left < labels[len(labels) // 2] or rows[start].top - above.bottom > _NEAR * height:
            break
        start -= 1
    return start


def _is_value(row: TextRow) -> bool:
    return is_number(row.chunks[0].text)
