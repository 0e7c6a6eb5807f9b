"""Finds rules, the straight lines between and around the cells of tables, in the pixels of a page.

The picture is reduced until its text is just legible, and turned so that its text is level. A rule is darker (or
lighter, on shaded cells) than what is on both sides of it, and longer than a letter: what an opening with a long,
thin kernel leaves (Serra 1982).
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from models.structure.tables.geometry.frame import Floats, Frame, fit_frame

__all__ = ["Rules", "find_rules", "rules_inside", "without_strokes"]

Pixels = npt.NDArray[np.uint8]

# Height of the median line in the reduced picture, in pixels: a thin rule keeps a third of its contrast at 300 dpi.
_LINE_PX = 13
# Lines of text are at least so high in any picture, so that one speck does not stop the reduction.
_LEAST_LINE_PX = 6
# More pixels are never worked on: a page of A4 at 150 dpi has 2.2 million, and is legible at half its size.
_MOST_PIXELS = 2_000_000
# Gray levels by which a rule differs from both sides.
_CONTRAST = 14
# In heights of a line: the thickest rule, the shortest pieces of rules in scans whose rules are broken, the widest
# break, and the shortest whole rules. The letters of a line are lower than the shortest upright piece.
_THICKEST = 0.45
_LEAST_LEVEL_PIECE, _LEAST_UPRIGHT_PIECE = 1.5, 0.9
_WIDEST_LEVEL_BREAK, _WIDEST_UPRIGHT_BREAK = 0.8, 0.4
_LEAST_LEVEL, _LEAST_UPRIGHT = 2.0, 1.3
# In heights of a line: pieces so long are joined over so wide a gap if they are so near to one level.
_LONG_PIECE, _WIDEST_GAP, _SAME_RULE = 4.0, 1.0, 0.25
# In heights of a line: how far from a table its rules may be.
_AROUND = 0.4
# The share of a rule that is inked.
_INKED = 0.7
# Shares of a line's box from its edges, within which a level or upright segment is an underline or a border rather
# than a stroke of its letters; and by how much of a line's height strokes may leave its box.
_STRIKE, _STROKE, _SLACK = 0.22, 0.0, 0.15
# The share of a rule's length within words, and what their outer parts are, in shares of a word's lesser side.
_MOST_COVERED, _INSET, _SIDE_INSET = 0.4, 0.2, 0.08
# The share of it within words and their edges: boxes of words are padded, and may touch a rule along all of a cell.
_MOST_TOUCHED, _MOST_SIDE_TOUCHED = 0.88, 0.6
# The share of a line's length that its underline has at least.
_UNDERLINE = 0.85
# A page has a few hundred rules. Hatching and screens of halftones have more; the longest are kept.
_MOST_RULES = 1500
# A line tells the angle of its page if it is so many times as long as high.
_TELLING_ASPECT = 4.0
# In heights of a line: rules of this length tell how the page lies. Shorter ones may be strokes of letters.
_TELLING = 4.0
# Radians of turn below which the picture is not turned: half a pixel in the shortest piece.
_LEAST_TURN = 0.01


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a page in its level frame.

    Args:
        frame: The level frame.
        height: The median height of the page's lines, in pixels.
        level: (N, 4) left, y, right, y of level rules.
        upright: (M, 4) x, top, x, bottom of upright rules.
        left_out: How many strokes are not among them, since the page has too many.
    """

    frame: Frame
    height: float
    level: Floats
    upright: Floats
    left_out: int = 0


def find_rules(pixels: Pixels, quads: npt.NDArray[np.float32]) -> Rules | None:
    """Find the rules of a page.

    Args:
        pixels: (height, width, 3) uint8, RGB. Read only.
        quads: (K, 4, 2) float32, corners of the page's lines, each clockwise from its text's top left.

    Returns:
        The rules, of which there may be none; None for a page without text.
    """
    height, angle, rows = _text(quads)
    if not height:
        return None
    size = (pixels.shape[1], pixels.shape[0])
    frame = Frame.turned(angle if abs(angle) > _LEAST_TURN else 0.0, size)
    frame = fit_frame(frame, frame.level(rows.reshape(-1, 2)).reshape(-1, 4), np.zeros((0, 4)), size)
    reduced, factor = _reduced(pixels, height)
    if not np.array_equal(frame.matrix, np.eye(3)):
        there = np.diag([1 / factor, 1 / factor, 1]) @ frame.matrix @ np.diag([factor, factor, 1])
        shape = (reduced.shape[1], reduced.shape[0])
        warped = cv2.warpPerspective(reduced, there, shape, borderMode=cv2.BORDER_REPLICATE)
        reduced = np.asarray(warped, dtype=np.uint8)
    line = height / factor
    corners = frame.level(quads.reshape(-1, 2)).reshape(-1, 4, 2)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    lengths = (_LEAST_LEVEL_PIECE, _LEAST_LEVEL, _WIDEST_LEVEL_BREAK)
    strokes, level_left_out = _segments(reduced, line, lengths, 1)
    level = strokes * factor
    level = _joined(level[~_is_in_text(level, boxes, _STRIKE)], height)
    lengths = (_LEAST_UPRIGHT_PIECE, _LEAST_UPRIGHT, _WIDEST_UPRIGHT_BREAK)
    strokes, upright_left_out = _segments(np.ascontiguousarray(reduced.T), line, lengths, 3)
    upright = strokes * factor
    upright = upright[~_is_in_text(upright, boxes[:, [1, 0, 3, 2]], _STROKE)][:, [1, 0, 3, 2]]
    fitted = fit_frame(frame, _telling(level, height), _telling(upright, height), size)
    change = Frame(fitted.matrix @ np.linalg.inv(frame.matrix))
    level, upright = (change.level(part.reshape(-1, 2)).reshape(-1, 4) for part in (level, upright))
    level[:, [1, 3]] = level[:, [1, 3]].mean(axis=1, keepdims=True)
    upright[:, [0, 2]] = upright[:, [0, 2]].mean(axis=1, keepdims=True)
    return Rules(fitted, height, level, upright, level_left_out + upright_left_out)


def rules_inside(box: tuple[float, float, float, float], rules: Rules) -> tuple[Floats, Floats]:
    """The level and upright rules of a table, given its left, top, right and bottom."""
    slack = _AROUND * rules.height
    left, top, right, bottom = box[0] - slack, box[1] - slack, box[2] + slack, box[3] + slack
    parts = []
    for segments in (rules.level, rules.upright):
        inside = (
            (segments[:, 1] >= top) & (segments[:, 3] <= bottom) & (segments[:, 2] > left) & (segments[:, 0] < right)
        )
        parts.append(segments[inside])
    return parts[0], parts[1]


def without_strokes(rules: Rules, boxes: Floats) -> Rules:
    """Leave out rules that run through words, which are strokes of letters one above the other or beside the other.

    Args:
        rules: The rules of a page.
        boxes: (N, 4) left, top, right, bottom of its words in the level frame.
    """
    kept = []
    turned = rules.upright[:, [1, 0, 3, 2]], boxes[:, [1, 0, 3, 2]]
    for (segments, places), inset, touched in (
        ((rules.level, boxes), _INSET, _MOST_TOUCHED),
        (turned, _SIDE_INSET, _MOST_SIDE_TOUCHED),
    ):
        is_rule = _covered(segments, places, inset) < _MOST_COVERED
        kept.append(segments[is_rule & (_covered(segments, places, 0.0) < touched)])
    return replace(rules, level=kept[0], upright=kept[1][:, [1, 0, 3, 2]])


def _covered(level: Floats, boxes: Floats, inset: float) -> Floats:
    """The share of each level rule that is within words, but for their outer parts."""
    edge = inset * np.minimum(boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0])
    left, right = boxes[:, 0], boxes[:, 2]
    top, bottom = boxes[:, 1] + edge, boxes[:, 3] - edge
    shares = np.zeros(len(level))
    for number, (start, y, end, _) in enumerate(level.tolist()):
        at = np.flatnonzero((top < y) & (bottom > y))
        shares[number] = np.clip(np.minimum(right[at], end) - np.maximum(left[at], start), 0, None).sum()
        shares[number] /= max(end - start, 1)
    return shares


def _text(quads: npt.NDArray[np.float32]) -> tuple[float, float, Floats]:
    """The median height and angle of lines, and the (N, 4) lower and upper edges' middles of long ones."""
    points = quads.astype(np.float64)
    run, down = points[:, 1] - points[:, 0], points[:, 3] - points[:, 0]
    length, high = np.hypot(*run.T), np.hypot(*down.T)
    if not (high > 0).any():
        return 0.0, 0.0, np.zeros((0, 4))
    height = max(float(np.median(high[high > 0])), _LEAST_LINE_PX)
    telling = (length > _TELLING_ASPECT * np.maximum(high, 1)) & (np.abs(run[:, 1]) < 0.5 * np.abs(run[:, 0]))
    if not telling.any():
        return height, 0.0, np.zeros((0, 4))
    angles, weights = np.arctan(run[telling, 1] / run[telling, 0]), length[telling]
    order = np.argsort(angles)
    share = np.cumsum(weights[order])
    angle = float(angles[order][np.searchsorted(share, share[-1] / 2)])
    ends = np.concatenate(
        [(points[telling, 0] + points[telling, 3]) / 2, (points[telling, 1] + points[telling, 2]) / 2], 1
    )
    return height, angle, ends


def _reduced(pixels: Pixels, height: float) -> tuple[Pixels, float]:
    """The gray page, reduced, and the factor by which it is smaller."""
    least = np.ceil((pixels.shape[0] * pixels.shape[1] / _MOST_PIXELS) ** 0.5)
    factor = float(max(1, round(height / _LINE_PX), least))  # whole numbers are faster
    if factor > 1:
        shape = (max(1, round(pixels.shape[1] / factor)), max(1, round(pixels.shape[0] / factor)))
        pixels = np.asarray(cv2.resize(pixels, shape, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8), factor


def _segments(gray: Pixels, line: float, lengths: tuple[float, float, float], thickened: int) -> tuple[Floats, int]:
    """The (N, 4) ends of level rules in a gray picture, and how many shorter ones were left out.

    Args:
        gray: (height, width), the picture.
        line: Height of its lines of text, in pixels.
        lengths: The shortest pieces, the shortest rules and the widest breaks, in heights of a line.
        thickened: Pixels to which the thinnest rule is thickened, so that a slope does not break it.
    """
    thick = max(3, 2 * round(_THICKEST * line / 2) + 1)
    across = np.ones((thick, 1), np.uint8)
    found = []
    for residue in (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT):
        differs = (np.asarray(cv2.morphologyEx(gray, residue, across), dtype=np.uint8) > _CONTRAST).view(np.uint8)
        found.append(_pieces(differs, line, lengths, thickened))
    segments = np.concatenate(found)
    longest = np.argsort(segments[:, 0] - segments[:, 2], kind="stable")[:_MOST_RULES]
    return segments[np.sort(longest)], len(segments) - len(longest)


def _pieces(mask: Pixels, line: float, lengths: tuple[float, float, float], thickened: int) -> Floats:
    long = np.ones((1, max(5, round(lengths[0] * line))), np.uint8)
    if thickened > 1:
        mask = np.asarray(cv2.dilate(mask, np.ones((thickened, 1), np.uint8)), dtype=np.uint8)
    inked = mask
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, long), dtype=np.uint8)
    if not mask.any():
        return np.zeros((0, 4))
    gap = np.ones((1, max(3, round(lengths[2] * line))), np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, gap), dtype=np.uint8)
    count, labels, stats, middles = cv2.connectedComponentsWithStats(mask, connectivity=8)
    width, area = stats[:, cv2.CC_STAT_WIDTH].astype(np.float64), stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    ys, xs = np.nonzero(mask)
    label = labels[ys, xs]
    dx = xs - middles[label, 0]
    sxx = np.bincount(label, dx * dx, count)
    slope = np.bincount(label, dx * (ys - middles[label, 1]), count) / np.maximum(sxx, 1)
    solid = np.bincount(label, inked[ys, xs], count) >= _INKED * np.bincount(label, minlength=count)
    kept = solid & (width >= lengths[1] * line) & (area / np.maximum(width, 1) <= _THICKEST * line + thickened)
    kept[0] = False
    left = stats[kept, cv2.CC_STAT_LEFT].astype(np.float64)
    right, (x, y), slope = left + width[kept], middles[kept].T, slope[kept]
    return np.stack([left, y + 0.5 + slope * (left - x), right, y + 0.5 + slope * (right - x)], axis=1)


def _telling(segments: Floats, height: float) -> Floats:
    """The segments that are long enough to tell how the page lies."""
    length = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
    telling: Floats = segments[length > _TELLING * height]
    return telling


def _joined(level: Floats, height: float) -> Floats:
    """Join long pieces of level rules that a scan or a picture has broken."""
    pieces = level[np.argsort(level[:, 0], kind="stable")].tolist()
    whole: list[list[float]] = []
    for left, y, right, end_y in pieces:
        is_long = right - left > _LONG_PIECE * height
        for other in whole if is_long else ():
            apart = left - other[2]
            is_same = abs(y - other[3]) < _SAME_RULE * height and abs(apart) < _WIDEST_GAP * height
            if is_same and right > other[2] and other[2] - other[0] > _LONG_PIECE * height:
                other[2], other[3] = right, end_y
                break
        else:
            whole.append([left, y, right, end_y])
    return np.array(whole).reshape(-1, 4)


def _is_in_text(segments: Floats, boxes: Floats, edge: float) -> npt.NDArray[np.bool_]:
    """Whether level segments are strokes of letters: within the box of a line of text, but for its outer parts."""
    left, y, right = segments[:, 0, None], (segments[:, 1, None] + segments[:, 3, None]) / 2, segments[:, 2, None]
    high = boxes[:, 3] - boxes[:, 1]
    slack = _SLACK * np.minimum(high, boxes[:, 2] - boxes[:, 0])
    inside = (left > boxes[:, 0] - slack) & (right < boxes[:, 2] + slack)
    # A part of a line's length is not its underline.
    inset = np.where(right - left < _UNDERLINE * (boxes[:, 2] - boxes[:, 0]), 0.0, edge)
    inside &= (y > boxes[:, 1] + inset * high) & (y < boxes[:, 3] - inset * high)
    flags: npt.NDArray[np.bool_] = np.asarray(inside.any(axis=1))
    return flags
