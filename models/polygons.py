"""The upright boxes around corners, and what boxes have in common."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

__all__ = ["areas", "bounds", "rectangle", "shared_areas"]

Boxes = npt.NDArray[np.float64]
Point = tuple[float, float]


def bounds(points: Iterable[tuple[float, ...]]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the box around points, of which there is at least one."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def rectangle(left: float, top: float, right: float, bottom: float) -> tuple[Point, Point, Point, Point]:
    """The corners of a box, clockwise from the top left."""
    return (left, top), (right, top), (right, bottom), (left, bottom)


def shared_areas(one: Boxes, other: Boxes) -> Boxes:
    """The area that boxes (M, 4) and (N, 4) of left, top, right and bottom have in common, (M, N)."""
    size = np.minimum(one[:, None, 2:], other[None, :, 2:]) - np.maximum(one[:, None, :2], other[None, :, :2])
    shared: Boxes = np.maximum(size, 0).prod(axis=2)
    return shared


def areas(boxes: Boxes) -> Boxes:
    """The areas of boxes (N, 4) of left, top, right and bottom, (N,); a little more than 0 for a line."""
    found: Boxes = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1e-6)
    return found
