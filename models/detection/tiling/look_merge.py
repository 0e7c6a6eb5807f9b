"""Lines of a coarse and a fine look at one page, put together."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from models.detection.tiling.overlaps import areas_of, overlaps_of, points_along, thickness_of
from models.detection.tiling.seams import FoundLines

__all__ = ["LARGE_PX", "merged_looks"]

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

#: Lines higher than this in the fine look are taken from the coarse one: type of 200 pixels fell into its words in a
#: tile of 1,280, type of 160 did not (docs/decisions/0023-tiles.md).
LARGE_PX = 96.0
# A fine line lies in a coarse one with this much of its area.
_INSIDE = 0.5
# Print far too small for the coarse look melts into one line there. The fine one shows rows in it, lower than this
# share of it, that fill this share of it; where the text is indeed large, letters and parts of letters.
_ROW = 0.5
_FILLED = 0.3
# A line of the coarse look is a matter of the fine one when this much of it lies where that looked.
_LOOKED_AT = 0.9


def merged_looks(
    coarse: FoundLines, fine: FoundLines, was_searched: Callable[[Floats], Flags]
) -> tuple[FoundLines, Flags]:
    """Each line from the look that shows it better.

    Args:
        coarse: Of the whole page.
        fine: Of a part of the page at a larger scale.
        was_searched: Of points (..., 2), whether the fine look showed what is there.

    Returns:
        The lines of both, the coarse look's first; and which are the fine look's.
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
    is_settled = (heights <= LARGE_PX) & (searched_share >= _LOOKED_AT)
    stays = ~(is_melted | is_settled)
    is_fine_left = np.ones(len(fine), bool)
    is_fine_left[overlaps.second[is_inside & stays[overlaps.first]]] = False
    left = coarse.only(stays)
    return left.also(fine.only(is_fine_left)), np.arange(len(left) + is_fine_left.sum()) >= len(left)
