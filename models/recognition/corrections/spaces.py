"""Corrects the spaces between words by the gaps in the ink.

CTC gives a space only if it is likelier than nothing. Where it nearly is, the gap between the two characters decides
with it, since each alone is wrong too often (docs/decisions/0036-spaces.md).
"""

import math
import unicodedata
from dataclasses import replace

from models.recognition.corrections.ink import Gaps, gaps_of
from models.recognition.crops import LineCrop
from models.recognition.ctc import LineText
from models.recognition.words import relative_width

__all__ = ["with_spaces"]

# A space stands where log10(its probability) + weight * (gap beyond the usual one, in letters) exceeds _LEAST. All were
# chosen on drawn lines. Beside a narrow character, gaps are wider in fonts of one pitch, so they count for less.
_LEAST = -0.45
_WEIGHT = 4.0
_WEIGHT_BESIDE_NARROW = 2.0
_LEAST_PROBABILITY = 0.003
# Between two digits these belong to an amount, a date, a time or a number.
_INSIDE_NUMBERS = frozenset(".,:/-'\u2019")
_NONE_AFTER = frozenset("([{")
_NONE_BEFORE = frozenset(")]},.;!?")
# Digits differ more in their gaps than letters do, and a number that comes apart is the worst fault.
_LEAST_BETWEEN_DIGITS = 0.4
# Letters are set apart if their usual gap is wider than half a letter. The net then reads some gaps as spaces; those
# hardly wider than the usual gap are none. To save time, only lines with so wide a pitch, in heights, are measured.
_APART = 0.5
_HARDLY_WIDER = 1.2
_CLEARLY_WIDER = 1.5
_LEAST_PITCH = 0.75


def with_spaces(text: LineText, crop: LineCrop) -> LineText:
    """Add the spaces to a line that its gaps show, and take those out that are only letters set apart.

    Args:
        text: The text that was read.
        crop: The line.

    Returns:
        The text with other spaces among its characters. An added one stands at its gap's middle. The confidence stays
        that of the characters that the net chose.
    """
    likely = {index for index, odds in enumerate(text.spaces) if odds > _LEAST_PROBABILITY and _may_part(text, index)}
    gaps = gaps_of(crop.line, crop.pixels.shape[1], text) if likely or _may_be_set_apart(text, crop) else None
    if gaps is None:
        return text
    added: dict[int, float] = {}  # by the index of the character before
    joined: set[int] = set()
    for pair, index in enumerate(gaps.before.tolist()):
        if index in likely and _is_wide(text, gaps, pair):
            added[index] = float(gaps.middle[pair])
        elif gaps.has_space[pair] and _is_set_apart(gaps) and gaps.empty[pair] < _HARDLY_WIDER * gaps.usual:
            joined.add(index)
    if not added and not joined:
        return text
    kept = []
    before = -1
    for index, row in enumerate(zip(text.characters, text.positions, text.probabilities, text.spaces, strict=True)):
        if not row[0].isspace():
            before = index
        elif before in joined:
            continue
        kept.append(row)
        if index in added:
            kept.append((" ", added[index], row[3], 0.0))
    characters, positions, probabilities, spaces = zip(*kept, strict=True)
    return replace(
        text,
        text="".join(characters).strip(),
        characters=characters,
        positions=positions,
        probabilities=probabilities,
        spaces=spaces,
    )


def _may_be_set_apart(text: LineText, crop: LineCrop) -> bool:
    count = sum(not character.isspace() for character in text.characters)
    if count in (0, 1, len(text.characters)):
        return False
    pitch = (text.positions[-1] - text.positions[0]) * int(crop.pixels.shape[1]) / (count - 1)
    return pitch > _LEAST_PITCH * int(crop.pixels.shape[0])


def _may_part(text: LineText, index: int) -> bool:
    """Whether a space may stand after the character of this index."""
    left, right = text.characters[index : index + 2]
    if left.isspace() or right.isspace() or left in _NONE_AFTER or right in _NONE_BEFORE:
        return False
    if any(unicodedata.east_asian_width(character[-1]) in "WF" for character in (left, right)):
        return False  # Chinese and Japanese have no spaces, but gaps beside their punctuation
    around = text.characters[max(index - 1, 0) : index + 3]
    return not any(
        mark in _INSIDE_NUMBERS and before.isdigit() and after.isdigit()
        for before, mark, after in zip(around, around[1:], around[2:], strict=False)
    )


def _is_wide(text: LineText, gaps: Gaps, pair: int) -> bool:
    """Whether the gap of a pair is wide enough for a space that is as likely as the net says."""
    index = int(gaps.before[pair])
    left, right = text.characters[index : index + 2]
    beyond = (float(gaps.empty[pair]) - gaps.usual) / gaps.unit
    if _is_set_apart(gaps):
        if gaps.empty[pair] < _CLEARLY_WIDER * gaps.usual:
            return False
    elif left.isalpha() and right.isalpha() and not (left.islower() and right.isupper()):
        return False  # the net knows words, and worn print has gaps in them
    if left.isdigit() and right.isdigit() and beyond < _LEAST_BETWEEN_DIGITS:
        return False
    weight = _WEIGHT if _is_usual(left) and _is_usual(right) else _WEIGHT_BESIDE_NARROW
    return math.log10(text.spaces[index]) + weight * beyond > _LEAST


def _is_set_apart(gaps: Gaps) -> bool:
    return gaps.usual > _APART * gaps.unit


def _is_usual(character: str) -> bool:
    return character.isalnum() and relative_width(character) >= 1
