"""Cutting text lines out of a page, straight and at the height that the recognizer needs."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.recognition.widths import LineWidths

__all__ = ["LineCrop", "crop_line"]

Pixels = npt.NDArray[np.uint8]

# Gray in the middle: what the net's normalization makes zero, with which its training padded.
_PADDING = 127
# A quad whose corners leave its bounding box by less than this is cut out without interpolation.
_STRAIGHT_WITHIN_PX = 0.75


@dataclass(frozen=True, slots=True)
class LineCrop:
    """One line, ready for the recognizer.

    Args:
        pixels: (height, bucket width, 3) uint8 RGB, padded with gray on the right.
        columns: How many of the columns show the line.
        is_squeezed: Whether the line was too long for the widest bucket and was made narrower than it should be.
    """

    pixels: Pixels
    columns: int
    is_squeezed: bool


def crop_line(page: Pixels, quad: npt.NDArray[np.float32], height: int, widths: LineWidths) -> LineCrop:
    """Cut one line out of a page at full resolution and scale it to the recognizer's height.

    Args:
        page: (H, W, 3) uint8 RGB. Read only.
        quad: (4, 2) float32, page pixels, clockwise from the text's top left.
        height: Of the result, in pixels.
        widths: The widths of buckets.
    """
    line = _straightened(page, quad)
    wanted = max(1, math.ceil(height * line.shape[1] / line.shape[0]))
    bucket = widths.bucket(wanted)
    columns = min(wanted, bucket)
    pixels = np.full((height, bucket, 3), _PADDING, dtype=np.uint8)
    cv2.resize(line, (columns, height), dst=pixels[:, :columns], interpolation=cv2.INTER_LINEAR)
    return LineCrop(pixels, columns, widths.fitting(wanted) > bucket)


def _straightened(page: Pixels, quad: npt.NDArray[np.float32]) -> Pixels:
    left, top = quad.min(axis=0)
    right, bottom = quad.max(axis=0)
    box = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float32)
    if np.abs(quad - box).max() < _STRAIGHT_WITHIN_PX:
        # At least one pixel each way, inside the page even for a quad on its last row or column.
        x = min(max(round(float(left)), 0), page.shape[1] - 1)
        y = min(max(round(float(top)), 0), page.shape[0] - 1)
        return page[y : max(round(float(bottom)), y + 1), x : max(round(float(right)), x + 1)]
    width = max(1, round(float(max(np.linalg.norm(quad[0] - quad[1]), np.linalg.norm(quad[3] - quad[2])))))
    height = max(1, round(float(max(np.linalg.norm(quad[0] - quad[3]), np.linalg.norm(quad[1] - quad[2])))))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    transform = cv2.getPerspectiveTransform(quad, target)
    warped = cv2.warpPerspective(
        page, transform, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, dtype=np.uint8)
