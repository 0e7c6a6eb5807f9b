"""Finds the pieces beside and beneath a piece, on pages with thousands of them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.structure.fields.pieces import Piece

__all__ = ["Places"]

Indices = npt.NDArray[np.intp]

# Two pieces are in one row if they share so much of the lower one's height.
_SHARED_HEIGHT = 0.5
# Boxes of neighbors overlap by up to so many heights.
_OVERLAP = 0.5


class Places:
    """The pieces of one page, by where they stand.

    Args:
        pieces: The pieces.
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        boxes = np.array([(piece.left, piece.top, piece.right, piece.bottom) for piece in pieces], np.float64).reshape(
            -1, 4
        )
        self._left, self._top, self._right, self._bottom = boxes.T
        self._height = np.maximum(self._bottom - self._top, 1.0)
        middles = (self._top + self._bottom) / 2
        self._order = np.argsort(middles, kind="stable")
        self._middles = middles[self._order]

    def beside(self, piece: Piece, furthest: float, is_right: bool = True) -> Indices:
        """Find what stands in the same row, the nearest first.

        Args:
            piece: A piece, which need not be one of the page's.
            furthest: The widest gap, in pixels.
            is_right: Whether to look to the right rather than to the left.
        """
        height = piece.height
        near = self._between(piece.top - height, piece.bottom + height)
        shared = np.minimum(self._bottom[near], piece.bottom) - np.maximum(self._top[near], piece.top)
        if is_right:
            gap = self._left[near] - piece.right
            is_further = self._left[near] > piece.left
        else:
            gap = piece.left - self._right[near]
            is_further = self._right[near] < piece.right
        in_row = shared > _SHARED_HEIGHT * np.minimum(self._height[near], height)
        fits = in_row & is_further & (gap > -_OVERLAP * height) & (gap < furthest)
        return _sorted(near[fits], gap[fits])

    def beneath(self, piece: Piece, furthest: float, is_below: bool = True) -> Indices:
        """Find what stands beneath a piece or above it and overlaps it from side to side, the nearest first.

        Args:
            piece: A piece, which need not be one of the page's.
            furthest: The widest gap, in pixels.
            is_below: Whether to look down rather than up.
        """
        height = piece.height
        if is_below:
            near = self._between(piece.bottom - _OVERLAP * height, piece.bottom + furthest + 2 * height)
            gap = self._top[near] - piece.bottom
        else:
            near = self._between(piece.top - furthest - 2 * height, piece.top + _OVERLAP * height)
            gap = piece.top - self._bottom[near]
        overlaps = (self._left[near] < piece.right) & (self._right[near] > piece.left)
        fits = overlaps & (gap > -_OVERLAP * height) & (gap < furthest)
        return _sorted(near[fits], gap[fits])

    def _between(self, top: float, bottom: float) -> Indices:
        """Pieces whose middle is between two heights."""
        start, end = np.searchsorted(self._middles, (top, bottom))
        return self._order[start:end]


def _sorted(indices: Indices, gaps: npt.NDArray[np.float64]) -> Indices:
    order: Indices = indices[np.lexsort((indices, gaps))]
    return order
