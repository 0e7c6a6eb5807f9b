"""Searching a huge page for text in overlapping tiles, at a scale at which its lines have a good height.

Where lines are low, or print may have vanished, a place is searched at twice the scale, and so on to the page's own. A
row of tiles gives one map, in which a line across many tiles is one region by nature; rows are joined at their seams
(`models.detection.tiling.seams`), and the looks at several scales merged (`models.detection.tiling.look_merge`).
"""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.detection.db import DbThresholds, db_quads
from models.detection.tiling.look_merge import merged_looks
from models.detection.tiling.overlaps import points_along, thickness_of
from models.detection.tiling.seams import FoundLines, joined_at_seam
from models.detection.tiling.tile_grid import TileGrid, is_blank
from models.steps import NetInputs, Steps
from models.upright import upright_size

__all__ = ["TileSearch", "tile_steps"]

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

# Tiles whose maps are waited for together: of 1.6 million pixels each, 11 MB with the map.
_TILES_AT_A_TIME = 4
# So near to its edge a tile is left to the next one, which sees the whole characters.
_EDGE_PX = 16
# Each scale is twice the one before, the first at least this; nearly the page's own is its own.
_GROWTH = 2.0
_LEAST_SCALE = 0.3
_NEARLY_WHOLE = 0.75
# Up to these scales print that is good at the page's own may leave no trace at all: on paper every place is searched
# again at the next scale. In scenes places where nothing was found are the rule.
_VANISHES_ON_PAPER = 0.3
_VANISHES_IN_SCENES = 0.2
# Up to this scale it leaves few traces: a place with hardly any line is searched again. At any scale one with a low
# line is.
_FADES = 0.5
_FEWEST_LINES = 6
# Lines that are kept while searching, for each that the page may have in the end.
_KEPT = 4


@dataclass(frozen=True, slots=True)
class TileSearch:
    """How a page is searched.

    Args:
        rotation: Degrees clockwise that the stored page must be turned to be upright.
        is_paper: Whether it shows a document, and not a scene.
        multiple: Sides of inputs are multiples of it.
        thresholds: Of the map.
        small_line_px: Height of a quad in the input under which lines are easily missed.
        most_lines: That the page may have. Several times as many are kept here, so that it shows when there are more.
    """

    rotation: int
    is_paper: bool
    multiple: int
    thresholds: DbThresholds
    small_line_px: float
    most_lines: int


@dataclass(frozen=True, slots=True)
class _Look:
    """What is known of a page: lines in pixels of the upright page, and where and how they were looked for.

    Args:
        lines: From this look and those before.
        is_new: Which are this look's.
        scale: Pixels of the input to one of the page.
        grid: None for a look at the whole page at once.
        tiles: (rows, columns), which were searched.
    """

    lines: FoundLines
    is_new: Flags
    scale: float
    grid: TileGrid | None = None
    tiles: Flags | None = None

    def reaches(self, grid: TileGrid) -> Flags:
        """(rows, columns) of another grid, whether any of each tile's zone was looked at."""
        if self.grid is None or self.tiles is None:
            return np.ones(grid.shape, bool)
        spans = []
        for mine, other in ((self.grid.rows, grid.rows), (self.grid.columns, grid.columns)):
            bounds = other.bounds * mine.scale / other.scale
            spans.append(list(zip(mine.zones(bounds[:-1] + 1), mine.zones(bounds[1:] - 1) + 1, strict=True)))
        reached = [self.tiles[slice(*rows), slice(*columns)].any() for rows, columns in itertools.product(*spans)]
        return np.array(reached).reshape(grid.shape)


def tile_steps(
    pixels: Pixels, points: Floats, scores: Floats, scale: float, search: TileSearch
) -> Steps[tuple[Floats, Floats]]:
    """Search a page on which a look at the whole may have missed small text.

    Args:
        pixels: (height, width, 3) uint8 RGB, the page as stored. Read only.
        points: (K, 4, 2) float32, pixels of the upright page: what the look at the whole page found.
        scores: (K,) float32, of these.
        scale: Pixels of that look's input to one of the page.
        search: What else is known.

    Returns:
        points and scores of all lines, as above, in no particular order.
    """
    size = upright_size((pixels.shape[1], pixels.shape[0]), search.rotation)
    look = _Look(FoundLines(points, scores), np.ones(len(points), bool), scale)
    while look.scale < 1:
        grid = TileGrid.of(size, _next_scale(look.scale), search.multiple)
        wanted = _wanted_tiles(grid, look, search)
        if not wanted.any():
            break
        look = yield from _tiled_look(pixels, look, grid, wanted, search)
    return np.clip(look.lines.points, 0, np.array(size, np.float32)), look.lines.scores


def _next_scale(scale: float) -> float:
    larger = max(_GROWTH * scale, _LEAST_SCALE)
    return 1.0 if larger > _NEARLY_WHOLE else larger


def _wanted_tiles(grid: TileGrid, look: _Look, search: TileSearch) -> Flags:
    """(rows, columns), where a look may have missed lines."""
    reached = look.reaches(grid)
    if look.scale < (_VANISHES_ON_PAPER if search.is_paper else _VANISHES_IN_SCENES):
        return reached
    lines = look.lines.points
    is_low = look.is_new & (thickness_of(lines) * look.scale < search.small_line_px)
    wanted = np.zeros(grid.shape, bool)
    wanted[grid.zones(points_along(lines[is_low]) * grid.scales)] = True
    if search.is_paper and look.scale < _FADES:
        count = np.zeros(grid.shape, int)
        np.add.at(count, grid.zones(lines.mean(axis=1) * grid.scales), 1)
        wanted |= count < _FEWEST_LINES
    return reached & wanted


def _tiled_look(pixels: Pixels, before: _Look, grid: TileGrid, wanted: Flags, search: TileSearch) -> Steps[_Look]:
    """Search some tiles, and put what they show together with what is known."""
    found, tiles = FoundLines.none(), np.zeros(grid.shape, bool)
    for row, start in enumerate(grid.rows.starts):
        if not wanted[row].any():
            continue
        strip, tiles[row] = yield from _strip_map(pixels, grid, row, np.flatnonzero(wanted[row]), search)
        if not tiles[row].any():
            continue
        points, scores = db_quads(strip, strip.shape[::-1], search.thresholds, is_whole_page=False)
        del strip  # before the next is made
        lines = _surest(FoundLines(points + np.array([0, start], np.float32), scores), search.most_lines)
        bottom = grid.rows.starts[max(row - 1, 0)] + grid.rows.tile_px
        found = joined_at_seam(found, lines, start, bottom) if row else lines
        found = _surest(found, search.most_lines)
    known = FoundLines(before.lines.points * grid.scales, before.lines.scores)

    lines, is_new = merged_looks(known, found, lambda points: tiles[grid.zones(points)])
    return _Look(FoundLines(lines.points / grid.scales, lines.scores), is_new, float(grid.scales.min()), grid, tiles)


def _strip_map(
    pixels: Pixels, grid: TileGrid, row: int, columns: npt.NDArray[np.intp], search: TileSearch
) -> Steps[tuple[Floats, Flags]]:
    """The map of one row of tiles, 0 where none was searched; and which were."""
    axis = grid.columns
    strip = np.zeros((grid.rows.tile_px, axis.scaled_px), np.float32)
    is_searched = np.zeros(len(axis.starts), bool)
    for first in range(0, len(columns), _TILES_AT_A_TIME):
        group = columns[first : first + _TILES_AT_A_TIME]
        tiles = {int(column): grid.tile(pixels, search.rotation, row, int(column)) for column in group}
        tiles = {column: tile for column, tile in tiles.items() if not is_blank(tile)}
        if not tiles:
            continue
        maps = yield NetInputs("detection", list(tiles.values()))
        for column, probability in zip(tiles, maps, strict=True):
            start, shared = axis.starts[column], 0
            is_searched[column] = True
            if column and is_searched[column - 1]:
                # What both show is what either sees: of a line that begins at a tile's edge, it may see nothing.
                shared = axis.starts[column - 1] + axis.tile_px - start - _EDGE_PX
                both = strip[:, start + _EDGE_PX : start + shared]
                np.maximum(both, probability[:, _EDGE_PX:shared], out=both)
            strip[:, start + shared : start + axis.tile_px] = probability[:, shared:]
    return strip, is_searched


def _surest(lines: FoundLines, most_lines: int) -> FoundLines:
    if len(lines) <= _KEPT * most_lines:
        return lines
    return lines.only(np.sort(np.argsort(-lines.scores, kind="stable")[: _KEPT * most_lines]))
