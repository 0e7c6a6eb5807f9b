"""Draws pages as a person sees them: with annotations and form fields, on white."""

import ctypes
import mmap
import os
from typing import Any

from deployments.memory_files import result_file
from deployments.preprocess.pdfium.document import OpenDocument
from deployments.preprocess.pdfium.library import pdfium

__all__ = ["draw_page"]

_CHANNELS = 3
_WHITE = 0xFFFFFFFF


def draw_page(document: OpenDocument, page: Any, width: int, height: int) -> tuple[int, bool]:
    """Draw a page.

    Args:
        document: The page's document.
        page: The page, loaded.
        width: Width of the drawing in pixels.
        height: Height of the drawing in pixels.

    Returns:
        A file in memory, which the caller closes: (height, width, 3) uint8, RGB, C-contiguous. And whether all pixels
        have one color.

    Raises:
        MemoryError: The drawing does not fit the limit.
    """
    size = width * height * _CHANNELS
    with result_file() as descriptor:
        os.ftruncate(descriptor, size)
        try:
            mapping = mmap.mmap(descriptor, size)
        except OSError as exc:
            raise MemoryError from exc
        with mapping:
            _draw(document, page, mapping, width, height)
            with memoryview(mapping) as pixels:
                is_blank = pixels[_CHANNELS:] == pixels[:-_CHANNELS]
    return descriptor, is_blank


def _draw(document: OpenDocument, page: Any, mapping: mmap.mmap, width: int, height: int) -> None:
    pixels = ctypes.c_char.from_buffer(mapping)
    try:
        bitmap = pdfium.FPDFBitmap_CreateEx(
            width, height, pdfium.FPDFBitmap_BGR, ctypes.addressof(pixels), width * _CHANNELS
        )
        if not bitmap:
            raise MemoryError
        try:
            pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, _WHITE)
            flags = pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER | pdfium.FPDF_RENDER_LIMITEDIMAGECACHE
            placement = (0, 0, width, height, 0, flags)
            pdfium.FPDF_RenderPageBitmap(bitmap, page, *placement)
            if document.form:
                pdfium.FPDF_FFLDraw(document.form, bitmap, page, *placement)
        finally:
            pdfium.FPDFBitmap_Destroy(bitmap)
    finally:
        # The mapping can't be closed while something points into it.
        del pixels
