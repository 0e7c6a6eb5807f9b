"""Translates a result to the `analyzeResult` of Document Intelligence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal, NamedTuple

import numpy as np
from rich.cells import split_graphemes

from models.layout import blocks
from models.page import Polygon
from models.upright import upright_size
from serve.doors.documents import stored_corners
from serve.exports import ReadDocument, export_format
from serve.results import LineResult, OcrPage, OcrResult

__all__ = ["ContentFormat", "IndexType", "analyze_result"]

ContentFormat = Literal["text", "markdown"]
IndexType = Literal["textElements", "unicodeCodePoint", "utf16CodeUnit"]

_BEYOND_TWO_BYTES = 0x10000
_INCH_DIGITS = 4


class _Span(NamedTuple):
    """A part of the content, in code points."""

    begin: int
    end: int


class _Placed(NamedTuple):
    """A line with its part of the content, and those of its words."""

    line: LineResult
    span: _Span
    words: tuple[_Span, ...]


@dataclass(frozen=True, slots=True)
class _Content:
    """The count of units before each code point of a document's content, and of all of them."""

    units: Sequence[int]

    def span(self, span: _Span) -> dict[str, int]:
        begin, end = self.units[span.begin], self.units[span.end]
        return {"offset": begin, "length": end - begin}


def analyze_result(
    result: OcrResult, model: str, version: str, content_format: ContentFormat, index_type: IndexType
) -> dict[str, Any]:
    """Translate a result.

    Places are those of the page as it is stored: in inches for PDFs, in pixels for pictures.

    Args:
        result: The result of a document.
        model: The model that the client named.
        version: The version of the protocol that the client named.
        content_format: The format of `content`.
        index_type: What spans count: characters as people see them, code points, or units of UTF-16.
    """
    text, pages = _text_content(result) if content_format == "text" else _markdown_content(result)
    content = _Content(_units(text, index_type))
    return {
        "apiVersion": version,
        "modelId": model,
        "stringIndexType": index_type,
        "contentFormat": content_format,
        "content": text,
        "pages": [_page(content, page, lines) for page, lines in zip(result.pages, pages, strict=True)],
        "paragraphs": [
            paragraph
            for page, lines in zip(result.pages, pages, strict=True)
            for paragraph in _paragraphs(content, page, lines)
        ],
        "styles": [],
        "languages": [],
        "tables": [],
        "warnings": [
            {"code": one.code, "message": one.message, **({} if one.page is None else {"target": f"/pages/{one.page}"})}
            for one in result.warnings
        ],
    }


def _text_content(result: OcrResult) -> tuple[str, list[list[_Placed]]]:
    """Join the lines by line breaks, as the service does, and place each of them."""
    at, texts, pages = 0, [], []
    for page in result.pages:
        placed = []
        for line in page.lines:
            placed.append(_Placed(line, _Span(at, at + len(line.text)), tuple(_words(line.text, line, at))))
            texts.append(line.text)
            at += len(line.text) + 1
        pages.append(placed)
    return "\n".join(texts), pages


def _markdown_content(result: OcrResult) -> tuple[str, list[list[_Placed]]]:
    """Find the words of the lines in the Markdown. What it writes in another way has a span without length."""
    text = export_format("markdown").convert(ReadDocument(result)).decode()
    cursor, pages = 0, []
    for page in result.pages:
        placed = []
        for line in page.lines:
            words = []
            for word in line.words:
                found = text.find(word.text, cursor, cursor + 200 + len(word.text))
                span = _Span(cursor, cursor) if found < 0 else _Span(found, found + len(word.text))
                cursor = span.end
                words.append(span)
            whole = _Span(words[0].begin, words[-1].end) if words else _Span(cursor, cursor)
            placed.append(_Placed(line, whole, tuple(words)))
        pages.append(placed)
    return text, pages


def _words(text: str, line: LineResult, at: int) -> Iterable[_Span]:
    cursor = 0
    for word in line.words:
        begin = max(cursor, text.find(word.text, cursor))
        cursor = begin + len(word.text)
        yield _Span(at + begin, at + cursor)


def _units(text: str, index_type: IndexType) -> Sequence[int]:
    """Count the units before each code point, and all of them."""
    if index_type == "unicodeCodePoint" or (text.isascii() and index_type == "utf16CodeUnit"):
        return range(len(text) + 1)
    if index_type == "utf16CodeUnit":
        return [0, *accumulate(1 + (ord(one) >= _BEYOND_TWO_BYTES) for one in text)]
    units, count = [0], 0
    for row in text.split("\n"):
        for begin, end, _ in [(at, at + 1, 1) for at in range(len(row))] if row.isascii() else split_graphemes(row)[0]:
            count += 1
            units += [count] * (end - begin)
        count += 1
        units.append(count)  # of the line break
    return units[: len(text) + 1]


def _page(content: _Content, page: OcrPage, lines: Sequence[_Placed]) -> dict[str, Any]:
    width, height = upright_size((page.width, page.height), page.rotation)
    scale, digits = 1.0 if page.dpi is None else 1 / page.dpi, _digits(page)
    spans = [line.span for line in lines]
    words = [(word, span) for line in lines for word, span in zip(line.line.words, line.words, strict=True)]
    word_places = _polygons(page, [word.polygon for word, _ in words])
    line_places = _polygons(page, [line.line.polygon for line in lines])
    return {
        "pageNumber": page.page,
        # Clockwise, as the text stands on the page; `rotation` is the turn that sets it upright.
        "angle": 180 if page.rotation == 180 else {90: -90, 270: 90}.get(page.rotation, 0),
        "width": round(width * scale, digits) if page.dpi else width,
        "height": round(height * scale, digits) if page.dpi else height,
        "unit": "inch" if page.dpi else "pixel",
        "spans": [content.span(_Span(spans[0].begin, spans[-1].end))] if spans else [],
        "words": [
            {"content": word.text, "polygon": place, "confidence": word.confidence, "span": content.span(span)}
            for (word, span), place in zip(words, word_places, strict=True)
        ],
        "lines": [
            {"content": line.line.text, "polygon": place, "spans": [content.span(line.span)]}
            for line, place in zip(lines, line_places, strict=True)
        ],
    }


def _paragraphs(content: _Content, page: OcrPage, lines: Sequence[_Placed]) -> Iterable[dict[str, Any]]:
    for region in blocks([line.line.polygon for line in lines]):
        for paragraph in region:
            own = [lines[index] for index in paragraph]
            xs, ys = zip(*(point for line in own for point in line.line.polygon), strict=True)
            left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
            box = ((left, top), (right, top), (right, bottom), (left, bottom))
            spans: list[_Span] = []
            for index in sorted(paragraph):
                begin, end = lines[index].span
                if spans and spans[-1].end + 1 >= begin:
                    spans[-1] = _Span(spans[-1].begin, end)
                else:
                    spans.append(_Span(begin, end))
            yield {
                "content": " ".join(line.line.text for line in own),
                "boundingRegions": [{"pageNumber": page.page, "polygon": _polygons(page, [box])[0]}],
                "spans": [content.span(span) for span in spans],
            }


def _polygons(page: OcrPage, polygons: Sequence[Polygon]) -> list[list[float]]:
    """Place corners on the page as it is stored: x and y of each, in inches or pixels."""
    points = stored_corners(page, polygons).reshape(-1, 8)
    places: list[list[float]] = np.round(points if page.dpi is None else points / page.dpi, _digits(page)).tolist()
    return places


def _digits(page: OcrPage) -> int:
    return 1 if page.dpi is None else _INCH_DIGITS
