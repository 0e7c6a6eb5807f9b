"""Forms that the tests of marks draw, and their lines."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from models.page import Line, Polygon, Word

Pixels = npt.NDArray[np.uint8]
HEIGHT = 30  # of a line's quad; its capital letters are two thirds of it


def box(left: float, top: float, right: float, bottom: float) -> Polygon:
    return (left, top), (right, top), (right, bottom), (left, bottom)


def line(text: str, x: float, y: float, confidence: float = 0.95, step: float = 16) -> Line:
    """A line in which each character, and each space, is `step` wide. `y` is its middle."""
    words, at = [], x
    for word in text.split(" "):
        polygon = box(at, y - HEIGHT / 2, at + step * len(word), y + HEIGHT / 2)
        if word:
            words.append(Word(word, confidence, polygon))
        at += step * (len(word) + 1)
    return Line(" ".join(text.split()), confidence, box(x, y - HEIGHT / 2, at - step, y + HEIGHT / 2), tuple(words))


def blank(height: int = 700, width: int = 1000) -> Pixels:
    return np.full((height, width, 3), 255, np.uint8)


def written(page: Pixels, lines: Sequence[Line]) -> None:
    """Write lines of capital letters."""
    for one in lines:
        for word in one.words:
            left, middle = word.polygon[0][0], (word.polygon[0][1] + word.polygon[2][1]) / 2
            cv2.putText(page, word.text, (round(left), round(middle) + 9), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 2)
