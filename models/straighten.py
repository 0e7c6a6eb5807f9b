"""Cuts a quad out of a page, so that its text runs level."""

import math

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["straightened"]

Pixels = npt.NDArray[np.uint8]

# A quad whose corners leave its bounding box by less than this is cut out without interpolation.
_STRAIGHT_WITHIN_PX = 0.75


def straightened(page: Pixels, quad: npt.NDArray[np.float32]) -> Pixels:
    """Cut out the pixels of a quad, with its first corner at the top left.

    Args:
        page: (H, W, 3) uint8 RGB. Read only.
        quad: (4, 2) float32, page pixels, clockwise from the text's top left.

    Returns:
        (height, width, 3) uint8, at the page's resolution; a view of the page if that is enough.
    """
    left, top = quad.min(axis=0)
    right, bottom = quad.max(axis=0)
    box = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float32)
    run = quad[1] - quad[0]
    quarter_turns = round(math.atan2(float(run[1]), float(run[0])) / (math.pi / 2)) % 4  # of the text, clockwise
    if np.abs(quad - np.roll(box, -quarter_turns, axis=0)).max() < _STRAIGHT_WITHIN_PX:
        # The cut has at least one pixel each way, and stays inside the page for a quad on its last row or column.
        x = min(max(round(float(left)), 0), page.shape[1] - 1)
        y = min(max(round(float(top)), 0), page.shape[0] - 1)
        inside = page[y : max(round(float(bottom)), y + 1), x : max(round(float(right)), x + 1)]
        return np.ascontiguousarray(np.rot90(inside, quarter_turns)) if quarter_turns else inside
    width = max(1, round(float(max(np.linalg.norm(quad[0] - quad[1]), np.linalg.norm(quad[3] - quad[2])))))
    height = max(1, round(float(max(np.linalg.norm(quad[0] - quad[3]), np.linalg.norm(quad[1] - quad[2])))))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    transform = cv2.getPerspectiveTransform(quad, target)
    warped = cv2.warpPerspective(
        page, transform, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, dtype=np.uint8)
