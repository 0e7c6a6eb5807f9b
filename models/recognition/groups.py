"""Which lines of a page are read together, so that a page of thousands holds a bounded number of crops at a time."""

import numpy as np
import numpy.typing as npt

__all__ = ["line_groups"]

# Of crops that are held at a time: 29 MB of 48 rows. Pages of up to some 500 lines are read at once.
_COLUMNS = 200_000


def line_groups(
    points: npt.NDArray[np.float32], height: int, most_columns: int, group_columns: int = _COLUMNS
) -> list[npt.NDArray[np.intp]]:
    """Share lines out over groups, those of like length together, so that each group still fills its batches.

    Args:
        points: (K, 4, 2) float32, quads, clockwise from the text's top left.
        height: To which lines are scaled, in pixels.
        most_columns: The widest crop of a line; longer ones are squeezed to it.
        group_columns: Columns of a group's crops, about.

    Returns:
        Indices into `points`, each in one group. In one group, for most pages, they are in their own order.
    """
    sides = np.linalg.norm(np.roll(points, -1, axis=1) - points, axis=2).astype(np.float64)
    length, thickness = (np.maximum(sides[:, side : side + 3 : 2].max(axis=1), 1) for side in (0, 1))
    columns = np.minimum(height * length / thickness, most_columns)
    if columns.sum() <= group_columns:
        return [np.arange(len(points))] if len(points) else []
    by_columns = np.argsort(columns, kind="stable")
    group = (np.cumsum(columns[by_columns]) // group_columns).astype(int)
    return np.split(by_columns, np.flatnonzero(np.diff(group)) + 1)
