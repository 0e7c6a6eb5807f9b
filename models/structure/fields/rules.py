"""Finds the rules of a page: lines to write on, and the sides of boxes."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Frame", "Rules", "find_rules", "find_upright_rules"]

# The page is looked at with at most so many pixels from top to bottom.
_MOST_HEIGHT = 1600
# A rule is at least this part of the page's width; strokes of letters are shorter.
_LEAST_LENGTH = 0.025
_LEAST_PIXELS = 25
# A side of a box is as high as two lines of small print. Rules that cross it cut it.
_LEAST_UPRIGHT = 16
# What is thicker is a bar or a picture.
_MOST_THICKNESS = 6
# A rule is darker than its surroundings by so much of the range.
_CONTRAST = 24
# The height of the surroundings with which a pixel is compared: twice a rule's, so that it is thin in them.
_SURROUNDINGS = 13
# A form has some hundred rules; of more, the longest count.
_MOST_RULES = 1000
# Text stands on a rule between these parts of its height, from its top and from its bottom.
_BASE = (0.6, 0.5)
# In heights of the text in a frame: how far its rules may end from its corners, and how long its sides are at least.
_JOINT, _LEAST_SIDE = 1.0, 1.2
# A side is there for at least so much of a frame's height.
_SIDE = 0.7


def find_rules(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Find horizontal rules.

    Args:
        pixels: (height, width, 3) uint8, RGB; it may be empty. Read only.

    Returns:
        (N, 4) float32: left, top, right and bottom of each rule, in pixels, from the top of the page.
    """
    step = -(-pixels.shape[0] // _MOST_HEIGHT)
    return _find_rules(pixels, step, max(_LEAST_PIXELS, round(_LEAST_LENGTH * (pixels.shape[1] // max(step, 1)))))


def find_upright_rules(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Find upright rules, the left and right sides of boxes.

    Args:
        pixels: (height, width, 3) uint8, RGB; it may be empty. Read only.

    Returns:
        (N, 4) float32: left, top, right and bottom of each rule, in pixels, from the left of the page.
    """
    found = _find_rules(pixels.transpose(1, 0, 2), -(-pixels.shape[0] // _MOST_HEIGHT), _LEAST_UPRIGHT)
    return found[:, [1, 0, 3, 2]]


def _find_rules(pixels: npt.NDArray[np.uint8], step: int, length: int) -> npt.NDArray[np.float32]:
    """Find level rules of at least such a length, on pixels of which each `step`th is seen."""
    height, width = pixels.shape[:2]
    if min(height, width) < _LEAST_PIXELS:
        return np.empty((0, 4), np.float32)
    # The darkest of neighboring rows, so that no rule is lost.
    rows = [pixels[first : height - height % step : step, ::step, 1] for first in range(step)]
    gray = np.ascontiguousarray(np.minimum.reduce(rows))
    # What is thin and darker than what is both above and beneath, which may be text close by, or the shade of a cell.
    thin = cv2.morphologyEx(gray, cv2.MORPH_BLACKHAT, np.ones((_SURROUNDINGS, 1), np.uint8))
    _, ink = cv2.threshold(thin, _CONTRAST, 255, cv2.THRESH_BINARY)
    runs = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    # Letters that touch a rule, and dots that it is made of, leave gaps.
    runs = cv2.morphologyEx(runs, cv2.MORPH_CLOSE, np.ones((1, length * 3 // 2), np.uint8))
    # A rule that is not quite level is cut into steps, which touch at their corners.
    outlines, _ = cv2.findContours(runs, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = np.array([cv2.boundingRect(outline) for outline in outlines], np.int64).reshape(-1, 4)
    slope = boxes[:, 3] / np.maximum(boxes[:, 2], 1)
    boxes = boxes[(boxes[:, 3] <= _MOST_THICKNESS) | (slope < _LEAST_LENGTH)]
    boxes = boxes[np.argsort(-boxes[:, 2], kind="stable")[:_MOST_RULES]]
    boxes = boxes[np.lexsort((boxes[:, 0], boxes[:, 1]))].astype(np.float32)
    found: npt.NDArray[np.float32] = np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]]) * np.float32(step)
    return found


@dataclass(frozen=True, slots=True)
class Frame:
    """A box that is drawn around text, on a page that is turned level.

    Args:
        left: Its left end. It may be open to one side.
        top: The rule above.
        right: Its right end.
        bottom: The rule beneath.
    """

    left: float
    top: float
    right: float
    bottom: float


class Rules:
    """Rules of a page that is turned level.

    Args:
        boxes: (N, 4): left, top, right and bottom of each horizontal rule.
        upright: (M, 4), the same of each upright rule.
    """

    def __init__(self, boxes: npt.NDArray[np.float64], upright: npt.NDArray[np.float64] | None = None) -> None:
        middles = (boxes[:, 1] + boxes[:, 3]) / 2
        order = np.argsort(middles, kind="stable")
        self._level = boxes[order]
        self._upright = np.empty((0, 4)) if upright is None else upright
        self._middles: list[float] = middles[order].tolist()
        self._spans: list[tuple[float, float]] = [(left, right) for left, _, right, _ in boxes[order].tolist()]

    def __len__(self) -> int:
        return len(self._spans)

    def between(self, top: float, bottom: float, left: float, right: float) -> Iterator[tuple[float, float]]:
        """The left and right ends of rules between two heights that reach into a range from left to right."""
        for index in range(bisect_left(self._middles, top), len(self._middles)):
            if self._middles[index] > bottom:
                break
            start, end = self._spans[index]
            if start < right and end > left:
                yield start, end

    def under(self, left: float, top: float, right: float, bottom: float) -> Iterator[tuple[float, float]]:
        """The left and right ends of rules on which text stands that has a box."""
        height = bottom - top
        return self.between(top + _BASE[0] * height, bottom + _BASE[1] * height, left, right)

    def around(self, left: float, top: float, right: float, bottom: float) -> Frame | None:
        """The frame around text that has a box: rules above and beneath it, and one at its side that joins both."""
        if not len(self._upright):
            return None
        height = bottom - top
        x, y, slack = (left + right) / 2, (top + bottom) / 2, _JOINT * height
        sides = (self._upright[:, 0] + self._upright[:, 2]) / 2
        is_beside = (self._upright[:, 1] < y) & (self._upright[:, 3] > y)
        is_beside &= self._upright[:, 3] - self._upright[:, 1] > _LEAST_SIDE * height
        before, after = sides[is_beside & (sides < x)], sides[is_beside & (sides > x)]
        if not len(before) and not len(after):
            return None
        start = float(before.max()) if len(before) else left
        end = float(after.min()) if len(after) else right
        reaches = (self._level[:, 0] < start + slack) & (self._level[:, 2] > end - slack)
        middles = (self._level[:, 1] + self._level[:, 3]) / 2
        above, beneath = middles[reaches & (middles < y)], middles[reaches & (middles > y)]
        if not len(above) or not len(beneath):
            return None
        upper, lower = float(above.max()), float(beneath.min())
        shared = np.minimum(self._upright[:, 3], lower) - np.maximum(self._upright[:, 1], upper)
        is_side = is_beside & (shared > _SIDE * (lower - upper))
        if not (is_side & (np.isin(sides, (start, end)))).any():
            return None
        return Frame(start if len(before) else float("-inf"), upper, end if len(after) else float("inf"), lower)
