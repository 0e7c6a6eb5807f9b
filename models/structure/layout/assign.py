"""Gives every line of a page to exactly one block: a box of the net, or a paragraph that the page's geometry shows.

The net was trained on printed documents and is often wrong on forms, receipts and pictures. So it is not believed where
the lines say otherwise: a picture does not hold most of a page's text, and a paragraph does not cut through rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt

from models.polygons import areas, shared_areas
from models.structure.layout.lines import PageLines
from models.structure.layout.net import RegionBox
from models.structure.layout.patterns import is_formula_number, is_page_number
from models.structure.result import RegionKind

__all__ = ["EDGES", "HOLDERS", "RULE_CONFIDENCE", "TEXTS", "Block", "Box", "find_blocks_of_page"]

Box = tuple[float, float, float, float]
Indices = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

# The confidence of what geometry alone tells.
RULE_CONFIDENCE = 0.5
# A box holds a line if so much of the line is in it, or if so much of the box is in the line: boxes of short lines are
# often too short.
_HELD, _COVERED = 0.5, 0.6
# A box is inside another if so much of it is.
_INSIDE = 0.8
# A box that holds more lines than this, and more than this share of its page's, is not a picture but the page itself.
# Nor is it one if more than this share of its lines is long: of so many words or characters. Labels are short.
_MOST_OF_PICTURE, _MOST_OF_PAGE = 8, 0.5
_MOST_LONG, _LONG_WORDS, _LONG = 0.35, 4, 24
# A table or a picture of which this share of the lines is running text is columns of text.
_PROSE = 0.5
# In heights of a line: the widest gap between words of a row, and between a heading and its number.
_WORD_GAP, _NUMBER_GAP = 1.0, 2.5
# A box of text of less than this probability that would leave lines behind in more than this share of its rows is not
# a block.
_SURE, _CUT_ROWS = 0.8, 0.5
# A line goes on with the line above it if so much of it is under that line.
_UNDER = 0.5
# A heading's box after which so much of a line of running text follows is around the first words of a paragraph.
_AFTER_HEADING = 0.15

HOLDERS: tuple[RegionKind, ...] = ("table", "figure")
"""Kinds of regions that have captions."""
TEXTS: tuple[RegionKind, ...] = ("text", "list", "reference", "caption")
"""Kinds of running text."""
EDGES: tuple[RegionKind, ...] = ("header", "footer")
"""Kinds of text at the edges of a page, but for its number."""
_KEPT_EMPTY: tuple[RegionKind, ...] = (*HOLDERS, "formula")


@dataclass(slots=True)
class Block:
    """A region that is being built.

    Args:
        kind: What it is.
        confidence: The net's probability, or that of the rule that found it.
        lines: Indices of its lines.
        box: The net's box, in pixels of the upright page; None if geometry alone found the block.
        is_note: Whether it is a footnote, which is read after the text.
    """

    kind: RegionKind
    confidence: float
    lines: list[int]
    box: Box | None = None
    is_note: bool = False

    def place(self, lines: PageLines) -> Box:
        """The box around its lines and, unless it is text, the net's box."""
        if not self.lines or (self.box is not None and self.kind in _KEPT_EMPTY):
            assert self.box is not None, "a block has lines or a box"
            if not self.lines:
                return self.box
            box, own = self.box, lines.box_of(self.lines)
            return min(box[0], own[0]), min(box[1], own[1]), max(box[2], own[2]), max(box[3], own[3])
        return lines.box_of(self.lines)

    def text(self, lines: PageLines) -> str:
        """The texts of its lines, joined by blanks."""
        return " ".join(lines.texts[index] for index in self.lines)

    def height(self, lines: PageLines) -> float:
        """The height of most of its lines; 0 if it has none."""
        return float(np.median(lines.heights[self.lines])) if self.lines else 0.0


def find_blocks_of_page(lines: PageLines, boxes: Sequence[RegionBox]) -> list[Block]:
    """Part a page into blocks.

    Args:
        lines: The page's lines.
        boxes: What the net found, the surest first.

    Returns:
        Blocks in no particular order. Each line is in one of them; pictures, tables and formulas may hold none.
    """
    boxes = _without_nested(lines, _believable(lines, boxes))
    owners = _owners(lines, boxes)
    _take_rests_of_rows(lines, boxes, owners)
    owners[np.isin(owners, _cut_through(lines, boxes, owners))] = -1
    _take_rests_of_paragraphs(lines, boxes, owners)
    blocks = [
        Block(box.kind, box.confidence, np.flatnonzero(owners == index).tolist(), box.box)
        for index, box in enumerate(boxes)
    ]
    blocks = [block for block in blocks if block.lines or block.kind in _KEPT_EMPTY]
    return blocks + [Block("text", RULE_CONFIDENCE, run) for run in _rests(lines, owners)]


def _corners(boxes: Sequence[RegionBox]) -> Floats:
    return np.array([box.box for box in boxes], dtype=np.float64).reshape(-1, 4)


def _line_boxes(lines: PageLines) -> Floats:
    own = lines.boxes
    return np.stack([own.left, own.top, own.right, own.bottom], axis=1)


def _held(lines: PageLines, boxes: Sequence[RegionBox]) -> npt.NDArray[np.bool_]:
    """Flags (lines, boxes): whether a box holds a line, if it were the only box."""
    places, corners = _line_boxes(lines), _corners(boxes)
    held: npt.NDArray[np.bool_] = shared_areas(places, corners) >= _HELD * areas(places)[:, None]
    return held


def _believable(lines: PageLines, boxes: Sequence[RegionBox]) -> list[RegionBox]:
    """Leave out pictures and tables that are the page itself or columns of text; take formulas of words as text."""
    held = _held(lines, boxes)
    counts = held.sum(axis=0)
    prose = (held & lines.is_prose[:, None]).sum(axis=0)
    is_long = np.array([len(text.split()) >= _LONG_WORDS or len(text) >= _LONG for text in lines.texts], dtype=np.bool_)
    in_long = (held & is_long[:, None]).sum(axis=0)
    is_page = (counts > _MOST_OF_PICTURE) & ((counts > _MOST_OF_PAGE * len(lines)) | (in_long > _MOST_LONG * counts))
    is_prose = prose > _PROSE * counts
    is_columns = (counts > _MOST_OF_PICTURE) & is_prose
    found: list[RegionBox] = []
    for index, box in enumerate(boxes):
        if box.kind == "formula" and is_prose[index]:
            found.append(replace(box, kind="text"))
        elif not (box.kind in HOLDERS and is_columns[index]) and not (box.kind == "figure" and is_page[index]):
            found.append(box)
    return found


def _without_nested(lines: PageLines, boxes: Sequence[RegionBox]) -> list[RegionBox]:
    """Choose between tables and pictures and the boxes inside them."""
    corners = _corners(boxes)
    is_inside = shared_areas(corners, corners) >= _INSIDE * areas(corners)[:, None]  # the first in the second
    held = _held(lines, boxes)
    is_left = np.ones(len(boxes), dtype=np.bool_)
    for index, box in enumerate(boxes):
        if box.kind not in HOLDERS or not is_left[index]:
            continue
        inner = [at for at in np.flatnonzero(is_inside[:, index] & is_left).tolist() if at != index]
        surer = [at for at in inner if boxes[at].confidence > box.confidence]
        is_form = box.kind == "figure" and any(boxes[at].kind == "table" for at in inner)
        in_surer = int((held[:, surer].any(axis=1) & held[:, index]).sum()) if surer else 0
        if is_form or (in_surer and in_surer >= held[:, index].sum() / 2):
            is_left[index] = False
        else:
            is_left[inner] = False
    return [box for box, left in zip(boxes, is_left.tolist(), strict=True) if left]


def _owners(lines: PageLines, boxes: Sequence[RegionBox]) -> Indices:
    """(K,) the index of the box that holds each line best; -1 for none. Turned lines at the page's side have none."""
    owners = np.full(len(lines), -1, dtype=np.intp)
    if not boxes:
        return owners
    places, corners = _line_boxes(lines)[lines.main], _corners(boxes)
    shared = shared_areas(places, corners)
    of_line, of_box = shared / areas(places)[:, None], shared / areas(corners)[None, :]
    # To a tenth, so that of two boxes around the same line the surer one has it.
    share = np.where((of_line >= _HELD) | (of_box >= _COVERED), of_line, 0.0).round(1)
    is_heading = np.array([box.kind == "title" for box in boxes])
    ends = (places[:, 2, None] - corners[None, :, 2]) / np.maximum(places[:, 2] - places[:, 0], 1e-6)[:, None]
    share[(ends > _AFTER_HEADING) & is_heading[None, :] & lines.is_prose[lines.main][:, None]] = 0.0
    owners[lines.main] = np.where(share.max(axis=1) > 0, share.argmax(axis=1), -1)
    return owners


def _take_rests_of_rows(lines: PageLines, boxes: Sequence[RegionBox], owners: Indices) -> None:
    """Give a block the words right beside its lines; give a header, a footer or a formula what else is in its row."""
    left, right = lines.boxes.left, lines.boxes.right
    counts = np.bincount(owners[owners >= 0], minlength=len(boxes))
    for paragraph in lines.paragraphs:
        for row in paragraph.rows:
            for before, line in [*pairwise(row), *pairwise(row[::-1])]:
                owner, text = int(owners[before]), lines.texts[line]
                if owner < 0 or owners[line] == owner or boxes[owner].kind in HOLDERS:
                    continue
                kind = boxes[owner].kind
                gap = max(left[line] - right[before], left[before] - right[line])
                if owners[line] >= 0 and counts[owners[line]] > 1:
                    continue
                # The net often takes the number of a formula for a paragraph.
                is_number = kind in ("formula", "text") and left[line] > right[before] and is_formula_number(text)
                if is_number or (
                    owners[line] < 0
                    and (
                        gap <= (_NUMBER_GAP if kind == "title" else _WORD_GAP) * lines.heights[line]
                        or (kind in EDGES and not is_page_number(text))
                    )
                ):
                    owners[line] = owner


def _cut_through(lines: PageLines, boxes: Sequence[RegionBox], owners: Indices) -> list[int]:
    """Indices of unsure boxes of text that cut through most of their rows, such as the first column of a table."""
    corners = _corners(boxes)
    is_inside = shared_areas(corners, corners) >= _INSIDE * areas(corners)[:, None]
    rows, cut = np.zeros(len(boxes)), np.zeros(len(boxes))
    for paragraph in lines.paragraphs:
        for row in paragraph.rows:
            own = {int(owners[index]) for index in row}
            for owner in own - {-1}:
                rows[owner] += 1
                cut[owner] += any(other < 0 or is_inside[owner, other] for other in own - {owner})
    return [
        index
        for index, box in enumerate(boxes)
        if box.kind in TEXTS and box.confidence < _SURE and cut[index] > _CUT_ROWS * max(rows[index], 1)
    ]


def _take_rests_of_paragraphs(lines: PageLines, boxes: Sequence[RegionBox], owners: Indices) -> None:
    """Give a block the lines of its paragraph that its box left out."""
    left, right = lines.boxes.left, lines.boxes.right
    is_text = np.array([box.kind in TEXTS for box in boxes] + [False])  # the last stands for no owner
    for paragraph in lines.paragraphs:
        for before, row in [*pairwise(paragraph.rows), *pairwise(paragraph.rows[::-1])]:
            rest = [index for index in row if owners[index] < 0]
            above = [index for index in before if is_text[owners[index]]]
            taken: dict[int, list[int]] = {}
            for line in rest if above else ():
                shared = [min(right[line], right[at]) - max(left[line], left[at]) for at in above]
                best = int(np.argmax(shared))
                if shared[best] >= _UNDER * (right[line] - left[line]):
                    taken.setdefault(int(owners[above[best]]), []).append(line)
            for owner, group in taken.items():
                gaps = [left[line] - right[at] for at, line in pairwise(sorted(group, key=left.__getitem__))]
                if all(gap <= _WORD_GAP * lines.usual_height for gap in gaps):  # a row of cells is not running text
                    owners[group] = owner


def _rests(lines: PageLines, owners: Indices) -> list[list[int]]:
    """Lines without a block, by paragraph. What stands on two sides of a block's line is not read together."""
    left, right = lines.boxes.left, lines.boxes.right
    found: list[list[int]] = []
    for paragraph in lines.paragraphs:
        open_runs: list[tuple[list[int], float, float]] = []  # those of the row before, with its left and right end
        for row in paragraph.rows:
            still_open: list[tuple[list[int], float, float]] = []
            for is_rest, part in groupby(row, key=lambda index: owners[index] < 0):
                if not is_rest:
                    continue
                own = list(part)
                start, end = float(left[own].min()), float(right[own].max())
                is_whole = len(own) == len(row)
                run = next(
                    (
                        run
                        for run, low, high in open_runs
                        if min(high, end) > max(low, start) or (is_whole and len(open_runs) == 1)
                    ),
                    None,
                )
                if run is None:
                    run = []
                    found.append(run)
                run += own
                still_open.append((run, start, end))
            open_runs = still_open
    return found
