"""Writes hOCR 1.2: HTML whose classes and titles give the place of text (https://kba.github.io/hocr-spec/1.2/)."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from models.structure.result import RegionKind
from serve.exports.base import Export, ReadDocument
from serve.exports.xml.placed import Box, PlacedLine, PlacedPage, PlacedTable, PlacedText, placed_page
from serve.exports.xml.xml_document import PageIds, XmlElement, XmlFormat, element, image_name, xml_text
from serve.results import OcrResult
from serve.version import rayocr_version

__all__ = ["HocrExport"]

_XHTML = XmlFormat(
    root="html", namespace="http://www.w3.org/1999/xhtml", body="body", doctype="<!DOCTYPE html>", is_indented=False
)
_CAPABILITIES = "ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrx_cinfo ocrp_wconf ocrp_dir"
# Classes of kinds of regions. The others are areas, whose property `x_kind` names the kind.
_CLASSES: dict[RegionKind | None, str] = {
    "table": "ocr_table",
    "figure": "ocr_image",
    "caption": "ocr_caption",
    "header": "ocr_header",
    "footer": "ocr_footer",
    "formula": "ocr_math",
    "page_number": "ocr_pageno",
}
# These characters end a quoted string or a property wherever they stand: hOCR has no way to escape them.
_NOT_IN_STRINGS = re.compile('[\x00-\x1f";]')


class HocrExport(Export):
    """Writes one XHTML document, which is also well-formed HTML, with one `ocr_page` for each page."""

    name: ClassVar[str] = "hocr"
    media_type: ClassVar[str] = "text/vnd.hocr+html"
    extension: ClassVar[str] = ".hocr"

    def convert(self, read: ReadDocument) -> bytes:
        """Write an hOCR document, as `Export.convert` says."""
        name = image_name(read)
        pages = (_page(placed_page(page), name) for page in read.result.pages)
        return _XHTML.write([_head(read.result, name)], pages)


def _head(result: OcrResult, name: str | None) -> XmlElement:
    head = element(None, "head")
    element(head, "title", name or f"{len(result.pages)} pages read by rayocr")
    element(head, "meta", content="text/html; charset=utf-8").set("http-equiv", "Content-Type")
    for key, content in _metadata(result):
        element(head, "meta", name=key, content=content)
    for child in head:
        child.tail = "\n"
    return head


def _metadata(result: OcrResult) -> Iterator[tuple[str, str]]:
    yield "ocr-system", f"rayocr {rayocr_version()} {xml_text(result.model)}"
    # Either all pages have structure or none has.
    has_structure = len(result.pages) > 0 and result.pages[0].structure is not None
    yield "ocr-capabilities", " ".join([_CAPABILITIES, *(_CLASSES.values() if has_structure else ())])
    yield "ocr-number-of-pages", str(len(result.pages))
    yield "ocr-langs", "unknown"
    yield "ocr-scripts", "unknown"
    for warning in result.warnings:
        yield "rayocr-warning", xml_text(f"{warning.code}: {warning.message}")


def _page(page: PlacedPage, name: str | None) -> XmlElement:
    image = [] if name is None else [f"image {_string(name)}"]
    properties = [*image, _bbox(Box(0, 0, page.width, page.height)), f"ppageno {page.number - 1}"]
    made = element(None, "div", "\n", class_="ocr_page", id=f"page_{page.number}", title="; ".join(properties))
    ids = PageIds(page.number)
    for region in page.regions:
        class_ = _CLASSES.get(region.kind, "ocr_carea")
        kind = "" if region.kind is None or region.kind in _CLASSES else f"; x_kind {region.kind}"
        tag = "div" if region.table is None else "table"
        area = _part(made, tag, class_, ids.next("block"), _bbox(region.box) + kind)
        for paragraph in region.paragraphs:
            _paragraph(area, paragraph.box, paragraph.lines, ids)
        if region.table is not None:
            _rows(area, region.table, ids)
    return made


def _rows(parent: XmlElement, table: PlacedTable, ids: PageIds) -> None:
    rows = [element(parent, "tr", "\n") for _ in range(table.rows)]
    for placed in table.cells:
        cell = placed.cell
        made = element(rows[cell.row], "th" if cell.is_header else "td", title=_bbox(placed.box))
        if cell.row_span > 1:
            made.set("rowspan", str(cell.row_span))
        if cell.column_span > 1:
            made.set("colspan", str(cell.column_span))
        if placed.lines:
            _paragraph(made, Box.union(line.box for line in placed.lines), placed.lines, ids)
    for row in rows:
        row.tail = "\n"


def _paragraph(parent: XmlElement, box: Box, lines: Sequence[PlacedLine], ids: PageIds) -> None:
    par = _part(parent, "p", "ocr_par", ids.next("par"), _bbox(box))
    for line in lines:
        _line(par, line, ids)


def _part(parent: XmlElement, tag: str, class_: str, part_id: str, title: str) -> XmlElement:
    made = element(parent, tag, "\n", class_=class_, id=part_id, title=title)
    made.tail = "\n"
    return made


def _line(parent: XmlElement, line: PlacedLine, ids: PageIds) -> None:
    properties = [_bbox(line.box), _direction(line), f"x_size {line.height:.1f}"]
    made = _part(parent, "span", "ocr_line", ids.next("line"), "; ".join(properties))
    if line.right_to_left:
        made.set("dir", "rtl")
    for word in line.words:
        confidence = round(100 * word.confidence)
        span = _part(made, "span", "ocrx_word", ids.next("word"), f"{_bbox(word.box)}; x_wconf {confidence}")
        if word.characters:
            span.text = None
            for character in word.characters:
                element(span, "span", character.text, class_="ocrx_cinfo", title=_character(character))
        else:
            span.text = word.text


def _direction(line: PlacedLine) -> str:
    """The slope and offset of the baseline, from the lower left corner of the box, or the angle of sideways text."""
    if line.is_sideways:
        return f"textangle {line.angle:.4g}"
    slope = -math.tan(math.radians(line.angle))
    start_x, start_y = line.baseline[0]
    offset = round(start_y + slope * (line.box.left - start_x) - line.box.bottom)
    return f"baseline {round(slope, 4) + 0:g} {offset}"  # plus 0: never "-0"


def _character(character: PlacedText) -> str:
    return f"x_bboxes {' '.join(map(str, character.box))}; x_conf {100 * character.confidence:.4g}"


def _bbox(box: Box) -> str:
    return f"bbox {box.left} {box.top} {box.right} {box.bottom}"


def _string(text: str) -> str:
    return '"' + _NOT_IN_STRINGS.sub(lambda match: f"%{ord(match[0]):02X}", text) + '"'
