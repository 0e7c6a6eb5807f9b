"""Finds check boxes and radio buttons by their frames, and whether anything is drawn in them."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from models.structure.marks.ink import Flags, Ink

__all__ = ["ALIKE", "MOST_BOXES", "SeenBox", "find_boxes"]

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels, the last two exclusive."""
Edge = tuple[int, int, int, int]
"""A row, the begin and the end of the strokes on it, and their length; likewise of a column."""

# All in heights of the page's lines. If there are no lines to tell it, boxes may be larger.
_LEAST_SIDE, _MOST_SIDE, _MOST_SIDE_ALONE = 0.45, 2.2, 3.5
_LEAST_PX = 8
_MOST_ASPECT = 1.3
# The least straight part of a side, and the gap between sides whose corner is round, in heights of lines.
_STRAIGHT, _CORNER, _LEAST_REACH_PX = 0.3, 0.09, 2
# Of the side of a box: how far from its edge its frame may lie, the ends of an edge, where a corner may be round, and
# the places of corners, which are empty in a circle.
_BAND, _ENDS, _CORNERS = 0.12, 0.14, 0.11
# The shares of each edge and of the whole frame that must be drawn, and that of a frame that is not a circle with
# strokes across its corners. Of a circle: the share, without strokes across its corners and with them, and how much
# longer than wide it may be.
_LEAST_DRAWN, _MOSTLY_DRAWN, _CLEARLY_FRAMED = 0.8, 0.92, 0.98
_RINGED, _CLEARLY_RINGED, _MOST_OVAL, _ANGLES = 0.9, 0.97, 1.15, 48
# Ink so close beside a box, in sides, on such a share of its rows is the next letter of a word.
_NEAR, _NEIGHBOR = 0.25, 0.5
# A stroke that leaves its box makes the patch at most so many times as long as the box. Of each side, at least so much
# is straight.
_LEAVING, _LEAST_SPAN, _MOST_STROKES, _MOST_FRAMES = 2.2, 0.4, 8, 6
# A page of scribbles has thousands of such patches.
_MOST_PATCHES = 500
# The row before an edge has less than so much of its ink.
_RISE = 0.75
# Of the side: the margin around the inside, and how far what is drawn there must reach.
_INSET, _LEAST_REACH = 0.24, 0.4
# Of the inside: the ink of the faintest tick, and of what is surely one.
_LEAST_INK, _SURE_INK = 0.04, 0.12
# Boxes of one size with smaller gaps, in sides, that are so many in a row are for characters.
_CHARACTER_GAP, _FEWEST_CHARACTERS = 0.7, 3
# Boxes are of one size if their sides differ by no more than this share.
ALIKE = 0.25
# Of a disk or a square: its ink if it is filled all over.
_SOLID = 0.85
# Of the width: a stroke from edge to edge that divides a frame into two boxes.
_DIVIDING = 0.95
MOST_BOXES = 1000


@dataclass(frozen=True, slots=True)
class SeenBox:
    """A frame that may be a check box or a radio button.

    Args:
        kind: What it may be.
        left: Its left edge, in pixels of the page; likewise the others.
        top: Its upper edge.
        right: Its right edge.
        bottom: Its lower edge.
        is_set: Whether something is drawn in it.
        confidence: How sure its state is.
        is_solid: Whether it is filled all over.
    """

    kind: Literal["checkbox", "radio"]
    left: float
    top: float
    right: float
    bottom: float
    is_set: bool
    confidence: float
    is_solid: bool = False

    @property
    def rectangle(self) -> tuple[float, float, float, float]:
        """Its edges."""
        return self.left, self.top, self.right, self.bottom

    @property
    def side(self) -> float:
        """The mean length of its sides."""
        return (self.right - self.left + self.bottom - self.top) / 2


def find_boxes(ink: Ink) -> tuple[list[SeenBox], int]:
    """Find the boxes of a page.

    Args:
        ink: The page's ink.

    Returns:
        The boxes from the top, and how many were left out since there are too many.
    """
    found: list[SeenBox] = []
    frames, left_out = _frames(ink)
    for index, frame in enumerate(frames):
        if len(found) >= MOST_BOXES:
            left_out += len(frames) - index
            break
        kind = _kind(ink.flags, frame)
        if kind is None:
            continue
        for box in _parts(ink.flags, frame) if kind == "checkbox" else [frame]:
            is_set, confidence = _state(ink.flags, box)
            left, top, right, bottom = (round(edge / ink.scale, 1) for edge in box)
            filled = _share(ink.flags[box[1] : box[3], box[0] : box[2]])
            is_solid = filled > _SOLID * (1.0 if kind == "checkbox" else np.pi / 4)
            found.append(SeenBox(kind, left, top, right, bottom, is_set, confidence, is_solid))
    are_for_characters = _for_characters(found)
    return [box for box, is_one in zip(found, are_for_characters, strict=True) if not is_one], left_out


def _for_characters(boxes: list[SeenBox]) -> npt.NDArray[np.bool_]:
    """Tell for each box whether it is one of several in a row for one character each."""
    edges = np.array([box.rectangle for box in boxes]).reshape(-1, 4)
    order = np.argsort(edges[:, 0], kind="stable")
    left, top, right, bottom = edges[order].T
    side = (right - left + bottom - top) / 2
    is_next = np.abs(top[None] - top[:, None]) < _NEAR * side[:, None]
    gap = left[None] - right[:, None]
    is_next &= (gap > -_NEAR * side[:, None]) & (gap < _CHARACTER_GAP * side[:, None])
    is_next &= np.maximum(side[None], side[:, None]) <= (1 + ALIKE) * np.minimum(side[None], side[:, None])
    run = np.ones(len(boxes), int)
    for index in range(len(boxes)):
        before = np.flatnonzero(is_next[:index, index])
        if len(before):
            run[index] = run[before].max() + 1
    for index in range(len(boxes) - 1, -1, -1):
        after = np.flatnonzero(is_next[index])
        if len(after):
            run[index] = max(run[index], run[after].max())
    answer = np.zeros(len(boxes), bool)
    answer[order] = run >= _FEWEST_CHARACTERS
    return answer


def _parts(flags: Flags, box: Box) -> list[Box]:
    """Divide a frame at a level stroke through its middle: two boxes, one above the other."""
    left, top, right, bottom = box
    rows = flags[top:bottom, left:right].mean(axis=1)
    third = len(rows) // 3
    dividing = np.flatnonzero(rows[third:-third] >= _DIVIDING) + third
    if not len(dividing) or np.ptp(dividing) + 1 > _BAND * len(rows):
        return [box]
    parts = [(left, top, right, top + int(dividing[-1]) + 1), (left, top + int(dividing[0]), right, bottom)]
    return [box] if all(_state(flags, part)[0] for part in parts) else parts


def _frames(ink: Ink) -> tuple[list[Box], int]:
    """Find squares that straight strokes in both directions lie around, and count the strokes not looked at."""
    least = max(_LEAST_PX, _LEAST_SIDE * ink.line_px)
    most = (_MOST_SIDE if ink.has_lines else _MOST_SIDE_ALONE) * ink.line_px
    straight = max(4, round(_STRAIGHT * ink.line_px))
    across = _straight(ink.flags, straight, round(most))
    along = np.ascontiguousarray(_straight(np.ascontiguousarray(ink.flags.T), straight, round(most)).T)
    strokes = cv2.bitwise_or(across, along)
    reach = max(_LEAST_REACH_PX, round(_CORNER * ink.line_px))
    joined = cv2.dilate(strokes, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    contours, _ = cv2.findContours(joined, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes: list[Box] = []
    patches = 0
    for contour in contours:
        left, top, width, height = cv2.boundingRect(contour)
        left, top, width, height = left + reach, top + reach, width - 2 * reach, height - 2 * reach
        short, long = min(width, height), max(width, height)
        if short < least or long > _LEAVING * min(most, short):
            continue
        box = left, top, left + width, top + height
        if long <= min(most, _MOST_ASPECT * short) and _kind(ink.flags, box) is not None:
            boxes.append(box)
        elif min(_neighbors(ink.flags, box)) < _NEIGHBOR:
            patches += 1
            if patches > _MOST_PATCHES:
                continue
            part = slice(top, top + height), slice(left, left + width)
            inner = (
                (left + one[0], top + one[1], left + one[2], top + one[3])
                for one in _frames_within(np.asarray(across[part]), np.asarray(along[part]), least, most)
            )
            boxes += [one for one in inner if _kind(ink.flags, one) is not None][:1]
    return boxes[::-1], max(0, patches - _MOST_PATCHES)


def _straight(flags: Flags, least: int, most: int) -> Flags:
    """Keep level strokes of at least this length, without those that are too long for a box."""
    # A side that is not quite level is straight if it is made thicker first.
    thick = cv2.dilate(flags, np.ones((2, 1), np.uint8))
    strokes = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, least), np.uint8))
    rules = cv2.morphologyEx(strokes, cv2.MORPH_OPEN, np.ones((1, most), np.uint8))
    return np.asarray(cv2.bitwise_and(cv2.subtract(strokes, rules), flags), np.uint8)


def _frames_within(across: Flags, along: Flags, least: float, most: float) -> list[Box]:
    """Find what may be the frame in a patch whose strokes leave it, the one with the most complete edges first.

    It is two level strokes and two upright ones around a square.
    """
    down = _pairs(across, least, most)
    over = _pairs(along.T, least, most) if down else []
    frames = []
    for top, bottom in down:
        for left, right in over:
            high, wide = bottom[0] - top[0], right[0] - left[0]
            if (
                max(high, wide) <= _MOST_ASPECT * min(high, wide)
                and all(_common(edge, left[0], right[0]) >= _LEAST_SPAN * wide for edge in (top, bottom))
                and all(_common(edge, top[0], bottom[0]) >= _LEAST_SPAN * high for edge in (left, right))
            ):
                drawn = min(top[3] / wide, bottom[3] / wide, left[3] / high, right[3] / high)
                frames.append((min(1.0, round(drawn, 1)), high + wide, (left[0], top[0], right[0] + 1, bottom[0] + 1)))
    return [box for *_, box in sorted(frames, reverse=True)[:_MOST_FRAMES]]


def _common(edge: Edge, low: int, high: int) -> int:
    return min(edge[2], high) - max(edge[1], low)


def _pairs(flags: Flags, least: float, most: float) -> list[tuple[Edge, Edge]]:
    """Find the upper and the lower edge of a box among rows where level strokes begin or end."""
    lengths = np.count_nonzero(flags, axis=1).tolist()
    long = [row for row, length in enumerate(lengths) if length >= _LEAST_SPAN * least]
    if not long or long[-1] + 1 - long[0] < least:
        return []
    firsts = [row for row in long if row == 0 or lengths[row - 1] < _RISE * lengths[row]]
    lasts = [row for row in long if row + 1 == len(lengths) or lengths[row + 1] < _RISE * lengths[row]]
    firsts, lasts = (sorted(rows, key=lambda row: -lengths[row])[:_MOST_STROKES] for rows in (firsts, lasts))
    pairs = [(first, last) for first in firsts for last in lasts if least <= last + 1 - first <= most]
    edges: dict[int, Edge] = {}
    for row in {row for pair in pairs for row in pair}:
        places = np.flatnonzero(flags[row])
        edges[row] = row, int(places[0]), int(places[-1]), len(places)
    return [(edges[first], edges[last]) for first, last in pairs]


def _kind(flags: Flags, box: Box) -> Literal["checkbox", "radio"] | None:
    """Tell a square from a circle, and both from letters and other ink."""
    left, top, right, bottom = box
    part = flags[top:bottom, left:right]
    side = min(part.shape)
    corner = max(1, round(_CORNERS * side))
    corners = part[:corner, :corner], part[:corner, -corner:], part[-corner:, :corner], part[-corner:, -corner:]
    inked = sum(bool(one.any()) for one in corners)
    before, after = _neighbors(flags, box)
    if min(before, after) >= _NEIGHBOR:
        return None
    framed = _framed(part) if inked >= 3 else 0.0
    # Strokes that leave a circle may cross the corners.
    least = _RINGED if inked <= 1 else _CLEARLY_RINGED
    if framed < _CLEARLY_FRAMED and max(before, after) < _NEIGHBOR and _ringed(part) >= least:
        return "radio"
    return "checkbox" if framed >= _MOSTLY_DRAWN else None


def _framed(part: Flags) -> float:
    """The share of all four edges along which straight strokes lie; 0 if one of them has too little."""
    band = max(2, round(_BAND * min(part.shape)))
    drawn = []
    for one in (part, part[::-1], part.T, part.T[::-1]):
        ends = round(_ENDS * one.shape[1])
        drawn.append(_share(one[:band, ends : one.shape[1] - ends].any(axis=0)))
    return sum(drawn) / 4 if min(drawn) >= _LEAST_DRAWN else 0.0


def _ringed(part: Flags) -> float:
    """The share of the ellipse that touches all four edges which is drawn."""
    height, width = part.shape
    if max(part.shape) > _MOST_OVAL * min(part.shape):
        return 0.0
    angles = np.linspace(0, 2 * np.pi, _ANGLES, endpoint=False)
    depths = np.arange(max(2, round(_BAND * min(part.shape))))[:, None] + 0.5
    xs = (width / 2 + (width / 2 - depths) * np.cos(angles)).astype(int)
    ys = (height / 2 + (height / 2 - depths) * np.sin(angles)).astype(int)
    return _share(part[ys, xs].any(axis=0))


def _neighbors(flags: Flags, box: Box) -> tuple[float, float]:
    """Tell the shares of a box's rows that have ink close to the left of it and close to the right."""
    left, top, right, bottom = box
    near = max(2, round(_NEAR * (right - left)))
    beside = (
        flags[top:bottom, max(0, left - 1 - near) : max(0, left - 1)],
        flags[top:bottom, right + 1 : right + 1 + near],
    )
    before, after = (_share(one.any(axis=1)) for one in beside)
    return before, after


def _state(flags: Flags, box: Box) -> tuple[bool, float]:
    left, top, right, bottom = box
    margin_x, margin_y = round(_INSET * (right - left)), round(_INSET * (bottom - top))
    inside = flags[top + margin_y : bottom - margin_y, left + margin_x : right - margin_x]
    share = _share(inside)
    ys, xs = np.nonzero(inside)
    reach = max(np.ptp(xs) / inside.shape[1], np.ptp(ys) / inside.shape[0]) if len(xs) else 0.0
    is_set = bool(share >= _LEAST_INK and reach >= _LEAST_REACH)
    # In between, a speck may be a tick, and a faint tick a speck.
    if is_set:
        return True, round(min(1.0, 0.5 + 0.5 * share / _SURE_INK), 3)
    return False, round(1.0 - 0.5 * min(1.0, share / _LEAST_INK), 3)


def _share(flags: npt.NDArray[np.generic] | np.generic) -> float:
    """The share that is not zero. The mean takes five times as long on such small arrays."""
    return float(np.count_nonzero(flags) / flags.size) if flags.size else 0.0
