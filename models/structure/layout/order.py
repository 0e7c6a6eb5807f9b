"""Orders the blocks of a page as a person reads them.

As in `models.columns`, the page is cut at empty strips between columns, but here between whole blocks: a block that
reaches across a strip ends it. What is above a strip comes first, then its left side, its right side, and what is
below.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

__all__ = ["block_order"]

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

# More blocks than any page of running text has are not cut: a form with so many pieces is read from the top.
_MOST_BLOCKS = 250
# In heights of a line: how far blocks may reach into the strip, because quads are larger than their text; the least
# height at which columns stand side by side; and the gap that parts a short block at an end from the columns.
_REACH, _LEAST_BESIDE, _FAR = 0.4, 0.5, 1.5
# In heights of a line: such a block is at most so high if the other column has nothing beside it.
_SHORT = 3.5


@dataclass(frozen=True, slots=True)
class _Strip:
    """An empty strip at `x`, from `top` to `bottom`."""

    x: float
    top: float
    bottom: float


def block_order(boxes: Floats, line_height: float) -> list[int]:
    """Order blocks.

    Args:
        boxes: (N, 4) float64: left, top, right and bottom of each, on a page whose lines run to the right.
        line_height: The usual height of a line.

    Returns:
        Indices of the blocks.
    """
    found: list[int] = []
    waiting: list[Indices] = [np.arange(len(boxes))] if len(boxes) else []
    while waiting:
        part = waiting.pop()
        own = boxes[part]
        strip = _strip(own, line_height) if len(part) > 1 and len(boxes) <= _MOST_BLOCKS else None
        if strip is None:
            found += part[np.lexsort((own[:, 0], own[:, 1]))].tolist()
            continue
        middle = (own[:, 1] + own[:, 3]) / 2
        above, below = middle < strip.top, middle > strip.bottom
        is_left = (own[:, 0] + own[:, 2]) / 2 < strip.x
        parts = (part[above], part[~above & ~below & is_left], part[~above & ~below & ~is_left], part[below])
        waiting += [one for one in reversed(parts) if len(one)]
    return found


def _strip(boxes: Floats, line_height: float) -> _Strip | None:
    """Find the strip with the highest columns beside it."""
    left, top, right, bottom = boxes.T
    reach = _REACH * line_height
    edges = np.unique(left)
    places = edges[np.concatenate([[True], np.diff(edges) > reach / 2])]
    high = bottom - top
    # No strip can do better than with all blocks that are on its two sides.
    most = np.minimum(
        ((right[None, :] <= places[:, None] + reach) * high).sum(axis=1),
        ((left[None, :] >= places[:, None] - reach) * high).sum(axis=1),
    )
    best, found = _LEAST_BESIDE * line_height, None
    for index in np.argsort(-most, kind="stable").tolist():
        if most[index] <= best:
            break
        for strip, height in _strips_at(boxes, float(places[index]), line_height):
            if height > best:
                best, found = height, strip
    return found


def _strips_at(boxes: Floats, x: float, line_height: float) -> list[tuple[_Strip, float]]:
    """The strips at one place, each with the height of the lower of its columns."""
    reach = _REACH * line_height
    left, top, right, bottom = boxes.T
    is_before = (left + right) / 2 < x
    is_left, is_right = (right <= x + reach) & is_before, (left >= x - reach) & ~is_before
    across = ~is_left & ~is_right
    middle = (top + bottom) / 2
    ends = [-np.inf, np.inf]
    if across.any():
        ends = [-np.inf, *np.unique(middle[across]).tolist(), np.inf]
    found: list[tuple[_Strip, float]] = []
    for low, high in pairwise(ends):
        inside = ~across & (middle > low) & (middle < high)
        if not (inside & is_left).any() or not (inside & is_right).any():
            continue
        own, of_left = boxes[inside], is_left[inside]
        kept = _without_ends(own, of_left, line_height)
        sides = own[kept & of_left], own[kept & ~of_left]
        if not (len(sides[0]) and len(sides[1])):
            continue
        beside = min(side[:, 3].max() for side in sides) - max(side[:, 1].min() for side in sides)
        if beside > _LEAST_BESIDE * line_height:
            height = min(float((side[:, 3] - side[:, 1]).sum()) for side in sides)
            found.append((_Strip(x, float(own[kept, 1].min()), float(own[kept, 3].max())), height))
    return found


def _without_ends(boxes: Floats, is_left: npt.NDArray[np.bool_], line_height: float) -> npt.NDArray[np.bool_]:
    """Flag the blocks of columns, without short blocks that stand far above or below all others."""
    kept = np.ones(len(boxes), dtype=np.bool_)
    for is_top in (True, False):
        starts, stops = (boxes[:, 1], boxes[:, 3]) if is_top else (-boxes[:, 3], -boxes[:, 1])
        order = np.argsort(starts, kind="stable")
        reached = np.maximum.accumulate(stops[order])
        gaps = np.flatnonzero(starts[order[1:]] - reached[:-1] > _FAR * line_height)
        for gap in gaps.tolist():
            end = order[: gap + 1]
            is_one_sided = is_left[end].all() or not is_left[end].any()
            if not is_one_sided or (boxes[end, 3] - boxes[end, 1]).sum() > _SHORT * line_height:
                break
            kept[end] = False
    return kept
