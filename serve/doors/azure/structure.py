"""Translates what a page is made of: paragraphs with roles, tables, figures, sections, pairs, marks and bar codes."""

from collections.abc import Iterator, Sequence
from typing import Any

from models.page import Polygon
from serve.doors.azure.contents import Content, Span
from serve.doors.azure.places import polygons
from serve.doors.passages import Passage, captions, first_title
from serve.results import OcrPage, OcrResult
from serve.structure_results import MarkResult, PlacedTextResult, RegionResult, TableResult

__all__ = ["marks_and_codes", "structured"]

_ROLES = {
    "title": "sectionHeading",
    "header": "pageHeader",
    "footer": "pageFooter",
    "page_number": "pageNumber",
    "formula": "formulaBlock",
}
_FURNITURE = ("pageHeader", "pageFooter", "pageNumber")
_KINDS = {
    kind.lower(): kind
    for kind in (
        *("QRCode", "MicroQRCode", "Aztec", "DataMatrix", "MaxiCode", "PDF417", "UPCA", "UPCE", "EAN8", "EAN13"),
        *("Code39", "Code93", "Code128", "Codabar", "ITF", "DataBar", "DataBarExpanded"),
    )
}
# The client's model asks for a confidence. A code that was decoded has passed its own check.
_DECODED = 1.0


def structured(result: OcrResult, passages: Sequence[Sequence[Passage]], content: Content) -> dict[str, Any]:
    """Translate the passages and fields of a document.

    Args:
        result: The result of the document.
        passages: The passages of each page.
        content: The content, with the same pages.

    Returns:
        `paragraphs` and `tables`; and if the structure has them, `figures`, `sections` and `keyValuePairs`.
    """
    layout = _Layout(content, first_title(result))
    for index, (page, of_page) in enumerate(zip(result.pages, passages, strict=True)):
        layout.add_page(index, page, of_page)
    layout.end_section()
    answer: dict[str, Any] = {"paragraphs": layout.paragraphs, "tables": layout.tables}
    structures = [page.structure for page in result.pages if page.structure is not None]
    if any(structure.regions is not None for structure in structures):
        layout.sections[0]["spans"] = [content.span(Span(0, len(content.text)))]
        answer |= {"figures": layout.figures, "sections": layout.sections}
    if any(structure.fields is not None for structure in structures):
        answer["keyValuePairs"] = [
            pair for index, page in enumerate(result.pages) for pair in _pairs(content, index, page)
        ]
    return answer


class _Layout:
    """Collects the layout of a document. Its elements name each other by their places in the lists.

    Args:
        content: The content of the document.
        title: The title of the document.
    """

    def __init__(self, content: Content, title: RegionResult | None) -> None:
        self.paragraphs: list[dict[str, Any]] = []
        self.tables: list[dict[str, Any]] = []
        self.figures: list[dict[str, Any]] = []
        self.sections: list[dict[str, Any]] = [{"spans": [], "elements": []}]  # the first holds the others
        self._content = content
        self._title = title
        self._of_section: list[Span] = []

    def add_page(self, index: int, page: OcrPage, passages: Sequence[Passage]) -> None:
        """Add the passages of a page, in the order in which they are read."""
        owners: dict[int, dict[str, Any]] = {}  # by the id of a figure's region, or of a table
        cells: dict[int, dict[str, Any]] = {}
        texts: dict[int, str] = {}
        figures = 0
        for passage in passages:
            region, table = passage.region, passage.table
            element = self._add_paragraph(index, page, passage) if passage.words else ""
            if passage.cell is not None:
                cells[id(passage.cell)]["elements"] = [element]
            elif table is not None:
                owners[id(table)] = made = _table(self._content, index, page, table)
                cells |= zip(map(id, table.cells), made["cells"], strict=True)
                self._add(f"/tables/{len(self.tables)}", self._content.spans(index, _words(table)))
                self.tables.append(made)
            elif region is not None and region.kind == "figure":
                figures += 1
                spans = self._content.spans(index, passage.words)
                owners[id(region)] = {
                    "id": f"{page.page}.{figures}",
                    "boundingRegions": [_place(page, region.polygon)],
                    "spans": [self._content.span(span) for span in spans],
                    "elements": [element] if element else [],
                }
                self._add(f"/figures/{len(self.figures)}", spans)
                self.figures.append(owners[id(region)])
            else:
                self._add_text(element, self._content.spans(index, passage.words))
                texts[id(region)] = element
        for owner, caption in captions(page):
            if element := texts.get(id(caption), ""):
                paragraph = self.paragraphs[int(element.rpartition("/")[2])]
                owners[id(owner)]["caption"] = {**paragraph, "elements": [element]}

    def end_section(self) -> None:
        """End the section that goes on: its span has all that was added to it."""
        parts = self._of_section
        if parts:
            whole = Span(min(one.begin for one in parts), max(one.end for one in parts))
            self.sections[-1]["spans"] = [self._content.span(whole)]
        parts.clear()

    def _add(self, element: str, spans: Sequence[Span]) -> None:
        self.sections[-1]["elements"].append(element)
        self._of_section += spans

    def _add_text(self, element: str, spans: Sequence[Span]) -> None:
        """Add a paragraph to the section that goes on, or to the one that it heads."""
        role = self.paragraphs[-1].get("role")
        if role == "sectionHeading":
            self.end_section()
            self.sections[0]["elements"].append(f"/sections/{len(self.sections)}")
            self.sections.append({"spans": [], "elements": []})
        if role not in _FURNITURE:
            self._add(element, spans)

    def _add_paragraph(self, index: int, page: OcrPage, passage: Passage) -> str:
        texts = []
        for line, start, end in passage.words:
            words = page.lines[line].words
            is_whole = end - start >= len(words)
            texts.append(page.lines[line].text if is_whole else " ".join(word.text for word in words[start:end]))
        paragraph = {
            "content": " ".join(texts),
            "boundingRegions": [_place(page, passage.polygon)],
            "spans": [self._content.span(span) for span in self._content.spans(index, passage.words)],
        }
        if passage.region is not None and (role := _ROLES.get(passage.region.kind)):
            paragraph = {"role": "title" if passage.region is self._title else role, **paragraph}
        self.paragraphs.append(paragraph)
        return f"/paragraphs/{len(self.paragraphs) - 1}"


def _table(content: Content, index: int, page: OcrPage, table: TableResult) -> dict[str, Any]:
    places = polygons(page, [cell.polygon for cell in table.cells])
    return {
        "rowCount": table.rows,
        "columnCount": table.columns,
        "cells": [
            {
                "kind": "columnHeader" if cell.is_header else "content",
                "rowIndex": cell.row,
                "columnIndex": cell.column,
                "rowSpan": cell.row_span,
                "columnSpan": cell.column_span,
                "content": cell.text,
                "boundingRegions": [{"pageNumber": page.page, "polygon": place}],
                "spans": [content.span(span) for span in content.spans(index, cell.words)],
            }
            for cell, place in zip(table.cells, places, strict=True)
        ],
        "boundingRegions": [_place(page, table.polygon)],
        "spans": [content.span(span) for span in content.spans(index, _words(table))],
    }


def _words(table: TableResult) -> list[Any]:
    return [word for cell in table.cells for word in cell.words]


def _pairs(content: Content, index: int, page: OcrPage) -> Iterator[dict[str, Any]]:
    """The labels with their values, and those of check boxes, whose value is their state as the service writes it."""
    structure = page.structure
    if structure is None:
        return

    def element(placed: PlacedTextResult) -> dict[str, Any]:
        spans = [content.span(span) for span in content.spans(index, placed.words)]
        return {"content": placed.text, "boundingRegions": [_place(page, placed.polygon)], "spans": spans}

    labels = set()
    for one in structure.fields or []:
        if one.label is not None:  # a pair needs its key
            labels.add(tuple(one.label.words))
            value = {} if one.value is None else {"value": element(one.value)}
            yield {"key": element(one.label), **value, "confidence": one.confidence}
    for mark in structure.marks or []:
        if mark.kind != "signature" and mark.label is not None and tuple(mark.label.words) not in labels:
            state = {"content": f":{_state(mark)}:", "boundingRegions": [_place(page, mark.polygon)], "spans": []}
            yield {"key": element(mark.label), "value": state, "confidence": mark.confidence}


def marks_and_codes(content: Content, index: int, page: OcrPage) -> dict[str, Any]:
    """Translate the check boxes and the codes of a page, which stand in no text: their spans have no length.

    Args:
        content: The content of the document.
        index: Index of the page.
        page: The page.
    """
    answer: dict[str, Any] = {}
    structure = page.structure
    end = content.end_of(index)
    if structure is not None and structure.marks is not None:
        marks = [mark for mark in structure.marks if mark.kind != "signature"]
        answer["selectionMarks"] = [
            {
                "state": _state(mark),
                "polygon": place,
                "confidence": mark.confidence,
                "span": content.span(_before(content, index, mark.label, end)),
            }
            for mark, place in zip(marks, polygons(page, [mark.polygon for mark in marks]), strict=True)
        ]
    if structure is not None and structure.codes is not None:
        answer["barcodes"] = [
            {
                "kind": _KINDS.get(code.type, code.type),
                "value": code.text,
                "polygon": place,
                "confidence": _DECODED,
                "span": content.span(end),
            }
            for code, place in zip(
                structure.codes, polygons(page, [code.polygon for code in structure.codes]), strict=True
            )
        ]
    return answer


def _state(mark: MarkResult) -> str:
    return "selected" if mark.is_set else "unselected"


def _before(content: Content, index: int, label: PlacedTextResult | None, end: Span) -> Span:
    """The place before a label, or else the end of the page."""
    spans = [] if label is None else content.spans(index, label.words)
    return Span(spans[0].begin, spans[0].begin) if spans else end


def _place(page: OcrPage, polygon: Polygon) -> dict[str, Any]:
    return {"pageNumber": page.page, "polygon": polygons(page, [polygon])[0]}
