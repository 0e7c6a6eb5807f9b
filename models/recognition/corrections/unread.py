"""Counts the letters of a line that were not read, by ink that no character accounts for.

The recognizer gives nothing for a letter that its charset lacks, and is as sure of the others.
"""

import numpy as np

from models.recognition.corrections.ink import empty_columns, gaps_of
from models.recognition.crops import LineCrop
from models.recognition.ctc import LineText
from models.recognition.words import relative_width

__all__ = ["unread_letters"]

# Two letters of a word so much farther apart than usual, in letters, have another one between them.
_LEAST_EXTRA = 0.6
# Lines so long in heights, with so few letters a height, were hardly read at all.
_LEAST_LENGTH = 3.0
_FEWEST_LETTERS = 1.0
# Columns of ink of a usual letter, in heights of a line.
_INK_OF_A_LETTER = 0.35


def unread_letters(text: LineText, crop: LineCrop) -> int:
    """About how many letters of a line have no character.

    Args:
        text: The text that was read; may be empty.
        crop: The line.
    """
    height = crop.pixels.shape[0]
    own = [index for index, character in enumerate(text.characters) if not character.isspace()]
    read = sum(relative_width(text.characters[index]) for index in own)
    if crop.columns > max(_LEAST_LENGTH, read / _FEWEST_LETTERS) * height:
        ink = np.count_nonzero(~empty_columns(crop.line))
        return max(0, round(float(ink / (_INK_OF_A_LETTER * height) - read)))
    if len(own) < 3:
        return 0
    place = np.array(text.positions)[own] * crop.pixels.shape[1]
    width = np.array([relative_width(text.characters[index]) for index in own])
    in_word = np.diff(own) == 1
    expected = (width[1:] + width[:-1]) / 2
    if not in_word.any():
        return 0
    extra = np.diff(place) / (np.diff(place)[in_word].sum() / expected[in_word].sum()) - expected
    letter = np.array([text.characters[index].isalpha() for index in own])
    wide = in_word & letter[1:] & letter[:-1] & (extra > _LEAST_EXTRA)
    gaps = gaps_of(crop.line, crop.pixels.shape[1], text) if wide.any() else None
    if gaps is None:
        return 0
    return int(np.count_nonzero(wide & (extra - (gaps.empty - gaps.usual) / gaps.unit > _LEAST_EXTRA)))
