"""Orders a page's lines as a person reads them: columns from the left, rows from the top, each row from the left."""

import numpy as np
import numpy.typing as npt

from models.columns import Boxes, find_gutter

__all__ = ["Row", "leveled", "reading_order", "regions"]

Floats = npt.NDArray[np.float64]
Row = list[int]

# Two quads stand in one row if they share at least this much of the smaller one's height.
_ROW_OVERLAP = 0.5
_TELLING_ASPECT = 2.0
# No page is cut more often. A newspaper page has some 40 regions; a table that looks like text could have hundreds.
_MOST_REGIONS = 80


def reading_order(points: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
    """Order quads as they are read.

    Columns of running text are read one after the other; tables, forms and receipts are read row by row. A line across
    several columns comes before the columns beneath it.

    Args:
        points: (K, 4, 2) float32, page pixels.

    Returns:
        (K,) indices into `points`. The sequence of quads does not depend on the order in which they are given.
    """
    return np.array([index for region in regions(points) for row in region for index in row], dtype=np.intp)


def regions(points: npt.NDArray[np.float32]) -> list[list[Row]]:
    """Cut a page into columns and the text between them, and cut these into rows.

    Args:
        points: (K, 4, 2) float32, page pixels.

    Returns:
        Regions of rows of indices into `points`, in reading order.
    """
    if len(points) == 0:
        return []
    # Quads are sorted by every corner, so that the order in which the detector found them does not matter.
    by_place = np.lexsort(points.reshape(-1, 8).T)
    level = leveled(points)[by_place]
    boxes = Boxes(level[:, :, 0].min(1), level[:, :, 1].min(1), level[:, :, 0].max(1), level[:, :, 1].max(1))
    found: list[list[Row]] = []
    waiting = [np.arange(len(points))]  # a stack: the next to be read is its last
    while waiting:
        part = waiting.pop()
        own = boxes.of(part)
        gutter = find_gutter(own) if len(found) + len(waiting) < _MOST_REGIONS else None
        if gutter is None:
            found.append([[int(by_place[part[i]]) for i in row] for row in _rows(own)])
            continue
        middle_x, middle_y = (own.left + own.right) / 2, (own.top + own.bottom) / 2
        above, below = middle_y < gutter.top, middle_y >= gutter.bottom
        is_left = middle_x < gutter.x
        parts = (part[above], part[~above & ~below & is_left], part[~above & ~below & ~is_left], part[below])
        waiting += [one for one in reversed(parts) if len(one)]
    return found


def leveled(points: npt.NDArray[np.float32]) -> Floats:
    """Turn the quads by the slope of the page's lines, so that the rows of a photograph taken askew are level.

    Args:
        points: (K, 4, 2) float32, page pixels.

    Returns:
        The turned quads, (K, 4, 2), about the same origin.
    """
    run = (points[:, 1] - points[:, 0]).astype(np.float64)
    length = np.hypot(run[:, 0], run[:, 1])
    thickness = np.linalg.norm(points[:, 3] - points[:, 0], axis=1)
    # Short words tell little about the slope, and lines that run downwards tell nothing.
    telling = (length >= _TELLING_ASPECT * thickness) & (run[:, 0] > np.abs(run[:, 1]))
    if not telling.any():
        return points.astype(np.float64)
    slope = float(np.median(np.arctan2(run[telling, 1], run[telling, 0])))
    cos, sin = np.cos(slope), np.sin(slope)
    level: Floats = points.astype(np.float64) @ np.array([[cos, -sin], [sin, cos]])
    return level


def _rows(boxes: Boxes) -> list[Row]:
    """Put boxes into rows, from the top, each row from the left."""
    left, top, bottom = boxes.left.tolist(), boxes.top.tolist(), boxes.bottom.tolist()
    rows: list[Row] = []
    for index in np.lexsort((boxes.left, boxes.top, (boxes.top + boxes.bottom) / 2)).tolist():
        # Each quad is compared with the row's last one, so that a photographed row may rise or fall.
        last = rows[-1][-1] if rows else None
        if last is not None and _share_row(top[index], bottom[index], top[last], bottom[last]):
            rows[-1].append(index)
        else:
            rows.append([index])
    return [sorted(row, key=lambda i: (left[i], top[i])) for row in rows]


def _share_row(top: float, bottom: float, other_top: float, other_bottom: float) -> bool:
    shared = min(bottom, other_bottom) - max(top, other_top)
    return shared >= _ROW_OVERLAP * min(bottom - top, other_bottom - other_top)
