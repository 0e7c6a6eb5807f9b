"""The level frame of a page: the plane in which its lines of text run to the right and its columns run down.

A scan is turned by some degrees, and a photograph is in perspective. Tables are read in this frame, where their rows
and columns are upright boxes, and their polygons are mapped back to the page.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Floats", "Frame", "fit_frame"]

Floats = npt.NDArray[np.float64]

# Shares of the page: more perspective than this comes from a wrong fit, and would throw points far away.
_MOST_SLANT = 0.25
# Slopes that differ from the fit by more than this are those of other things, such as a stamp or an arrow (radians).
_OTHER_SLOPE = 0.03
# One or two segments may be anything.
_LEAST_SEGMENTS = 3
# With fewer lines or a lower spread of them, a fit of perspective is led by noise.
_LEAST_LINES, _LEAST_SPREAD = 6, 0.1
# The share of the slopes' spread that a fit of perspective may leave.
_LEAST_GAIN = 0.6
# Fits below these are noise of the detection's quads: half a pixel in a line of 250, and a pixel across a page.
_LEAST_TURN, _LEAST_CHANGE = 0.002, 0.006


@dataclass(frozen=True, slots=True)
class Frame:
    """A map from the pixels of a page to its level frame, about as large as the page.

    Args:
        matrix: (3, 3), the homography.
    """

    matrix: Floats

    @classmethod
    def turned(cls, angle: float, size: tuple[int, int]) -> "Frame":
        """The frame of a page whose lines run at an angle.

        Args:
            angle: Radians clockwise from rightwards.
            size: (width, height) of the page.
        """
        cos, sin = np.cos(angle), np.sin(angle)
        return cls(_about_middle(np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1.0]]), size))

    def level(self, points: npt.NDArray[np.floating]) -> Floats:
        """Map (N, 2) points of the page into the frame."""
        return _mapped(points, self.matrix)

    def page(self, points: npt.NDArray[np.floating]) -> Floats:
        """Map (N, 2) points of the frame onto the page."""
        return _mapped(points, np.asarray(np.linalg.inv(self.matrix), dtype=np.float64))


def fit_frame(frame: Frame, rows: Floats, columns: Floats, size: tuple[int, int]) -> Frame:
    """Make a frame fit segments that are level and upright on paper.

    In coordinates about the page's middle, a homography with the rows (1, b, 0), (a, 1, 0), (g, h, 1) gives a level
    line at height v the slope g * v - a, and an upright line at u the slope h * u - b, to first order. So each pair is
    a straight line through the slopes of segments.

    Args:
        frame: A frame that fits within some degrees.
        rows: (N, 4) ends x, y, x, y of level segments in that frame, such as lines of text.
        columns: (M, 4) ends of upright segments in that frame.
        size: (width, height) of the page.
    """
    scale = max(size) / 2
    middle = (np.array(size * 2) / 2)[:4]
    slant, change = _slope(((rows - middle) / scale)[:, [1, 0, 3, 2]])
    lean, lean_change = _slope((columns - middle) / scale)
    if slant == lean == change == lean_change == 0:
        return frame
    matrix = np.array([[1, -lean, 0], [-slant, 1, 0], [change, lean_change, 1.0]])
    scaled = np.diag([1 / scale, 1 / scale, 1.0])
    return Frame(_about_middle(np.linalg.inv(scaled) @ matrix @ scaled, size) @ frame.matrix)


def _slope(segments: Floats) -> tuple[float, float]:
    """Fit the slope of segments at the middle of a page, and its change away from it.

    Args:
        segments: (N, 4), ends p, q, p, q, where p is across the segments and q along them.
    """
    along = segments[:, 3] - segments[:, 1]
    kept = along != 0
    along, across = along[kept], (segments[kept, 2] - segments[kept, 0])
    if len(along) < _LEAST_SEGMENTS:
        return 0.0, 0.0
    slopes, at, weights = across / along, (segments[kept, 0] + segments[kept, 2]) / 2, np.abs(along)
    order = np.argsort(slopes)
    share = np.cumsum(weights[order])
    slope, change = float(slopes[order][np.searchsorted(share, share[-1] / 2)]), 0.0
    limit = 2 * _OTHER_SLOPE
    for _ in range(3):
        near = np.abs(slopes - slope - change * at) < limit
        limit = _OTHER_SLOPE
        if near.sum() < _LEAST_LINES or np.ptp(at[near]) < _LEAST_SPREAD:
            change = 0.0
            break
        root = np.sqrt(weights[near])
        fit = np.linalg.lstsq(np.stack([root, root * at[near]], 1), root * slopes[near], rcond=None)[0]
        left_over = np.abs(slopes[near] - fit[0] - fit[1] * at[near]) * weights[near]
        before = np.abs(slopes[near] - np.average(slopes[near], weights=weights[near])) * weights[near]
        if left_over.sum() > _LEAST_GAIN * before.sum():
            change = 0.0
            break
        slope, change = float(fit[0]), float(fit[1])
    slope = slope if abs(slope) > _LEAST_TURN else 0.0
    change = change if _LEAST_CHANGE < abs(change) < _MOST_SLANT else 0.0
    return slope, change


def _about_middle(matrix: Floats, size: tuple[int, int]) -> Floats:
    """A homography about the middle of a page as one about its top left corner."""
    x, y = size[0] / 2, size[1] / 2
    there, back = np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1.0]]), np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])
    product: Floats = back @ matrix @ there
    return product


def _mapped(points: npt.NDArray[np.floating], matrix: Floats) -> Floats:
    if not len(points):
        return np.zeros((0, 2))
    mapped: Floats = cv2.perspectiveTransform(points.astype(np.float64)[None], matrix)[0]
    return mapped
