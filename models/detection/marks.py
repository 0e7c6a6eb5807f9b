"""Finds ink beside the lines of a document that no quad covers, such as a lone digit, and shows it to the net enlarged.

A net that looks at a whole page misses a character or two that stand alone, and no line's height tells that it did.
It misses initials too (docs/decisions/0038-initials.md), which are shown small and alone.
Marks that the net then takes for text become lines. The others are reported, since they may be text.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from models.detection.db import DbThresholds, db_quads
from models.detection.resize import DetectionInput
from models.steps import NetInputs, NetName, Steps
from models.upright import stored_points, upright_pixels, upright_size

__all__ = ["find_marks", "mark_steps"]

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

# All in heights of the page's lines, as the quads have them: about two thirds of it is a capital letter.
_LEAST_HEIGHT, _MOST_HEIGHT, _MOST_WIDTH = 0.3, 0.9, 1.0
# A mark belongs to a row if its middle lies in the middle of a line of the row, and its height is in these bounds.
_MIDDLE, _LEAST_SHARE, _MOST_SHARE = 0.2, 0.35, 0.85
# Rulings and strokes are so many times as long as thick, and the parts of drawings and handwriting have neighbors.
_MOST_ASPECT = 5.0
_NEAR, _MOST_NEAR = 1.5, 3
# An initial is taller than a line and not slender. Two or more long lines begin beside it, the first near its top.
_LEAST_INITIAL, _MOST_INITIAL, _LEAST_LENGTH = 1.4, 6.0, 5.0
_MOST_SLENDER, _WIDEST = 9.0, 1.6
_OVERLAP, _AWAY = 0.5, 1.5
# The net takes so large a letter for text if it sees it alone, as high as small print, with so much around it.
_INITIAL_PX = 16.0
_AROUND_INITIAL = 0.1
# Levels by which ink is darker than the paper around it.
_LEAST_CONTRAST = 40
_FEWEST_LINES = 3
# Marks that the net looks at on a page, each in the middle of a square of so many pixels at this enlargement.
_MOST_MARKS = 16
_SQUARE_PX = 128
_ENLARGED = 2.0


def find_marks(prepared: DetectionInput, points: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Find ink that lies in no quad: of a character's size, in a row with lines; or initials of paragraphs.

    Args:
        prepared: The input of the last pass.
        points: (K, 4, 2) float32, the quads, in pixels of the upright page.

    Returns:
        (M, 4) float32: left, top, right and bottom of each mark, in pixels of the upright page; and (M,) which of them
        are as large as an initial. M may be 0.
    """
    scale = np.divide(prepared.size, prepared.page_size)
    quads = points * scale
    run = quads[:, 1] - quads[:, 0]
    quads = quads[np.abs(run[:, 0]) > np.abs(run[:, 1])]
    if len(quads) < _FEWEST_LINES:
        return np.empty((0, 4), np.float32), np.zeros(0, np.bool_)
    thickness = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
    height = float(np.median(thickness))
    gray = cv2.cvtColor(np.ascontiguousarray(prepared.pixels), cv2.COLOR_RGB2GRAY)
    around = int(2 * height) | 1
    ink = cv2.adaptiveThreshold(
        gray, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, max(3, around), _LEAST_CONTRAST
    )
    whole = np.array(ink, np.uint8)
    cv2.fillPoly(ink, list(np.round(points * scale).astype(np.int32)), 0)
    boxes, middles = _components(np.asarray(ink, np.uint8))
    wide, high = boxes[:, 2], boxes[:, 3]
    has_size = (high >= _LEAST_HEIGHT * height) & (high <= _MOST_HEIGHT * height) & (wide <= _MOST_WIDTH * height)
    has_size &= np.maximum(wide, high) <= _MOST_ASPECT * np.minimum(wide, high)
    top, bottom = quads[:, :, 1].min(axis=1), quads[:, :, 1].max(axis=1)
    margin = _MIDDLE * (bottom - top)
    found = [
        boxes[index]
        for index in np.flatnonzero(has_size)
        if _is_in_row(middles[index, 1], high[index], top + margin, bottom - margin, thickness)
        and (np.abs(middles - middles[index]) < _NEAR * height).all(axis=1).sum() <= _MOST_NEAR
    ]
    tall = boxes[(high >= _LEAST_INITIAL * height) & (high <= _MOST_INITIAL * height)]
    initials = [box for box in tall if _is_initial(box, quads, height) and not _is_cut(box, whole)]
    left_top, size = np.split(np.array(found + initials).reshape(-1, 4), 2, axis=1)
    marks = np.concatenate([left_top / scale, (left_top + size) / scale], axis=1).astype(np.float32)
    return marks, np.arange(len(marks)) >= len(found)


def _components(ink: Pixels) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Left, top, width and height of each connected component of ink, (N, 4), and the mean of its pixels, (N, 2)."""
    # OpenCV's own statistics count every pixel of the paper too, which takes five times as long.
    _, labels = cv2.connectedComponents(ink)
    places = cv2.findNonZero(ink)
    if places is None:
        return np.empty((0, 4)), np.empty((0, 2))
    places = np.asarray(places, np.int32).reshape(-1, 2)
    of_place = labels[places[:, 1], places[:, 0]]
    order = np.argsort(of_place, kind="stable")
    places, of_place = places[order].astype(np.float64), of_place[order]
    starts = np.flatnonzero(np.diff(of_place, prepend=0))
    least, most = np.minimum.reduceat(places, starts), np.maximum.reduceat(places, starts)
    sizes = np.diff(np.append(starts, len(places)))[:, None]
    return np.concatenate([least, most - least + 1], axis=1), np.add.reduceat(places, starts) / sizes


def _is_in_row(
    middle: float,
    high: float,
    top: npt.NDArray[np.float64],
    bottom: npt.NDArray[np.float64],
    thickness: npt.NDArray[np.float64],
) -> bool:
    is_beside = (middle > top) & (middle < bottom)
    is_alike = (high >= _LEAST_SHARE * thickness) & (high <= _MOST_SHARE * thickness)
    return bool((is_beside & is_alike).any())


def _is_initial(box: npt.NDArray[np.float64], quads: npt.NDArray[np.float64], height: float) -> bool:
    left, top, wide, high = box.tolist()
    if not high / _MOST_SLENDER <= wide <= _WIDEST * high:
        return False
    away, middle = quads[:, [0, 3], 0].mean(axis=1) - (left + wide), quads[:, :, 1].mean(axis=1)
    is_beside = (away > -_OVERLAP * height) & (away < _AWAY * height) & (middle > top - height / 2)
    beside = np.flatnonzero(is_beside & (middle < top + high))
    if len(beside) < 2 or middle[beside].min() > top + height or np.ptp(away[beside]) > height:
        return False
    length = np.linalg.norm(quads[beside, 1] - quads[beside, 0], axis=1)
    return bool(length.min() > _LEAST_LENGTH * height)


def _is_cut(box: npt.NDArray[np.float64], ink: Pixels) -> bool:
    """Whether a quad has the upper part of a component already."""
    left, top, wide, _ = box.astype(int).tolist()
    return top > 0 and bool(ink[top - 1, left : left + wide].any())


@dataclass(frozen=True, slots=True)
class _Square:
    """An enlarged part of the upright page: pixels (S, S, 3), its left top corner, and page pixels for one of it."""

    pixels: Pixels
    corner: npt.NDArray[np.float64]
    step: float


def mark_steps(
    pixels: Pixels,
    marks: Floats,
    are_initials: npt.NDArray[np.bool_],
    prepared: DetectionInput,
    net_name: NetName,
    thresholds: DbThresholds,
) -> Steps[tuple[Floats, Floats, Floats]]:
    """Show marks to the net, each in the middle of a square: enlarged, or an initial made small and alone.

    Args:
        pixels: (height, width, 3) uint8 RGB, the page as stored. Read only.
        marks: (M, 4) float32, as `find_marks` returns them.
        are_initials: (M,) likewise.
        prepared: The input of the last pass.
        net_name: The name of the net.
        thresholds: Thresholds by which its maps are read.

    Returns:
        points (K, 4, 2) and scores (K,) of those that are text, in pixels of the upright page, and the other marks.
    """
    shown = marks[:_MOST_MARKS]
    enlarged = 1 / (_ENLARGED * prepared.scale)
    squares = [
        _alone(_square(pixels, mark, prepared, float(mark[3] - mark[1]) / _INITIAL_PX), mark)
        if is_initial
        else _square(pixels, mark, prepared, enlarged)
        for mark, is_initial in zip(shown, are_initials, strict=False)
    ]
    maps = yield NetInputs(net_name, [square.pixels for square in squares])
    points, scores, is_text = [], [], np.zeros(len(marks), bool)
    for index, (mark, square, probability) in enumerate(zip(shown, squares, maps, strict=True)):
        size = (_SQUARE_PX, _SQUARE_PX)
        quads, of_quads = db_quads(probability, size, thresholds, is_whole_page=False)
        quads = (quads * square.step + square.corner).astype(np.float32)
        middle = np.array([mark[0] + mark[2], mark[1] + mark[3]]) / 2
        holds = [cv2.pointPolygonTest(quad, middle.tolist(), False) > 0 for quad in quads]
        # A quad that also holds what others hold already would give their text twice.
        side = 2 * max(mark[2] - mark[0], mark[3] - mark[1])
        fits = np.ptp(quads, axis=1).max(axis=1) <= side if len(quads) else np.zeros(0, bool)
        chosen = np.flatnonzero(np.array(holds, bool) & fits)[:1]
        points += [_quad_around(mark) if are_initials[index] else quad for quad in quads[chosen]]
        scores += list(of_quads[chosen])
        is_text[index] = len(chosen) > 0
    found = np.array(points, np.float32).reshape(-1, 4, 2)
    return found, np.array(scores, np.float32), marks[~is_text]


def _square(pixels: Pixels, mark: Floats, prepared: DetectionInput, step: float) -> _Square:
    middle = np.array([mark[0] + mark[2], mark[1] + mark[3]], np.float64) / 2
    corner = middle - step * _SQUARE_PX / 2
    stored = upright_size(prepared.page_size, prepared.rotation)
    both = np.array([corner, corner + step * _SQUARE_PX], np.float32)
    ends = np.sort(stored_points(both, stored, prepared.rotation), axis=0)
    (left, top), (right, bottom) = np.floor(ends[0]).astype(int).tolist(), np.ceil(ends[1]).astype(int).tolist()
    rows = np.arange(top, bottom).clip(0, stored[1] - 1)
    columns = np.arange(left, right).clip(0, stored[0] - 1)
    part = upright_pixels(np.ascontiguousarray(pixels[rows[:, None], columns]), prepared.rotation)
    interpolation = cv2.INTER_AREA if step > 1 else cv2.INTER_LINEAR
    square = cv2.resize(part, (_SQUARE_PX, _SQUARE_PX), interpolation=interpolation)
    return _Square(np.asarray(square, np.uint8), corner, step)


def _alone(square: _Square, mark: Floats) -> _Square:
    """The same square with nothing but paper around its mark."""
    margin = _AROUND_INITIAL * float(mark[3] - mark[1])
    left, top = np.floor((mark[:2] - margin - square.corner) / square.step).astype(int)
    right, bottom = np.ceil((mark[2:] + margin - square.corner) / square.step).astype(int)
    pixels = np.empty_like(square.pixels)
    pixels[:] = np.median(square.pixels, axis=(0, 1))
    pixels[top:bottom, left:right] = square.pixels[top:bottom, left:right]
    return replace(square, pixels=pixels)


def _quad_around(mark: Floats) -> Floats:
    """An initial's quad. The net's own one shows of so small a letter only about where it is."""
    margin = _AROUND_INITIAL * (mark[3] - mark[1])
    (left, top), (right, bottom) = mark[:2] - margin, mark[2:] + margin
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
