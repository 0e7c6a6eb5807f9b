"""Maps pixels of the upright page to the user space of its PDF page."""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

from pikepdf import Array, Dictionary, Object

from serve.searchable_pdf.words import Points

__all__ = ["Baseline", "PageBox", "PagePlane", "baseline_of", "page_box"]

# US Letter, which PDFium takes if a page has no MediaBox.
_DEFAULT_BOX = (0.0, 0.0, 612.0, 792.0)

# 5 degrees: scans are skewed by less.
_STRAIGHT_COSINE = 0.996


class PageBox(NamedTuple):
    """The part of a PDF page that viewers show, in its user space, and how they turn it (degrees clockwise)."""

    left: float
    bottom: float
    right: float
    top: float
    rotation: int


def page_box(page: Dictionary) -> PageBox:
    """Read the boxes of a page as PDFium does, which draws the pages that are read.

    Args:
        page: The page, with the attributes that it inherits.

    Returns:
        The intersection of CropBox and MediaBox. Broken and missing entries count as absent.
    """
    media = _rectangle(page.get("/MediaBox")) or _DEFAULT_BOX
    crop = _rectangle(page.get("/CropBox")) or media
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    return PageBox(left, bottom, right, top, _rotation(page.get("/Rotate")))


def _rectangle(value: Object | None) -> tuple[float, float, float, float] | None:
    if not isinstance(value, Array) or len(value) != 4:
        return None
    try:
        x0, y0, x1, y1 = (float(side) for side in value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    return box if box[0] < box[2] and box[1] < box[3] else None


def _rotation(value: object) -> int:
    try:
        # PDFium too takes whole quarter turns and cuts off the rest.
        return int(float(value or 0) / 90) % 4 * 90  # type: ignore[arg-type]
    except (TypeError, ValueError, ArithmeticError):
        return 0


@dataclass(frozen=True, slots=True)
class PagePlane:
    """The map from the upright page to user space. UserUnit scales both alike and does not count.

    Args:
        box: The part of the page that viewers show.
        width: Width of the upright page, in pixels.
        height: Height of the upright page, in pixels.
        rotation: Degrees clockwise from the stored to the upright page, the finished page's /Rotate.
    """

    box: PageBox
    width: int
    height: int
    rotation: int

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Turn pixels into user space."""
        # Shares of the upright page, then of the page as stored, both from the top left.
        across, down = x / self.width, y / self.height
        if self.rotation == 90:
            across, down = down, 1 - across
        elif self.rotation == 180:
            across, down = 1 - across, 1 - down
        elif self.rotation == 270:
            across, down = 1 - down, across
        box = self.box
        return box.left + across * (box.right - box.left), box.top - down * (box.top - box.bottom)


@dataclass(frozen=True, slots=True)
class Baseline:
    """A line's own axes in user space: along its text, and up from the lower edge of its quad.

    Args:
        x: Position of the line's lower left corner.
        y: Position of the line's lower left corner.
        cosine: Cosine of the line's direction.
        sine: Sine of the line's direction.
        height: Height of the line; 0 for a quad without area.
        length: Length of the line.
    """

    x: float
    y: float
    cosine: float
    sine: float
    height: float
    length: float

    def straightened(self) -> "Baseline":
        """The same line; parallel to a side of the page if it is nearly so."""
        for cosine, sine in ((1, 0), (0, 1), (-1, 0), (0, -1)):
            if self.cosine * cosine + self.sine * sine >= _STRAIGHT_COSINE:
                return replace(self, cosine=cosine, sine=sine)
        return self

    @property
    def is_straight(self) -> bool:
        """Whether the line is parallel to a side of the page."""
        return self.cosine == 0 or self.sine == 0

    def place(self, corners: list[tuple[float, float]], length: float) -> tuple[float, float, float]:
        """Find a word's position on these axes.

        Args:
            corners: The corners of the word's quad.
            length: The word's length.

        Returns:
            The word's beginning and end along the axis, and its height above the axis.
        """
        x, y = (sum(corner[axis] for corner in corners) / 4 for axis in (0, 1))
        x, y = x - self.x, y - self.y
        middle = x * self.cosine + y * self.sine
        return middle - length / 2, middle + length / 2, y * self.cosine - x * self.sine - self.height / 2


def baseline_of(plane: PagePlane, polygon: Points) -> tuple[Baseline, list[tuple[float, float]]]:
    """Find a quad's axes and corners in user space. An irregular quad counts as the mean of its sides."""
    corners = [plane.point(x, y) for x, y in polygon]
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    across, up = (x1 - x0 + x2 - x3) / 2, (y1 - y0 + y2 - y3) / 2
    length = math.hypot(across, up)
    if not math.isfinite(length) or length == 0:
        return Baseline(0, 0, 1, 0, 0, 0), corners
    cosine, sine = across / length, up / length
    # The distance of the upper edge from the lower one, measured across the text.
    height = ((x0 - x3 + x1 - x2) * -sine + (y0 - y3 + y1 - y2) * cosine) / 2
    # The mean lower edge goes through its own middle.
    x, y = (x2 + x3) / 2 - across / 2, (y2 + y3) / 2 - up / 2
    return Baseline(x, y, cosine, sine, max(height, 0.0), length), corners
