"""Results of pages that nobody read, with words at positions that a test chooses."""

import io
import math
from collections.abc import Sequence
from typing import Any

import pikepdf

from deployments.document import Document
from serve.exports.base import ReadDocument
from serve.exports.pdf import PdfExport, words_of
from serve.results import LineResult, OcrPage, OcrResult, WordResult
from serve.searchable_pdf.font import font_program
from serve.searchable_pdf.writer import lay_text, save

__all__ = ["exported", "laid", "line", "page", "scan"]

Polygon = tuple[tuple[float, float], ...]


def line(
    text: str, x: float, y: float, *, height: float = 40, degrees: float = 0, from_right: bool = False
) -> LineResult:
    """A line of words, each 20 pixels a character, with a blank of 16 between two.

    Args:
        text: In logical order.
        x: Of the line's begin: of its left end, or of its right one where it is written from there.
        y: Of its upper edge there.
        height: Of the line.
        degrees: Clockwise, of its direction.
        from_right: Whether the first word is the rightmost.
    """
    step = -1 if from_right else 1
    at = 0.0
    spans: list[tuple[str, float, float]] = []
    for word in text.split():
        end = at + step * 20 * len(word)
        spans.append((word, min(at, end), max(at, end)))
        at += step * (20 * len(word) + 16)
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

    def quad(begin: float, end: float) -> Polygon:
        corners = ((begin, 0), (end, 0), (end, height), (begin, height))
        return tuple((x + along * cosine - down * sine, y + along * sine + down * cosine) for along, down in corners)

    words = [WordResult(text=word, confidence=0.9, polygon=quad(begin, end)) for word, begin, end in spans]
    ends = [end for _, *both in spans for end in both]
    return LineResult(text=text, confidence=0.9, polygon=quad(min(ends), max(ends)), words=words)


def page(
    *lines: LineResult, number: int = 1, size: tuple[int, int] = (1000, 1400), rotation: int = 0, source: str = "ocr"
) -> OcrPage:
    """A page's result; `size` in pixels of the upright page."""
    text = "\n".join(line.text for line in lines)
    fields = {"page": number, "width": size[0], "height": size[1], "rotation": rotation, "source": source}
    return OcrPage.model_validate({**fields, "lines": lines, "text": text})


def exported(data: bytes, *pages: OcrPage, name: str = "scan", password: str | None = None) -> bytes:
    """The searchable PDF of a document."""
    text = "\f".join(page.text for page in pages)
    result = OcrResult(id="1", model="test", pages=list(pages), text=text, warnings=[], timings_ms={})
    return PdfExport().convert(ReadDocument(result, name, Document(data, name), password))


def laid(data: bytes, *pages: OcrPage) -> bytes:
    """The searchable PDF of a PDF, made in this process, which takes a tenth of the time."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        lay_text(pdf, [words_of(page) for page in pages], font_program())
        output = io.BytesIO()
        save(pdf, output)
    return output.getvalue()


def scan(
    contents: Sequence[bytes] = (b"0.5 g 50 50 100 200 re f",),
    boxes: Sequence[str] = ("[0 0 500 700]",),
    **entries: Any,
) -> bytes:
    """A PDF.

    Args:
        contents: Content streams, one a page.
        boxes: MediaBox, and CropBox if there is a second.
        entries: More entries of each page.
    """
    pdf = pikepdf.new()
    for content in contents:
        page = pikepdf.Dictionary(Type=pikepdf.Name.Page, MediaBox=pikepdf.Object.parse(boxes[0].encode()), **entries)
        if len(boxes) > 1:
            page.CropBox = pikepdf.Object.parse(boxes[1].encode())
        page.Contents = pdf.make_stream(content)
        pdf.pages.append(pikepdf.Page(page))
    output = io.BytesIO()
    pdf.save(output, compress_streams=False)
    return output.getvalue()
