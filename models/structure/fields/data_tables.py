"""Tells tables of data, whose cells are not pairs of labels and values, from forms that are drawn as grids."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.structure.fields.pieces import Piece
from models.structure.result import Cell, Table

__all__ = ["outside_data"]

# A row of fewer cells with text holds a label and its value.
_LEAST_CELLS = 3
# Below the data, a row of so many cells with text is a sum.
_CELLS_OF_SUM = 2
# Two cells of so many lines are columns of labels and values.
_LINES_OF_BLOCK = 3
# A row is full if so many of its cells have text; so many of the rows of data are full.
_FULL_ROW, _FULL_ROWS = 0.5, 0.5
# A table of fewer rows is data if so many of its values have digits.
_LEAST_ROWS, _NUMBERS = 4, 0.5
# If more of the cells with text have a label that ends with a colon, it is a form.
_MOST_LABELS = 0.2
# If so many of the cells with text have a line of letters with more beneath, it is a form of framed fields.
_LEAST_FRAMED = 0.5
# `Name:` and `Name: Miller`, but not `10:15`.
_LABEL = re.compile(r"[^\W\d_][.)\]]? ?[:\uff1a](?:\s|$)")


def outside_data(pieces: Sequence[Piece], tables: Sequence[Table]) -> list[Piece]:
    """Leave out the pieces in cells of data, but for rows with a well-known label, such as a total.

    Args:
        pieces: The pieces of a page.
        tables: Its tables.
    """
    rows = _rows_of_data(tables)
    of_piece = [rows.get((piece.words.line, piece.words.start)) for piece in pieces]
    with_labels = {row for piece, row in zip(pieces, of_piece, strict=True) if piece.known}
    return [
        piece
        for piece, row in zip(pieces, of_piece, strict=True)
        if row is None or piece.known or (row in with_labels and not row.is_header)
    ]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a table, by the numbers of both."""

    table: int
    row: int
    is_header: bool


def _rows_of_data(tables: Sequence[Table]) -> dict[tuple[int, int], _Row]:
    """The row of each word in tables of data, which is known by its line and its index.

    A heading with a colon has its value in the same row, and so has a row of two cells with a colon, such as a sum.
    Rows of two cells at the end of a table are sums as well. A row with several cells of several lines is a block of
    fields above the table.
    """
    found: dict[tuple[int, int], _Row] = {}
    for number, table in enumerate(tables):
        filled = [cell for cell in table.cells if any(map(str.isalnum, cell.text))]
        counts = Counter(cell.row for cell in filled)
        if not _is_data(table, filled, counts):
            continue
        last = max(row for row, count in counts.items() if count >= _LEAST_CELLS)
        many = Counter(cell.row for cell in filled if cell.text.count("\n") + 1 >= _LINES_OF_BLOCK)
        blocks = {row for row, count in many.items() if count > 1}
        with_labels = {cell.row for cell in filled if _has_label(cell)}
        for cell in filled:
            if cell.row in with_labels and (cell.is_header or counts[cell.row] < _LEAST_CELLS):
                continue
            if cell.row in blocks:
                continue
            if cell.row > last and counts[cell.row] == _CELLS_OF_SUM:
                continue
            row = _Row(number, cell.row, cell.is_header)
            for span in cell.words:
                found |= {(span.line, word): row for word in range(span.start, max(span.end, span.start + 1))}
    return found


def _is_data(table: Table, filled: Sequence[Cell], counts: Mapping[int, int]) -> bool:
    """Whether most rows of a table have several values, and few of its cells have labels.

    The rows of a form have a label, a value, and space for more, or cells with a label above the value.

    Args:
        table: The table.
        filled: Its cells with text.
        counts: How many of them there are in each row.
    """
    least = max(_LEAST_CELLS, _FULL_ROW * table.columns)
    full = sum(count >= least for count in counts.values())
    values = [cell for cell in filled if cell.column > 0]
    numbers = sum(any(map(str.isdigit, cell.text)) for cell in values)
    if sum(map(_is_framed, filled)) >= _LEAST_FRAMED * len(filled):
        return False
    if not full or (table.rows < _LEAST_ROWS and numbers < _NUMBERS * len(values)):
        return False
    return full >= _FULL_ROWS * table.rows and sum(map(_has_label, filled)) <= _MOST_LABELS * len(filled)


def _has_label(cell: Cell) -> bool:
    return _LABEL.search(cell.text) is not None


def _is_framed(cell: Cell) -> bool:
    """Whether a cell may hold a label and beneath it the value."""
    label, _, value = cell.text.partition("\n")
    return bool(value) and sum(map(str.isalpha, label)) > len(label) / 2
