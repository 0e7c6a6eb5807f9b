"""Draws pages of known text, on which exported nets are checked without any files."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["CELL_PX", "Cell", "drawn_page", "spread"]

#: (height, width) of a cell in pixels, on pages that are wide enough.
CELL_PX = (60, 320)
_LEFT_PX, _BASE_PX = 16, 44
_FONT, _SCALE, _STROKE_PX = cv2.FONT_HERSHEY_SIMPLEX, 1.1, 2


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of a page with one line of text.

    Args:
        text: Its text.
        box: Left, top, right and bottom, in pixels.
    """

    text: str
    box: tuple[int, int, int, int]


def drawn_page(height: int, width: int) -> tuple[npt.NDArray[np.uint8], list[Cell]]:
    """Draw a page that is full of text, black on white.

    Args:
        height: Of the page, in pixels; at least 60.
        width: Of the page, in pixels; at least 128.

    Returns:
        (height, width, 3) uint8 RGB, and its cells, row by row.
    """
    page = np.full((height, width, 3), 255, dtype=np.uint8)
    across, down = max(1, width // CELL_PX[1]), height // CELL_PX[0]
    wide = width // across
    cells = []
    for index in range(across * down):
        left, top = index % across * wide, index // across * CELL_PX[0]
        text = f"{'INVOICE ' if wide >= CELL_PX[1] else ''}{2041 + 37 * index}"
        place = (left + _LEFT_PX, top + _BASE_PX)
        cv2.putText(page, text, place, _FONT, _SCALE, (0, 0, 0), _STROKE_PX, cv2.LINE_AA)
        cells.append(Cell(text, (left, top, left + wide, top + CELL_PX[0])))
    return page, cells


def spread(cells: Sequence[Cell], most: int) -> list[Cell]:
    """At most so many of a page's cells, from all over it."""
    return [cells[index] for index in sorted(set(np.linspace(0, len(cells) - 1, most).round().astype(int).tolist()))]
