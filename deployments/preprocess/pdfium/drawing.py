"""Draws pages as a person sees them: with annotations and form fields, on white."""

import ctypes
import math
import mmap
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

from deployments.memory_files import result_file
from deployments.preprocess.pdfium.contents import Box
from deployments.preprocess.pdfium.document import OpenDocument
from deployments.preprocess.pdfium.library import pdfium

__all__ = ["WHITE", "View", "draw_page"]

_CHANNELS = 3
_BUTTON, _BUTTON_SHARE = bytes([220]), 0.3
WHITE = 0xFFFFFFFF  # of a bitmap without transparency


class View(NamedTuple):
    """A picture of a page or of a part of it.

    Args:
        width: Width of the picture in pixels.
        height: Height of the picture in pixels.
        page_width: Width of the whole page in pixels.
        page_height: Height of the whole page in pixels.
        left: Pixels from the picture's left edge to the page's; negative if the picture begins within the page.
        top: Pixels from the picture's upper edge to the page's.
    """

    width: int
    height: int
    page_width: int
    page_height: int
    left: int = 0
    top: int = 0

    @property
    def size_bytes(self) -> int:
        """Bytes of its pixels."""
        return self.width * self.height * _CHANNELS


def draw_page(document: OpenDocument, page: Any, views: Sequence[View], arrows: Sequence[Box] = ()) -> tuple[int, bool]:
    """Draw a page.

    Args:
        document: The page's document.
        page: The page, loaded.
        views: At least one picture to draw.
        arrows: Places where PDFium may have drawn the arrow of a combo box, which no paper has. It is painted over.

    Returns:
        A file in memory, which the caller closes, with the pixels of one picture after the other: (height, width, 3)
        uint8, RGB, C-contiguous each. And whether all pixels have one color.

    Raises:
        MemoryError: The drawing does not fit the limit.
    """
    with result_file() as descriptor:
        os.ftruncate(descriptor, sum(view.size_bytes for view in views))
        try:
            mapping = mmap.mmap(descriptor, 0)
        except OSError as exc:
            raise MemoryError from exc
        with mapping:
            offset = 0
            for view in views:
                _draw(document, page, mapping, offset, view, arrows)
                offset += view.size_bytes
            with memoryview(mapping) as pixels:
                is_blank = pixels[_CHANNELS:] == pixels[:-_CHANNELS]
    return descriptor, is_blank


def _draw(
    document: OpenDocument, page: Any, mapping: mmap.mmap, offset: int, view: View, arrows: Sequence[Box]
) -> None:
    width, height = view.width, view.height
    pixels = ctypes.c_char.from_buffer(mapping, offset)
    try:
        bitmap = pdfium.FPDFBitmap_CreateEx(
            width, height, pdfium.FPDFBitmap_BGR, ctypes.addressof(pixels), width * _CHANNELS
        )
        if not bitmap:
            raise MemoryError
        try:
            pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, WHITE)
            flags = pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER | pdfium.FPDF_RENDER_LIMITEDIMAGECACHE
            placement = (view.left, view.top, view.page_width, view.page_height, 0, flags)
            pdfium.FPDF_RenderPageBitmap(bitmap, page, *placement)
            if document.form:
                pdfium.FPDF_FFLDraw(document.form, bitmap, page, *placement)
            for arrow in arrows:
                _paint_over(bitmap, mapping, offset, view, arrow)
        finally:
            pdfium.FPDFBitmap_Destroy(bitmap)
    finally:
        # The mapping can't be closed while something points into it.
        del pixels


def _paint_over(bitmap: Any, mapping: mmap.mmap, offset: int, view: View, arrow: Box) -> None:
    """Paint over the button of a combo box, which is known by its color, if there is one."""
    sides = view.page_width, view.page_height
    left, top = (math.floor(edge * side) + start for edge, side, start in zip(arrow, sides, view[4:], strict=False))
    right, bottom = (
        math.ceil(edge * side) + start for edge, side, start in zip(arrow[2:], sides, view[4:], strict=True)
    )
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, view.width), min(bottom, view.height)
    if left >= right or top >= bottom:
        return
    rows = (offset + (row * view.width + left) * _CHANNELS for row in range(top, bottom))
    button = sum(mapping[row : row + (right - left) * _CHANNELS].count(_BUTTON) for row in rows)
    if button > _BUTTON_SHARE * (right - left) * (bottom - top) * _CHANNELS:
        pdfium.FPDFBitmap_FillRect(bitmap, left, top, right - left, bottom - top, WHITE)
