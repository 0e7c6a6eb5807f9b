"""Writes PAGE XML of 2019-07-15, the format of layout analysis (https://github.com/PRImA-Research-Lab/PAGE-XML)."""

import io
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import ClassVar

from serve.exports.base import Export, ReadDocument
from serve.exports.placed import PlacedLine, PlacedPage, PlacedParagraph, PlacedText, Point, placed_page
from serve.exports.xml_document import XmlElement, XmlFormat, element, image_name, xml_text
from serve.results import OcrPage
from serve.version import rayocr_version

__all__ = ["PageXmlExport"]

_NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
_PAGE_XML = XmlFormat(root="PcGts", namespace=_NAMESPACE, schema=f"{_NAMESPACE}/pagecontent.xsd")
# The schema asks for times. With real times, the same document would give another file each time.
_NO_TIME = "1970-01-01T00:00:00Z"
_FIRST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
# The schema asks for a file name, too.
_NO_NAME = "unknown"


class PageXmlExport(Export):
    """Writes a PAGE file for a document of one page, and an archive of such files for one of several pages."""

    name: ClassVar[str] = "page"
    media_type: ClassVar[str] = "application/vnd.prima.page+xml"
    extension: ClassVar[str] = ".xml"

    def file_type(self, page_count: int) -> tuple[str, str]:
        """The type of a PAGE file or of an archive, as `Export.file_type` says."""
        return (self.media_type, self.extension) if page_count == 1 else ("application/zip", ".zip")

    def convert(self, read: ReadDocument) -> bytes:
        """Write a PAGE file or an archive, as `Export.convert` says."""
        result = read.result
        name = image_name(read) or _NO_NAME
        warnings = defaultdict(list)
        for warning in result.warnings:
            warnings[warning.page].append(xml_text(f"{warning.code}: {warning.message}"))

        def file(page: OcrPage) -> bytes:
            comments = [*warnings[None], *warnings[page.page]]
            return _PAGE_XML.write(_metadata(page, result.model, comments), [_page(placed_page(page), name)])

        if len(result.pages) == 1:
            return file(result.pages[0])
        archived = io.BytesIO()
        with zipfile.ZipFile(archived, "w", zipfile.ZIP_DEFLATED) as archive:
            for page in result.pages:
                member = zipfile.ZipInfo(f"{page.page:04}.xml", _FIRST_ZIP_TIME)
                archive.writestr(member, file(page), zipfile.ZIP_DEFLATED)
        return archived.getvalue()


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
        for number, paragraph in enumerate(region.paragraphs, 1):
            _paragraph(made, paragraph, _region_id(column, number))
    return made


def _region_id(column: int, paragraph: int) -> str:
    return f"c{column}_p{paragraph}"


def _reading_order(parent: XmlElement, page: PlacedPage) -> None:
    """List the paragraphs by column. Columns are not regions themselves, since few programs read nested ones."""
    ordered = element(element(parent, "ReadingOrder"), "OrderedGroup", id="order")
    for column, region in enumerate(page.regions, 1):
        group = element(ordered, "OrderedGroupIndexed", id=f"c{column}", index=str(column - 1))
        for number in range(1, len(region.paragraphs) + 1):
            reference = _region_id(column, number)
            element(group, "RegionRefIndexed", index=str(number - 1), regionRef=reference)


def _paragraph(parent: XmlElement, paragraph: PlacedParagraph, region_id: str) -> None:
    made = element(parent, "TextRegion", id=region_id, type="paragraph")
    element(made, "Coords", points=_points(paragraph.box.corners))
    for number, line in enumerate(paragraph.lines, 1):
        _line(made, line, f"{region_id}_l{number}")
    element(element(made, "TextEquiv"), "Unicode", "\n".join(line.text for line in paragraph.lines))


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
