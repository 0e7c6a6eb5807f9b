"""The order in which a person reads a page's lines: rows from the top, each from the left."""

import numpy as np
import numpy.typing as npt

__all__ = ["reading_order"]

# Two quads stand in one row when they share at least this much of the smaller one's height.
_ROW_OVERLAP = 0.5
_TELLING_ASPECT = 2.0


def reading_order(points: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
    """Order quads into rows from the top, each row from the left.

    Args:
        points: (K, 4, 2) float32, page pixels.

    Returns:
        (K,) indices into `points`. The same quads in another order give the same sequence of quads.
    """
    if len(points) == 0:
        return np.empty(0, dtype=np.intp)
    level = _leveled(points)
    left, top = level[:, :, 0].min(axis=1), level[:, :, 1].min(axis=1)
    bottom = level[:, :, 1].max(axis=1)
    middle = (top + bottom) / 2
    ordered: list[int] = []
    row: list[int] = []
    # Ties are broken by every corner, so that the order in which the detector found the quads does not matter.
    for index in np.lexsort((*points.reshape(-1, 8).T, left, top, middle)):
        if row and not _in_row(index, row, top, bottom):
            ordered += sorted(row, key=lambda i: (left[i], top[i]))
            row = []
        row.append(int(index))
    ordered += sorted(row, key=lambda i: (left[i], top[i]))
    return np.array(ordered, dtype=np.intp)


def _leveled(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Turn the quads by the slope of the page's lines, so that the rows of a photograph taken askew lie level."""
    run = (points[:, 1] - points[:, 0]).astype(np.float64)
    length = np.hypot(run[:, 0], run[:, 1])
    thickness = np.linalg.norm(points[:, 3] - points[:, 0], axis=1)
    # Short words say little about the slope, and lines that run downwards nothing.
    telling = (length >= _TELLING_ASPECT * thickness) & (run[:, 0] > np.abs(run[:, 1]))
    if not telling.any():
        return points.astype(np.float64)
    slope = float(np.median(np.arctan2(run[telling, 1], run[telling, 0])))
    cos, sin = np.cos(slope), np.sin(slope)
    leveled: npt.NDArray[np.float64] = points.astype(np.float64) @ np.array([[cos, -sin], [sin, cos]])
    return leveled


def _in_row(index: np.intp, row: list[int], top: npt.NDArray[np.float64], bottom: npt.NDArray[np.float64]) -> bool:
    # Compared with the row's last quad: a photographed row that rises or falls is followed along.
    last = row[-1]
    shared = min(bottom[index], bottom[last]) - max(top[index], top[last])
    return bool(shared >= _ROW_OVERLAP * min(bottom[index] - top[index], bottom[last] - top[last]))
