"""Merges the lines of a coarse and a fine pass over one page."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from models.detection.tiling.overlaps import areas_of, overlaps_of, points_along, thickness_of
from models.detection.tiling.seams import FoundLines

__all__ = ["LARGE_PX", "merged_passes"]

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

#: Lines higher than this in the fine pass are taken from the coarse one: in a tile of 1,280 pixels, a line of type of
#: 200 pixels was split into its words, and one of 160 was not (docs/decisions/0023-tiles.md).
LARGE_PX = 96.0
# A fine line lies inside a coarse one if this share of its area does.
_INSIDE = 0.5
# Print that is far too small for the coarse pass merges into one line there. The fine pass then shows several rows,
# each lower than this share of the line, that together fill this share of it. In text that is indeed large, it shows
# letters and parts of letters.
_ROW = 0.5
_FILLED = 0.3
# A line of the coarse pass is left to the fine pass if that searched this share of it.
_SEARCHED = 0.9


def merged_passes(
    coarse: FoundLines, fine: FoundLines, was_searched: Callable[[Floats], Flags]
) -> tuple[FoundLines, Flags]:
    """Take each line from the pass that shows it better.

    Args:
        coarse: Lines of the whole page.
        fine: Lines of a part of the page, found at a larger scale.
        was_searched: Tells of points (..., 2) whether the fine pass searched there.

    Returns:
        The lines of both, the coarse pass's first; and flags of those that are the fine pass's.
    """
    overlaps = overlaps_of(coarse.points, fine.points)
    coarse_areas, fine_areas = areas_of(coarse.points), areas_of(fine.points)
    is_inside = overlaps.area >= _INSIDE * fine_areas[overlaps.second]
    heights, fine_heights = thickness_of(coarse.points), thickness_of(fine.points)
    is_row = is_inside & (fine_heights[overlaps.second] <= _ROW * heights[overlaps.first])
    filled = np.bincount(overlaps.first[is_row], overlaps.area[is_row], len(coarse)) / np.maximum(coarse_areas, 1)
    rows = np.bincount(overlaps.first[is_row], minlength=len(coarse))
    is_melted = (filled >= _FILLED) & (rows > 1)
    searched_share = was_searched(points_along(coarse.points)).mean(axis=1)
    is_settled = (heights <= LARGE_PX) & (searched_share >= _SEARCHED)
    stays = ~(is_melted | is_settled)
    is_fine_left = np.ones(len(fine), bool)
    is_fine_left[overlaps.second[is_inside & stays[overlaps.first]]] = False
    left = coarse.only(stays)
    return left.also(fine.only(is_fine_left)), np.arange(len(left) + is_fine_left.sum()) >= len(left)
