"""The ink of a page, on a picture that is as small as its marks allow."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Ink", "ink_of"]

Flags = npt.NDArray[np.uint8]

# Lines of text are made so high, in pixels, if they are higher: a check box then has sides of 12 pixels or more.
_LINE_PX = 24.0
# Of the shorter side of a page: the height of a line if it has too few lines to tell.
_FEWEST_LINES, _USUAL_LINE = 3, 0.03
# A page of small print that is larger than this is scaled down further.
_MOST_PIXELS = 6_000_000
# Levels by which ink is darker than the paper around it, within so many heights of a line.
_CONTRAST, _AROUND = 20, 2.0


@dataclass(frozen=True, slots=True)
class Ink:
    """The ink of a page.

    Args:
        flags: (height, width) uint8, 1 where there is ink.
        scale: Pixels of `flags` for one of the page.
        line_px: The usual height of a line's quad, in pixels of `flags`.
        has_lines: Whether this height is that of lines on the page, and not a guess.
    """

    flags: Flags
    scale: float
    line_px: float
    has_lines: bool


def ink_of(pixels: npt.NDArray[np.uint8], quads: npt.NDArray[np.float32]) -> Ink:
    """Find a page's ink.

    Args:
        pixels: (height, width, 3) uint8 RGB, the upright page.
        quads: (K, 4, 2) float32, corners of its lines.
    """
    height, width = pixels.shape[:2]
    thickness = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
    has_lines = len(quads) >= _FEWEST_LINES
    line = float(np.median(thickness)) if has_lines else _USUAL_LINE * min(height, width)
    line = max(line, 1.0)
    scale = min(1.0, _LINE_PX / line, (_MOST_PIXELS / (height * width)) ** 0.5)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # To shrink gray pixels takes a third of the time.
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    if scale < 1:
        gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    around = max(3, int(_AROUND * line * scale) | 1)
    flags = cv2.adaptiveThreshold(gray, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, around, _CONTRAST)
    return Ink(np.asarray(flags, np.uint8), scale, line * scale, has_lines)
