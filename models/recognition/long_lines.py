"""Reads lines that are too long for the recognizer in parts, which are cut at gaps between words."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from models.recognition.corrections.spaces import with_spaces
from models.recognition.crops import LineCrop
from models.recognition.ctc import LineText
from models.steps import NetInputs, Steps
from models.straighten import straightened

__all__ = ["read_long_lines"]

Pixels = npt.NDArray[np.uint8]
Quads = npt.NDArray[np.float32]

# A part is at least this share of the longest that can be read; the widest gap behind that ends it.
_LEAST_PART = 0.6
# A column of pixels is blank if none differs from the paper by this share of the line's greatest contrast.
_INK = 0.3


def read_long_lines(
    page: Pixels,
    points: Quads,
    crops: Sequence[LineCrop],
    texts: Sequence[LineText],
    most_columns: int,
    fit: Callable[[Pixels], LineCrop],
) -> Steps[tuple[list[LineCrop], list[LineText]]]:
    """Read squeezed lines once more, in parts that are not squeezed.

    Args:
        page: (H, W, 3) uint8 RGB, the page as stored. Read only.
        points: (K, 4, 2) float32, quads in pixels of the page as stored.
        crops: K crops, in the same order.
        texts: K texts, in the same order.
        most_columns: The greatest width of a crop, in columns.
        fit: Scales a line to the recognizer's height.

    Returns:
        K crops and texts. A line without gaps stays squeezed.
    """
    crops, texts = list(crops), list(texts)
    for index in [index for index, crop in enumerate(crops) if crop.is_squeezed]:
        line = straightened(page, points[index])
        borders = _borders(line, most_columns * line.shape[0] // crops[index].pixels.shape[0])
        if borders is None:
            continue
        parts = [fit(line[:, start:end]) for start, end in pairwise(borders)]
        read: Sequence[LineText] = yield NetInputs("recognition", [part.pixels for part in parts])
        crops[index] = replace(crops[index], is_squeezed=False, begin=0.0, end=1.0)
        spaced = [with_spaces(text, part) for text, part in zip(read, parts, strict=True)]
        texts[index] = _joined(spaced, [part.shown for part in parts], np.array(borders) / line.shape[1])
    return crops, texts


def _borders(line: Pixels, most: int) -> list[int] | None:
    """Where a line is cut into parts of at most `most` pixels, both ends included; None if a part would have no gap."""
    gray = cv2.cvtColor(line, cv2.COLOR_RGB2GRAY).astype(np.float32)
    contrast = np.abs(gray - float(np.median(gray))).max(axis=0)
    blank = np.concatenate([[False], contrast < _INK * contrast.max(), [False]])
    starts, ends = np.flatnonzero(~blank[:-1] & blank[1:]), np.flatnonzero(blank[:-1] & ~blank[1:])
    middles, widths = (starts + ends) // 2, ends - starts
    borders = [0]
    while line.shape[1] - borders[-1] > most:
        within = (middles > borders[-1] + _LEAST_PART * most) & (middles <= borders[-1] + most)
        if not within.any():
            return None
        borders.append(int(middles[np.where(within, widths, 0).argmax()]))
    return [*borders, line.shape[1]]


def _joined(parts: Sequence[LineText], shown: Sequence[float], borders: npt.NDArray[np.float64]) -> LineText:
    """Put the texts of parts together, with blanks between words; `borders` are shares of the line's length."""
    characters: list[str] = []
    positions: list[float] = []
    probabilities: list[float] = []
    for part, share, start, end in zip(parts, shown, borders[:-1], borders[1:], strict=True):
        if characters and part.characters and not (_is_wide(characters[-1]) and _is_wide(part.characters[0])):
            characters.append(" ")
            positions.append(float(start))
            probabilities.append(min(probabilities[-1], part.probabilities[0]))
        characters += part.characters
        positions += (start + np.minimum(np.array(part.positions) / share, 1) * (end - start)).tolist()
        probabilities += part.probabilities
    text = "".join(characters).strip()
    if not text:
        return LineText("", 0.0)
    confidence = float(np.mean(probabilities))
    # Each part has its spaces already.
    spaces = (0.0,) * len(characters)
    return LineText(text, confidence, tuple(characters), tuple(positions), tuple(probabilities), spaces)


def _is_wide(character: str) -> bool:
    """Whether a character is of a script that has no blanks between words."""
    return unicodedata.east_asian_width(character[0]) in "WF"
