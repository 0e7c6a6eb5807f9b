"""Cuts quads apart that reach over the gutter between two columns.

The detector joins words that are an em apart, and columns of newspapers are no farther apart than that. A gutter is
blank in many lines one beneath the other, unlike the gaps between words.
"""

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from models.blocks import boxes_of, leveled
from models.columns import Gutter, cut_columns
from models.straighten import straightened

__all__ = ["cut_at_gutters"]

Pixels = npt.NDArray[np.uint8]
Quads = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# In heights of a line: the least width of a quad that may hold lines of two columns, and of a gutter.
_LEAST_WIDTH, _LEAST_GUTTER = 8.0, 0.4
# In so many lines one beneath the other a gutter is blank.
_LEAST_LINES = 6
# Cells in a line's height, in which blanks are compared.
_CELLS = 8
_MOST_CELLS = 2000
# A quad also shows a part of the lines above and below, which does not count.
_INSET = 0.2
# A column of pixels is blank if none differs from the paper by this share of the quad's greatest contrast.
_INK = 0.3
_MOST_COLUMNS = 40


def cut_at_gutters(pixels: Pixels, points: Quads, scores: Scores, scale: tuple[float, float]) -> tuple[Quads, Scores]:
    """Cut quads apart where the lines of two columns were found as one.

    A quad is cut only if the lines beside the gutter are then running text (`models.columns`): the cells of tables stay
    as they were found.

    Args:
        pixels: (height, width, 3) uint8 RGB, the page at any size. Read only.
        points: (K, 4, 2) float32, quads in pixels of the page.
        scores: (K,) float32, the quads' scores.
        scale: Pixels of `pixels` for one of the page, across and down.

    Returns:
        Quads and scores; those that were not cut come first, unchanged.
    """
    level = leveled(points)
    boxes = boxes_of(level)
    heights = np.linalg.norm(points[:, 3] - points[:, 0], axis=1)
    lengths = np.linalg.norm(points[:, 1] - points[:, 0], axis=1)
    rows = np.flatnonzero(np.abs(level[:, 1, 1] - level[:, 0, 1]) < heights)
    rows = rows[np.lexsort((boxes.left[rows], (boxes.top + boxes.bottom)[rows]))]
    left, width = boxes.left[rows], boxes.right[rows] - boxes.left[rows]
    gaps = [np.empty((0, 2))] * len(rows)
    unmeasured = lengths[rows] >= _LEAST_WIDTH * heights[rows]
    is_measured = np.zeros(len(rows), dtype=np.bool_)
    gutters: list[Gutter] = []
    # The second time, short quads that reach over a gutter are measured too.
    while unmeasured.any():
        is_measured |= unmeasured
        for row in np.flatnonzero(unmeasured):
            gaps[row] = _gaps(pixels, points[rows[row]] * np.array(scale, dtype=np.float32))
        cuts = [gap[is_cut] for gap, is_cut in zip(gaps, _are_aligned(gaps, left, width, heights[rows]), strict=True)]
        kept = np.setdiff1d(np.arange(len(points)), rows[[len(cut) > 0 for cut in cuts]])
        if len(kept) == len(points):
            break
        cut_level = [_cut(level[index], cut) for index, cut in zip(rows, cuts, strict=True) if len(cut)]
        parts = np.concatenate([level[kept], *cut_level])
        first, gutters = not gutters, cut_columns(boxes_of(parts), _MOST_COLUMNS)[1]
        over = [(left < gutter.x) & (gutter.x < left + width) for gutter in gutters]
        unmeasured = np.any(over, axis=0) & ~is_measured if first and over else np.zeros_like(is_measured)
    if not gutters:
        return points, scores
    cut_points, cut_scores = [points[kept]], [scores[kept]]
    for index, cut, start, length in zip(rows, cuts, left, width, strict=True):
        if len(cut):
            middle, x = (boxes.top[index] + boxes.bottom[index]) / 2, start + cut * length
            is_gutter = [
                any(low <= gutter.x <= high and gutter.top <= middle <= gutter.bottom for gutter in gutters)
                for low, high in x + np.array([-1, 1]) * heights[index]
            ]
            cut_points.append(_cut(points[index], cut[is_gutter]).astype(np.float32))
            cut_scores.append(np.repeat(scores[index], len(cut_points[-1])))
    return np.concatenate(cut_points), np.concatenate(cut_scores)


def _are_aligned(gaps: list[Floats], left: Floats, width: Floats, heights: Floats) -> list[Flags]:
    """Whether each gap of lines, from the top, goes on in lines above and below it, as a gap or as their margin."""
    # Room for the blank before the first line.
    margin = _LEAST_GUTTER * float(heights.max())
    left, extent = left - left.min() + margin, float((left + width).max() - left.min()) + 2 * margin
    cell = max(float(np.median(heights)) / _CELLS, extent / _MOST_CELLS)
    covered = np.zeros((len(gaps), math.ceil(extent / cell) + 1), dtype=np.bool_)
    blank = covered.copy()
    places = [((left[row] + gap * width[row]) / cell).astype(np.intp).tolist() for row, gap in enumerate(gaps)]
    # Quads are larger than their text, and may fill a narrow gutter.
    inset = np.minimum(_INSET * heights, width / 3)
    begins = ((left + inset - _LEAST_GUTTER * heights) / cell).astype(np.intp)
    starts, ends = ((left + inset) / cell).astype(np.intp), np.ceil((left + width - inset) / cell).astype(np.intp)
    for row, place in enumerate(places):
        begin, start, end = int(begins[row]), int(starts[row]), int(ends[row])
        covered[row, begin:end] = True
        for first, last in [(begin, start - 1), *place]:
            blank[row, first : last + 1] = True
    lines = np.where(blank, _runs(covered, blank) + _runs(covered[::-1], blank[::-1])[::-1] - 1, 0)
    return [
        np.array([lines[row, first : last + 1].max() >= _LEAST_LINES for first, last in place], dtype=np.bool_)
        for row, place in enumerate(places)
    ]


def _runs(covered: Flags, blank: Flags) -> npt.NDArray[np.int32]:
    """For each line and cell, the number of lines down to this one that are blank there, of those that cover it."""
    run = np.zeros(covered.shape[1], dtype=np.int32)
    runs = np.empty(covered.shape, dtype=np.int32)
    for row in range(len(covered)):
        run = np.where(covered[row], np.where(blank[row], run + 1, 0), run).astype(np.int32)
        runs[row] = run
    return runs


def _cut(quad: npt.NDArray[Any], gaps: Floats) -> npt.NDArray[Any]:
    """The parts of a quad, (N, 4, 2), between gaps, (M, 2), which are shares of its length."""
    height = np.linalg.norm(quad[3] - quad[0]) / max(float(np.linalg.norm(quad[1] - quad[0])), 1e-6)
    grown = np.minimum(_INSET * height, (gaps[:, 1] - gaps[:, 0]) / 2)
    starts, ends = np.append(0, gaps[:, 1] - grown)[:, None], np.append(gaps[:, 0] + grown, 1)[:, None]
    upper, lower = quad[1] - quad[0], quad[2] - quad[3]
    parts = [quad[0] + starts * upper, quad[0] + ends * upper, quad[3] + ends * lower, quad[3] + starts * lower]
    # Nothing is before a gap at the beginning, nor behind one at the end.
    is_part = np.append(gaps[:, 0] > 0, True) & np.append(True, gaps[:, 1] < 1)
    cut: npt.NDArray[Any] = np.stack(parts, axis=1)[is_part]
    return cut


def _gaps(pixels: Pixels, quad: Quads) -> Floats:
    """The wide blanks in a line and at its ends, (N, 2), as shares of its length."""
    line = cv2.cvtColor(straightened(pixels, quad), cv2.COLOR_RGB2GRAY)
    inset = int(_INSET * line.shape[0])
    contrast = np.abs(line[inset : line.shape[0] - inset].astype(np.float32) - float(np.median(line))).max(axis=0)
    framed = np.concatenate([[True], contrast >= _INK * contrast.max(), [True]])
    starts, ends = np.flatnonzero(framed[:-1] & ~framed[1:]), np.flatnonzero(~framed[:-1] & framed[1:])
    is_wide = ends - starts >= _LEAST_GUTTER * line.shape[0]
    gaps: Floats = np.stack([starts[is_wide], ends[is_wide]], axis=1) / line.shape[1]
    return gaps
