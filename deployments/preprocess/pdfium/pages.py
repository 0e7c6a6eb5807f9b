"""Reads one page of a PDF: its text layer, or its pixels."""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

from deployments.preprocess.pdfium.contents import Box, Contents, look_at
from deployments.preprocess.pdfium.document import OpenDocument
from deployments.preprocess.pdfium.drawing import View, draw_page
from deployments.preprocess.pdfium.form_fields import form_fields
from deployments.preprocess.pdfium.glyphs import read_glyphs
from deployments.preprocess.pdfium.library import pdfium
from deployments.preprocess.pdfium.resolution import Resolution, resolution, suitable_dpi
from deployments.preprocess.pdfium.text_checks import doubts_about_text
from deployments.preprocess.pdfium.text_lines import TextLine, rotation_of_text, text_lines
from deployments.preprocess.pdfium.text_samples import Sample, samples_of
from deployments.preprocess.pdfium.visibility import unseen_glyphs
from deployments.sandbox.messages import Message
from deployments.sandbox.task import Refused

__all__ = ["read_page"]

# Smaller pictures are rules, bullets and icons.
_TELLING_COVERAGE = 0.001
_TELLING_OUTLINES = 20


def read_page(document: OpenDocument, request: Message) -> tuple[Message, int | None]:
    """Read a page's text layer, draw the page, or both.

    Args:
        document: The open document.
        request: `number` from 1, `dpi` or None, `text_layer` (auto, always, never), `max_pixels`, `pixels` (whether the
            page is drawn although its text layer is all that is read), and `form` (whether its fields are listed).

    Returns:
        The answer that `deployments.preprocess.pdf.reader` makes a page of; and a file of pixels, which the caller
        closes, or None. In the file are the page, if `is_drawn`, and the pictures of `text_layer.samples`. The page's
        pixels are to be read if `is_read`.

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
            "stands_for": document.stands_for,
            "width": size.width,
            "height": size.height,
            "dpi": size.dpi,
            "wanted_dpi": size.wanted_dpi,
        }
        read = _Layer(page, contents, request["text_layer"], (width_pt, height_pt), size)
        layer, samples = read.taken()
        is_read = layer is None or bool(layer["unread"] and request["text_layer"] == "auto")
        is_drawn = is_read or request["pixels"]
        answer |= {"text_layer": layer, "is_read": is_read, "is_drawn": is_drawn}
        answer |= {"hidden": read.hidden, "without_font": read.without_font}
        if request["form"]:
            answer["form"] = form_fields(page, document.form, (size.width, size.height))
        views = [sample.view for sample in samples]
        if is_drawn:
            views.insert(0, View(size.width, size.height, size.width, size.height))
        if not views:
            return answer, None
        pixels, is_blank = draw_page(document, page, views, contents.arrows)
        # PDFium leaves out a picture that it can't decode, without a word. To decode all of them twice is too much.
        is_lost = is_read and is_blank and not all(picture.is_decodable for picture in contents.pictures)
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


class _Layer:
    """A page's text layer, and whether it is taken.

    Attributes:
        hidden: How many of its characters a person can't see.
        without_font: How many of its characters are in fonts that neither the document nor this machine has.
    """

    def __init__(
        self, page: Any, contents: Contents, wanted: str, size_pt: tuple[float, float], size: Resolution
    ) -> None:
        self._page = page
        self._contents = contents
        self._wanted = wanted
        self._size_pt = size_pt
        self._size = size
        self.hidden = self.without_font = 0

    def taken(self) -> tuple[Message | None, list[Sample]]:
        """Read the layer, and choose the lines to be compared with the page. Returns None if the page is to be read."""
        contents, wanted = self._contents, self._wanted
        if not contents.text_sizes:
            return None, []
        doubts = [] if contents.is_complete else ["the page has very many objects"]
        is_refused = wanted == "never" or bool(wanted == "auto" and doubts)
        if is_refused and contents.is_embedded:
            return None, []
        glyphs = read_glyphs(self._page, contents.text_order, *self._size_pt, with_invisible=wanted == "always")
        self.without_font = sum(not glyph.has_ink and not glyph.style.is_embedded for glyph in glyphs.glyphs)
        doubts += doubts_about_text(glyphs)
        if is_refused or not glyphs.is_complete or (wanted == "auto" and doubts):
            return None, []
        unseen = unseen_glyphs(self._page, glyphs.glyphs, contents.text_objects, self._size_pt)
        self.hidden = glyphs.invisible + len(unseen)
        if wanted == "auto":
            glyphs.glyphs = [glyph for index, glyph in enumerate(glyphs.glyphs) if index not in unseen]
        if not glyphs.count:
            self.hidden = len(unseen)  # invisible text is that of another OCR program
            return None, []
        pictures = [picture.box for picture in contents.pictures if picture.coverage >= _TELLING_COVERAGE]
        drawings = [contents.outlines] if contents.outline_glyphs >= _TELLING_OUTLINES else []
        lines = text_lines(glyphs.glyphs)
        samples = samples_of(lines, self._size_pt) if wanted == "auto" else []
        layer = {
            "rotation": rotation_of_text(glyphs.glyphs),
            "lines": self._in_pixels(lines),
            "samples": [[sample.text, sample.quad, sample.view.width, sample.view.height] for sample in samples],
            "unmapped": glyphs.unmapped,
            "doubts": doubts,
            "unread": [self._pixels(box) for box in (*pictures, *contents.annotations, *drawings)],
            "pictures": len(pictures),
            "annotations": len(contents.annotations),
            "drawings": len(drawings),
        }
        return layer, samples

    def _pixels(self, box: Box) -> list[float]:
        sides = (self._size.width, self._size.height) * 2
        return [round(edge * side, 2) for edge, side in zip(box, sides, strict=True)]

    def _in_pixels(self, lines: list[TextLine]) -> list[Any]:
        """Give lines as [text, quad, [[word, quad], ...]], each quad in pixels."""
        scales = self._size.width / self._size_pt[0], self._size.height / self._size_pt[1]

        def pixels(quad: tuple[float, ...]) -> list[float]:
            return [round(value * scales[i % 2], 2) for i, value in enumerate(quad)]

        return [
            [line.text, pixels(line.quad), [[word.text, pixels(word.quad)] for word in line.words]] for line in lines
        ]
