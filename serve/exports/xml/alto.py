"""ALTO 4.4, the layout format of libraries and archives (https://www.loc.gov/standards/alto/)."""

from collections import defaultdict
from collections.abc import Sequence
from typing import ClassVar, get_args

from models.page import TextSource
from models.structure.result import RegionKind
from serve.exports.base import Export, ReadDocument
from serve.exports.xml.placed import Box, PlacedLine, PlacedPage, PlacedRegion, PlacedText, Point, placed_page
from serve.exports.xml.xml_document import PageIds, XmlElement, XmlFormat, element, image_name, xml_text
from serve.results import OcrResult
from serve.version import rayocr_version

__all__ = ["AltoExport"]

_ALTO = XmlFormat(
    root="alto",
    namespace="http://www.loc.gov/standards/alto/ns-v4#",
    attributes={"SCHEMAVERSION": "4.4"},
    schema="http://www.loc.gov/standards/alto/v4/alto-4-4.xsd",
    body="Layout",
)
# Regions of these kinds that have no text.
_GRAPHIC_TAGS: dict[RegionKind, str] = {"figure": "Illustration", "formula": "GraphicalElement"}
_PROCESSING = {"ocr": "text recognition", "text_layer": "text taken from the text layer of the document"}


class AltoExport(Export):
    """Writes one ALTO document, with one `Page` for each page."""

    name: ClassVar[str] = "alto"
    media_type: ClassVar[str] = "application/alto+xml"
    extension: ClassVar[str] = ".xml"

    def convert(self, read: ReadDocument) -> bytes:
        """Write an ALTO document, as `Export.convert` says."""
        result = read.result
        steps = defaultdict(list)
        for number, warning in enumerate(result.warnings, 1):
            steps[warning.page].append(_warning_id(number))
        pages = (_page(placed_page(page), [page.source, *steps[page.page]]) for page in result.pages)
        sources = {(page.source, page.structure is not None) for page in result.pages}
        heads = [_description(result, image_name(read), sorted({source for source, _ in sources}))]
        if any(has_structure for _, has_structure in sources):
            heads.append(_tags())
        return _ALTO.write(heads, pages)


def _tags() -> XmlElement:
    tags = element(None, "Tags")
    for kind in get_args(RegionKind):
        element(tags, "LayoutTag", ID=f"kind_{kind}", LABEL=kind)
    return tags


def _description(result: OcrResult, name: str | None, sources: Sequence[TextSource]) -> XmlElement:
    description = element(None, "Description")
    element(description, "MeasurementUnit", "pixel")
    if name is not None:
        element(element(description, "sourceImageInformation"), "fileName", name)
    for source in sources:
        step = element(description, "Processing", ID=source)
        element(step, "processingCategory", "contentGeneration")
        element(step, "processingStepDescription", _PROCESSING[source])
        if source == "ocr":
            element(step, "processingStepSettings", f"model: {xml_text(result.model)}")
        software = element(step, "processingSoftware")
        element(software, "softwareName", "rayocr")
        element(software, "softwareVersion", rayocr_version())
    for number, warning in enumerate(result.warnings, 1):
        step = element(description, "Processing", ID=_warning_id(number))
        element(step, "processingCategory", "other")
        element(step, "processingStepDescription", xml_text(f"{warning.code}: {warning.message}"))
    return description


def _warning_id(number: int) -> str:
    return f"warning_{number}"


def _page(page: PlacedPage, steps: Sequence[str]) -> XmlElement:
    made = element(
        None,
        "Page",
        ID=f"page_{page.number}",
        PROCESSINGREFS=" ".join(steps),
        HEIGHT=str(page.height),
        WIDTH=str(page.width),
        PHYSICAL_IMG_NR=str(page.number),
        ROTATION=str(page.rotation),
    )
    space = element(made, "PrintSpace", **_position(Box(0, 0, page.width, page.height)))
    ids = PageIds(page.number)
    for region in page.regions:
        _region(space, region, ids)
    return made


def _region(parent: XmlElement, region: PlacedRegion, ids: PageIds) -> None:
    if region.kind is None:
        made = element(parent, "ComposedBlock", ID=ids.next("column"), **_position(region.box))
    else:
        tag = "ComposedBlock" if region.paragraphs or region.table else _GRAPHIC_TAGS.get(region.kind, "ComposedBlock")
        made = element(parent, tag, ID=ids.next("region"), TAGREFS=f"kind_{region.kind}", **_position(region.box))
        if region.kind == "table":
            made.set("TYPE", "table")
    for paragraph in region.paragraphs:
        _block(made, paragraph.box, paragraph.lines, ids)
    for cell in region.table.cells if region.table else ():
        if cell.lines:
            _block(made, cell.box, cell.lines, ids)


def _block(parent: XmlElement, box: Box, lines: Sequence[PlacedLine], ids: PageIds) -> None:
    block = element(parent, "TextBlock", ID=ids.next("block"), **_position(box))
    for line in lines:
        _line(block, line, ids)


def _line(parent: XmlElement, line: PlacedLine, ids: PageIds) -> None:
    made = element(parent, "TextLine", ID=ids.next("line"), BASELINE=_points(line.baseline), **_position(line.box))
    if line.right_to_left:
        made.set("BASEDIRECTION", "rtl")
    _shape(made, line)
    previous: PlacedText | None = None
    for word in line.words:
        if previous is not None:
            element(made, "SP", **_position(_between(previous.box, word.box)))
        confidence = _confidence(word)
        string = element(made, "String", ID=ids.next("word"), CONTENT=word.text, WC=confidence, **_position(word.box))
        _shape(string, word)
        for character in word.characters:
            # A glyph is one code point. If a class of the recognizer has several, they stand in one place.
            for code_point in character.text:
                element(string, "Glyph", CONTENT=code_point, GC=_confidence(character), **_position(character.box))
        previous = word


def _shape(parent: XmlElement, text: PlacedText) -> None:
    if not text.is_straight:
        element(element(parent, "Shape"), "Polygon", POINTS=_points(text.corners))


def _between(one: Box, other: Box) -> Box:
    """The gap between two words, along the axis on which they stand apart, as wide as their overlap on the other."""
    xs = min(one.right, other.right), max(one.left, other.left)
    ys = min(one.bottom, other.bottom), max(one.top, other.top)
    return Box(min(xs), min(ys), max(xs), max(ys))


def _position(box: Box) -> dict[str, str]:
    return {"HPOS": str(box.left), "VPOS": str(box.top), "WIDTH": str(box.width), "HEIGHT": str(box.height)}


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _confidence(text: PlacedText) -> str:
    return f"{text.confidence:.4g}"
