"""Finds patches of dense edges on a page, which may be codes."""

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Box", "Gray", "patches", "reduced"]

Gray = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels of the page."""

# Patches are looked for in so many pixels: 100 dpi of a letter.
_SEARCH_PIXELS = 1_000_000
# Codes of larger squares are patches on this picture at half its size, and at a quarter.
_LEVELS = 3
# In pixels of each: the widest space between bars, and the smallest code (5 mm).
_GAP_PX, _LEAST_SIDE_PX = 5, 20
# Of the page's range of levels, what lies between the lightest and the darkest pixel of a place with an edge; and the
# least of it, which noise has not.
_CONTRAST, _LEAST_CONTRAST = 0.2, 24
# The share of pixels that may be darker or lighter than the page's range.
_OUTSIDE = 1.0
# Lines of text of at most so many times the usual height are text and not bars, if the page has so many lines.
_USUAL, _FEWEST_LINES = 1.5, 5
# So small a page may be a photograph of a code alone, and is read as a patch too.
_SMALL_PAGE_PIXELS = 400_000
# A patch within another is read again if that is so many times as large.
_MUCH_LARGER = 4
# A page of dots has thousands of patches.
_MOST_PATCHES = 200
# Around a patch, of its longer side: codes need an empty margin.
_MARGIN = 0.1


def reduced(gray: Gray, most_pixels: int, most_scale: float = 1.0) -> tuple[Gray, float]:
    """Scale a picture down, if it is too large.

    Args:
        gray: (height, width), the picture.
        most_pixels: The most pixels of the result.
        most_scale: The largest scale of the result. Above 1, it is not enlarged.

    Returns:
        The picture and its scale.
    """
    scale = min(1.0, most_scale, (most_pixels / gray.size) ** 0.5)
    if scale == 1.0:
        return gray, scale
    size = max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def patches(gray: Gray, quads: npt.NDArray[np.float32]) -> list[Box]:
    """Find patches of dense edges beside the text.

    Args:
        gray: (height, width), the page.
        quads: (K, 4, 2), corners of its lines.

    Returns:
        The patches with some margin, the largest first.
    """
    step = max(1, int((gray.size / _SEARCH_PIXELS / 4) ** 0.5))
    small, scale = reduced(gray[::step, ::step], _SEARCH_PIXELS)
    scale /= step
    darkest, lightest = np.percentile(small[::4, ::4], (_OUTSIDE, 100 - _OUTSIDE))
    contrast = max(_LEAST_CONTRAST, _CONTRAST * float(lightest - darkest))
    if len(quads) >= _FEWEST_LINES:
        heights = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
        quads = quads[heights <= _USUAL * np.median(heights)]
    else:
        quads = quads[:0]
    boxes = [(0, 0, gray.shape[1], gray.shape[0])] if gray.size <= _SMALL_PAGE_PIXELS else []
    for _ in range(_LEVELS):
        if min(small.shape) < _LEAST_SIDE_PX:
            break
        boxes += [
            (
                max(0, int(left / scale)),
                max(0, int(top / scale)),
                min(gray.shape[1], int(right / scale) + 1),
                min(gray.shape[0], int(bottom / scale) + 1),
            )
            for left, top, right, bottom in _dense(small, quads * scale, contrast)
        ]
        small = np.asarray(cv2.resize(small, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
        scale /= 2
    chosen: list[Box] = []
    for box in sorted(boxes, key=_area, reverse=True)[:_MOST_PATCHES]:
        if not any(_is_within(box, other) and _area(other) < _MUCH_LARGER * _area(box) for other in chosen):
            chosen.append(box)
    return chosen


def _dense(small: Gray, quads: npt.NDArray[np.float32], contrast: float) -> list[tuple[float, float, float, float]]:
    """Find left, top, right and bottom of patches of dense edges in a picture, with margins."""
    around = np.ones((_GAP_PX, _GAP_PX), np.uint8)
    edges = cv2.threshold(cv2.morphologyEx(small, cv2.MORPH_GRADIENT, around), contrast, 255, cv2.THRESH_BINARY)[1]
    cv2.fillPoly(edges, list(np.rint(quads).astype(np.int32)), 0)
    side = _LEAST_SIDE_PX + _GAP_PX - 1
    edges = cv2.morphologyEx(edges, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    contours, _ = cv2.findContours(edges, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = []
    for left, top, width, height in map(cv2.boundingRect, contours):
        margin = _GAP_PX + _MARGIN * max(width, height)
        boxes.append((left - margin, top - margin, left + width + margin, top + height + margin))
    return boxes


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _is_within(box: Box, other: Box) -> bool:
    return box[0] >= other[0] and box[1] >= other[1] and box[2] <= other[2] and box[3] <= other[3]
