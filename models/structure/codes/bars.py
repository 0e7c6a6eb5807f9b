"""Finds how high the bars of a linear code are, of which a reader has seen only some rows."""

import numpy as np
import numpy.typing as npt

from models.page import Polygon

__all__ = ["bars_polygon"]

# Bars go on as long as rows across them look like the middle row, up to so many lengths of the code.
_ALIKE, _MOST_HIGH, _ROWS, _COLUMNS = 0.5, 1.0, 200, 256
# Bars are at least so high, as a share of their code's length; and from so many pixels on they show their direction.
_LEAST_HIGH, _TELLING_PX = 0.06, 4


def bars_polygon(gray: npt.NDArray[np.uint8], polygon: Polygon) -> Polygon | None:
    """Grow the polygon of a linear code, of which only some rows were read, to the whole height of its bars.

    Args:
        gray: (height, width), the page.
        polygon: Corners of the rows that were read, clockwise from the code's top left.

    Returns:
        The corners of the bars; None if they are so short that they are strokes of text or rules of a table.
    """
    corners = np.array(polygon, np.float64)
    begin, end = (corners[0] + corners[3]) / 2, (corners[1] + corners[2]) / 2
    along = end - begin
    length = float(np.hypot(*along))
    if length < 1:
        return None
    side = (corners[3] + corners[2] - corners[0] - corners[1]) / 2
    half = float(np.hypot(*side)) / 2
    # Too short a side tells nothing of the direction of the bars.
    down = side / (2 * half) if half > _TELLING_PX else np.array([-along[1], along[0]]) / length
    offsets = np.linspace(-_MOST_HIGH, _MOST_HIGH, 2 * _ROWS + 1) * length
    places = begin + along * np.linspace(0, 1, _COLUMNS)[:, None]
    spots = places[None] + (offsets[:, None] * down)[:, None]
    x, y = np.rint(spots).astype(int).transpose(2, 0, 1)
    is_inside = ((x >= 0) & (y >= 0) & (x < gray.shape[1]) & (y < gray.shape[0])).all(axis=1)
    rows = gray[y.clip(0, gray.shape[0] - 1), x.clip(0, gray.shape[1] - 1)].astype(np.float64)
    rows -= rows.mean(axis=1, keepdims=True)
    norms = np.sqrt((rows**2).sum(axis=1)).clip(1e-6)
    alike = is_inside & (rows @ rows[_ROWS] / (norms * norms[_ROWS]) > _ALIKE)
    above, below = np.argmin(np.append(alike[_ROWS::-1], False)), np.argmin(np.append(alike[_ROWS:], False))
    up, under = (max(half, (count - 1) * _MOST_HIGH * length / _ROWS) for count in (above, below))
    if up + under < _LEAST_HIGH * length:
        return None
    grown = np.round([begin - up * down, end - up * down, end + under * down, begin + under * down], 1)
    grown = grown.clip(0, (gray.shape[1], gray.shape[0]))
    return tuple((float(x), float(y)) for x, y in grown)
