"""Finds characters that a person can't see: the page looks the same with and without them."""

import ctypes
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from deployments.preprocess.pdfium.drawing import WHITE
from deployments.preprocess.pdfium.glyphs import Glyph
from deployments.preprocess.pdfium.library import pdfium

__all__ = ["unseen_glyphs"]

# At this resolution a stroke of 6-point text is about a pixel wide. Large pages have fewer pixels an inch.
_DPI = 100.0
_MOST_PIXELS = 4_000_000

# The least difference of a color, of 255: nobody reads text that stands out less.
_CONTRAST = 12

# Along the text, only the middle of a character counts, so that its neighbor's ink does not.
_MIDDLE = 0.6

# Two characters whose middles are closer, in sizes of the font, lie upon each other.
_SAME_PLACE = 0.35


def unseen_glyphs(
    page: Any, glyphs: Iterable[Glyph], text_objects: dict[int, Any], size_pt: tuple[float, float]
) -> set[int]:
    """Find the characters that can't be seen: white on white, under a box, outside the clip, in a hidden layer.

    Args:
        page: The page, loaded.
        glyphs: Its characters. Those without any ink are not judged.
        text_objects: Each text object by its rank in the page's content, as `Style.order` has it.
        size_pt: Width and height of the page as a person sees it, in points.

    Returns:
        Indices of `glyphs`.

    Raises:
        MemoryError: The drawing does not fit the limit.
    """
    inked = {index: glyph for index, glyph in enumerate(glyphs) if not glyph.is_space and glyph.has_ink}
    if not inked:
        return set()
    look = _Look(page, size_pt)
    with look.without(text_objects.values()):
        unseen = look.unchanged(inked)
    # Where text lies upon other text, as the label on a blackened name, either may be what is seen there.
    beneath = _beneath({index: glyph for index, glyph in inked.items() if index not in unseen})
    if beneath:
        orders = {glyph.style.order for glyph in beneath.values()}
        with look.without(text_objects[order] for order in orders if order in text_objects):
            unseen |= look.unchanged(beneath)
    return unseen


def _beneath(glyphs: dict[int, Glyph]) -> dict[int, Glyph]:
    """Find the characters that have another one, of a later text object, upon them."""
    places: dict[tuple[int, int], list[tuple[int, Glyph]]] = {}
    beneath: dict[int, Glyph] = {}
    for index, glyph in sorted(glyphs.items(), key=lambda item: -item[1].style.order):
        x, y = glyph.middle
        size = glyph.style.size
        column, row = int(x / size), int(y / size)
        near = [one for i in (-1, 0, 1) for j in (-1, 0, 1) for one in places.get((column + i, row + j), ())]
        if any(
            other.style.order != glyph.style.order
            and other.text != glyph.text  # print that is doubled, to be bold
            and math.dist(other.middle, (x, y)) < _SAME_PLACE * size
            for _, other in near
        ):
            beneath[index] = glyph
        places.setdefault((column, row), []).append((index, glyph))
    return beneath


class _Look:
    """A page as it looks, and without some of its objects."""

    def __init__(self, page: Any, size_pt: tuple[float, float]) -> None:
        self._page = page
        self.scale = min(_DPI / 72, math.sqrt(_MOST_PIXELS / (size_pt[0] * size_pt[1])))
        self._width, self._height = (max(1, math.ceil(side * self.scale)) for side in size_pt)
        self._scales = tuple(
            pixels / points for pixels, points in zip((self._width, self._height), size_pt, strict=True)
        )
        self._stride, self._before = self._drawn()
        self._after = self._before

    @contextmanager
    def without(self, objects: Iterable[Any]) -> Iterator[None]:
        """Draw the page without these objects. They are back afterwards."""
        hidden = list(objects)
        for one in hidden:
            pdfium.FPDFPageObj_SetIsActive(one, False)
        try:
            _, self._after = self._drawn()
            yield
        finally:
            for one in hidden:
                pdfium.FPDFPageObj_SetIsActive(one, True)

    def unchanged(self, glyphs: dict[int, Glyph]) -> set[int]:
        """Find the characters in whose place nothing differs."""
        return {index for index, glyph in glyphs.items() if not self._differs(glyph)}

    def _differs(self, glyph: Glyph) -> bool:
        left, top, right, bottom = glyph.box(_MIDDLE)
        first, last = self._span(left, right, 0, self._width)
        rows = self._span(top, bottom, 1, self._height)
        middle = sum(rows) // 2
        for row in (*range(middle, rows[1]), *range(rows[0], middle)):
            part = slice(row * self._stride + 3 * first, row * self._stride + 3 * last)
            before, after = self._before[part], self._after[part]
            if before != after and max(abs(a - b) for a, b in zip(before, after, strict=True)) >= _CONTRAST:
                return True
        return False

    def _span(self, start: float, end: float, axis: int, most: int) -> tuple[int, int]:
        # A thin dash may be drawn half a pixel off.
        low = min(max(math.floor(start * self._scales[axis] - axis / 2), 0), most - 1)
        return low, min(max(math.ceil(end * self._scales[axis] + axis / 2), low + 1), most)

    def _drawn(self) -> tuple[int, bytes]:
        bitmap = pdfium.FPDFBitmap_CreateEx(self._width, self._height, pdfium.FPDFBitmap_BGR, None, 0)
        if not bitmap:
            raise MemoryError
        try:
            pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, self._width, self._height, WHITE)
            flags = pdfium.FPDF_ANNOT | pdfium.FPDF_RENDER_LIMITEDIMAGECACHE
            pdfium.FPDF_RenderPageBitmap(bitmap, self._page, 0, 0, self._width, self._height, 0, flags)
            stride = pdfium.FPDFBitmap_GetStride(bitmap)
            return stride, ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * self._height)
        finally:
            pdfium.FPDFBitmap_Destroy(bitmap)
