"""Draws outlines of the found text on a page."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.errors import RayocrError

__all__ = ["Drawing", "draw"]

_COLOR_RGB = (220, 30, 60)
# Line width as a share of the page's longest side, so that it shows on a receipt and on a poster alike.
_STROKE = 1 / 600


@dataclass(frozen=True, slots=True)
class Drawing:
    """Outlines to draw on a page.

    Args:
        polygons: Corners (x, y) in pixels of the upright page.
        rotation: Degrees (0, 90, 180, 270) that the page is turned clockwise to stand upright.
    """

    polygons: Sequence[Sequence[tuple[float, float]]]
    rotation: int = 0


def draw(pixels: npt.NDArray[np.uint8], drawing: Drawing) -> bytes:
    """Draw closed outlines on a copy of a page.

    Args:
        pixels: (H, W, 3) uint8 RGB, not yet turned. Read only.
        drawing: The outlines.

    Returns:
        A PNG file of the upright page.

    Raises:
        RayocrError: The picture could not be encoded.
    """
    canvas = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    if drawing.rotation:
        canvas = np.ascontiguousarray(np.rot90(canvas, -drawing.rotation // 90))
    stroke = max(1, round(max(canvas.shape[:2]) * _STROKE))
    corners = [np.round(np.array(polygon)).astype(np.int32) for polygon in drawing.polygons]
    cv2.polylines(canvas, corners, isClosed=True, color=_COLOR_RGB[::-1], thickness=stroke, lineType=cv2.LINE_AA)
    done, encoded = cv2.imencode(".png", canvas)
    if not done:
        raise RayocrError(f"a picture of {pixels.shape[1]}x{pixels.shape[0]} pixels could not be encoded as PNG")
    return encoded.tobytes()
