"""Finds places for signatures by their labels and lines, and whether somebody has signed there."""

import re
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.page import Line, Polygon
from models.polygons import rectangle
from models.structure.marks.ink import Flags, Ink
from models.structure.marks.labels import Rectangle, TextPlaces
from models.structure.result import Mark, PlacedText, WordSpan

__all__ = ["Strokes", "find_signatures", "find_strokes"]

# In heights of the page's lines: the shortest line to sign on.
_SHORTEST_RULE = 4.0
_MOST_RULES = 1000
# Handwriting is thicker than this picture's pixels: of the one on which boxes are found, half the size.
_STEP = 2

_LABEL = re.compile(
    r"\b(signatures?|signed|sign here|unterschrift(?:en)?|unterzeichnet|signé|firma(?:to|do)?|firme|"
    r"handtekening(?:en)?|ondertekening|getekend)\b|签字|签名|签章|签署|簽名|簽字|簽章|署名",
    re.IGNORECASE,
)
# In German, Firma is a company.
_COMPANY = re.compile(r"\b(firma|firme)\b", re.IGNORECASE)
_IS_GERMAN = re.compile(r"\b(unterschrift|straße|strasse|datum|gmbh|und|der)\b", re.IGNORECASE)
# A label is a short line.
_MOST_WORDS, _MOST_LABELS = 7, 200
# How sure a place is with a rule, and without one.
_SURE, _UNSURE = 0.8, 0.6
# Smaller ink is specks, in heights of the label.
_LEAST_STROKE = 0.2
# In heights of the label. How far above a rule people sign, and how far below it; how far above its label and how far
# below it the rule lies; and how far they sign beside a label without a rule, above it and below.
_ABOVE, _UNDER = 2.4, 0.5
_LABEL_UNDER, _LABEL_OVER = 1.3, 4.0
_BESIDE, _OVER_FOOT, _UNDER_FOOT = 10.0, 2.0, 1.2
# How long a rule is at least; how far beyond a label it goes on if it is to the right of it, and how far from the label
# it begins at most; and how low a box is in which nobody signs.
_LEAST_LENGTH, _BEYOND, _FARTHEST, _LOW_BOX = 4.0, 2.0, 8.0, 1.6
# How wide the ink of a signature is, on a rule and without one, and how high its largest stroke.
_LEAST_WIDE, _LEAST_WIDE_ALONE, _LEAST_HIGH = 1.2, 2.5, 0.55
# Lines that were read so surely are print; on a rule, where people write clearly too, only if they are more surely so.
_PRINT, _PRINT_ON_RULE = 0.9, 0.985


@dataclass(frozen=True, slots=True)
class Strokes:
    """The ink of a page that tells signatures.

    Args:
        rules: (N, 3) float32: left, right and y of level rules, in pixels of the page.
        ink: Rows of the page's ink without the rules, 8 pixels a byte.
        width: Pixels of a row.
        scale: Pixels of this picture for one of the page.
    """

    rules: npt.NDArray[np.float32]
    ink: npt.NDArray[np.uint8]
    width: int
    scale: float

    def part(self, box: Rectangle) -> Flags:
        """The ink of a part of the page, 1 where there is some.

        Args:
            box: The part, in pixels of the page.
        """
        left, top, right, bottom = (max(0, round(edge * self.scale)) for edge in box)
        rows = np.unpackbits(self.ink[top:bottom], axis=1, count=self.width)
        return rows[:, left:right]


def find_strokes(ink: Ink) -> Strokes:
    """Find rules and other ink on a page.

    Args:
        ink: The page's ink.
    """
    length = max(3, round(_SHORTEST_RULE * ink.line_px))
    # A rule that is not quite level is straight if it is made thicker first.
    thick = cv2.dilate(ink.flags, np.ones((2, 1), np.uint8))
    level = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    contours, _ = cv2.findContours(level, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = sorted((cv2.boundingRect(contour) for contour in contours), key=lambda box: -box[2])[:_MOST_RULES]
    rules = [(left, left + wide, top + high / 2) for left, top, wide, high in boxes if high < ink.line_px / 2]
    rest = cv2.subtract(ink.flags, cv2.dilate(level, np.ones((3, 1), np.uint8)))
    size = max(1, rest.shape[1] // _STEP), max(1, rest.shape[0] // _STEP)
    small = cv2.resize(rest * np.uint8(255), size, interpolation=cv2.INTER_AREA)
    packed = np.packbits(small > 0, axis=1)
    return Strokes(
        np.array(rules, np.float32).reshape(-1, 3) / np.float32(ink.scale), packed, size[0], ink.scale / _STEP
    )


def find_signatures(seen: Strokes, places: TextPlaces) -> tuple[list[Mark], int]:
    """Find the places for signatures.

    Args:
        seen: The page's rules and ink.
        places: The page's text.

    Returns:
        The places, and how many labels of signatures were left out since there are too many.
    """
    labels = [(index, found[0]) for index, line in enumerate(places.lines) if (found := _label(line))]
    is_german = bool(labels) and any(_IS_GERMAN.search(line.text) for line in places.lines)
    marks: dict[object, Mark] = {}
    for index, word in labels[:_MOST_LABELS]:
        if is_german and _COMPANY.fullmatch(word):
            continue
        label = PlacedText.of([WordSpan(index, 0, len(places.lines[index].words))], places.lines)
        box = tuple(places.boxes[index].tolist())
        rule = _rule(seen.rules, box)
        signed = _signed(seen, places, index, rule)
        if rule is None and signed is None:
            continue
        place = signed or _place(rule, box)
        mark = Mark("signature", signed is not None, _corners(place), _SURE if rule is not None else _UNSURE, label)
        marks.setdefault(rule or place, mark)
    return list(marks.values()), max(0, len(labels) - _MOST_LABELS)


def _label(line: Line) -> re.Match[str] | None:
    return _LABEL.search(line.text) if len(line.text.split()) <= _MOST_WORDS else None


def _rule(rules: npt.NDArray[np.float32], label: Rectangle) -> tuple[float, float, float] | None:
    """The rule to sign on: at the label's foot on the right, just above the label, or below it as below a heading."""
    left, top, right, bottom = label
    height = bottom - top
    begin, end, y = rules.T
    is_long = end - begin >= _LEAST_LENGTH * height
    is_right = (np.abs(y - bottom) < height) & (begin > left - height) & (begin < right + _FARTHEST * height)
    is_right &= end > right + _BEYOND * height
    overlaps = (begin < right) & (end > left)
    is_above = overlaps & ~_closes_a_box(rules, height) & (y < top + height / 2) & (y > top - _LABEL_UNDER * height)
    is_below = overlaps & (y > bottom + height) & (y < bottom + _LABEL_OVER * height)
    is_below &= np.abs(begin - left) < _BEYOND * height
    is_close = begin < right + _BEYOND * height
    for chosen in (is_right & is_close, is_above, is_right, is_below):
        chosen = chosen & is_long
        if chosen.any():
            nearest = int(np.argmin(np.where(chosen, np.abs(y - bottom), np.inf)))
            return float(begin[nearest]), float(end[nearest]), float(y[nearest])
    return None


def _closes_a_box(rules: npt.NDArray[np.float32], height: float) -> npt.NDArray[np.bool_]:
    """Whether another rule of the same length lies so close above a rule that nobody can sign in between."""
    gaps = rules[:, None, 2] - rules[None, :, 2]
    ends = np.abs(rules[:, None, :2] - rules[None, :, :2]).max(axis=2)
    closes: npt.NDArray[np.bool_] = ((gaps > 0) & (gaps < _LOW_BOX * height) & (ends < height)).any(axis=1)
    return closes


def _place(rule: tuple[float, float, float] | None, label: Rectangle) -> Rectangle:
    """Where people sign."""
    left, top, right, bottom = label
    height = bottom - top
    if rule is None:
        return right, bottom - _OVER_FOOT * height, right + _BESIDE * height, bottom + _UNDER_FOOT * height
    begin, end, y = rule
    is_right = abs(y - bottom) < height and end > right + _BEYOND * height and begin > left - height
    upper = y - _ABOVE * height
    if y > bottom + height:  # the label is a heading above the place
        upper = max(upper, bottom)
    # Of a rule that is not quite level, only a part is found.
    return right if is_right else begin, upper, end, y + _UNDER * height


def _signed(seen: Strokes, places: TextPlaces, label: int, rule: tuple[float, float, float] | None) -> Rectangle | None:
    """The box of a signature, or None if there is none: ink in the place to sign that is neither rules nor print."""
    box = tuple(places.boxes[label].tolist())
    height = box[3] - box[1]
    place = _place(rule, box)
    left, top = max(0.0, place[0]), max(0.0, place[1])
    ink = seen.part((left, top, place[2], place[3])).copy()
    if not ink.size:
        return None
    for index in places.on((left, top, place[2], place[3])):
        line, edges = places.lines[index], places.boxes[index]
        is_on_rule = rule is not None and abs(edges[3] - rule[2]) < height
        if index == label or line.confidence >= (_PRINT_ON_RULE if is_on_rule else _PRINT):
            low = np.rint((edges[:2] - (left, top)) * seen.scale).astype(int).clip(0)
            high = np.rint((edges[2:] - (left, top)) * seen.scale).astype(int).clip(0)
            ink[low[1] : high[1], low[0] : high[0]] = 0
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    stats = stats[1:][stats[1:, cv2.CC_STAT_HEIGHT] >= _LEAST_STROKE * height * seen.scale]
    if not len(stats) or stats[:, cv2.CC_STAT_HEIGHT].max() < _LEAST_HIGH * height * seen.scale:
        return None
    low = stats[:, :2].min(axis=0) / seen.scale
    high = (stats[:, :2] + stats[:, 2:4]).max(axis=0) / seen.scale
    if high[0] - low[0] < (_LEAST_WIDE_ALONE if rule is None else _LEAST_WIDE) * height:
        return None
    return left + float(low[0]), top + float(low[1]), left + float(high[0]), top + float(high[1])


def _corners(box: Rectangle) -> Polygon:
    left, top, right, bottom = (max(0.0, round(float(edge), 1)) for edge in box)
    return rectangle(left, top, right, bottom)
