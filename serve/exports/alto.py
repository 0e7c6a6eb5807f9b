"""ALTO 4.4, the layout format of libraries and archives (https://www.loc.gov/standards/alto/)."""

from collections import defaultdict
from collections.abc import Sequence
from typing import ClassVar

from serve.exports.base import Export, ReadDocument
from serve.exports.placed import Box, PlacedLine, PlacedPage, PlacedText, Point, placed_page
from serve.exports.xml_document import PageIds, XmlElement, XmlFormat, element, image_name, xml_text
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
        return _ALTO.write(_description(result, image_name(read)), pages)


def _description(result: OcrResult, name: str | None) -> XmlElement:
    description = element(None, "Description")
    element(description, "MeasurementUnit", "pixel")
    if name is not None:
        element(element(description, "sourceImageInformation"), "fileName", name)
    for source in sorted({page.source for page in result.pages}):
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
        column = element(space, "ComposedBlock", ID=ids.next("column"), **_position(region.box))
        for paragraph in region.paragraphs:
            block = element(column, "TextBlock", ID=ids.next("block"), **_position(paragraph.box))
            for line in paragraph.lines:
                _line(block, line, ids)
    return made


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
