"""Groups the lines of a page into columns, paragraphs within them, and rows.

The columns are those of the reading order (`models.reading_order`). Only the lines' places count, so the result is the
same for any script.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median

import numpy as np
import numpy.typing as npt

from models.blocks import boxes_of
from models.columns import Boxes
from models.page import Polygon
from models.reading_order import regions
from models.rows import Row

__all__ = ["Paragraph", "blocks", "paragraphs"]

# A paragraph begins if a row is so many times as far from the one before as is usual in its column, and farther by so
# many heights of a line. It also begins if the height of lines changes by this factor: lines of one size of letters
# differ by a quarter in height.
_WIDER_PITCH, _WIDER_BY, _OTHER_SIZE = 1.35, 0.3, 1.4
# The usual distance of rows in a column that has too few rows to tell, and the greatest usual distance, even if most
# rows stand apart.
_USUAL_PITCH, _MOST_PITCH = 1.4, 2.0
_INDENT = 0.8
# Shares of a column's width: a line of running text fills at least the first; a paragraph's last line may end before
# the second.
_FILLED, _SHORT = 0.75, 0.65
# In heights of a line: the least width of running text, and the widest gap between words.
_LEAST_TEXT, _WORD_GAP = 7.0, 1.5
# In heights of a line: how near to each other the ends of rows are that stand at the right, as an address in a letter's
# head. Rows of running text have at most two left ends.
_SAME_END, _MOST_LEFTS = 0.4, 2
# Rows of this width are running text in any column (about 40 letters).
_SURE_TEXT = 20.0


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that belong together.

    Args:
        rows: Indices of lines; those of a row stand side by side, from the left.
        is_text: Whether its rows are running text, broken when a row is full, unlike tables, lists and addresses.
        height: Median height of its lines, in pixels.
    """

    rows: tuple[tuple[int, ...], ...]
    is_text: bool
    height: float


def blocks(polygons: Sequence[Polygon]) -> list[list[list[int]]]:
    """Group the lines of a page into regions and paragraphs.

    Args:
        polygons: Polygons of the lines, in pixels of the upright page.

    Returns:
        Regions (columns and the text between them) of paragraphs of indices into `polygons`, all in reading order.
        Each line comes once. No list is empty but the outermost.
    """
    return [
        [[index for row in paragraph.rows for index in row] for paragraph in region] for region in paragraphs(polygons)
    ]


def paragraphs(polygons: Sequence[Polygon]) -> list[list[Paragraph]]:
    """Group lines as `blocks` does, with the rows of each paragraph and its kind."""
    if not polygons:
        return []
    found = []
    for region in regions(np.asarray(polygons, dtype=np.float32)):
        # The quads' own heights: the boxes of lines that rise are higher.
        heights = np.linalg.norm(region.level[:, 3] - region.level[:, 0], axis=1)
        found.append(_parted(region.rows, _Rows.of(region.rows, boxes_of(region.level), heights)))
    return found


@dataclass(frozen=True)
class _Rows:
    """The rows of a region, (R,) each. `is_whole` is true for a row without a wide gap in it."""

    left: npt.NDArray[np.float64]
    right: npt.NDArray[np.float64]
    middle: npt.NDArray[np.float64]
    height: npt.NDArray[np.float64]
    is_whole: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, rows: Sequence[Row], boxes: Boxes, heights: npt.NDArray[np.float64]) -> "_Rows":
        # Lists: most rows have one line or two, for which calls of numpy take longer than the work.
        left, right, height = boxes.left.tolist(), boxes.right.tolist(), heights.tolist()
        middle = ((boxes.top + boxes.bottom) / 2).tolist()
        return cls(
            np.array([min(left[i] for i in row) for row in rows]),
            np.array([max(right[i] for i in row) for row in rows]),
            np.array([sum(middle[i] for i in row) / len(row) for row in rows]),
            np.array([median(height[i] for i in row) for row in rows]),
            np.array([all(left[b] - right[a] <= _WORD_GAP * height[b] for a, b in pairwise(row)) for row in rows]),
        )

    @cached_property
    def filled(self) -> npt.NDArray[np.float64]:
        """The share of its column's width that each row fills."""
        left, right = np.quantile(self.left, 0.1), np.quantile(self.right, 0.9)
        filled: npt.NDArray[np.float64] = (self.right - self.left) / max(right - left, 1e-6)
        return filled

    def are_at_right(self, rows: slice) -> bool:
        """Whether rows end above each other, and begin anywhere."""
        height = np.median(self.height[rows])
        lefts = 1 + int((np.diff(np.sort(self.left[rows])) > _SAME_END * height).sum())
        return lefts > _MOST_LEFTS and bool(np.ptp(self.right[rows]) < _SAME_END * height)

    def is_text(self, first: int, last: int) -> bool:
        """Whether the rows from `first` to `last`, both included, are running text."""
        wide = self.right - self.left >= _LEAST_TEXT * self.height
        rows = slice(first, last + 1)
        return bool(
            last > first
            and self.is_whole[rows].all()
            and wide[first:last].all()
            and (self.filled[first:last] >= _FILLED).all()
            and not self.are_at_right(rows)
        )


def _parted(rows: Sequence[Row], region: _Rows) -> list[Paragraph]:
    begins = _begins(region)
    starts = np.flatnonzero(begins).tolist()
    return [
        Paragraph(
            tuple(tuple(row) for row in rows[start:end]),
            region.is_text(start, end - 1),
            median(region.height[start:end].tolist()),
        )
        for start, end in zip(starts, [*starts[1:], len(rows)], strict=True)
    ]


def _begins(region: _Rows) -> npt.NDArray[np.bool_]:
    """Flag the rows that begin a paragraph."""
    count = len(region.middle)
    begins = np.zeros(count, dtype=np.bool_)
    begins[0] = True
    if count == 1:
        return begins
    larger = np.maximum(region.height[1:], region.height[:-1])
    smaller = np.maximum(np.minimum(region.height[1:], region.height[:-1]), 1e-6)
    pitch = np.diff(region.middle) / ((larger + smaller) / 2)
    usual = min(median(pitch.tolist()), _MOST_PITCH) if count > 4 else _USUAL_PITCH
    is_apart = (pitch > _WIDER_PITCH * usual) & (pitch > usual + _WIDER_BY)
    begins[1:] = is_apart | (larger > _OTHER_SIZE * smaller)
    if region.are_at_right(slice(None)):
        return begins
    # An indented first line begins further to the right than the line before and the line after.
    indent = np.diff(region.left)
    begins[1:-1] |= (indent[:-1] > _INDENT * larger[:-1]) & (indent[1:] < -_INDENT * larger[1:])
    # In running text, a row that ends early is the last one of its paragraph.
    filled = region.filled
    is_text = (filled >= _FILLED) & region.is_whole
    if median(filled.tolist()) < _FILLED:
        is_text &= region.right - region.left >= _SURE_TEXT * region.height
    begins[1:] |= (filled[:-1] < _SHORT) & is_text[1:]
    return begins
