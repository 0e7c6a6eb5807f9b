"""Makes letters of digits that stand alone as the initial of a paragraph: an O of its own looks like a zero."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models.recognition.ctc import LineText

__all__ = ["with_initials"]

_LETTERS = {"0": "O", "1": "I"}
# In heights of a paragraph's lines: the least height of an initial, how near the lines beside it begin, and how long
# they are at least. Two of them tell it from a large number before a word.
_LEAST_HEIGHT, _OVERLAP, _AWAY, _LEAST_LENGTH = 1.4, 0.5, 1.5, 5.0
_FEWEST_LINES = 2


def with_initials(texts: Sequence[LineText], quads: npt.NDArray[np.float32]) -> list[LineText]:
    """Correct digits that begin the first word of a paragraph, whose other letters are of lower case.

    Args:
        texts: The texts of a page's lines.
        quads: (K, 4, 2) float32, their quads in pixels of the upright page.
    """
    corrected = list(texts)
    for index in [index for index, text in enumerate(texts) if text.text in _LETTERS]:
        left, right = quads[:, [0, 3], 0].mean(axis=1), quads[index, [1, 2], 0].mean()
        high = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
        long = np.linalg.norm(quads[:, 1] - quads[:, 0], axis=1)
        middle, top, bottom = quads[:, :, 1].mean(axis=1), quads[index, :, 1].min(), quads[index, :, 1].max()
        away = (left - right) / np.maximum(high, 1)
        is_beside = (away > -_OVERLAP) & (away < _AWAY) & (middle > top - high / 2) & (middle < bottom)
        is_beside &= (high * _LEAST_HEIGHT < high[index]) & (long > _LEAST_LENGTH * high)
        beside = np.flatnonzero(is_beside)
        if len(beside) >= _FEWEST_LINES and texts[beside[middle[beside].argmin()]].text[:1].islower():
            letter = _LETTERS[texts[index].text]
            characters = tuple(_LETTERS.get(one, one) for one in texts[index].characters)
            corrected[index] = replace(texts[index], text=letter, characters=characters)
    return corrected
