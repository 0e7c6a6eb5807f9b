"""Draws outlines of the found text on a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from models.errors import RayocrError

__all__ = ["Drawing", "draw"]

_COLOR_RGB = (220, 30, 60)
# Line width as a share of the page's longest side, so that it shows on a receipt and on a poster alike.
_STROKE = 1 / 600
# The format allows no longer side.
_LONGEST_WEBP = 16383
_WEBP_QUALITY = 80


@dataclass(frozen=True, slots=True)
class Drawing:
    """Outlines to draw on a page.

    Args:
        polygons: Corners (x, y) in pixels of the upright page.
        rotation: Degrees (0, 90, 180, 270) that the page is turned clockwise to stand upright.
        width: The most pixels across of the picture; None for those of the page.
        format: The format of the picture. WebP loses what hardly anybody sees.
    """

    polygons: Sequence[Sequence[tuple[float, float]]]
    rotation: int = 0
    width: int | None = None
    format: Literal["png", "webp"] = "png"


def draw(pixels: npt.NDArray[np.uint8], drawing: Drawing) -> bytes:
    """Draw closed outlines on a copy of a page.

    Args:
        pixels: (H, W, 3) uint8 RGB, not yet turned. Read only.
        drawing: The outlines.

    Returns:
        A file with a picture of the upright page.

    Raises:
        RayocrError: The picture could not be encoded.
    """
    canvas = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    if drawing.rotation:
        canvas = np.ascontiguousarray(np.rot90(canvas, -drawing.rotation // 90))
    stroke = max(1, round(max(canvas.shape[:2]) * _STROKE))
    corners = [np.round(np.array(polygon)).astype(np.int32) for polygon in drawing.polygons]
    cv2.polylines(canvas, corners, isClosed=True, color=_COLOR_RGB[::-1], thickness=stroke, lineType=cv2.LINE_AA)
    width = min(drawing.width or canvas.shape[1], canvas.shape[1])
    if drawing.format == "webp":
        width = min(width, _LONGEST_WEBP, canvas.shape[1] * _LONGEST_WEBP // canvas.shape[0])
    if width < canvas.shape[1]:
        height = max(1, round(canvas.shape[0] * width / canvas.shape[1]))
        canvas = cv2.resize(canvas, (max(1, width), height), interpolation=cv2.INTER_AREA)
    done, encoded = cv2.imencode(f".{drawing.format}", canvas, [cv2.IMWRITE_WEBP_QUALITY, _WEBP_QUALITY])
    if not done:
        size = f"{pixels.shape[1]}x{pixels.shape[0]}"
        raise RayocrError(f"a picture of {size} pixels could not be encoded as {drawing.format}")
    return encoded.tobytes()
