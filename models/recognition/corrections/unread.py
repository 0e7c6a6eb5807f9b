"""Finds the letters and symbols of a line that were not read, by ink that no character accounts for.

The recognizer gives nothing for a letter that its charset lacks, and is as sure of the others.
"""

from itertools import pairwise

import numpy as np

from models.recognition.corrections.ink import empty_columns, gaps_of, ink_of
from models.recognition.crops import LineCrop
from models.recognition.ctc import LineText
from models.recognition.words import relative_width

__all__ = ["unread_letters", "unread_symbols"]

# Two letters of a word so much farther apart than usual, in letters, have another one between them.
_LEAST_EXTRA = 0.6
# Lines so long in heights, with so few letters a height, were hardly read at all.
_LEAST_LENGTH = 3.0
_FEWEST_LETTERS = 1.0
# Columns of ink of a usual letter, in heights of a line.
_INK_OF_A_LETTER = 0.35

# In heights of a line: the size of a symbol, the blank on both sides of it, and how near the place of a character is
# that may stand for it. Neighbors nearer to each other, or to an end of the line, have no symbol between them.
_LEAST_WIDTH, _MOST_WIDTH, _LEAST_HEIGHT = 0.3, 1.1, 0.35
_APART, _NEAR = 0.2, 0.2
_LEAST_ROOM, _LEAST_ROOM_AT_END = 0.9, 0.7


def unread_symbols(text: LineText, crop: LineCrop) -> tuple[float, ...]:
    """The places of symbols that have no character, such as a check box, as the text's positions are.

    Args:
        text: The text that was read. In a line without text there are none, since its quad may hold a picture.
        crop: The line.
    """
    height, columns = crop.pixels.shape[:2]
    place = [
        position * columns
        for position, character in zip(text.positions, text.characters, strict=True)
        if not character.isspace()
    ]
    if not place:
        return ()
    room = max((after - before for before, after in pairwise(place)), default=0)
    at_end = max(place[0], crop.columns - place[-1])
    if room < _LEAST_ROOM * height and at_end < _LEAST_ROOM_AT_END * height:
        return ()  # most lines, whose ink need not be measured
    ink = ink_of(crop.line)
    framed = np.pad(~empty_columns(crop.line), 1)
    starts, ends = np.flatnonzero(~framed[:-1] & framed[1:]), np.flatnonzero(framed[:-1] & ~framed[1:])
    wide = ends - starts
    before = starts - np.concatenate([[-height], ends[:-1]])
    after = np.append(starts[1:], crop.columns + height) - ends
    is_symbol = (wide >= _LEAST_WIDTH * height) & (wide <= _MOST_WIDTH * height)
    is_symbol &= (np.minimum(before, after) >= _APART * height) & (starts > 0) & (ends < crop.columns)
    found = []
    for start, end in zip(starts[is_symbol].tolist(), ends[is_symbol].tolist(), strict=True):
        near = [start - _NEAR * height < one < end + _NEAR * height for one in place]
        rows = np.flatnonzero(ink[:, start:end].any(axis=1))
        if not any(near) and rows[-1] + 1 - rows[0] >= _LEAST_HEIGHT * height:
            found.append((start + end) / 2 / columns)
    return tuple(found)


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
