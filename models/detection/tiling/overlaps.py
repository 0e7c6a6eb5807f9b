"""Finds quads that lie over one another."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Overlaps", "areas_of", "overlaps_of", "points_along", "thickness_of"]

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

# So many of the first quads are compared with the second at a time, which bounds the memory of the comparison.
_AT_A_TIME = 256
# More than the tiles that a line crosses, on all but the largest pages.
_POINTS_ALONG = 33
# A quad that fills this share of its bounding box is taken for the box.
_STRAIGHT = 0.98


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Pairs of quads that have an area in common.

    Args:
        first: (P,) indices into the first quads.
        second: (P,) indices into the second quads.
        area: (P,) float32, the area that each pair has in common.
    """

    first: Indices
    second: Indices
    area: Floats


def areas_of(points: Floats) -> Floats:
    """The areas, (K,), of convex quads, (K, 4, 2)."""
    x, y = points[..., 0].astype(np.float64), points[..., 1].astype(np.float64)
    doubled = x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)
    return np.asarray(np.abs(doubled.sum(axis=1)) / 2, dtype=np.float32)


def thickness_of(points: Floats) -> Floats:
    """The lengths, (K,), of the shortest sides of quads, (K, 4, 2). For a text line that is its height."""
    sides = np.linalg.norm(points - np.roll(points, 1, axis=1), axis=2)
    return np.asarray(sides.min(axis=1), dtype=np.float32)


def points_along(points: Floats) -> Floats:
    """Points (K, S, 2) along the middle of quads (K, 4, 2), from end to end."""
    begin, end = (points[:, :1] + points[:, 3:]) / 2, (points[:, 1:2] + points[:, 2:3]) / 2
    return np.asarray(begin + (end - begin) * np.linspace(0, 1, _POINTS_ALONG)[:, None], dtype=np.float32)


def overlaps_of(first: Floats, second: Floats) -> Overlaps:
    """Pair every one of the first quads with those of the second that it lies over.

    Args:
        first: (M, 4, 2), convex quads.
        second: (N, 4, 2), convex quads.
    """
    # Quads are taken from the top down, so that those compared at a time are near one another.
    by_top, other_by_top = (np.argsort(points[..., 1].min(axis=1), kind="stable") for points in (first, second))
    low, high = first.min(axis=1)[by_top], first.max(axis=1)[by_top]
    other_low, other_high = second.min(axis=1)[other_by_top], second.max(axis=1)[other_by_top]
    pairs = [np.empty((2, 0), np.intp)]
    for start in range(0, len(first), _AT_A_TIME):
        part = slice(start, start + _AT_A_TIME)
        near = np.flatnonzero(
            (other_low[:, 1] < high[part, 1].max()) & (other_high[:, 1] > low[part, 1].min()),
        )
        is_over = (low[part, None] < other_high[None, near]).all(axis=2)
        is_over &= (high[part, None] > other_low[None, near]).all(axis=2)
        one, other = np.nonzero(is_over)
        pairs.append(np.stack([by_top[start + one], other_by_top[near[other]]]))
    one, other = np.concatenate(pairs, axis=1)
    area = _common_areas(first, second, one, other)
    is_common = area > 0
    return Overlaps(one[is_common], other[is_common], area[is_common])


def _common_areas(first: Floats, second: Floats, one: Indices, other: Indices) -> Floats:
    low = np.maximum(first.min(axis=1)[one], second.min(axis=1)[other])
    high = np.minimum(first.max(axis=1)[one], second.max(axis=1)[other])
    area = (high - low).clip(0).prod(axis=1)
    for pair in np.flatnonzero(~(_is_straight(first)[one] & _is_straight(second)[other])):
        area[pair], _ = cv2.intersectConvexConvex(first[one[pair]], second[other[pair]])
    return np.asarray(area, dtype=np.float32)


def _is_straight(points: Floats) -> npt.NDArray[np.bool_]:
    box = (points.max(axis=1) - points.min(axis=1)).prod(axis=1)
    return np.asarray(areas_of(points) >= _STRAIGHT * box)
