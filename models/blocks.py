"""Tells which way the lines of a page run, and parts those that run across the others.

The lines of a block are then ordered by `models.reading_order`.
"""

from statistics import median

import numpy as np
import numpy.typing as npt

from models.columns import Boxes

__all__ = ["boxes_of", "find_blocks", "leveled"]

Floats = npt.NDArray[np.float64]
Quads = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

# A quad so many times as long as thick tells which way its text runs.
_TELLING_ASPECT = 2.0
# The lines of a page run up or down if so much of their length does.
_SIDEWAYS_SHARE = 0.67
# In heights of a line: anything shorter is a letter or a digit, whose quad may be higher than wide.
_LEAST_LENGTH = 1.5
# Up to so many letters, so many of these lengths away from all lines, are the number of a page.
_FAR, _MOST_FAR = 2.0, 3


def leveled(points: Quads, of: Indices | None = None) -> Floats:
    """Turn quads so that most lines run to the right, on a photograph taken askew and in vertical writing too.

    Args:
        points: (K, 4, 2) float32, page pixels, each clockwise from its text's top left.
        of: Indices of the lines that tell the direction; None for all.

    Returns:
        The turned quads, (K, 4, 2), about the same origin.
    """
    angle = _angle(points if of is None else points[of])
    cos, sin = np.cos(angle), np.sin(angle)
    level: Floats = points.astype(np.float64) @ np.array([[cos, -sin], [sin, cos]])
    return level


def boxes_of(level: Floats) -> Boxes:
    """The upright boxes around leveled quads, (K, 4, 2)."""
    (left, top), (right, bottom) = level.min(axis=1).T, level.max(axis=1).T
    return Boxes(left, top, right, bottom)


def find_blocks(points: Quads) -> list[Indices]:
    """Part lines that run across most others, such as a stamp up the side of a page or a second receipt, from these.

    Lines are parted only if they stand beside, above or below all of the others. A turned heading within a table
    belongs to its row.

    Args:
        points: (K, 4, 2) float32, page pixels, each clockwise from its text's top left.

    Returns:
        Indices of the lines of each block, in the order in which the blocks are read.
    """
    everything = np.arange(len(points))
    level = leveled(points)
    boxes = boxes_of(level)
    run, height = np.abs(level[:, 1] - level[:, 0]), np.linalg.norm(level[:, 3] - level[:, 0], axis=1)
    is_steep = run[:, 1] > run[:, 0]
    if not is_steep.any() or is_steep.all():
        return [everything] if len(points) else []
    least = _LEAST_LENGTH * median(height[~is_steep].tolist())
    is_across, is_along = is_steep & (run[:, 1] > least), ~is_steep & (run[:, 0] > least)
    if not is_along.any():
        return [everything]
    main = boxes.of(np.flatnonzero(is_along))
    away = [main.left.min() - boxes.right, boxes.left - main.right.max()]  # beyond either side
    away_down = [main.top.min() - boxes.bottom, boxes.top - main.bottom.max()]
    counts = [sum(int((is_across & (one >= 0)).sum()) for one in pair) for pair in (away, away_down)]
    if not any(counts):
        return [everything]
    sides = [*away, *away_down] if counts[0] >= counts[1] else [*away_down, *away]
    is_left = np.ones(len(points), dtype=np.bool_)
    before: list[Indices] = []
    after: list[Indices] = []
    for distance in sides:
        is_short = is_left & ~is_along & ~is_across & (distance >= 0)
        is_block = is_left & is_across & (distance >= 0)
        if is_block.any():
            is_block |= is_short & _is_among(boxes, is_block)
        # A short number that is far away is that of a page whose head runs across its text.
        is_far = is_short & (distance > _FAR * least)
        if is_far.sum() <= _MOST_FAR:
            is_block |= is_far
        if is_block.any():
            # On the page as it stands: a heading above vertical writing comes first, a stamp at either side last.
            is_first = points[is_block][:, :, 1].max() <= points[is_along][:, :, 1].min()
            (before if is_first else after).append(np.flatnonzero(is_block))
            is_left &= ~is_block
    return [*before, np.flatnonzero(is_left), *after]


def _angle(points: Quads) -> float:
    """The direction in which most lines run, in radians clockwise from rightwards."""
    run = (points[:, 1] - points[:, 0]).astype(np.float64)
    length = np.hypot(run[:, 0], run[:, 1])
    # Short words tell little.
    is_telling = length >= np.maximum(_TELLING_ASPECT * np.linalg.norm(points[:, 3] - points[:, 0], axis=1), 1)
    if not is_telling.any():
        return 0.0
    angle, length = np.arctan2(run[is_telling, 1], run[is_telling, 0]), length[is_telling]
    # Lines that run up, down or to the left have the same slope as those that run to the right, but for quarter turns.
    slope = float(np.angle((length * np.exp(4j * angle)).sum())) / 4
    turns = np.round((angle - slope) / (np.pi / 2)).astype(np.intp) % 4
    right, down, left, up = np.bincount(turns, length, 4).tolist()
    is_sideways = down + up > _SIDEWAYS_SHARE * length.sum()
    turn = int(up > down) * 2 + 1 if is_sideways else int(left > right) * 2
    off = (angle - slope - turn * np.pi / 2 + np.pi) % (2 * np.pi) - np.pi
    is_main = turns == turn
    return slope + turn * np.pi / 2 + (median(off[is_main].tolist()) if is_main.any() else 0.0)


def _is_among(boxes: Boxes, is_block: Flags) -> Flags:
    """Whether boxes are among those of a block, as letters and digits are. Their quads do not tell how they run."""
    x, y = (boxes.left + boxes.right) / 2, (boxes.top + boxes.bottom) / 2
    block = boxes.of(np.flatnonzero(is_block))
    is_among: Flags = (
        (x > block.left.min()) & (x < block.right.max()) & (y > block.top.min()) & (y < block.bottom.max())
    )
    return is_among
