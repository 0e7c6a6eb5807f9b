"""Finds headers, footers and numbers of pages, which the net often misses and sometimes takes text for.

These rules are careful, because what they find may be left out of a text: a receipt or a form, which has no running
text, has no header and no footer.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.structure.layout.assign import EDGES, Block
from models.structure.layout.lines import PageLines
from models.structure.layout.patterns import begins_note, is_page_number, is_sentence, names_page
from models.structure.result import FURNITURE, RegionKind

__all__ = ["settle_edges"]

Floats = npt.NDArray[np.float64]

# Shares of the page's height: what the net found, and numbers of pages, are nearer to the text's outermost line than
# the first; what geometry finds is nearer to the page's edge than the second.
_WITHIN_NET, _WITHIN = 0.25, 0.1
# In heights of a line: how far headers and footers are from the text at least, and how high they are at most.
_APART, _HIGHEST = 0.8, 2.6
# Their letters are at most so many times as high as most of the page's.
_LARGEST = 1.6
# The share of its height that a block has in common with a header or footer in whose row it stands.
_BESIDE = 0.5
# So many gaps between rows of blocks tell how far apart the rows of a page are.
_LEAST_GAPS = 4
# Lines of running text on a page that has headers and footers.
_LEAST_PROSE = 5


def settle_edges(blocks: Sequence[Block], places: Floats, lines: PageLines, page_height: int) -> bool:
    """Set the kinds of blocks at the edges of a page.

    Args:
        blocks: The page's blocks, which are changed.
        places: (N, 4) float64, their left, top, right and bottom.
        lines: The page's lines.
        page_height: Height of the upright page, in pixels.

    Returns:
        Whether the page has running text, without which it has neither headers nor footers.
    """
    has_prose = int(lines.is_prose.sum()) >= _LEAST_PROSE
    texts = [block.text(lines) for block in blocks]
    is_number = [
        bool(block.lines)
        and (has_prose or block.kind in EDGES or names_page(text))
        and all(is_page_number(lines.texts[index]) for index in block.lines)
        for block, text in zip(blocks, texts, strict=True)
    ]
    _, first, _, last = lines.box_of(lines.main)
    for block, place, text, number in zip(blocks, places, texts, is_number, strict=True):
        is_away = place[3] - first if block.kind == "header" else last - place[1]
        is_paragraph = len(block.lines) > 1 and bool(lines.is_prose[block.lines].all())
        is_text = not has_prose or begins_note(text) or is_sentence(text) or is_paragraph
        if block.kind in EDGES and (is_away > _WITHIN_NET * page_height or (is_text and not number)):
            block.kind = "text"
    main = set(lines.main.tolist())
    order = [at for at, block in enumerate(blocks) if not block.lines or block.lines[0] in main]
    for kind in EDGES:
        # Distances from the edge at which each block begins and ends.
        if kind == "header":
            near, far, edge = places[:, 1], places[:, 3], first
        else:
            near, far, edge = page_height - places[:, 3], page_height - places[:, 1], page_height - last
        known = [at for at in order if blocks[at].kind == kind]
        for at in _in_row_of(places[known], places[order], lines):
            block, text = blocks[order[at]], texts[order[at]]
            if block.kind in ("text", "reference", "title") and not is_sentence(text) and not begins_note(text):
                block.kind = kind
        limits = [_WITHIN * page_height, *(far[known] + lines.usual_height / 2).tolist()]
        number_limit = edge + _WITHIN_NET * page_height
        rest = sorted((at for at in order if blocks[at].kind != kind), key=lambda at: (near[at], at))
        waiting: list[int] = []
        reach = 0.0
        for at, after in zip(rest, [*rest[1:], None], strict=True):
            is_near = far[at] <= (number_limit if is_number[at] else max(limits))
            if not is_near or not (is_number[at] or _may_be_edge(blocks[at], far[at] - near[at], lines)):
                break
            waiting.append(at)
            reach = max(reach, float(far[at]))
            if after is None or near[after] >= reach + _APART * blocks[at].height(lines):
                _settle([blocks[one] for one in waiting], kind, [is_number[one] for one in waiting], has_prose, lines)
                waiting = []
    for block, number in zip(blocks, is_number, strict=True):
        if block.kind in EDGES and number:
            block.kind = "page_number"
    for kind in EDGES:
        _return_rows([blocks[at] for at in order], places[order], lines, kind)
    return has_prose


def _return_rows(blocks: Sequence[Block], places: Floats, lines: PageLines, kind: RegionKind) -> None:
    """Make text of rows at an edge that are not further from the rows of a form than those are from each other."""
    # Where each block begins and ends, seen from that edge of the page.
    near, far = (places[:, 1], places[:, 3]) if kind == "header" else (-places[:, 3], -places[:, 1])
    inner = [at for at, block in enumerate(blocks) if block.kind not in FURNITURE]
    inner.sort(key=lambda at: near[at])
    outer = sorted((at for at, block in enumerate(blocks) if block.kind == kind), key=lambda at: -far[at])
    reached = np.maximum.accumulate(far[inner])[:-1]
    gaps = (near[inner[1:]] - reached)[near[inner[1:]] > reached]
    if len(gaps) < _LEAST_GAPS:
        return
    usual, row, start = float(np.median(gaps)), inner[:1], float(near[inner[0]])
    for at in outer:
        if far[at] < start:  # it is not in the same row as the one before
            is_of_text = any(blocks[one].kind == "title" or lines.is_prose[blocks[one].lines].any() for one in row)
            if is_of_text or start - far[at] > usual:
                break
            row = []
        blocks[at].kind = "text"
        row.append(at)
        start = min(start, float(near[at]))


def _in_row_of(known: Floats, places: Floats, lines: PageLines) -> list[int]:
    """Indices of places as low as a line that stand beside one of the known places."""
    if not len(known):
        return []
    shared = np.minimum(known[:, None, 3], places[None, :, 3]) - np.maximum(known[:, None, 1], places[None, :, 1])
    high = places[:, 3] - places[:, 1]
    is_beside = (shared > _BESIDE * high).any(axis=0) & (high < _LARGEST * lines.usual_height)
    found: list[int] = np.flatnonzero(is_beside).tolist()
    return found


def _may_be_edge(block: Block, high: float, lines: PageLines) -> bool:
    """Whether a block at an edge of the page may be a header or a footer, by its kind, size and text."""
    height = block.height(lines)
    is_small = high <= _HIGHEST * height and height < _LARGEST * lines.usual_height
    return block.kind in ("text", "reference", "title") and is_small and not is_sentence(block.text(lines))


def _settle(
    row: Sequence[Block], kind: RegionKind, is_number: Sequence[bool], has_prose: bool, lines: PageLines
) -> None:
    """Set the kinds of blocks that stand together at an edge, apart from the text."""
    is_notes = kind == "footer" and any(begins_note(block.text(lines)) for block in row)
    for block, number in zip(row, is_number, strict=True):
        if number:
            block.kind = "page_number"
        elif any(is_number) or (has_prose and not is_notes and block.kind != "title"):
            block.kind = kind
