"""Searches a huge page for text in overlapping tiles, at a scale at which its lines have a good height.

If lines are low or print may have vanished, that part of the page is searched at twice the scale, and so on up to the
page's own. A row of tiles gives one map, in which a line across many tiles is a single region. Rows are joined at their
seams (`models.detection.tiling.seams`), and the passes at several scales are merged
(`models.detection.tiling.pass_merge`).
"""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.detection.db import DbThresholds, db_quads
from models.detection.tiling.overlaps import points_along, thickness_of
from models.detection.tiling.pass_merge import merged_passes
from models.detection.tiling.seams import FoundLines, joined_at_seam
from models.detection.tiling.tile_grid import TileGrid, is_blank
from models.steps import NetInputs, NetName, Steps
from models.upright import upright_size

__all__ = ["TileSearch", "tile_steps"]

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

# So many tiles go to the net together. Each has 1.6 million pixels and takes 11 MB with its map.
_TILES_AT_A_TIME = 4
# So near to its edge, a tile's map gives way to the next tile's, which shows the characters whole.
_EDGE_PX = 16
# Each scale is twice the one before. The first is at least `_LEAST_SCALE`; above `_NEARLY_WHOLE` it is the page's own.
_GROWTH = 2.0
_LEAST_SCALE = 0.3
_NEARLY_WHOLE = 0.75
# Below these scales, print that is readable at the page's own scale may leave no trace at all, so every part of the
# page is searched again at the next scale. In a scene, parts without text are the rule.
_VANISHES_IN_DOCUMENTS = 0.3
_VANISHES_IN_SCENES = 0.2
# Below this scale such print leaves few traces, so a part of a document with hardly any line is searched again. At any
# scale, a part with a low line is searched again.
_FADES = 0.5
_FEWEST_LINES = 6
# So many lines are kept while searching for each line that the page may have in the end.
_KEPT = 4


@dataclass(frozen=True, slots=True)
class TileSearch:
    """How a page is searched.

    Args:
        rotation: Degrees clockwise by which the stored page must be turned to be upright.
        net_name: The name of the net that answers tiles with maps.
        is_document: Whether the page is a document, and not a scene.
        multiple: Sides of inputs are multiples of this.
        thresholds: Thresholds by which the map is read.
        small_line_px: Height of a quad in the input under which lines are easily missed.
        most_lines: The most lines that the page may have. The search keeps several times as many, so that its caller
            can tell when there are more.
    """

    rotation: int
    net_name: NetName
    is_document: bool
    multiple: int
    thresholds: DbThresholds
    small_line_px: float
    most_lines: int


@dataclass(frozen=True, slots=True)
class _Pass:
    """The state of a page after a pass: its lines in pixels of the upright page, and which parts were searched.

    Args:
        lines: Lines of this pass and of those before.
        is_new: Flags of the lines that this pass found.
        scale: Pixels of the input for one of the page.
        grid: The tiles' grid; None for a pass over the whole page at once.
        tiles: (rows, columns), flags of the tiles that were searched.
    """

    lines: FoundLines
    is_new: Flags
    scale: float
    grid: TileGrid | None = None
    tiles: Flags | None = None

    def reaches(self, grid: TileGrid) -> Flags:
        """Flags (rows, columns) of another grid's tiles: whether this pass searched any part of a tile's zone."""
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
    """Search a page in tiles if a pass over the whole page may have missed small text.

    Args:
        pixels: (height, width, 3) uint8 RGB, the page as stored. Read only.
        points: (K, 4, 2) float32, pixels of the upright page: the quads that the pass over the whole page found.
        scores: (K,) float32, the scores of these quads.
        scale: Pixels of that pass's input for one of the page.
        search: How the page is searched.

    Returns:
        points and scores of all lines, shaped as the arguments are, in no particular order.
    """
    size = upright_size((pixels.shape[1], pixels.shape[0]), search.rotation)
    last = _Pass(FoundLines(points, scores), np.ones(len(points), bool), scale)
    while last.scale < 1:
        grid = TileGrid.of(size, _next_scale(last.scale), search.multiple)
        wanted = _wanted_tiles(grid, last, search)
        if not wanted.any():
            break
        last = yield from _tiled_pass(pixels, last, grid, wanted, search)
    return np.clip(last.lines.points, 0, np.array(size, np.float32)), last.lines.scores


def _next_scale(scale: float) -> float:
    larger = max(_GROWTH * scale, _LEAST_SCALE)
    return 1.0 if larger > _NEARLY_WHOLE else larger


def _wanted_tiles(grid: TileGrid, last: _Pass, search: TileSearch) -> Flags:
    """Flags (rows, columns) of the tiles in which the last pass may have missed lines."""
    reached = last.reaches(grid)
    if last.scale < (_VANISHES_IN_DOCUMENTS if search.is_document else _VANISHES_IN_SCENES):
        return reached
    lines = last.lines.points
    is_low = last.is_new & (thickness_of(lines) * last.scale < search.small_line_px)
    wanted = np.zeros(grid.shape, bool)
    wanted[grid.zones(points_along(lines[is_low]) * grid.scales)] = True
    if search.is_document and last.scale < _FADES:
        count = np.zeros(grid.shape, int)
        np.add.at(count, grid.zones(lines.mean(axis=1) * grid.scales), 1)
        wanted |= count < _FEWEST_LINES
    return reached & wanted


def _tiled_pass(pixels: Pixels, before: _Pass, grid: TileGrid, wanted: Flags, search: TileSearch) -> Steps[_Pass]:
    """Search some tiles, and merge their lines with the known ones."""
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

    lines, is_new = merged_passes(known, found, lambda points: tiles[grid.zones(points)])
    return _Pass(FoundLines(lines.points / grid.scales, lines.scores), is_new, float(grid.scales.min()), grid, tiles)


def _strip_map(
    pixels: Pixels, grid: TileGrid, row: int, columns: npt.NDArray[np.intp], search: TileSearch
) -> Steps[tuple[Floats, Flags]]:
    """Make the map of one row of tiles, which is 0 outside the searched ones, and flags of the searched tiles."""
    axis = grid.columns
    strip = np.zeros((grid.rows.tile_px, axis.scaled_px), np.float32)
    is_searched = np.zeros(len(axis.starts), bool)
    for first in range(0, len(columns), _TILES_AT_A_TIME):
        group = columns[first : first + _TILES_AT_A_TIME]
        tiles = {int(column): grid.tile(pixels, search.rotation, row, int(column)) for column in group}
        tiles = {column: tile for column, tile in tiles.items() if not is_blank(tile)}
        if not tiles:
            continue
        maps = yield NetInputs(search.net_name, list(tiles.values()))
        for column, probability in zip(tiles, maps, strict=True):
            start, shared = axis.starts[column], 0
            is_searched[column] = True
            if column and is_searched[column - 1]:
                # In the overlap the higher probability counts: the net may miss a line that begins at a tile's edge.
                shared = axis.starts[column - 1] + axis.tile_px - start - _EDGE_PX
                both = strip[:, start + _EDGE_PX : start + shared]
                np.maximum(both, probability[:, _EDGE_PX:shared], out=both)
            strip[:, start + shared : start + axis.tile_px] = probability[:, shared:]
    return strip, is_searched


def _surest(lines: FoundLines, most_lines: int) -> FoundLines:
    if len(lines) <= _KEPT * most_lines:
        return lines
    return lines.only(np.sort(np.argsort(-lines.scores, kind="stable")[: _KEPT * most_lines]))
