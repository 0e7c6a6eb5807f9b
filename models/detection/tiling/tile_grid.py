"""Cuts a page into overlapping tiles."""

import math
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from models.upright import stored_points, upright_pixels

__all__ = ["TileAxis", "TileGrid", "is_blank"]

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

# Nearly all tiles have one size, so that a runtime compiles one net for them. Larger tiles have less overlap to search
# twice, and take more memory.
_TILE_PX = 1280
# If a page has few tiles, they would mostly overlap; their sides are then shorter, in multiples of this.
_TILE_STEP_PX = 128
# The overlap of tiles. The net needs some 32 pixels around a line to detect it well. With this overlap, one of two
# tiles shows a line of `LARGE_PX` across their seam whole, with 32 pixels around it.
_OVERLAP_PX = 160
# Ink that differs less from its ground was never found in 1,280 x 1,280 pixels of clean ground, at any size, by either
# detector of the default bundle (docs/decisions/0023-tiles.md; the one for documents finds a difference of 5).
_FAINTEST = 5
_BLOCK_PX = 32


@dataclass(frozen=True, slots=True)
class TileAxis:
    """Tiles along one side of a scaled page.

    Args:
        page_px: Length of the page.
        scaled_px: Length of the scaled page.
        tile_px: Length of a tile.
        starts: Where each tile begins on the scaled page, ascending. The last tile ends with the page.
    """

    page_px: int
    scaled_px: int
    tile_px: int
    starts: tuple[int, ...]

    @classmethod
    def of(cls, page_px: int, scale: float, multiple: int) -> Self:
        """Spread the fewest possible tiles evenly over a side.

        Args:
            page_px: Length of the page.
            scale: Pixels of the scaled page for one of the page.
            multiple: A tile's length is a multiple of this.

        >>> TileAxis.of(3000, 1.0, 32)
        TileAxis(page_px=3000, scaled_px=3000, tile_px=1152, starts=(0, 924, 1848))
        >>> TileAxis.of(3000, 0.3, 32)
        TileAxis(page_px=3000, scaled_px=928, tile_px=928, starts=(0,))
        """
        scaled = max(1, round(page_px * scale))
        if scaled <= _TILE_PX:
            scaled = math.ceil(scaled / multiple) * multiple
            return cls(page_px, scaled, scaled, (0,))
        count = math.ceil((scaled - _OVERLAP_PX) / (_TILE_PX - _OVERLAP_PX))
        step = math.lcm(_TILE_STEP_PX, multiple)
        tile = math.ceil((scaled + (count - 1) * _OVERLAP_PX) / count / step) * step
        starts = np.linspace(0, scaled - tile, count).round().astype(int)
        return cls(page_px, scaled, tile, tuple(starts.tolist()))

    @property
    def scale(self) -> float:
        """Pixels of the scaled page for one of the page."""
        return self.scaled_px / self.page_px

    @property
    def bounds(self) -> npt.NDArray[np.float64]:
        """Where each tile's zone begins, in the middle of its overlap with the tile before; and where the last ends."""
        starts = np.array(self.starts, np.float64)
        return np.concatenate([[0.0], (starts[:-1] + self.tile_px + starts[1:]) / 2, [self.scaled_px]]).round()

    def zones(self, positions: npt.NDArray[np.floating]) -> npt.NDArray[np.intp]:
        """The tile in whose zone each position on the scaled page lies."""
        return np.clip(np.searchsorted(self.bounds, positions, side="right") - 1, 0, len(self.starts) - 1)

    def on_page(self, index: int) -> tuple[int, int]:
        """The two positions on the page between which a tile is cut out, to within a pixel."""
        start = self.starts[index]
        return round(start / self.scale), min(self.page_px, round((start + self.tile_px) / self.scale))


@dataclass(frozen=True, slots=True)
class TileGrid:
    """The tiles of a page at one scale.

    Args:
        columns: Tiles along the page's width.
        rows: Tiles along the page's height.
    """

    columns: TileAxis
    rows: TileAxis

    @classmethod
    def of(cls, page_size: tuple[int, int], scale: float, multiple: int) -> Self:
        """Cut a page.

        Args:
            page_size: (width, height) of the upright page, in pixels.
            scale: Pixels of the scaled page for one of the page.
            multiple: Sides of tiles are multiples of this.
        """
        return cls(*(TileAxis.of(side, scale, multiple) for side in page_size))

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows and of columns."""
        return len(self.rows.starts), len(self.columns.starts)

    @property
    def scales(self) -> npt.NDArray[np.float32]:
        """Pixels of the scaled page for one of the page, in x and y: (2,)."""
        return np.array([self.columns.scale, self.rows.scale], np.float32)

    def zones(self, points: Floats) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """The row and the column of the tile in whose zone each point lies.

        Args:
            points: (..., 2), pixels of the scaled page.
        """
        return self.rows.zones(points[..., 1]), self.columns.zones(points[..., 0])

    def tile(self, pixels: Pixels, rotation: int, row: int, column: int) -> Pixels:
        """Cut one tile out, scaled and upright.

        Args:
            pixels: (height, width, 3) uint8, the page as stored. Read only.
            rotation: Degrees clockwise by which the page must be turned to be upright.
            row: Row of the tile.
            column: Column of the tile.

        Returns:
            (tile height, tile width, 3) uint8.
        """
        left, right = self.columns.on_page(column)
        top, bottom = self.rows.on_page(row)
        corners = np.array([[left, top], [right, bottom]], np.float32)
        stored = stored_points(corners, (pixels.shape[1], pixels.shape[0]), rotation).astype(int)
        (left, top), (right, bottom) = stored.min(axis=0), stored.max(axis=0)
        part = pixels[top:bottom, left:right]
        size = self.columns.tile_px, self.rows.tile_px
        if rotation % 180:
            size = size[1], size[0]
        if size != part.shape[1::-1]:
            # `resize_page` chooses the interpolation in the same way.
            reduced = min(size[0] / part.shape[1], size[1] / part.shape[0])
            interpolation = cv2.INTER_AREA if reduced < 0.5 else cv2.INTER_LINEAR
            part = np.asarray(cv2.resize(part, size, interpolation=interpolation), dtype=np.uint8)
        return np.ascontiguousarray(upright_pixels(part, rotation))


def is_blank(tile: Pixels) -> bool:
    """Whether a tile is blank: no part of it has enough contrast for the faintest ink that the net can detect.

    Args:
        tile: (height, width, 3) uint8.
    """
    rows, columns = (side // _BLOCK_PX for side in tile.shape[:2])
    # Whole rows are compared first, which is ten times as fast as block by block.
    strips = tile[: rows * _BLOCK_PX, : columns * _BLOCK_PX].reshape(rows, _BLOCK_PX, -1)
    ranges = []
    for extreme in (np.max, np.min):
        ranges.append(extreme(extreme(strips, axis=1).reshape(rows, columns, _BLOCK_PX, 3), axis=2))
    return bool((ranges[0] - ranges[1] < _FAINTEST).all())
