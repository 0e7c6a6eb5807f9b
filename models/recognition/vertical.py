"""Reads vertical lines with their characters put upright side by side, as in a level line.

In a line that is turned as a whole, the recognizer knows most characters, but misses small kana and punctuation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from models.recognition.crops import LineCrop
from models.recognition.ctc import LineText
from models.steps import NetInputs, Steps
from models.straighten import straightened

__all__ = ["UprightStrip", "read_vertical_lines", "upright_strip"]

Pixels = npt.NDArray[np.uint8]
Quads = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

# A line so many times as long as thick has two characters or more.
_LEAST_ASPECT = 1.8
# Latin text that runs down is turned as a whole, and read surely so.
_SURE = 0.95
# The quad is grown to its sides by this share of its width: punctuation stands at the edge of its column.
_SIDE = 0.15
# Pixels of a quad's width in which the borders of characters are looked for; more tell nothing.
_SEARCH_PX = 24
# The distance of characters in shares of the quad's width, and the least and greatest height of one in such distances.
_PITCHES = np.arange(0.65, 1.16, 0.05)
_LEAST_HEIGHT, _MOST_HEIGHT = 0.6, 1.35
# What ink on a border costs, and what it costs if a character is as high again as others.
_INK_COST, _HEIGHT_COST = 2.0, 1.0
# A pixel is ink if it differs from the paper by this share of the greatest contrast.
_INK = 0.4
# Shares of a character's square: marks that are narrow or flat and off the middle are turned in vertical writing, and
# small ones stand at the upper right instead of at the lower left.
_NARROW, _LONG, _FLAT, _OFF_MIDDLE, _SMALL, _RIGHT = 0.25, 0.4, 0.5, 0.17, 0.72, 0.54
_MARGIN = 0.12
_LEAST_CONTRAST = 24


def read_vertical_lines(
    page: Pixels,
    points: Quads,
    upright: Quads,
    crops: Sequence[LineCrop],
    texts: Sequence[LineText],
    fit: Callable[[Pixels], LineCrop],
) -> Steps[list[LineText]]:
    """Read the lines that run down once more, with their characters side by side.

    Args:
        page: (H, W, 3) uint8 RGB, the page as stored. Read only.
        points: (K, 4, 2) float32, quads in pixels of the page as stored.
        upright: The same quads in pixels of the upright page.
        crops: K crops, in the same order.
        texts: K texts, in the same order, read from the lines turned as a whole.
        fit: Scales a line to the recognizer's height.

    Returns:
        K texts: of each line the one with more characters that are probably right.
    """
    run, across = upright[:, 1] - upright[:, 0], np.linalg.norm(upright[:, 3] - upright[:, 0], axis=1)
    is_vertical = (run[:, 1] > np.abs(run[:, 0])) & (run[:, 1] >= _LEAST_ASPECT * across)
    found: list[tuple[int, UprightStrip, LineCrop]] = []
    for index in np.flatnonzero(is_vertical).tolist():
        if texts[index].confidence < _SURE or not texts[index].text.isascii():
            strip = upright_strip(page, points[index])
            if strip is not None:
                found.append((index, strip, fit(strip.pixels)))
    best = list(texts)
    if not found:
        return best
    read: Sequence[LineText] = yield NetInputs("recognition", [crop.pixels for _, _, crop in found])
    for (index, strip, crop), text in zip(found, read, strict=True):
        if text.confidence * len(text.text) > best[index].confidence * len(best[index].text):
            at = np.interp(np.array(text.positions) / crop.shown, strip.places, strip.line_places)
            best[index] = replace(text, positions=tuple(crops[index].positions(at).tolist()))
    return best


@dataclass(frozen=True, slots=True)
class UprightStrip:
    """The characters of a vertical line, side by side.

    Args:
        pixels: (height, width, 3) uint8 RGB.
        places: (N + 1,) borders of the characters in the strip, as shares of its width.
        line_places: (N + 1,) the same borders in the line, as shares of its length.
    """

    pixels: Pixels
    places: Floats
    line_places: Floats


def upright_strip(page: Pixels, quad: Quads) -> UprightStrip | None:
    """Cut a vertical line into its characters and put them side by side.

    Args:
        page: (H, W, 3) uint8 RGB. Read only.
        quad: (4, 2) float32, page pixels; its text runs down, from its first corner, at the top right.

    Returns:
        The strip; None if the line shows nothing.
    """
    across = quad[[3, 2, 1, 0]] - quad
    line = straightened(page, (quad - _SIDE * across).astype(np.float32))
    thickness, length = line.shape[0], line.shape[1]
    gray = cv2.cvtColor(line, cv2.COLOR_RGB2GRAY).astype(np.float32)
    paper = float(np.median(gray))
    contrast = np.abs(gray - paper)
    most = float(np.percentile(contrast, 98))
    if most < _LEAST_CONTRAST:
        return None
    ink = (contrast / most).clip(0, 1)
    own = ink[round(_SIDE / (1 + 2 * _SIDE) * thickness) :][: round(thickness / (1 + 2 * _SIDE))]
    borders, pitch = _borders(own)
    if len(borders) < 3:
        return None
    # The outer characters may leave a part of their place empty.
    borders[0], borders[-1] = min(borders[0], borders[1] - pitch), max(borders[-1], borders[-2] + pitch)
    color = np.median(line.reshape(-1, 3), axis=0)
    rows = np.flatnonzero((own > _INK).any(axis=1))
    middle = round(_SIDE / (1 + 2 * _SIDE) * thickness) + (int(rows[0]) + int(rows[-1]) + 1) / 2
    side = max(round(pitch), int(rows[-1] - rows[0]) + 1)
    around = cv2.copyMakeBorder(line, side, side, side, side, cv2.BORDER_CONSTANT, value=color.tolist())
    dark = cv2.copyMakeBorder((ink > _INK).astype(np.uint8), side, side, side, side, cv2.BORDER_CONSTANT, value=0)
    top = round(middle + side / 2)
    cells = []
    for start, end in pairwise(borders.tolist()):
        place = slice(top, top + side), slice(round(start) + side, round(end) + side)
        cells.append(_cell(np.rot90(around[place], -1), np.rot90(dark[place], -1), side, color))
    pad = round(_MARGIN * side)
    strip = cv2.copyMakeBorder(
        np.concatenate(cells, axis=1), pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=color.tolist()
    )
    places = (pad + side * np.arange(len(borders))) / strip.shape[1]
    return UprightStrip(np.asarray(strip, dtype=np.uint8), places, (borders / length).clip(0, 1))


def _borders(ink: npt.NDArray[np.float32]) -> tuple[Floats, float]:
    """Find the borders of characters, by dynamic programming over their distances.

    Args:
        ink: (thickness, length), the ink of a line that is turned to run to the right.

    Returns:
        Borders, ascending, in pixels along the line, and the usual distance of characters.
    """
    scale = _SEARCH_PX / ink.shape[0]
    profile = cv2.resize(
        ink.mean(axis=0)[None], (max(1, round(ink.shape[1] * scale)), 1), interpolation=cv2.INTER_AREA
    )[0]
    inked = np.flatnonzero(profile > 0.02)
    if not len(inked):
        return np.empty(0), 0.0
    begin, end = int(inked[0]), int(inked[-1]) + 1
    pitches = _PITCHES * _SEARCH_PX
    heights = np.arange(int(_LEAST_HEIGHT * pitches[0]), int(_MOST_HEIGHT * pitches[-1]) + 1)
    ratio = heights[:, None] / pitches
    price = np.where((ratio >= _LEAST_HEIGHT) & (ratio <= _MOST_HEIGHT), _HEIGHT_COST * (ratio - 1) ** 2, np.inf)
    # Places are counted from where the highest character would begin that ends with the line's first ink. The first
    # border lies before the ink and the last one behind it, by up to what a small character leaves empty.
    first, last = int(heights[-1]), int(heights[-1]) + end - begin
    empty = _LEAST_HEIGHT * pitches
    cost = np.full((last + first, len(pitches)), np.inf)
    cost[: first + 1] = np.where(first - np.arange(first + 1)[:, None] <= empty, 0.0, np.inf)
    chosen = np.zeros(cost.shape, dtype=np.intp)
    inky = np.zeros(len(cost))
    inky[first:last] = _INK_COST * profile[begin:end]
    columns = np.arange(len(pitches))
    for place in range(first + 1, len(cost)):
        paths = cost[place - heights] + price
        best = paths.argmin(axis=0)
        cost[place] = paths[best, columns] + inky[place]
        chosen[place] = heights[best]
    ends = np.where(np.arange(len(cost) - last)[:, None] <= empty, cost[last:] * pitches, np.inf)
    at, of = np.unravel_index(int(ends.argmin()), ends.shape)
    borders = [last + int(at)]
    while borders[-1] > first:
        borders.append(borders[-1] - int(chosen[borders[-1], of]))
    return (np.array(borders[::-1]) - first + begin) / scale, float(pitches[of]) / scale


def _cell(pixels: Pixels, dark: Pixels, side: int, color: Floats) -> Pixels:
    """Put one character, of any height, into a square of the paper's color, as it would stand in a level line."""
    square = np.full((side, side, 3), color, dtype=np.uint8)
    y, x = np.nonzero(dark)
    if not len(y):
        return square
    top, bottom, left, right = max(int(y.min()) - 1, 0), int(y.max()) + 2, max(int(x.min()) - 1, 0), int(x.max()) + 2
    mark = pixels[top:bottom, left:right]
    height, width = mark.shape[0] / side, mark.shape[1] / side
    middle_x, middle_y = (left + right) / 2 / side, (top + bottom - pixels.shape[0]) / 2 / side + 0.5
    runs = int((np.diff(dark.any(axis=1), prepend=False) & dark.any(axis=1)).sum())
    is_bar = width < _NARROW and height > _LONG and runs != 2  # a long vowel or an ellipsis, not an exclamation mark
    is_bracket = height < _FLAT and width > _LONG and abs(middle_y - 0.5) > _OFF_MIDDLE
    if is_bar or is_bracket:
        mark, middle_x, middle_y = np.rot90(mark), 0.5, 0.5
    elif max(width, height) < _SMALL and middle_x > _RIGHT:
        middle_x, middle_y = _MARGIN + width / 2, 1 - _MARGIN - height / 2
    mark = mark[:side, :side]
    row, column = round(middle_y * side - mark.shape[0] / 2), round(middle_x * side - mark.shape[1] / 2)
    row, column = min(max(row, 0), side - mark.shape[0]), min(max(column, 0), side - mark.shape[1])
    square[row : row + mark.shape[0], column : column + mark.shape[1]] = mark
    return square
