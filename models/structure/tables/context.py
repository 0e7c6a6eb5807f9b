"""Tells what stands beside the tables of a page: running text, whose columns look like a table's, and captions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.page import Line
from models.structure.result import Region, RegionKind
from models.structure.tables.geometry.frame import Floats
from models.structure.tables.geometry.grid import Box
from models.structure.tables.geometry.words import Words

__all__ = ["Context", "fills_column"]

_TEXTS: tuple[RegionKind, ...] = ("text", "list", "reference")
# A paragraph has at least so many lines, of so many heights; this share of them takes this share of its width.
_LEAST_LINES, _WIDE = 4, 10.0
_MOST, _FULL = 0.6, 0.7
# This share of its lines goes on with a sentence: it begins neither with a capital letter nor with a number, as most
# cells do.
_GOES_ON = 0.4
# A line that begins with the number of a figure, unless a sentence goes on behind the number.
_OF_FIGURE = re.compile(
    r"(?i:(?:figure|fig\.?|chart|graph|abbildung|abb\.|figura)\s?|[\u56fe\u5716]\s?)"
    r"(?>(?:[A-Z]?\d{1,3}|[IVXLC]{1,6}\b)(?:[.-]\d{1,3})*)(?![0-9A-Za-z]|\s+[a-z])"
)
# In heights of a line: how far the caption of a figure stands beneath it.
_BENEATH = 2.5


@dataclass(frozen=True, slots=True)
class Context:
    """What stands on a page beside tables.

    Args:
        in_paragraph: (N,) whether each word of the page is one of a paragraph.
        captions: (M, 4) left, top, right, bottom of the first lines of the captions of figures.
    """

    in_paragraph: npt.NDArray[np.bool_]
    captions: Floats

    @classmethod
    def of(cls, words: Words, lines: Sequence[Line], regions: Sequence[Region]) -> "Context":
        """Look at the text of a page.

        Args:
            words: The page's words.
            lines: Its lines.
            regions: The regions of its layout; none if it is not known.
        """
        found = [number for number, line in enumerate(lines) if _OF_FIGURE.match(line.text.lstrip())]
        captions = np.array([_around(words, number) for number in found], np.float64).reshape(-1, 4)
        return cls(_in_paragraphs(words, lines, regions), captions)

    def is_figure(self, box: Box, height: float) -> bool:
        """Whether the caption of a figure stands right beneath a box.

        Args:
            box: The box.
            height: The height of a line.
        """
        left, _, right, bottom = box
        away = self.captions[:, 1] - bottom
        is_beneath = (away > -height / 2) & (away < _BENEATH * height)
        return bool((is_beneath & (self.captions[:, 0] < right) & (self.captions[:, 2] > left)).any())


def fills_column(widths: Floats, height: float) -> bool:
    """Whether lines above each other are as long as those of running text.

    Args:
        widths: (N,) their widths.
        height: The height of a line.
    """
    if len(widths) < _LEAST_LINES:
        return False
    width = float(np.quantile(widths, 0.9))
    return width > _WIDE * height and float((widths >= _FULL * width).mean()) >= _MOST


def _in_paragraphs(words: Words, lines: Sequence[Line], regions: Sequence[Region]) -> npt.NDArray[np.bool_]:
    """Flag the words of regions of text whose lines are long, go on with each other, and do not stand side by side."""
    flags = np.zeros(len(words.texts), dtype=np.bool_)
    for region in regions:
        if region.kind not in _TEXTS or len(region.lines) < _LEAST_LINES:
            continue
        boxes = np.array([_around(words, number) for number in region.lines])
        height = float(np.median(boxes[:, 3] - boxes[:, 1]))
        middles = np.sort(boxes[:, 1] + boxes[:, 3]) / 2
        is_single = float((np.diff(middles) > height / 2).mean()) >= _MOST
        starts = [lines[number].text[:1] for number in region.lines[1:]]
        goes_on = sum(not (start.isupper() or start.isdigit()) for start in starts) >= _GOES_ON * len(starts)
        if is_single and goes_on and fills_column(boxes[:, 2] - boxes[:, 0], height):
            flags |= np.isin(words.line, region.lines)
    return flags


def _around(words: Words, line: int) -> list[float]:
    """Left, top, right and bottom of a line."""
    boxes = words.boxes[words.line == line]
    return [*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist()]
