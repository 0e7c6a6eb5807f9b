"""Puts text in the order in which it stands on the page, from left to right.

Readers of PDF take glyphs from left to right, and turn right-to-left text back into the order of reading.
"""

import unicodedata
from typing import Literal

__all__ = ["visual_order"]

_Direction = Literal["left", "right", "number", ""]

_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_NUMBERS = frozenset({"EN", "AN"})
# Separators belong to the number that they stand in: 1,000 and 12:30.
_SEPARATORS = frozenset({"ES", "CS"})


def visual_order(text: str) -> str:
    """Put one word or line in the order in which it stands on the page, left to right.

    This is the part of the Unicode bidirectional algorithm (UAX #9, rules P2, W1, W2, W4, W7, N1, N2 and L2) that text
    without embeddings needs. Characters are not mirrored.

    Args:
        text: The text in logical order.

    Returns:
        The same characters; the same string if none is written from right to left.
    """
    if text.isascii():
        return text
    classes = [unicodedata.bidirectional(character) for character in text]
    if _RIGHT_TO_LEFT.isdisjoint(classes):
        return text
    is_right_to_left = next(kind in _RIGHT_TO_LEFT for kind in classes if kind in _RIGHT_TO_LEFT or kind == "L")
    directions = _neutrals_resolved(_directions(classes, is_right_to_left), "right" if is_right_to_left else "left")
    level_of = {"right": 1, "number": 2, "left": 2 if is_right_to_left else 0}
    levels = [level_of[direction] for direction in directions]
    order = list(range(len(text)))
    for level in (2, 1):
        start = 0
        while start < len(order):
            end = start
            while end < len(order) and levels[order[end]] >= level:
                end += 1
            order[start:end] = reversed(order[start:end])
            start = end + 1
    return "".join(text[index] for index in order)


def _directions(classes: list[str], is_right_to_left: bool) -> list[_Direction]:
    """Find each character's direction: "number" only among right-to-left text, and "" for neutral characters."""
    directions: list[_Direction] = []
    strong: _Direction = "right" if is_right_to_left else "left"
    for index, kind in enumerate(classes):
        before, after = classes[index - 1 : index], classes[index + 1 : index + 2]
        is_in_number = kind in _SEPARATORS and before == after and not _NUMBERS.isdisjoint(before)
        if kind in _RIGHT_TO_LEFT:
            strong = "right"
            directions.append("right")
        elif kind == "L":
            strong = "left"
            directions.append("left")
        elif kind in _NUMBERS or is_in_number:
            directions.append("number" if strong == "right" else "left")
        elif kind == "NSM" and directions:
            directions.append(directions[-1])
        else:
            directions.append("")
    return directions


def _neutrals_resolved(directions: list[_Direction], base: _Direction) -> list[_Direction]:
    """Give neutral characters the direction of both neighbors if they agree, else that of the text."""
    resolved: list[_Direction] = []
    for index, direction in enumerate(directions):
        if direction:
            resolved.append(direction)
            continue
        following = next((after for after in directions[index + 1 :] if after), base)
        # By rule N1, a number counts as right-to-left text among such.
        around = {"right" if near == "number" else near for near in (resolved[-1] if resolved else base, following)}
        resolved.append(around.pop() if len(around) == 1 else base)
    return resolved
