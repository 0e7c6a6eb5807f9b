"""Writes PAGE XML of 2019-07-15, the format of layout analysis (https://github.com/PRImA-Research-Lab/PAGE-XML)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import ClassVar

from models.structure.result import RegionKind
from serve.exports.base import Export, ReadDocument, zipped
from serve.exports.xml.placed import Box, PlacedLine, PlacedPage, PlacedRegion, PlacedText, Point, placed_page
from serve.exports.xml.xml_document import XmlElement, XmlFormat, element, image_name, xml_text
from serve.results import OcrPage
from serve.structure_results import CellResult
from serve.version import rayocr_version

__all__ = ["PageXmlExport"]

_NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
_PAGE_XML = XmlFormat(root="PcGts", namespace=_NAMESPACE, schema=f"{_NAMESPACE}/pagecontent.xsd")
# The schema asks for times. With real times, the same document would give another file each time.
_NO_TIME = "1970-01-01T00:00:00Z"
# The schema asks for a file name, too.
_NO_NAME = "unknown"
# Kinds of regions that are not text themselves; their text is a region in them.
_OTHER_REGIONS: dict[RegionKind, str] = {"table": "TableRegion", "figure": "ImageRegion", "formula": "MathsRegion"}
_TEXT_TYPES: dict[RegionKind, str] = {
    "title": "heading",
    "caption": "caption",
    "header": "header",
    "footer": "footer",
    "page_number": "page-number",
}
# Kinds that the schema has no type for: Transkribus reads such an attribute.
_CUSTOM: frozenset[RegionKind] = frozenset(("list", "reference"))


class PageXmlExport(Export):
    """Writes a PAGE file for a document of one page, and an archive of such files for one of several pages."""

    name: ClassVar[str] = "page"
    media_type: ClassVar[str] = "application/vnd.prima.page+xml"
    extension: ClassVar[str] = ".xml"
    packs_several: ClassVar[bool] = True

    def convert(self, read: ReadDocument) -> bytes:
        """Write a PAGE file or an archive, as `Export.convert` says."""
        result = read.result
        name = image_name(read) or _NO_NAME
        warnings = defaultdict(list)
        for warning in result.warnings:
            warnings[warning.page].append(xml_text(f"{warning.code}: {warning.message}"))

        def file(page: OcrPage) -> bytes:
            comments = [*warnings[None], *warnings[page.page]]
            return _PAGE_XML.write([_metadata(page, result.model, comments)], [_page(placed_page(page), name)])

        if len(result.pages) == 1:
            return file(result.pages[0])
        return zipped((f"{page.page:04}.xml", file(page)) for page in result.pages)


@cache
def _software() -> str:
    return f"rayocr {rayocr_version()}"


def _metadata(page: OcrPage, model: str, comments: Sequence[str]) -> XmlElement:
    metadata = element(None, "Metadata")
    element(metadata, "Creator", _software())
    element(metadata, "Created", _NO_TIME)
    element(metadata, "LastChange", _NO_TIME)
    if comments:
        element(metadata, "Comments", "\n".join(comments))
    step = element(metadata, "MetadataItem", type="processingStep", name="recognition", value=_software())
    labels = element(step, "Labels")
    element(labels, "Label", type="model", value=xml_text(model))
    element(labels, "Label", type="source", value=page.source)
    element(labels, "Label", type="page", value=str(page.page))
    return metadata


def _page(page: PlacedPage, name: str) -> XmlElement:
    made = element(
        None,
        "Page",
        imageFilename=name,
        imageWidth=str(page.width),
        imageHeight=str(page.height),
        # PAGE wants the degrees clockwise that turn the text upright, above -180.
        orientation=str(page.rotation if page.rotation <= 180 else page.rotation - 360),
    )
    if page.regions:
        _reading_order(made, page)
    for column, region in enumerate(page.regions, 1):
        if region.kind is None:
            for number, paragraph in enumerate(region.paragraphs, 1):
                attributes = {"id": _region_id(column, number), "type": "paragraph"}
                _text_region(made, attributes, paragraph.box.corners, paragraph.lines)
        else:
            _region(made, region, region.kind, f"r{column}")
    return made


def _region(parent: XmlElement, region: PlacedRegion, kind: RegionKind, region_id: str) -> None:
    tag = _OTHER_REGIONS.get(kind)
    if tag is None:
        attributes = {"id": region_id, "type": _TEXT_TYPES.get(kind, "paragraph")}
        if kind in _CUSTOM:
            attributes["custom"] = f"structure {{type:{kind};}}"
        _text_region(parent, attributes, region.corners, region.lines)
        return
    made = element(parent, tag, id=region_id)
    element(made, "Coords", points=_points(region.corners))
    if region.lines:
        _text_region(
            made, {"id": f"{region_id}_text"}, Box.union(line.box for line in region.lines).corners, region.lines
        )
    if region.table is not None:
        made.set("rows", str(region.table.rows))
        made.set("columns", str(region.table.columns))
        for number, cell in enumerate(region.table.cells, 1):
            _text_region(made, {"id": f"{region_id}_c{number}"}, cell.corners, cell.lines, cell.cell)


def _region_id(column: int, paragraph: int) -> str:
    return f"c{column}_p{paragraph}"


def _reading_order(parent: XmlElement, page: PlacedPage) -> None:
    """List regions, and paragraphs by column. Columns are not regions, since few programs read nested ones."""
    ordered = element(element(parent, "ReadingOrder"), "OrderedGroup", id="order")
    for column, region in enumerate(page.regions, 1):
        if region.kind is not None:
            element(ordered, "RegionRefIndexed", index=str(column - 1), regionRef=f"r{column}")
            continue
        group = element(ordered, "OrderedGroupIndexed", id=f"c{column}", index=str(column - 1))
        for number in range(1, len(region.paragraphs) + 1):
            reference = _region_id(column, number)
            element(group, "RegionRefIndexed", index=str(number - 1), regionRef=reference)


def _text_region(
    parent: XmlElement,
    attributes: Mapping[str, str],
    corners: Sequence[Point],
    lines: Sequence[PlacedLine],
    cell: CellResult | None = None,
) -> None:
    made = element(parent, "TextRegion", **attributes)
    element(made, "Coords", points=_points(corners))
    if cell is not None:
        element(
            element(made, "Roles"),
            "TableCellRole",
            rowIndex=str(cell.row),
            columnIndex=str(cell.column),
            rowSpan=str(cell.row_span),
            colSpan=str(cell.column_span),
            header="true" if cell.is_header else "false",
        )
    for number, line in enumerate(lines, 1):
        _line(made, line, f"{attributes['id']}_l{number}")
    element(element(made, "TextEquiv"), "Unicode", "\n".join(line.text for line in lines))


def _line(parent: XmlElement, line: PlacedLine, line_id: str) -> None:
    made = element(parent, "TextLine", id=line_id)
    if line.right_to_left:
        made.set("readingDirection", "right-to-left")
    element(made, "Coords", points=_points(line.corners))
    element(made, "Baseline", points=_points(line.baseline))
    for number, word in enumerate(line.words, 1):
        word_id = f"{line_id}_w{number}"
        placed = element(made, "Word", id=word_id)
        element(placed, "Coords", points=_points(word.corners))
        for position, character in enumerate(word.characters, 1):
            glyph = element(placed, "Glyph", id=f"{word_id}_g{position}")
            element(glyph, "Coords", points=_points(character.corners))
            _text(glyph, character)
        _text(placed, word)
    _text(made, line)


def _text(parent: XmlElement, text: PlacedText) -> None:
    element(element(parent, "TextEquiv", conf=f"{text.confidence:.4g}"), "Unicode", text.text)


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)
