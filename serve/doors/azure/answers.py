"""Translates a result to the `analyzeResult` of Document Intelligence."""

from typing import Any

from deployments.read_options import NO_STRUCTURE
from models.upright import upright_size
from serve.doors.azure.contents import Content, ContentFormat, IndexType, Span, content_of
from serve.doors.azure.places import digits_of, polygons
from serve.doors.azure.structure import marks_and_codes, structured
from serve.doors.passages import passages
from serve.results import OcrPage, OcrResult

__all__ = ["LAYOUT", "analyze_result"]

LAYOUT = "prebuilt-layout"


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
    found = [passages(page) for page in result.pages]
    content = content_of(result, found, content_format, index_type)
    parts = structured(result, found, content)
    return {
        "apiVersion": version,
        "modelId": model,
        "stringIndexType": index_type,
        "contentFormat": content_format,
        "content": content.text,
        "pages": [_page(content, index, page) for index, page in enumerate(result.pages)],
        "paragraphs": parts.pop("paragraphs"),
        "styles": [],
        "languages": [],
        **parts,
        "warnings": _warnings(result, model),
    }


def _warnings(result: OcrResult, model: str) -> list[dict[str, Any]]:
    warnings: list[dict[str, Any]] = [
        {"code": one.code, "message": one.message, **({} if one.page is None else {"target": f"/pages/{one.page}"})}
        for one in result.warnings
    ]
    if model == LAYOUT and all(page.structure is None for page in result.pages):
        warnings.append(
            {"code": "no_structure", "message": f"tables, figures and marks were not looked for: {NO_STRUCTURE}"}
        )
    return warnings


def _page(content: Content, index: int, page: OcrPage) -> dict[str, Any]:
    width, height = upright_size((page.width, page.height), page.rotation)
    scale, digits = 1.0 if page.dpi is None else 1 / page.dpi, digits_of(page)
    lines = [content.pages[index][line] for line in content.orders[index]]
    words = [(word, span) for line in lines for word, span in zip(line.line.words, line.words, strict=True)]
    word_places = polygons(page, [word.polygon for word, _ in words])
    line_places = polygons(page, [line.line.polygon for line in lines])
    whole = Span(min((line.span.begin for line in lines), default=0), max((line.span.end for line in lines), default=0))
    return {
        "pageNumber": page.page,
        # Clockwise, as the text stands on the page; `rotation` is the turn that sets it upright.
        "angle": 180 if page.rotation == 180 else {90: -90, 270: 90}.get(page.rotation, 0),
        "width": round(width * scale, digits) if page.dpi else width,
        "height": round(height * scale, digits) if page.dpi else height,
        "unit": "inch" if page.dpi else "pixel",
        "spans": [content.span(whole)] if lines else [],
        "words": [
            {"content": word.text, "polygon": place, "confidence": word.confidence, "span": content.span(span)}
            for (word, span), place in zip(words, word_places, strict=True)
        ],
        "lines": [
            {"content": line.line.text, "polygon": place, "spans": [content.span(line.span)]}
            for line, place in zip(lines, line_places, strict=True)
        ],
        **marks_and_codes(content, index, page),
    }
