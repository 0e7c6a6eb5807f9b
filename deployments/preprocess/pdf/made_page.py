"""Makes a page of the child's answer: its pixels, its text layer, or both."""

from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import RayocrError
from models.page import FormField, Line, Page, PageWarning, Polygon, Samples, Word
from models.polygons import rectangle
from models.reading_order import reading_order
from models.upright import upright_pixels, upright_points, upright_size

__all__ = ["made_page"]

Pixels = npt.NDArray[np.uint8]


def made_page(answer: dict[str, Any], pixels: Pixels, number: int, warnings: tuple[PageWarning, ...]) -> Page:
    """Make a page.

    Args:
        answer: The child's answer about the page.
        pixels: Those of the page, if it was drawn, and of its text layer's samples. They are not copied.
        number: The page's number, counted from 1.
        warnings: Warnings about the page.

    Raises:
        RayocrError: The child sent no pixels.
    """
    width, height, layer = int(answer["width"]), int(answer["height"]), answer["text_layer"]
    size_bytes = 3 * width * height if answer["is_drawn"] else 0
    if len(pixels) < size_bytes:
        raise RayocrError("the process that draws pages sent no pixels")
    drawn = pixels[:size_bytes].reshape((height, width, 3) if size_bytes else (0, 0, 3))
    drawn.setflags(write=False)
    page_count, dpi = int(answer["page_count"]), round(float(answer["dpi"]), 3)
    fields = answer.get("form", {"fields": []})["fields"]
    if layer is None:
        form = _form(fields, (width, height), 0)
        return Page(drawn, number, warnings=warnings, page_count=page_count, dpi=dpi, form=form)
    rotation = int(layer["rotation"])
    unread = np.array(layer["unread"] if answer["is_read"] else [], np.float32).reshape(-1, 4)
    corners = upright_points(unread[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2), (width, height), rotation)
    return Page(
        upright_pixels(drawn, rotation),
        number,
        rotation,
        warnings,
        page_count=page_count,
        text_layer=_lines(layer["lines"], (width, height), rotation),
        text_layer_size=upright_size((width, height), rotation),
        unread=np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1),
        samples=_samples(layer["samples"], pixels[size_bytes:]),
        dpi=dpi,
        form=_form(fields, (width, height), rotation),
    )


def _form(fields: list[Any], size: tuple[int, int], rotation: int) -> tuple[FormField, ...]:
    """Make fields of (kind, name, value, is set, (left, top, right, bottom)), in pixels."""
    boxes = np.array([box for *_, box in fields], np.float32).reshape(-1, 4)
    corners = upright_points(boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2), size, rotation)
    # The first corner of a turned box is no longer its top left one.
    edges = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1, dtype=np.float64).round(2).tolist()
    return tuple(
        FormField(kind, name, value, rectangle(*box), is_set)
        for (kind, name, value, is_set, _), box in zip(fields, edges, strict=True)
    )


def _lines(lines: list[Any], size: tuple[int, int], rotation: int) -> tuple[Line, ...]:
    """Make lines of (text, quad, [(word, quad), ...]), each quad as 8 numbers in pixels, in reading order."""

    def polygon(quad: list[float]) -> Polygon:
        points = upright_points(np.array(quad).reshape(4, 2), size, rotation).round(2)
        return tuple((float(x), float(y)) for x, y in points)

    made = [
        Line(text, 1.0, polygon(quad), tuple(Word(word, 1.0, polygon(quad)) for word, quad in words))
        for text, quad, words in lines
    ]
    return tuple(made[index] for index in reading_order(np.array([line.polygon for line in made], dtype=np.float32)))


def _samples(samples: list[Any], pixels: Pixels) -> Samples | None:
    """Put the pictures of (text, quad, width, height) one beneath the other."""
    if not samples:
        return None
    together = np.full((sum(height for *_, height in samples), max(one[2] for one in samples), 3), 255, np.uint8)
    points, top = [], 0
    for _, quad, width, height in samples:
        together[top : top + height, :width] = pixels[: 3 * width * height].reshape(height, width, 3)
        pixels = pixels[3 * width * height :]
        points.append(np.array(quad, np.float32).reshape(4, 2) + np.array((0, top), np.float32))
        top += height
    return Samples(together, np.stack(points), tuple(text for text, *_ in samples))
