"""Makes a page whose text is taken from the document."""

from typing import Any

import numpy as np

from models.page import Line, Page, PageWarning, Polygon, Word
from models.upright import upright_points, upright_size

__all__ = ["page_of_text"]


def page_of_text(
    layer: dict[str, Any], number: int, size: tuple[int, int], page_count: int, warnings: tuple[PageWarning, ...]
) -> Page:
    """Make a page of its text layer, turned so that its text stands upright.

    Args:
        layer: `rotation`, and `lines` as (text, quad, [(word, quad), ...]), each quad as 8 numbers in pixels.
        number: The page's number, counted from 1.
        size: (width, height) in pixels that the page would be drawn in.
        page_count: How many pages the document has.
        warnings: Warnings about the page.
    """
    rotation = int(layer["rotation"])

    def polygon(quad: list[float]) -> Polygon:
        points = upright_points(np.array(quad).reshape(4, 2), size, rotation).round(2)
        return tuple((float(x), float(y)) for x, y in points)

    lines = tuple(
        Line(text, 1.0, polygon(quad), tuple(Word(word, 1.0, polygon(quad)) for word, quad in words))
        for text, quad, words in layer["lines"]
    )
    pixels = np.empty((0, 0, 3), dtype=np.uint8)
    pixels.setflags(write=False)
    return Page(
        pixels,
        number,
        rotation,
        warnings,
        page_count=page_count,
        text_layer=lines,
        text_layer_size=upright_size(size, rotation),
    )
