"""The lines of a page as the layout needs them: their places, rows and paragraphs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from models.blocks import boxes_of, find_blocks
from models.columns import Boxes
from models.layout import Paragraph, paragraphs
from models.page import Line

__all__ = ["PageLines"]

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class PageLines:
    """The lines of a page, of which there is at least one.

    Args:
        texts: Their texts.
        points: (K, 4, 2) float32, their corners in pixels of the upright page.
        paragraphs: The page's paragraphs as its geometry alone tells them, in reading order.
        groups: Indices of lines that run the same way, in reading order: a stamp up the side of the page is a group.
    """

    texts: tuple[str, ...]
    points: npt.NDArray[np.float32]
    paragraphs: tuple[Paragraph, ...]
    groups: tuple[Indices, ...]

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "PageLines":
        """Measure the lines of a page."""
        polygons = [line.polygon for line in lines]
        points = np.array(polygons, dtype=np.float32).reshape(-1, 4, 2)
        found = tuple(paragraph for region in paragraphs(polygons) for paragraph in region)
        return cls(tuple(line.text for line in lines), points, found, tuple(find_blocks(points)))

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def boxes(self) -> Boxes:
        """Their upright boxes, in pixels of the upright page."""
        return boxes_of(self.points.astype(np.float64))

    @cached_property
    def heights(self) -> Floats:
        """(K,) float64, how thick each is, in pixels, at least one."""
        sides = self.points[:, 3] - self.points[:, 0]
        heights: Floats = np.maximum(np.linalg.norm(sides.astype(np.float64), axis=1), 1.0)
        return heights

    @cached_property
    def usual_height(self) -> float:
        """The height of most of the page's characters: half of them are not higher."""
        order = np.argsort(self.heights, kind="stable")
        counts = np.array([len(text) for text in self.texts])[order].cumsum()
        return float(self.heights[order[np.searchsorted(counts, counts[-1] / 2)]])

    @cached_property
    def main(self) -> Indices:
        """Indices of the lines that run as most do."""
        return max(self.groups, key=len, default=np.empty(0, dtype=np.intp))

    @cached_property
    def is_prose(self) -> npt.NDArray[np.bool_]:
        """(K,) whether each is a line of running text, by the geometry of its paragraph."""
        is_prose = np.zeros(len(self), dtype=np.bool_)
        for paragraph in self.paragraphs:
            if paragraph.is_text:
                is_prose[[index for row in paragraph.rows for index in row]] = True
        return is_prose

    def box_of(self, indices: Sequence[int] | Indices) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of some lines, of which there is at least one."""
        own = self.boxes.of(np.asarray(indices, dtype=np.intp))
        return float(own.left.min()), float(own.top.min()), float(own.right.max()), float(own.bottom.max())
