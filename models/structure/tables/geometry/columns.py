"""Finds the columns of a table by the strips that its rows leave empty."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from models.structure.tables.geometry.words import Chunk, TextRow, Words, chunk_of

__all__ = ["column_of", "find_separators", "full_rows", "parted_rows"]

# In heights of a line: the resolution, and the least width of an empty strip.
_STEP, _LEAST_STRIP = 0.1, 0.35
# Rows with so many of the chunks that full rows have tell the columns; headings and section titles have fewer.
_FULL = 0.6
# The share of full rows whose text may cross a strip, such as a long label.
_CROSSING = 0.1
# The share of full rows, or one row, whose words may be nearer to each other over a strip than those of two cells, such
# as narrow headings; and the least gap between them, in heights of a line.
_NARROW, _LEAST_GAP = 0.25, 0.15
# A page that seems to have more columns is a pattern.
_MOST_COLUMNS = 250
# Bins across a table, however wide.
_MOST_BINS = 4000


def full_rows(rows: Sequence[TextRow]) -> list[TextRow]:
    """The rows that have about as many chunks as most rows with several."""
    several = [row for row in rows if len(row.chunks) > 1]
    return [row for row in several if len(row.chunks) >= _FULL * _usual(several)]


def _usual(rows: Sequence[TextRow]) -> int:
    """The number of chunks that three quarters of the rows do not exceed."""
    counts = sorted(len(row.chunks) for row in rows)
    return counts[(3 * (len(counts) - 1)) // 4] if counts else 0


def parted_rows(rows: Sequence[TextRow], words: Words, height: float) -> list[TextRow]:
    """Part chunks of full rows over strips that most other full rows leave empty, if a gap between two words is there.

    Only rows with fewer chunks than the others are parted, and get at most as many: a long label that reaches over a
    strip stays whole.

    Args:
        rows: The table's rows.
        words: The page's words.
        height: The median height of the page's lines.
    """
    full = full_rows(rows)
    most = max(1, int(_NARROW * len(full)))
    if len(full) <= 2 * most:
        return list(rows)
    common = _LEAST_GAP * height
    gaps = [(a.right, b.left) for row in full for a, b in pairwise(row.chunks) if b.left - a.right >= common]
    begins, ends = sorted(left for left, _ in gaps), sorted(right for _, right in gaps)

    def is_over_strip(left: float, right: float) -> bool:
        over = bisect_right(begins, right - common) - bisect_left(ends, left + common)
        return right - left >= common and over >= len(full) - most

    fewest, usual = min(len(row.chunks) for row in full), _usual(full)
    parted = list(rows)
    for number, row in enumerate(rows):
        if fewest <= len(row.chunks) < usual:
            chunks = tuple(part for chunk in row.chunks for part in _parted(chunk, words, is_over_strip))
            if len(chunks) <= usual:
                parted[number] = replace(row, chunks=chunks)
    return parted


def _parted(chunk: Chunk, words: Words, is_over_strip: Callable[[float, float], bool]) -> list[Chunk]:
    parts: list[list[int]] = [[chunk.words[0]]]
    for before, after in pairwise(chunk.words):
        if is_over_strip(float(words.boxes[before, 2]), float(words.boxes[after, 0])):
            parts.append([])
        parts[-1].append(after)
    return [chunk_of(part, words) for part in parts] if len(parts) > 1 else [chunk]


def find_separators(rows: Sequence[TextRow], height: float, least: float = _LEAST_STRIP) -> list[float]:
    """Find the x of the middles of strips that hardly any full row crosses, from the left.

    Args:
        rows: The table's rows.
        height: The median height of the page's lines.
        least: The least width of a strip in heights of a line.
    """
    full = full_rows(rows)
    if not full:
        return []
    chunks = [chunk for row in full for chunk in row.chunks]
    left, right = min(chunk.left for chunk in chunks), max(chunk.right for chunk in chunks)
    step = max(_STEP * height, (right - left) / _MOST_BINS)
    bins = int((right - left) / step) + 2
    change = np.zeros((2, bins + 1), np.intp)  # of texts that cross a place, and of gaps between a row's texts
    for row in full:
        for chunk in row.chunks:
            start = int((chunk.left - left) / step)
            change[0, start] += 1
            change[0, max(start + 1, int(np.ceil((chunk.right - left) / step)))] -= 1
    crossing = np.cumsum(change[0])[:bins]
    limit = int(_CROSSING * len(full))
    separators: list[float] = []
    start = -1  # of a strip
    for place, count in enumerate(crossing.tolist()):
        if count <= limit:
            start = place if start < 0 else start
        elif start >= 0:
            if start > 0 and (place - start) * step >= least * height:
                low = crossing[start:place] == crossing[start:place].min()
                separators.append(left + (start + float(np.flatnonzero(low).mean()) + 0.5) * step)
            start = -1
    return _with_text(separators, full) if len(separators) < _MOST_COLUMNS else []


def _with_text(separators: list[float], full: Sequence[TextRow]) -> list[float]:
    """Leave out separators beside columns in which hardly any row has text, such as a stray mark."""
    least = 2 if len(full) > 3 else 1
    while separators:
        counts = [0] * (len(separators) + 1)
        for row in full:
            for column in {column_of(chunk, separators) for chunk in row.chunks}:
                counts[column] += 1
        worst = min(range(len(counts)), key=lambda column: counts[column])
        if counts[worst] >= least:
            break
        separators.pop(min(worst, len(separators) - 1))
    return separators


def column_of(chunk: Chunk, separators: Sequence[float]) -> int:
    """The column in which the middle of a chunk is."""
    return bisect_left(separators, (chunk.left + chunk.right) / 2)
