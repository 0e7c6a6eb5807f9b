"""Reads one page of a PDF: its text layer, or its pixels."""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

from deployments.preprocess.pdfium.contents import Contents, look_at
from deployments.preprocess.pdfium.document import OpenDocument
from deployments.preprocess.pdfium.drawing import draw_page
from deployments.preprocess.pdfium.glyphs import Glyphs, read_glyphs
from deployments.preprocess.pdfium.library import pdfium
from deployments.preprocess.pdfium.resolution import Resolution, resolution, suitable_dpi
from deployments.preprocess.pdfium.text_checks import doubts_about_contents, doubts_about_text
from deployments.preprocess.pdfium.text_lines import rotation_of_text, text_lines
from deployments.sandbox.messages import Message
from deployments.sandbox.task import Refused

__all__ = ["read_page"]

# Smaller pictures are rules, bullets and icons.
_TELLING_COVERAGE = 0.001
_TELLING_OUTLINES = 20


def read_page(document: OpenDocument, request: Message) -> tuple[Message, int | None]:
    """Read a page's text layer, or draw the page.

    Args:
        document: The open document.
        request: `number` from 1, `dpi` or None, `text_layer` (auto, always, never) and `max_pixels`.

    Returns:
        The answer that `deployments.preprocess.pdf.reader` makes a page of; and a file of the page's pixels, which the
        caller closes, or None for a text layer.

    Raises:
        Refused: The page does not exist, or is damaged.
        MemoryError: The page does not fit the limit.
    """
    with _loaded(document, request["number"]) as page:
        width_pt, height_pt = _size(page)
        contents = look_at(page, document.form, width_pt, height_pt)
        dpi = request["dpi"] or suitable_dpi(contents, width_pt, height_pt)
        size = resolution(dpi, width_pt, height_pt, request["max_pixels"])
        answer: Message = {
            "page_count": document.page_count,
            "is_damaged": document.is_damaged,
            "width": size.width,
            "height": size.height,
            "dpi": size.dpi,
            "wanted_dpi": size.wanted_dpi,
        }
        layer = _text_layer(page, contents, request["text_layer"], (width_pt, height_pt), size)
        if layer is not None:
            return answer | {"text_layer": layer}, None
        pixels, is_blank = draw_page(document, page, size.width, size.height)
        # PDFium leaves out a picture that it can't decode, without a word. To decode all of them twice is too much.
        is_lost = is_blank and not all(picture.is_decodable for picture in contents.pictures)
        return answer | {"has_lost_pictures": is_lost}, pixels


@contextlib.contextmanager
def _loaded(document: OpenDocument, number: int) -> Iterator[Any]:
    if not 1 <= number <= document.page_count:
        raise Refused("no_such_page", str(document.page_count))
    page = pdfium.FPDF_LoadPage(document.handle, number - 1)
    if not page:
        raise Refused("damaged_page")
    try:
        if document.form:
            pdfium.FORM_OnAfterLoadPage(page, document.form)
        yield page
        if document.form:
            pdfium.FORM_OnBeforeClosePage(page, document.form)
    finally:
        pdfium.FPDF_ClosePage(page)


def _size(page: Any) -> tuple[float, float]:
    """Tell the width and height in points, with CropBox and Rotate applied."""
    width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    if not (math.isfinite(width) and math.isfinite(height) and width > 0 and height > 0):
        raise Refused("no_size", f"{width:g} x {height:g}")
    return width, height


def _text_layer(
    page: Any, contents: Contents, wanted: str, size_pt: tuple[float, float], size: Resolution
) -> Message | None:
    """Read the page's text layer. Returns None if the page is to be drawn."""
    if wanted == "never" or not contents.text_sizes:
        return None
    doubts = doubts_about_contents(contents, sum(count for _, count in contents.text_sizes))
    if wanted == "auto" and doubts:
        return None
    glyphs = read_glyphs(page, contents.text_order, *size_pt, with_invisible=wanted == "always")
    doubts += doubts_about_text(glyphs)
    if wanted == "always" and glyphs.invisible:
        doubts.append(f"{glyphs.invisible:,} of its characters can't be seen on the page")
    if not glyphs.count or not glyphs.is_complete or (wanted == "auto" and doubts):
        return None
    return {
        "rotation": rotation_of_text(glyphs.glyphs),
        "lines": _lines(glyphs, size.width / size_pt[0], size.height / size_pt[1]),
        "unmapped": glyphs.unmapped,
        "doubts": doubts,
        "pictures": sum(picture.coverage >= _TELLING_COVERAGE for picture in contents.pictures),
        "has_outlines": contents.outline_glyphs >= _TELLING_OUTLINES,
    }


def _lines(glyphs: Glyphs, scale_x: float, scale_y: float) -> list[Any]:
    """Give lines as [text, quad, [[word, quad], ...]], each quad in pixels."""

    def pixels(quad: tuple[float, ...]) -> list[float]:
        return [round(value * (scale_y if i % 2 else scale_x), 2) for i, value in enumerate(quad)]

    return [
        [line.text, pixels(line.quad), [[word.text, pixels(word.quad)] for word in line.words]]
        for line in text_lines(glyphs.glyphs)
    ]
