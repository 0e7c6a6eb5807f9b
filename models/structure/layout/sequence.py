"""Puts the blocks of a page, and the lines of each, into the order in which a person reads them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.blocks import boxes_of, leveled
from models.columns import Boxes, cut_columns
from models.polygons import rectangle
from models.rows import find_rows
from models.structure.layout.assign import HOLDERS, Block
from models.structure.layout.lines import PageLines
from models.structure.layout.order import block_order
from models.structure.result import FURNITURE

__all__ = ["sequenced"]

Floats = npt.NDArray[np.float64]

# In heights of a line: how far a caption is from its picture or table, at most.
_CAPTION_AWAY = 3.0
# A net's box is cut into at most so many columns.
_MOST_COLUMNS = 20


def sequenced(blocks: Sequence[Block], lines: PageLines) -> list[Block]:
    """Order blocks, and the lines of each.

    Args:
        blocks: The page's blocks, at least one. Their `lines` are put into order.
        lines: The page's lines.

    Returns:
        The text's blocks, a caption beside its picture or table; then footnotes, text that runs across the other, and
        headers, footers and numbers of pages.
    """
    quads = np.array([rectangle(*block.place(lines)) for block in blocks], dtype=np.float32)
    level = leveled(np.concatenate([lines.points, quads]), lines.main)
    places, level_boxes = _places(blocks, level[len(lines) :]), boxes_of(level[: len(lines)])
    group_of = np.empty(len(lines), dtype=np.intp)
    for number, members in enumerate(lines.groups):
        group_of[members] = number
    main = int(group_of[lines.main[0]])
    groups = [int(group_of[block.lines[0]]) if block.lines else main for block in blocks]
    for block, group in zip(blocks, groups, strict=True):
        if block.box is not None and group == main and len(block.lines) > 1:
            block.lines = _ordered_lines(block, level_boxes)
    is_furniture = [block.kind in FURNITURE and group == main for block, group in zip(blocks, groups, strict=True)]
    body = [at for at, block in enumerate(blocks) if groups[at] == main and not block.is_note and not is_furniture[at]]
    notes = [at for at, block in enumerate(blocks) if groups[at] == main and block.is_note]
    turned = sorted(at for at in range(len(blocks)) if groups[at] != main)
    turned.sort(key=lambda at: groups[at])
    edges = sorted((at for at in range(len(blocks)) if is_furniture[at]), key=lambda at: (places[at, 1], places[at, 0]))
    order = [
        *(at for at in turned if groups[at] < main),
        *_body_order(body, blocks, places, lines.usual_height),
        *(notes[at] for at in block_order(places[notes], lines.usual_height)),
        *(at for at in turned if groups[at] > main),
        *edges,
    ]
    return [blocks[at] for at in order]


def _places(blocks: Sequence[Block], level: Floats) -> Floats:
    """(N, 4) float64: left, top, right and bottom of each block on the leveled page."""
    boxes = boxes_of(level)
    return np.stack([boxes.left, boxes.top, boxes.right, boxes.bottom], axis=1)


def _ordered_lines(block: Block, level: Boxes) -> list[int]:
    own = np.array(block.lines, dtype=np.intp)
    boxes = level.of(own)
    parts = [np.arange(len(own))] if block.kind in HOLDERS else cut_columns(boxes, _MOST_COLUMNS)[0]
    rows = [part[row] for part in parts for row in find_rows(boxes.of(part))]
    return [int(index) for row in rows for index in own[row].tolist()]


def _body_order(body: Sequence[int], blocks: Sequence[Block], places: Floats, height: float) -> list[int]:
    """Order the text, with each caption and its picture or table as one."""
    whole: dict[int, list[int]] = {at: [at] for at in body}
    holders = [at for at in body if blocks[at].kind in HOLDERS]
    for at in body:
        if blocks[at].kind != "caption" or not holders:
            continue
        own, others = places[at], places[holders]
        across = np.minimum(others[:, 2], own[2]) - np.maximum(others[:, 0], own[0])
        down = np.minimum(others[:, 3], own[3]) - np.maximum(others[:, 1], own[1])
        away = np.where(across > 0, -down, np.where(down > 0, -across, np.inf))
        nearest = int(away.argmin())
        if away[nearest] <= _CAPTION_AWAY * height:
            whole[holders[nearest]] += whole.pop(at)
    parts = [sorted(one, key=lambda at: (places[at, 1], places[at, 0])) for one in whole.values()]
    if not parts:
        return []
    outer = np.array([[*places[one, :2].min(axis=0), *places[one, 2:].max(axis=0)] for one in parts])
    return [at for index in block_order(outer, height) for at in parts[index]]
