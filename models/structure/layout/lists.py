"""Parts blocks of text into paragraphs, and joins paragraphs that are the points of a list.

The net takes a column of paragraphs for one region, and knows no lists.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.layout import paragraphs
from models.structure.layout.assign import Block
from models.structure.layout.lines import PageLines
from models.structure.layout.patterns import begins_point

__all__ = ["joined_lists", "parted_paragraphs"]

# Fewer lines are one paragraph.
_LEAST_LINES = 4
# A list has at least so many points, and at least so many of the lines that begin at its left edge are points.
_LEAST_POINTS, _POINTS = 2, 0.6
# In heights of a line: how far points begin from each other, across, and how far apart they are, down.
_ALIGNED, _APART = 0.8, 1.6
# In heights of a line: how far the next line of a point is from the one before, and by how much it is indented.
_NEXT, _INDENT = 0.7, (0.5, 3.0)


def parted_paragraphs(blocks: Sequence[Block], lines: PageLines) -> list[Block]:
    """Part the net's blocks of text into paragraphs.

    Args:
        blocks: The page's blocks in reading order.
        lines: The page's lines.

    Returns:
        The blocks, with each paragraph as one.
    """
    parted: list[Block] = []
    for block in blocks:
        if block.kind != "text" or block.box is None or len(block.lines) < _LEAST_LINES:
            parted.append(block)
            continue
        polygons = [tuple((float(x), float(y)) for x, y in lines.points[index]) for index in block.lines]
        for region in paragraphs(polygons):
            for paragraph in region:
                own = [block.lines[at] for row in paragraph.rows for at in row]
                parted.append(replace(block, lines=own))
    return parted


def joined_lists(blocks: Sequence[Block], lines: PageLines) -> list[Block]:
    """Find lists in a page's blocks.

    Args:
        blocks: The page's blocks in reading order, which are changed.
        lines: The page's lines.

    Returns:
        The blocks, with each list as one.
    """
    joined: list[Block] = []
    for block in blocks:
        if block.kind == "text" and block.lines and not block.is_note:
            before, is_points = joined[-1] if joined else None, _is_points(block, lines)
            if before is not None and before.kind == "list" and _goes_on(before, block, is_points, lines):
                before.lines += block.lines
                before.confidence = min(before.confidence, block.confidence)
                continue
            block.kind = "list" if is_points else "text"
        joined.append(block)
    for block in joined:
        if block.kind == "list" and _count(block, lines) < _LEAST_POINTS:
            block.kind = "text"
    return joined


def _count(block: Block, lines: PageLines) -> int:
    return sum(begins_point(lines.texts[index]) for index in block.lines)


def _is_points(block: Block, lines: PageLines) -> bool:
    """Whether the lines at the left edge of a block begin points."""
    if not begins_point(lines.texts[block.lines[0]]):
        return False
    left = lines.boxes.left[block.lines]
    edge = np.flatnonzero(left <= left.min() + _ALIGNED * lines.usual_height).tolist()
    points = sum(begins_point(lines.texts[block.lines[at]]) for at in edge)
    return points >= _POINTS * len(edge) or (points >= _LEAST_POINTS and points >= _POINTS / 2 * len(block.lines))


def _goes_on(before: Block, block: Block, is_points: bool, lines: PageLines) -> bool:
    """Whether a block has further points of a list, or the rest of its last point, which is indented."""
    one, other = before.place(lines), block.place(lines)
    height = lines.usual_height
    is_near = -height < other[1] - one[3] <= (_APART if is_points else _NEXT) * height
    if is_points:
        return is_near and abs(one[0] - other[0]) <= _ALIGNED * height
    indent = (float(lines.boxes.left[block.lines[0]]) - one[0]) / height
    return is_near and _INDENT[0] <= indent <= _INDENT[1]
