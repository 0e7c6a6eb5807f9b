"""What is laid into a PDF: the words of its pages, as plain values that travel to another process."""

from typing import NamedTuple

__all__ = ["PageWords", "PlacedLine", "PlacedWord", "Points"]

Points = tuple[tuple[float, float], ...]
"""Four (x, y) corners in pixels of the upright page, clockwise from the text's top left."""


class PlacedWord(NamedTuple):
    """A word and where it stands. Its text is in logical order: the order of reading, not of place."""

    text: str
    polygon: Points


class PlacedLine(NamedTuple):
    """A line of words, in the order of reading. `polygon` tells its height and direction."""

    polygon: Points
    words: tuple[PlacedWord, ...]


class PageWords(NamedTuple):
    """What was read on one page.

    Args:
        number: The page's number, counted from 1.
        width: Of the upright page, in pixels.
        height: Of the upright page, in pixels.
        rotation: Degrees clockwise that the page, as a viewer shows it, is turned to be upright.
        lines: In reading order.
    """

    number: int
    width: int
    height: int
    rotation: int
    lines: tuple[PlacedLine, ...]
