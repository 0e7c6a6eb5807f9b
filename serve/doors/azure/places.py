"""Places on the page as it is stored: in inches for PDFs, in pixels for pictures."""

from collections.abc import Sequence

import numpy as np

from models.page import Polygon
from serve.doors.documents import stored_corners
from serve.results import OcrPage

__all__ = ["digits_of", "polygons"]

_INCH_DIGITS = 4


def polygons(page: OcrPage, corners: Sequence[Polygon]) -> list[list[float]]:
    """Place corners on the page: x and y of each in turn.

    Args:
        page: The page.
        corners: Corners in pixels of the upright page.
    """
    points = stored_corners(page, corners).reshape(-1, 8)
    places: list[list[float]] = np.round(points if page.dpi is None else points / page.dpi, digits_of(page)).tolist()
    return places


def digits_of(page: OcrPage) -> int:
    """The digits behind the point that a place needs."""
    return 1 if page.dpi is None else _INCH_DIGITS
