"""Finds the tables of a page: grids of rules first, then rows of text whose gaps are above each other."""

import numpy as np
import numpy.typing as npt

from models.reading_order import regions
from models.structure.tables.cells import words_inside
from models.structure.tables.context import Context
from models.structure.tables.geometry.grid import Box, Found
from models.structure.tables.geometry.rules import Rules, without_strokes
from models.structure.tables.geometry.words import Words
from models.structure.tables.half_ruled import read_ruled
from models.structure.tables.headed import read_headed
from models.structure.tables.judging import is_drawing
from models.structure.tables.ruled import find_lattices, grid_of
from models.structure.tables.runs import find_stacks, read_runs, read_stack

__all__ = ["find_grids"]

# Two tables do not have so much of the smaller one in common.
_OVERLAP = 0.3
# A table whose cells no rules part has at most this share of its words in paragraphs.
_MOST_PROSE = 0.2

Flags = npt.NDArray[np.bool_]


def find_grids(words: Words, quads: npt.NDArray[np.float32], rules: Rules, context: Context) -> list[Found]:
    """Find the tables of a page, in no order.

    Args:
        words: The page's words.
        quads: (K, 4, 2) float32, corners of the page's lines.
        rules: Its rules.
        context: What stands beside tables on it.
    """
    rules = without_strokes(rules, words.boxes)
    found: list[Found] = []
    for grid, members in _candidates(words, quads, rules, context.in_paragraph):
        if context.is_figure(grid.box, rules.height):
            continue
        is_free = all(_common(grid.box, other.box) < _OVERLAP for other, _ in found)
        is_sure = grid.is_too_large or bool(grid.columns)  # headings with values beneath them are no drawing
        if is_free and (is_sure or not is_drawing(grid, words, members)):
            found.append((grid, members))
    taken: set[int] = set()
    for number, (grid, _) in enumerate(found):  # nothing within a table is lost
        members = [word for word in words_inside(grid.box, words) if word not in taken]
        taken.update(members)
        found[number] = (grid, members)
    return found


def _candidates(words: Words, quads: npt.NDArray[np.float32], rules: Rules, in_paragraph: Flags) -> list[Found]:
    free = np.ones(len(words.texts), dtype=np.bool_)
    drawn = np.zeros(len(words.texts), dtype=np.bool_)
    found: list[Found] = []
    lattices = sorted(find_lattices(rules), key=lambda lattice: -_area(lattice.box))
    for lattice in lattices:
        members = [word for word in words_inside(lattice.box, words) if free[word]]
        read = read_ruled(lattice.box, grid_of(lattice, rules.height, words.boxes[members]), members, words, rules)
        if read is not None:
            found.append(read)
            inside = words_inside(read[0].box, words)
            free[inside] = False
            drawn[inside] = not read[0].is_too_large and is_drawing(read[0], words, read[1])
    # Rules may part the headings alone, and be around all items at once, as lines of a drawing are.
    for read in read_headed(np.flatnonzero(free | drawn).tolist(), words, rules):
        found.append(read)
        free[read[1]] = False
    for box, count in sorted(find_stacks(rules, words, free), key=lambda stack: (-stack[1], _area(stack[0]))):
        members = [w for w in words_inside(box, words, 0.5 * rules.height) if free[w]]
        read = read_stack(box, count, members, words, rules)
        if read is not None and not _is_prose(read[0].box, words, in_paragraph):
            found.append(read)
            free[words_inside(read[0].box, words)] = False
    blocks = [np.array([index for row in block.rows for index in row], np.intp) for block in regions(quads)]
    # A table over all of the page first, and then those of its columns.
    for indices in [np.arange(len(quads)), *(blocks if len(blocks) > 1 else [])]:
        members = np.flatnonzero(np.isin(words.line, indices) & free & ~in_paragraph).tolist()
        for read in read_runs(members, words, rules):
            if not _is_prose(read[0].box, words, in_paragraph):
                found.append(read)
                free[read[1]] = False
    return found


def _is_prose(box: Box, words: Words, in_paragraph: Flags) -> bool:
    """Whether much of what is in a box is in paragraphs."""
    return float(in_paragraph[words_inside(box, words)].mean()) > _MOST_PROSE


def _common(a: Box, b: Box) -> float:
    """The common area of two boxes, as a share of the smaller one."""
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(wide, 0.0) * max(high, 0.0) / max(min(_area(a), _area(b)), 1.0)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
