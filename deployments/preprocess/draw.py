"""Drawing what was found on a page."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from models.errors import RayocrError

__all__ = ["draw_polygons"]

_COLOR_RGB = (220, 30, 60)
# Line width as a share of the page's longest side, so that it shows on a receipt and on a poster alike.
_STROKE = 1 / 600


def draw_polygons(pixels: npt.NDArray[np.uint8], polygons: Sequence[Sequence[tuple[float, float]]]) -> bytes:
    """Draw closed outlines on a copy of a picture.

    Args:
        pixels: (H, W, 3) uint8 RGB. Read only.
        polygons: Corners (x, y) in its pixels.

    Returns:
        A PNG file of the same size.

    Raises:
        RayocrError: The picture could not be encoded.
    """
    canvas = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    stroke = max(1, round(max(canvas.shape[:2]) * _STROKE))
    corners = [np.round(np.array(polygon)).astype(np.int32) for polygon in polygons]
    cv2.polylines(canvas, corners, isClosed=True, color=_COLOR_RGB[::-1], thickness=stroke, lineType=cv2.LINE_AA)
    done, encoded = cv2.imencode(".png", canvas)
    if not done:
        raise RayocrError(f"a picture of {pixels.shape[1]}x{pixels.shape[0]} pixels could not be encoded as PNG")
    return encoded.tobytes()
