"""The words of pages that are laid into a PDF, as plain values that travel to another process."""

from typing import NamedTuple

__all__ = ["PageWords", "PlacedLine", "PlacedWord", "Points"]

Points = tuple[tuple[float, float], ...]
"""Four (x, y) corners in pixels of the upright page, clockwise from the text's top left."""


class PlacedWord(NamedTuple):
    """A word and its position. Its text is in logical order, the order of reading."""

    text: str
    polygon: Points


class PlacedLine(NamedTuple):
    """A line of words in the order of reading. `polygon` tells the line's height and direction."""

    polygon: Points
    words: tuple[PlacedWord, ...]


class PageWords(NamedTuple):
    """The words that were read on one page.

    Args:
        number: The page's number, counted from 1.
        width: Width of the upright page, in pixels.
        height: Height of the upright page, in pixels.
        rotation: Degrees clockwise from the page as a viewer shows it to the upright page.
        lines: The page's lines, in reading order.
    """

    number: int
    width: int
    height: int
    rotation: int
    lines: tuple[PlacedLine, ...]
