"""Tells a document page from a photograph of a scene, in under a millisecond."""

import numpy as np
import numpy.typing as npt

__all__ = ["bright_ground_share", "is_document"]

# Cells along the longest side, and samples along a cell. A cell is wider than a gap between strokes, so that the
# ground shows in it, and 256 samples cost the same on a page of any size.
_CELLS = 32
_SAMPLES = 8
# A cell shows the ground if its brightest sample is this near to the page's brightest. Shade across a photographed
# receipt stays within this.
_NEAR_BRIGHTEST = 0.8
# The page's brightest cell, not counting the few that a lamp or a reflection makes brighter.
_BRIGHTEST_PERCENTILE = 95
# 100 street scenes had at most 0.53; of 256 documents one had less than this (docs/decisions/0014-detection-scale.md).
_LEAST_GROUND_SHARE = 0.65


def bright_ground_share(pixels: npt.NDArray[np.uint8]) -> float:
    """Measure the share of a page on which its ground, the brightest thing on it, shows between the strokes.

    It is near 1 for scans, receipts and rendered pages, and below a half for scenes and for light text on a dark
    ground.

    Args:
        pixels: (height, width, 3) uint8 RGB. Read only.

    Returns:
        The share, in [0, 1]; 0 for a page that is too thin to tell.
    """
    step = max(1, max(pixels.shape[:2]) // (_CELLS * _SAMPLES))
    green = pixels[::step, ::step, 1]  # green is the channel nearest to brightness
    side = max(1, round(max(green.shape) / _CELLS))
    rows, columns = green.shape[0] // side, green.shape[1] // side
    if not rows or not columns:
        return 0.0
    cells = green[: rows * side, : columns * side].reshape(rows, side, columns, side).max(axis=(1, 3))
    return float(np.mean(cells > _NEAR_BRIGHTEST * np.percentile(cells, _BRIGHTEST_PERCENTILE)))


def is_document(pixels: npt.NDArray[np.uint8]) -> bool:
    """Whether a page is printed or written on a bright ground, and is not a scene."""
    return bright_ground_share(pixels) >= _LEAST_GROUND_SHARE
