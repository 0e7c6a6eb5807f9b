"""Tells tables from lists, running text in columns, and drawings, whose lines and labels give grids too."""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from models.structure.tables.context import fills_column
from models.structure.tables.geometry.columns import column_of, find_separators, full_rows
from models.structure.tables.geometry.frame import Floats
from models.structure.tables.geometry.grid import Grid
from models.structure.tables.geometry.words import Chunk, TextRow, Words, is_number

__all__ = ["is_drawing", "is_running", "is_table"]

# The number of a formula.
_IN_BRACKETS = re.compile(r"\(\d{1,3}\)")
# The share of a table's width that a line of running text fills.
_RUNNING = 0.6
# So many rules of one width make a table more likely than anything else.
_SURE_RULES = 3
# Prose has at least so many lines, of so many heights of a line.
_LEAST_PROSE, _LONG = 4, 14.0
# For each sign of a drawing: the value that is one of two signs, and the value that tells alone.
# The share of words that run upwards, as beside and beneath axes (a table may have some such headings).
_UPWARDS = (0.08, 0.25)
# The share of words that a border between columns crosses.
_CROSSED = (0.1, 0.3)
# Blank heights of a line in a row, beyond the distance of its lines.
_BLANK, _LINE_DISTANCE = (2.0, 3.5), 1.6
# The share of the area that is text; negative, so that more is more of a sign.
_BARE = (-0.06, -0.03)
# Heights of a line over the least width of a column: bars are narrower than a letter.
_NARROW = (1.5, 4.0)
# A word of three letters or more that runs upwards is so many times as high as wide; a border crosses a word if it is
# so many heights of a line within it.
_STEEP, _WITHIN = 1.8, 0.3


def is_drawing(grid: Grid, words: Words, members: Sequence[int]) -> bool:
    """Whether a grid is that of a drawing.

    Args:
        grid: The grid.
        words: The page's words.
        members: Indices of the words in the grid, of which there is at least one.
    """
    boxes = words.boxes[list(members)]
    wide, high = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    steep = (high > _STEEP * wide) & np.array([len(words.texts[member]) > 2 for member in members])
    height = float(np.median(np.where(steep, wide, high)))
    xs = np.array(grid.xs[1:-1])
    first = np.searchsorted(xs, boxes[:, 0] + _WITHIN * height)
    crossed = first < np.searchsorted(xs, boxes[:, 2] - _WITHIN * height)
    left, top, right, bottom = grid.box
    signs = [
        (float(steep.mean()), _UPWARDS),
        (float(crossed.mean()), _CROSSED),
        (_blank(grid, boxes, height), _BLANK),
        (-float((wide * high).sum()) / max((right - left) * (bottom - top), 1), _BARE),
        (height / max(float(np.diff(grid.xs).min()), 1e-6), _NARROW),
    ]
    return any(value > sure for value, (_, sure) in signs) or sum(value > least for value, (least, _) in signs) > 1


def _blank(grid: Grid, boxes: Floats, height: float) -> float:
    """The median blank height of the grid's rows, in heights of a line."""
    middles = (boxes[:, 1] + boxes[:, 3]) / 2
    rows = np.searchsorted(grid.ys[1:-1], middles)
    lines = [len(set(np.round(middles[rows == row] / height).tolist())) for row in range(len(grid.ys) - 1)]
    return float(np.median(np.diff(grid.ys) / height - _LINE_DISTANCE * np.array(lines)))


def is_table(rows: Sequence[TextRow], wide_rules: int, height: float) -> bool:
    """Whether rows with gaps are a table rather than a list, running text in columns, or a form."""
    full = full_rows(rows)
    separators = find_separators(rows, height)
    if not separators or len(full) < (2 if wide_rules >= _SURE_RULES else 3):
        return False
    if len(full) < 0.34 * len(rows):
        return False
    placed = [[(column_of(chunk, separators), chunk) for chunk in row.chunks] for row in rows]
    if any(_is_prose(placed, column, height, wide_rules) for column in range(len(separators) + 1)):
        return False
    if _is_text_in_columns(placed, len(separators) + 1, height):
        return False
    columns: list[list[str]] = [[] for _ in range(len(separators) + 1)]
    for row in full:
        for chunk in row.chunks:
            columns[column_of(chunk, separators)].append(chunk.text)
    filled = sum(len(texts) for texts in columns) / (len(full) * len(columns))
    if filled < 0.45 and wide_rules < _SURE_RULES:
        return False
    numbers = [sum(map(is_number, texts)) / max(1, len(texts)) for texts in columns]
    lengths = [float(np.median([len(text) for text in texts])) if texts else 0.0 for texts in columns]
    if len(columns) == 2 and lengths[0] <= 4 and wide_rules < _SURE_RULES:
        return False  # marks or numbers of a list, and its items
    if len(columns) == 2 and _are_numbers_of_formulas(columns[1]):
        return False
    if any("...." in text or ". . ." in text for texts in columns for text in texts):
        return False  # a table of contents
    if max(numbers[1:]) < 0.5 and wide_rules < _SURE_RULES:
        # Columns of words: short ones, and several of them.
        return len(columns) >= 3 and len(full) >= 3 and max(lengths) < 25
    if len(columns) == 2 and wide_rules < _SURE_RULES:
        return len(full) >= 4 and lengths[1] < 20
    return sum(length > 45 for length in lengths) <= 1


def is_running(row: TextRow, wide: float) -> bool:
    """Whether a row is a line of running text, most of the width long."""
    chunk = max(row.chunks, key=lambda one: one.right - one.left)
    return chunk.right - chunk.left > _RUNNING * wide and len(chunk.text) > 20


def _are_numbers_of_formulas(texts: Sequence[str]) -> bool:
    """Whether texts are numbers in brackets that go up by one."""
    numbers = [int(text[1:-1]) if _IN_BRACKETS.fullmatch(text) else None for text in texts]
    return all(b is not None and b - 1 == a for a, b in pairwise(numbers))


def _is_text_in_columns(placed: Sequence[Sequence[tuple[int, Chunk]]], columns: int, height: float) -> bool:
    """Whether two columns or more are running text of many lines."""
    chunks: list[list[Chunk]] = [[] for _ in range(columns)]
    for row in placed:
        for column, chunk in row:
            chunks[column].append(chunk)
    long = [own for own in chunks if len(own) > 2 * _LEAST_PROSE]
    return sum(fills_column(np.array([one.right - one.left for one in own]), height) for own in long) > 1


def _is_prose(placed: Sequence[Sequence[tuple[int, Chunk]]], column: int, height: float, wide_rules: int) -> bool:
    """Whether a column is running text: most of its lines are long and fill it, and many have nothing beside them."""
    rows = [row for row in placed if any(place == column for place, _ in row)]
    chunks = [chunk for row in rows for place, chunk in row if place == column]
    if len(chunks) < _LEAST_PROSE:
        return False
    widths = np.array([chunk.right - chunk.left for chunk in chunks])
    alone = sum(len(row) == 1 for row in rows) / len(rows)
    is_long = float((widths >= 0.85 * widths.max()).mean()) >= 0.6 and float(np.median(widths)) > _LONG * height
    return is_long and (alone > 0.25 or (len(chunks) > 2 * _LEAST_PROSE and wide_rules < _SURE_RULES))
