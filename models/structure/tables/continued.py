"""Tells whether a table goes on with the last one of the page before."""

from dataclasses import replace
from typing import TYPE_CHECKING

from models.polygons import bounds
from models.structure.result import FURNITURE, PageStructure, Table

if TYPE_CHECKING:
    from models.page import PageText

__all__ = ["ContinuedTables"]

# Both as shares of a table's width: how far borders of columns, and of the table itself, may lie apart.
_BORDER_SHIFT, _SIDE_SHIFT = 0.05, 0.1
# If the layout is not known, lines in this share of the page at its ends are headers, footers and page numbers.
_MARGIN = 0.08


class ContinuedTables:
    """Notes in the structure of pages which tables go on. It takes the pages of one document, in their order."""

    def __init__(self) -> None:
        self._before: PageText | None = None

    def of(self, page: "PageText") -> "PageText":
        """Take the next page.

        Returns:
            The page, whose first table `continues` if it is the rest of the last one of the page with the number
            before: no text stands between them, and their columns agree.
        """
        before, self._before = self._before, page
        structure = page.structure
        if before is None or before.structure is None or structure is None or before.number + 1 != page.number:
            return page
        if not before.structure.tables or not structure.tables:
            return page
        last = max(before.structure.tables, key=lambda table: _ends(table)[1])
        first = min(structure.tables, key=lambda table: _ends(table)[0])
        continues = (
            _columns_agree(last, first, before.width, page.width)
            and not _has_text(before, before.structure, _ends(last)[1], before.height)
            and not _has_text(page, structure, 0, _ends(first)[0])
        )
        if continues == first.continues:
            return page
        tables = tuple(replace(one, continues=continues) if one is first else one for one in structure.tables)
        return replace(page, structure=replace(structure, tables=tables))


def _ends(table: Table) -> tuple[float, float]:
    _, top, _, bottom = bounds(table.polygon)
    return top, bottom


def _columns_agree(one: Table, other: Table, one_width: int, other_width: int) -> bool:
    if one.columns != other.columns:
        return False
    (left, right), (other_left, other_right) = _sides(one, one_width), _sides(other, other_width)
    shift = _SIDE_SHIFT * (right - left)
    if abs(left - other_left) > shift or abs(right - other_right) > shift:
        return False
    borders = zip(_borders(one), _borders(other), strict=True)
    return all(abs(a - b) <= _BORDER_SHIFT for a, b in borders if a is not None and b is not None)


def _sides(table: Table, width: int) -> tuple[float, float]:
    left, _, right, _ = bounds(table.polygon)
    return left / width, right / width


def _borders(table: Table) -> list[float | None]:
    """Where each column begins, as a share of the table's width; None for one in which no cell begins."""
    left, right = _sides(table, 1)
    begin: list[float | None] = [None] * table.columns
    for cell in table.cells:
        at = (bounds(cell.polygon)[0] - left) / max(right - left, 1)
        known = begin[cell.column]
        begin[cell.column] = at if known is None else min(at, known)
    return begin


def _has_text(page: "PageText", structure: PageStructure, top: float, bottom: float) -> bool:
    """Whether a line of text, which is not the paper's furniture, has its middle between two heights."""
    if structure.regions:
        furniture = {line for region in structure.regions if region.kind in FURNITURE for line in region.lines}
    else:
        low, high = _MARGIN * page.height, (1 - _MARGIN) * page.height
        furniture = {index for index in range(len(page.lines)) if not low < _middle(page, index) < high}
    return any(top < _middle(page, index) < bottom for index in range(len(page.lines)) if index not in furniture)


def _middle(page: "PageText", index: int) -> float:
    ys = [y for _, y in page.lines[index].polygon]
    return sum(ys) / len(ys)
