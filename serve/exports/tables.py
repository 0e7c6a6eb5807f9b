"""Writes tables as rows of text, CSV, HTML and Markdown, and joins those that go on over pages."""

import csv
import html
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from models.structure.result import Cell, Table
from serve.exports.arrangement import one_line

__all__ = ["guarded", "joined_table", "table_csv", "table_html", "table_pipes", "table_rows"]

_FORMULAS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")


def guarded(text: str) -> str:
    """Put an apostrophe before what begins a formula (OWASP, CSV injection), in full width too.

    Args:
        text: The text of a cell, without control characters.
    """
    return f"'{text}" if text.startswith(_FORMULAS) else text


def table_rows(table: Table) -> list[list[str]]:
    """Write the cells' texts as a grid of one-line texts. A cell that spans several places has its text in the first.

    Returns:
        `table.rows` rows of `table.columns` texts.
    """
    return _grid(table, one_line)


def table_csv(table: Table, *, spreadsheet_safe: bool = False) -> str:
    """Write CSV (RFC 4180). Line feeds in cells are kept.

    Args:
        table: The table.
        spreadsheet_safe: Whether an apostrophe stands before cells that a spreadsheet takes for formulas.
    """
    written = io.StringIO()
    texts = _grid(table, (lambda text: guarded(_lines(text))) if spreadsheet_safe else _lines)
    csv.writer(written).writerows(texts)
    return written.getvalue()


def table_html(table: Table) -> str:
    """Write an HTML element without blank lines in it, as Markdown wants it."""
    rows = ["<table>"]
    for cells in _by_row(table):
        rows.append("<tr>" + "".join(map(_html_cell, cells)) + "</tr>")
    return "\n".join([*rows, "</table>"])


def table_pipes(table: Table, escaped: Callable[[str], str]) -> str | None:
    """Write a table of Markdown (GFM), whose first row is its head.

    Args:
        table: The table.
        escaped: Escapes the text of a cell.

    Returns:
        The table; None if pipes can't write it, since it has spans, line feeds in cells, or a head of several rows.
    """
    if any(cell.row_span > 1 or cell.column_span > 1 or "\n" in cell.text for cell in table.cells):
        return None
    if _head_rows(table) > 1:
        return None
    rows = [f"| {' | '.join(escaped(text) for text in row)} |" for row in table_rows(table)]
    return "\n".join([rows[0], "|" + " --- |" * table.columns, *rows[1:]])


def joined_table(table: Table, more: Table) -> Table:
    """Join a table with the one that continues it on the next page.

    Args:
        table: The table, of the same number of columns.
        more: The table that goes on. If it repeats the head, its own is left out.
    """
    head = _head_rows(table)
    texts = table_rows(more)
    skipped = head if head and texts[:head] == table_rows(table)[:head] else 0
    cells = tuple(replace(cell, row=cell.row - skipped + table.rows) for cell in more.cells if cell.row >= skipped)
    return replace(table, rows=table.rows + more.rows - skipped, cells=(*table.cells, *cells))


def _head_rows(table: Table) -> int:
    """Count the rows at the top that are headings."""
    below = [cell.row for cell in table.cells if not cell.is_header]
    return min(below, default=table.rows)


def _grid(table: Table, text_of: Callable[[str], str]) -> list[list[str]]:
    texts = [[""] * table.columns for _ in range(table.rows)]
    for cell in table.cells:
        texts[cell.row][cell.column] = text_of(cell.text)
    return texts


def _by_row(table: Table) -> Iterator[Sequence[Cell]]:
    rows: list[list[Cell]] = [[] for _ in range(table.rows)]
    for cell in sorted(table.cells, key=lambda cell: (cell.row, cell.column)):
        rows[cell.row].append(cell)
    yield from rows


def _html_cell(cell: Cell) -> str:
    tag = "th" if cell.is_header else "td"
    rows = f' rowspan="{cell.row_span}"' if cell.row_span > 1 else ""
    columns = f' colspan="{cell.column_span}"' if cell.column_span > 1 else ""
    text = "<br>".join(html.escape(line) for line in _lines(cell.text).split("\n"))
    return f"<{tag}{rows}{columns}>{text}</{tag}>"


def _lines(text: str) -> str:
    """The text without control characters but line feeds, and without empty lines."""
    return "\n".join(filter(None, map(one_line, text.split("\n"))))
