"""Drafts the blocks of a page's structure: its layout, tables, pairs of key and value, check boxes and signatures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from models.layout import blocks
from models.page import Polygon
from models.polygons import bounds
from serve.doors.passages import box_of, captions
from serve.results import OcrPage
from serve.structure_results import (
    CellResult,
    MarkResult,
    PlacedTextResult,
    RegionResult,
    TableResult,
    WordSpanResult,
)

__all__ = ["Draft", "Feature", "drafts"]

Feature = Literal["TABLES", "FORMS", "SIGNATURES", "LAYOUT"]

_LAYOUT_TYPES = {
    "list": "LAYOUT_LIST",
    "table": "LAYOUT_TABLE",
    "figure": "LAYOUT_FIGURE",
    "header": "LAYOUT_HEADER",
    "footer": "LAYOUT_FOOTER",
    "page_number": "LAYOUT_PAGE_NUMBER",
}
_MOSTLY = 0.5


@dataclass
class Draft:
    """A block without its id.

    Args:
        kind: Its type.
        polygon: Its corners in pixels of the upright page.
        confidence: How sure it is, in [0, 1].
        links: The types of its relationships, with the indices of blocks among all of the page.
        more: Its other members.
        is_of_page: Whether the block of the page lists it, since it is in no other.
    """

    kind: str
    polygon: Polygon
    confidence: float
    links: dict[str, list[int]] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    is_of_page: bool = True


class _Drafts:
    """Collects the drafts of one page, behind the blocks of the page itself, its lines and their words."""

    def __init__(self, page: OcrPage) -> None:
        self.page = page
        self.made: list[Draft] = []
        self.marks: dict[int, int] = {}  # index of the block by index of the mark
        self._first_words: list[int] = []
        self._begin = 1 + len(page.lines)
        for line in page.lines:
            self._first_words.append(self._begin)
            self._begin += len(line.words)

    def add(self, draft: Draft) -> int:
        """Add a draft, and tell the index of its block."""
        self.made.append(draft)
        return self._begin + len(self.made) - 1

    def at(self, index: int) -> Draft:
        """Find the draft of a block."""
        return self.made[index - self._begin]

    def words(self, spans: Iterable[WordSpanResult]) -> list[int]:
        """The indices of the blocks of words."""
        return [self._first_words[line] + word for line, start, end in spans for word in range(start, end)]


def drafts(page: OcrPage, features: Sequence[Feature], title: RegionResult | None) -> list[Draft]:
    """Draft the blocks of a page that features ask for.

    Args:
        page: The page.
        features: The features.
        title: The title of the document.

    Returns:
        The drafts, whose blocks come after those of the page, its lines and their words.
    """
    structure = page.structure
    drafted = _Drafts(page)
    if "LAYOUT" in features:
        _add_layout(drafted, features, title)
    if structure is None:
        return drafted.made
    marks = structure.marks or []
    if "TABLES" in features or "FORMS" in features:
        for index, mark in enumerate(marks):
            if mark.kind != "signature":
                status = {"SelectionStatus": "SELECTED" if mark.is_set else "NOT_SELECTED"}
                draft = Draft("SELECTION_ELEMENT", mark.polygon, mark.confidence, more=status)
                drafted.marks[index] = drafted.add(draft)
    if "TABLES" in features:
        _add_tables(drafted, structure.tables or [], marks)
    if "FORMS" in features:
        _add_pairs(drafted, marks)
    if "SIGNATURES" in features:
        for mark in marks:
            if mark.kind == "signature" and mark.is_set:
                drafted.add(Draft("SIGNATURE", mark.polygon, mark.confidence))
    return drafted.made


def _add_layout(drafted: _Drafts, features: Sequence[Feature], title: RegionResult | None) -> None:
    page = drafted.page
    regions = None if page.structure is None else page.structure.regions
    if regions is None:
        for block in blocks([line.polygon for line in page.lines]):
            for paragraph in block:
                drafted.add(_paragraph(page, paragraph))
        return
    of_fields = _lines_of_fields(page) if "FORMS" in features else set()
    for region in regions:
        kind = _LAYOUT_TYPES.get(region.kind, "LAYOUT_TEXT")
        if region.kind == "title":
            kind = "LAYOUT_TITLE" if region is title else "LAYOUT_SECTION_HEADER"
        elif region.kind in ("text", "list") and _is_mostly(region.lines, of_fields):
            kind = "LAYOUT_KEY_VALUE"
        children = [1 + line for line in region.lines]
        if kind == "LAYOUT_LIST":  # whose children are texts, one an item
            items = blocks([page.lines[line].polygon for line in region.lines])
            children = [
                drafted.add(_paragraph(page, [region.lines[index] for index in item], is_of_page=False))
                for block in items
                for item in block
            ]
        drafted.add(Draft(kind, region.polygon, region.confidence, {"CHILD": children}))


def _is_mostly(lines: Sequence[int], among: set[int]) -> bool:
    return len(among.intersection(lines)) > _MOSTLY * len(lines)


def _paragraph(page: OcrPage, lines: Sequence[int], *, is_of_page: bool = True) -> Draft:
    confidence = sum(page.lines[line].confidence for line in lines) / len(lines)
    box = box_of(page, [WordSpanResult(line, 0, len(page.lines[line].words)) for line in lines])
    links = {"CHILD": [1 + line for line in lines]}
    return Draft("LAYOUT_TEXT", box, confidence, links, is_of_page=is_of_page)


def _lines_of_fields(page: OcrPage) -> set[int]:
    fields = [] if page.structure is None else page.structure.fields or []
    pairs = [(field.label, field.value) for field in fields if field.label is not None and field.value is not None]
    return {word.line for pair in pairs for text in pair for word in text.words}


def _add_tables(drafted: _Drafts, tables: Sequence[TableResult], marks: Sequence[MarkResult]) -> None:
    titles = {id(owner): caption for owner, caption in captions(drafted.page)}
    for table in tables:
        cells: list[int] = []
        merged: list[int] = []
        for cell in table.cells:
            parts = [drafted.add(part) for part in _cells(drafted, cell, marks, table.confidence)]
            cells += parts
            if len(parts) > 1:
                draft = _cell("MERGED_CELL", cell, cell.row, cell.column, cell.polygon, table.confidence)
                draft.more |= {"RowSpan": cell.row_span, "ColumnSpan": cell.column_span}
                draft.links["CHILD"] = parts
                merged.append(drafted.add(draft))
        links = {"CHILD": cells, "MERGED_CELL": merged, "TABLE_TITLE": _title_of(drafted, titles.get(id(table)))}
        has_header = any(cell.is_header for cell in table.cells)
        kind = {"EntityTypes": ["STRUCTURED_TABLE" if has_header else "SEMI_STRUCTURED_TABLE"]}
        drafted.add(Draft("TABLE", table.polygon, table.confidence, links, kind))


def _cells(drafted: _Drafts, cell: CellResult, marks: Sequence[MarkResult], confidence: float) -> list[Draft]:
    """A cell for each place of the grid, all of one size; the first has the words and the marks."""
    left, top, right, bottom = bounds(cell.polygon)
    width, height = (right - left) / cell.column_span, (bottom - top) / cell.row_span
    made = []
    for row in range(cell.row_span):
        for column in range(cell.column_span):
            x, y = left + column * width, top + row * height
            corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
            polygon = cell.polygon if cell.row_span * cell.column_span == 1 else corners
            made.append(_cell("CELL", cell, cell.row + row, cell.column + column, polygon, confidence))
    inside = []
    for index, block in drafted.marks.items():
        x1, y1, x2, y2 = bounds(marks[index].polygon)
        if left <= (x1 + x2) / 2 < right and top <= (y1 + y2) / 2 < bottom:
            inside.append(block)
            drafted.at(block).is_of_page = False
    made[0].links["CHILD"] = [*drafted.words(cell.words), *inside]
    return made


def _cell(kind: str, cell: CellResult, row: int, column: int, polygon: Polygon, confidence: float) -> Draft:
    more: dict[str, Any] = {"RowIndex": row + 1, "ColumnIndex": column + 1, "RowSpan": 1, "ColumnSpan": 1}
    if cell.is_header:
        more["EntityTypes"] = ["COLUMN_HEADER"]
    return Draft(kind, polygon, confidence, more=more, is_of_page=False)


def _title_of(drafted: _Drafts, caption: RegionResult | None) -> list[int]:
    """Draft the title of a table, which is its caption."""
    if caption is None:
        return []
    spans = [WordSpanResult(line, 0, len(drafted.page.lines[line].words)) for line in caption.lines]
    links = {"CHILD": drafted.words(spans)}
    return [drafted.add(Draft("TABLE_TITLE", caption.polygon, caption.confidence, links, is_of_page=False))]


def _add_pairs(drafted: _Drafts, marks: Sequence[MarkResult]) -> None:
    structure = drafted.page.structure
    boxes = {
        tuple(mark.label.words): drafted.marks[index]
        for index, mark in enumerate(marks)
        if index in drafted.marks and mark.label is not None and mark.label.words
    }
    for one in (structure.fields if structure is not None else None) or []:
        if one.label is not None:  # a pair needs its key
            box = boxes.pop(tuple(one.label.words), None)
            _add_pair(drafted, one.label, one.value, one.confidence, box)
    for index, mark in enumerate(marks):
        if mark.label is not None and drafted.marks.get(index) in boxes.values():
            _add_pair(drafted, mark.label, None, mark.confidence, drafted.marks[index])


def _add_pair(
    drafted: _Drafts, key: PlacedTextResult, value: PlacedTextResult | None, confidence: float, box: int | None
) -> None:
    """Draft a key and its value; the value of a check box is its state."""
    children = [] if value is None else drafted.words(value.words)
    more: dict[str, Any] = {"EntityTypes": ["VALUE"]}
    polygon = key.polygon if value is None else value.polygon
    if value is not None and not children:
        more["Text"] = value.text  # of the form of a PDF, which has no words on the page
    if box is not None:
        children.append(box)
        drafted.at(box).is_of_page = False
        polygon = drafted.at(box).polygon if value is None else polygon
    links = {"VALUE": [drafted.add(Draft("KEY_VALUE_SET", polygon, confidence, {"CHILD": children}, more))]}
    links["CHILD"] = drafted.words(key.words)
    drafted.add(Draft("KEY_VALUE_SET", key.polygon, confidence, links, {"EntityTypes": ["KEY"]}))
