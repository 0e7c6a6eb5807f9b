"""Cuts text lines out of a page, straight and at the height that the recognizer needs."""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from models.recognition.widths import LineWidths
from models.straighten import straightened

__all__ = ["LineCrop", "crop_line", "fit_line"]

Pixels = npt.NDArray[np.uint8]

# Middle gray, of which the net's normalization makes zero. Its training padded lines with zeros.
_PADDING = 127


@dataclass(frozen=True, slots=True)
class LineCrop:
    """One line, ready for the recognizer.

    Args:
        pixels: (height, bucket width, 3) uint8 RGB, padded with gray on the right.
        columns: Number of columns that show the line.
        is_squeezed: Whether the line was too long for the widest bucket and was made narrower than it should be.
    """

    pixels: Pixels
    columns: int
    is_squeezed: bool

    @property
    def line(self) -> Pixels:
        """The line without padding, (height, columns, 3) uint8 RGB."""
        return self.pixels[:, : self.columns]

    def emptied(self) -> "LineCrop":
        """A copy without pixels, which take most of a crop's memory. They are 0 there, and keep their shape."""
        return replace(self, pixels=np.broadcast_to(np.uint8(0), self.pixels.shape))

    @property
    def shown(self) -> float:
        """The share of the width that shows the line."""
        return self.columns / int(self.pixels.shape[1])


def crop_line(page: Pixels, quad: npt.NDArray[np.float32], height: int, widths: LineWidths) -> LineCrop:
    """Cut one line out of a page at full resolution and scale it to the recognizer's height.

    Args:
        page: (H, W, 3) uint8 RGB. Read only.
        quad: (4, 2) float32, page pixels, clockwise from the text's top left.
        height: Height of the result, in pixels.
        widths: The widths of buckets.
    """
    return fit_line(straightened(page, quad), height, widths)


def fit_line(line: Pixels, height: int, widths: LineWidths) -> LineCrop:
    """Scale a line that was cut out to the recognizer's height.

    Args:
        line: (any height, any width, 3) uint8 RGB, with text that runs to the right. Read only.
        height: Height of the result, in pixels.
        widths: The widths of buckets.
    """
    wanted = max(1, math.ceil(height * line.shape[1] / line.shape[0]))
    bucket = widths.bucket(wanted)
    columns = min(wanted, bucket)
    pixels = np.full((height, bucket, 3), _PADDING, dtype=np.uint8)
    cv2.resize(line, (columns, height), dst=pixels[:, :columns], interpolation=cv2.INTER_LINEAR)
    return LineCrop(pixels, columns, widths.fitting(wanted) > bucket)
