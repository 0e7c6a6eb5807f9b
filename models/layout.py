"""How the lines of a page belong together: columns, paragraphs within them, and rows.

The columns are those of the reading order (`models.reading_order`). Everything is told from where lines stand alone, so
it is the same for any script.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.columns import Boxes
from models.page import Polygon
from models.reading_order import Row, leveled, regions

__all__ = ["Paragraph", "blocks", "paragraphs"]

# From row to row, in heights of a line: so many times as far as is usual in their column, and so much farther, begins a
# paragraph; so does a size of letters that changes by so much. Heights differ by a quarter with their letters alone.
_WIDER_PITCH, _WIDER_BY, _OTHER_SIZE = 1.35, 0.3, 1.4
# Where a column has too few rows to tell what is usual; and the most that is, also where most rows stand apart.
_USUAL_PITCH, _MOST_PITCH = 1.4, 2.0
_INDENT = 0.8
# Of the width of its column: what a line of running text fills at least, and where the last one of a paragraph may end.
_FILLED, _SHORT = 0.75, 0.65
# In heights of a line: the least width of running text, and the widest gap between words.
_LEAST_TEXT, _WORD_GAP = 7.0, 1.5
# Such wide rows are running text wherever they stand (about 40 letters).
_SURE_TEXT = 20.0


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that belong together.

    Args:
        rows: Indices of lines; those of a row stand side by side, from the left.
        is_text: Whether its rows are one text, broken where they are full: not so for tables, lists and addresses.
        height: Of its lines in the middle, in pixels.
    """

    rows: tuple[tuple[int, ...], ...]
    is_text: bool
    height: float


def blocks(polygons: Sequence[Polygon]) -> list[list[list[int]]]:
    """Put the lines of a page together.

    Args:
        polygons: Of its lines, in pixels of the upright page.

    Returns:
        Regions (columns, and what stands between them) of paragraphs of indices into `polygons`, all in reading order.
        Each line comes once; none of the lists is empty but the outermost.
    """
    return [
        [[index for row in paragraph.rows for index in row] for paragraph in region] for region in paragraphs(polygons)
    ]


def paragraphs(polygons: Sequence[Polygon]) -> list[list[Paragraph]]:
    """As `blocks`, with the rows of each paragraph, and what kind it is."""
    if not polygons:
        return []
    points = np.asarray(polygons, dtype=np.float32)
    level = leveled(points)
    boxes = Boxes(level[:, :, 0].min(1), level[:, :, 1].min(1), level[:, :, 0].max(1), level[:, :, 1].max(1))
    # Of the quads themselves: the boxes of lines that rise are higher.
    heights = np.linalg.norm(level[:, 3] - level[:, 0], axis=1)
    return [_parted(rows, _Rows.of(rows, boxes, heights)) for rows in regions(points)]


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a region: (R,) each. `is_whole` where there is no wide gap within a row."""

    left: npt.NDArray[np.float64]
    right: npt.NDArray[np.float64]
    middle: npt.NDArray[np.float64]
    height: npt.NDArray[np.float64]
    is_whole: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, rows: Sequence[Row], boxes: Boxes, heights: npt.NDArray[np.float64]) -> "_Rows":
        return cls(
            np.array([boxes.left[row].min() for row in rows]),
            np.array([boxes.right[row].max() for row in rows]),
            np.array([(boxes.top[row] + boxes.bottom[row]).mean() / 2 for row in rows]),
            np.array([np.median(heights[row]) for row in rows]),
            np.array(
                [(boxes.left[row[1:]] - boxes.right[row[:-1]] <= _WORD_GAP * heights[row[1:]]).all() for row in rows]
            ),
        )

    @property
    def filled(self) -> npt.NDArray[np.float64]:
        """How much of the width of its column each fills."""
        left, right = np.quantile(self.left, 0.1), np.quantile(self.right, 0.9)
        filled: npt.NDArray[np.float64] = (self.right - self.left) / max(right - left, 1e-6)
        return filled

    def is_text(self, first: int, last: int) -> bool:
        """Whether some rows are running text; `last` is one of them."""
        wide = self.right - self.left >= _LEAST_TEXT * self.height
        return bool(
            last > first
            and self.is_whole[first : last + 1].all()
            and wide[first:last].all()
            and (self.filled[first:last] >= _FILLED).all()
        )


def _parted(rows: Sequence[Row], region: _Rows) -> list[Paragraph]:
    begins = _begins(region)
    starts = np.flatnonzero(begins).tolist()
    return [
        Paragraph(
            tuple(tuple(row) for row in rows[start:end]),
            region.is_text(start, end - 1),
            float(np.median(region.height[start:end])),
        )
        for start, end in zip(starts, [*starts[1:], len(rows)], strict=True)
    ]


def _begins(region: _Rows) -> npt.NDArray[np.bool_]:
    """Which rows begin a paragraph."""
    count = len(region.middle)
    begins = np.zeros(count, dtype=np.bool_)
    begins[0] = True
    if count == 1:
        return begins
    larger = np.maximum(region.height[1:], region.height[:-1])
    smaller = np.maximum(np.minimum(region.height[1:], region.height[:-1]), 1e-6)
    pitch = np.diff(region.middle) / ((larger + smaller) / 2)
    usual = min(float(np.median(pitch)), _MOST_PITCH) if count > 4 else _USUAL_PITCH
    is_apart = (pitch > _WIDER_PITCH * usual) & (pitch > usual + _WIDER_BY)
    begins[1:] = is_apart | (larger > _OTHER_SIZE * smaller)
    # A first line that is indented stands further right than the line before and the line after.
    indent = np.diff(region.left)
    begins[1:-1] |= (indent[:-1] > _INDENT * larger[:-1]) & (indent[1:] < -_INDENT * larger[1:])
    # In running text, one that ends early is the last one.
    filled = region.filled
    is_text = (filled >= _FILLED) & region.is_whole
    if np.median(filled) < _FILLED:
        is_text &= region.right - region.left >= _SURE_TEXT * region.height
    begins[1:] |= (filled[:-1] < _SHORT) & is_text[1:]
    return begins
