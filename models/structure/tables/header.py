"""Finds the rows of a table's headings, and the columns that a heading is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from models.structure.result import Cell
from models.structure.tables.geometry.frame import Floats
from models.structure.tables.geometry.words import TextRow, is_number

if TYPE_CHECKING:
    from models.structure.tables.aligned import Placed

__all__ = ["header_rows", "header_rows_of", "heading_spans"]

# Headings have at most so many rows of text, and at most this share of a table's rows.
_MOST_ROWS, _MOST_SHARE = 7, 0.6
# A heading has at most so many words, where only its place tells that it is one.
_MOST_WORDS = 6
# The share of its width, and the heights of a line, by which a heading may be off the middle of its columns.
_OFF_SHARE, _OFF = 0.06, 0.6
# A rule is that of the heading above if it is at most so many heights of a line beneath it.
_BENEATH = 0.9


def header_rows(rows: Sequence[TextRow], filled: Sequence[set[int]], wide: Sequence[float], columns: int) -> int:
    """Count the rows of text at a table's top that are headings.

    Args:
        rows: The table's rows of text.
        filled: The columns that have text in each row.
        wide: y of rules over the table's width, from the top.
        columns: Number of columns.
    """
    most = min(_MOST_ROWS, int(_MOST_SHARE * len(rows)))
    for y in wide:
        above = sum((row.top + row.bottom) / 2 < y for row in rows)
        if 0 < above <= most and max(len(filled[i]) for i in range(above)) >= min(2, columns - 1):
            return above
        if above > most:
            break
    for number, row in enumerate(rows[: most + 1]):
        values = [
            is_number(chunk.text) and not _is_year(chunk.text) for chunk in row.chunks if column_of_first(chunk, row)
        ]
        if len(row.chunks) > 1 and values and sum(values) >= 0.5 * len(values):
            return number
    return 0


def header_rows_of(cells: Sequence[Cell], rows: int, columns: int) -> int:
    """Count the rows of cells at the top of a ruled table that are headings.

    A heading over several columns stands above theirs, beside one that is as high as both. Else they stand above rows
    of numbers. In a table without numbers, the first row is one of headings if there are several columns, each of which
    has a short text there; of two columns, the first mostly has labels.

    Args:
        cells: The table's cells with their texts.
        rows: Number of rows.
        columns: Number of columns.
    """
    values: list[list[str]] = [[] for _ in range(rows)]
    for cell in cells:
        if cell.column:  # the first column has labels
            values[cell.row].append(cell.text)
    most = min(_MOST_ROWS, int(_MOST_SHARE * rows))
    for number in range(most + 1):
        filled = [text for text in values[number] if text]
        numbers = sum(is_number(text) and not _is_year(text) for text in filled)
        if numbers and numbers >= 0.5 * len(filled):
            return number
    first = [cell.text for cell in cells if cell.row == 0]
    high = next((cell.row_span for cell in cells if cell.row == cell.column == 0), 1)
    if 1 < high <= most and any(cell.column_span > 1 for cell in cells if cell.row == 0):
        return high
    is_heading = len(first) == columns > 2 and most > 0 and all(0 < len(text.split()) <= _MOST_WORDS for text in first)
    return int(is_heading)


def column_of_first(chunk: object, row: TextRow) -> bool:
    """Whether a chunk is not the first of its row, which is a label."""
    return chunk is not row.chunks[0]


def _is_year(text: str) -> bool:
    digits = text.strip("*().,")
    return len(digits) == 4 and digits.isdigit() and digits[:2] in ("18", "19", "20", "21")


def heading_spans(
    placed: Sequence[Placed],
    heading: int,
    partial: Floats,
    separators: Sequence[float],
    box: tuple[float, float, float, float],
    height: float,
) -> list[Placed]:
    """Widen headings to all columns that they are for: those over their rule, or those they are in the middle of.

    Args:
        placed: The table's rows of text, with the columns of their chunks.
        heading: The number of rows of text that are headings.
        partial: (N, 4) left, y, right, y of rules over some columns.
        separators: x between columns.
        box: Left, top, right and bottom of the table.
        height: The median height of the page's lines.
    """
    borders = [box[0], *separators, box[2]]
    result = list(placed)
    for number in range(min(heading, len(placed)) - 1):
        one = result[number]
        spans = list(one.spans)
        for k, chunk in enumerate(one.row.chunks):
            low = spans[k - 1][1] if k else 0
            high = one.spans[k + 1][0] if k + 1 < len(spans) else len(borders) - 1
            by_rule = _by_rule(chunk.left, chunk.right, one.row.bottom, partial, borders, height)
            if by_rule is None:
                by_rule = _by_middle((chunk.left + chunk.right) / 2, spans[k], (low, high), result[number + 1], height)
            if by_rule is not None:
                spans[k] = (max(low, min(by_rule[0], spans[k][0])), min(high, max(by_rule[1], spans[k][1])))
        result[number] = replace(one, spans=tuple(spans))
    return result


def _by_rule(
    left: float, right: float, bottom: float, partial: Floats, borders: Sequence[float], height: float
) -> tuple[int, int] | None:
    for start, y, end, _ in partial.tolist():
        if -0.5 * height < y - bottom < _BENEATH * height and start < (left + right) / 2 < end:
            columns = [
                c
                for c in range(len(borders) - 1)
                if min(end, borders[c + 1]) - max(start, borders[c]) > 0.4 * (borders[c + 1] - borders[c])
            ]
            if len(columns) > 1:
                return columns[0], columns[-1] + 1
    return None


def _by_middle(
    middle: float, span: tuple[int, int], free: tuple[int, int], below: Placed, height: float
) -> tuple[int, int] | None:
    """The widest group of columns with headings beneath, none of which is the table's first, around a middle."""
    places = {first: chunk for chunk, (first, end) in zip(below.row.chunks, below.spans, strict=True)}
    ends = {end: chunk for chunk, (_, end) in zip(below.row.chunks, below.spans, strict=True)}
    for width in range(free[1] - free[0], span[1] - span[0], -1):
        for first in range(max(free[0], 1), min(span[0], free[1] - width) + 1):
            end = first + width
            if end < span[1] or first not in places or end not in ends:
                continue
            left, right = places[first].left, ends[end].right
            if abs((left + right) / 2 - middle) <= _OFF * height + _OFF_SHARE * (right - left):
                return first, end
    return None
