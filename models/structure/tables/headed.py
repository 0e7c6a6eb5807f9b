"""Reads tables of items by their headings: rows of values beneath them, with lines of text between these.

An item of an invoice has its values in one line, and a description of several. So most lines have no gap that is above
another one, and the headings tell the columns. Headings often stand on a band of color, which light rules part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from models.structure.tables.geometry.grid import Found, Grid, clustered, without_overlap
from models.structure.tables.geometry.rules import Rules
from models.structure.tables.geometry.words import Chunk, TextRow, Words, is_number, rows_of
from models.structure.tables.judging import is_running, is_table

__all__ = ["read_headed"]

Span = tuple[float, float]

# A row of headings has at least so many, each of at most so many words and letters.
_LEAST_HEADINGS, _MOST_WORDS, _MOST_LETTERS = 3, 4, 26
# In heights of a line: the widest blank between two lines of headings, which may be twice as wide if both have several,
# and how far beneath them their rule may be.
_HEADING_BLANK, _RULE_BELOW = 0.4, 3.0
# In heights of a line: the widest blank above a line that goes on with an item, and above one of values.
_MOST_BLANK, _MOST_ITEM_BLANK = 3.0, 6.0
# In heights of a line: how far a line of an item may be from the edge of its column, and how far it may be indented.
_OFF, _INDENT = 0.6, 2.5
# Lines of two headings that are side by side have so much of their heights in common, in heights of a line.
_SAME_LINE = 0.25
# The least share of all columns that a row of values fills, and that of the columns of the first one.
_FILLED, _SAME = 0.5, 0.7
# A blank parts two items if it is so many times as wide as that above the line of values.
_WIDER = 1.4
# Blanks are at least so high, in heights of a line, when they are compared.
_LEAST_BLANK = 0.2
# So many rows that fit no column may be between two items.
_MOST_ODD = 3
# Rows of values that tell a table, and those if rules part its headings.
_LEAST_ITEMS, _LEAST_RULED_ITEMS = 2, 1


@dataclass(frozen=True, slots=True)
class _Heading:
    """Headings of columns.

    Args:
        start: Their first row of text.
        end: The row of text after their last.
        spans: The left and the right end of each column, as far as it is known.
        borders: x of rules between them; empty if no rules part them.
    """

    start: int
    end: int
    spans: tuple[Span, ...]
    borders: tuple[float, ...] = ()

    def column_of(self, chunk: Chunk) -> int:
        """The column of a text: that under which it is, or begins if it is words, or else the nearest one."""
        common = [_common(chunk, span) for span in self.spans]
        above = [column for column, share in enumerate(common) if share > 0]
        if above and not is_number(chunk.text):
            return above[0]
        return max(range(len(common)), key=common.__getitem__)

    def widened(self, chunks: Sequence[Chunk]) -> "_Heading":
        """These headings, with columns as wide as texts beneath them."""
        if self.borders:
            return self
        spans = list(self.spans)
        for chunk in chunks:
            column = self.column_of(chunk)
            spans[column] = (min(spans[column][0], chunk.left), max(spans[column][1], chunk.right))
        return replace(self, spans=tuple(spans))


def read_headed(members: list[int], words: Words, rules: Rules) -> list[Found]:
    """Read the tables of items of a page.

    Args:
        members: Indices of the words that are in no table yet.
        words: The page's words.
        rules: The page's rules.
    """
    rows = rows_of(words, members, words.gap * rules.height)
    found: list[Found] = []
    number = 0
    while number < len(rows):
        heading = _heading_at(rows, number, rules)
        items = [] if heading is None else _items(rows, heading, rules.height)
        number += 1
        if heading is None or not items:
            continue
        grid = _grid(rows, heading, items, rules.height)
        if grid is not None:
            inside = [chunk for row in rows[heading.start : items[-1][1]] for chunk in row.chunks]
            found.append((grid, [word for chunk in inside for word in chunk.words]))
            number = items[-1][1]
    return found


def _heading_at(rows: Sequence[TextRow], number: int, rules: Rules) -> _Heading | None:
    """The headings of which a row of text is one with several, and the lines above and beneath that belong to it."""
    row, height = rows[number], rules.height
    if not _is_headings(row):
        return None
    left, right = row.chunks[0].left, row.chunks[-1].right
    top, bottom, borders = _band(row, rules)
    start, end = number, number + 1
    if not borders:
        wide = rules.level[(rules.level[:, 0] < left + height) & (rules.level[:, 2] > right - height)]
        below = [y for y in wide[:, 1].tolist() if row.bottom - 0.5 * height < y < row.bottom + _RULE_BELOW * height]
        bottom = min(below, default=row.bottom)
    while start > 0 and all(map(_is_heading, rows[start - 1].chunks)):
        above = rows[start - 1]
        if (above.top + above.bottom) / 2 < top if borders else not _is_over(above, rows[start : number + 1], height):
            break
        start -= 1
    while end < len(rows) and all(map(_is_heading, rows[end].chunks)):
        middle = (rows[end].top + rows[end].bottom) / 2
        is_near = len(rows[end].chunks) > 1 and rows[end].top - rows[end - 1].bottom < 2 * _HEADING_BLANK * height
        if middle > bottom and (borders or not is_near):
            break
        end += 1
    chunks = [chunk for one in rows[start:end] for chunk in one.chunks]
    if borders:
        low, high = min(chunk.left for chunk in chunks), max(chunk.right for chunk in chunks)
        edges = [min(low, borders[0]), *borders, max(high, borders[-1])]
        return _Heading(start, end, tuple(pairwise(edges)), tuple(borders))
    spans: list[Span] = []
    for chunk in sorted(chunks, key=lambda one: one.left):
        if spans and chunk.left < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], chunk.right))
        else:
            spans.append((chunk.left, chunk.right))
    return _Heading(start, end, tuple(spans)) if len(spans) >= _LEAST_HEADINGS else None


def _band(row: TextRow, rules: Rules) -> tuple[float, float, list[float]]:
    """The top, the bottom and the x of upright rules of one height that part the headings of a row, if there are."""
    height = rules.height
    upright = rules.upright[
        (rules.upright[:, 1] < row.top + 0.3 * height) & (rules.upright[:, 3] > row.bottom - 0.3 * height)
    ]
    inside = upright[(upright[:, 0] > row.chunks[0].left) & (upright[:, 0] < row.chunks[-1].right)]
    if len(inside) < _LEAST_HEADINGS - 1:
        return row.top, row.bottom, []
    top, bottom = float(inside[0, 1]), float(inside[0, 3])
    alike = (abs(inside[:, [1, 3]] - (top, bottom)) < 0.5 * height).all()
    borders = clustered(inside[:, 0].tolist(), 0.45 * height)
    parted = sum(
        any(a.right - 0.3 * height < x < b.left + 0.3 * height for x in borders) for a, b in pairwise(row.chunks)
    )
    if not alike or parted < len(row.chunks) - 1:
        return row.top, row.bottom, []
    return top, bottom, borders


def _items(rows: Sequence[TextRow], heading: _Heading, height: float) -> list[tuple[int, int]]:
    """The first row of text of each item beneath headings, and the one after its last."""
    wide = heading.spans[-1][1] - heading.spans[0][0]
    values: list[int] = []
    first: set[int] = set()
    after, has_amount = heading.end, False
    for number in range(heading.end, len(rows)):
        row = rows[number]
        blank = row.top - rows[number - 1].bottom
        texts = _texts_of(row, heading)
        is_item = _is_item(texts, len(heading.spans), has_amount)
        is_item &= not values or len(texts) < 3 or len(texts.keys() & first) >= _SAME * len(first)
        if blank > (_MOST_ITEM_BLANK if is_item else _MOST_BLANK) * height or _is_headings(row):
            break
        if is_item:
            heading = heading.widened(row.chunks)
            values.append(number)
            first = first or set(texts)
            has_amount = False
        elif is_running(row, wide) and 0 in texts:
            break
        has_amount |= _is_value(texts.get(len(heading.spans) - 1, []))
        if is_item or (after == number and _goes_on(texts, heading, height)):
            after = number + 1
        elif number - after >= _MOST_ODD:
            break
    if len(values) < (_LEAST_RULED_ITEMS if heading.borders else _LEAST_ITEMS):
        return []
    if not heading.borders and is_table(rows[heading.start : after], 0, height):
        return []  # most of its lines have gaps above each other, which tell more
    blanks = [0.0, *(below.top - above.bottom for above, below in pairwise(rows[:after]))]
    starts = [heading.end]
    # The first item tells whether its lines of text are above its values or beneath them.
    is_beneath = bool(heading.borders) or values[0] == heading.end
    for above, below in pairwise(values):
        usual = below if is_beneath else above + 1
        widest = max(range(above + 1, below + 1), key=blanks.__getitem__)
        starts.append(widest if blanks[widest] > _WIDER * max(blanks[usual], _LEAST_BLANK * height) else usual)
    return list(pairwise([*starts, after]))


def _texts_of(row: TextRow, heading: _Heading) -> dict[int, list[Chunk]]:
    """The texts of a row by their columns, from the left."""
    texts: dict[int, list[Chunk]] = {}
    for chunk in row.chunks:
        texts.setdefault(heading.column_of(chunk), []).append(chunk)
    return texts


def _is_value(texts: Sequence[Chunk]) -> bool:
    return any(is_number(chunk.text) for chunk in texts)


def _is_item(texts: Mapping[int, Sequence[Chunk]], columns: int, has_amount: bool) -> bool:
    """Whether a row of text has values under several headings, or a label and an amount of its own.

    Args:
        texts: The texts of the row by their columns.
        columns: Number of columns.
        has_amount: Whether the item above has a value in the last column.
    """
    values = {column for column, some in texts.items() if _is_value(some)}
    if len(values) > 1:
        return len(texts) >= _FILLED * columns
    return values == {columns - 1} and len(texts) > 1 and (has_amount or 0 in texts)


def _goes_on(texts: Mapping[int, Sequence[Chunk]], heading: _Heading, height: float) -> bool:
    """Whether a row of text goes on with an item: it begins, or ends, at an edge of each of its columns."""
    for column, some in texts.items():
        left, right = heading.spans[column]
        begin, end = some[0].left - left, right - some[-1].right
        if heading.borders and begin > -_OFF * height and (end > -_OFF * height or column):
            continue
        if not -_OFF * height < begin < _INDENT * height and abs(end) > _OFF * height:
            return False
    return True


def _is_headings(row: TextRow) -> bool:
    return len(row.chunks) >= _LEAST_HEADINGS and all(map(_is_heading, row.chunks))


def _grid(rows: Sequence[TextRow], heading: _Heading, items: Sequence[tuple[int, int]], height: float) -> Grid | None:
    body = [row for start, end in items for row in rows[start:end]]
    borders = list(heading.borders)
    places = {chunk: heading.column_of(chunk) for row in body for chunk in row.chunks}
    if not borders:
        telling = [row for row in body if _is_item(_texts_of(row, heading), len(heading.spans), False)]
        for column in range(1, len(heading.spans)):
            before = max(
                [heading.spans[column - 1][1], *(c.right for r in telling for c in r.chunks if places[c] < column)]
            )
            behind = min(
                [heading.spans[column][0], *(c.left for r in telling for c in r.chunks if places[c] >= column)]
            )
            if before >= behind:
                return None
            borders.append((before + behind) / 2)
    inside = [chunk for row in rows[heading.start : items[-1][1]] for chunk in row.chunks]
    left, right = min(chunk.left for chunk in inside), max(chunk.right for chunk in inside)
    ys = [min(c.top for row in rows[heading.start : heading.end] for c in row.chunks)]
    ys += [
        (max(c.bottom for c in rows[start - 1].chunks) + min(c.top for c in rows[start].chunks)) / 2
        for start, _ in items
    ]
    ys.append(max(chunk.bottom for chunk in inside))
    xs = [left, *borders, right]
    columns = {word: column for chunk, column in places.items() for word in chunk.words}
    grid = Grid(xs, ys, (), 1, False, 0.6, columns)
    return grid if grid.is_too_large else replace(grid, slots=without_overlap(len(ys) - 1, len(xs) - 1, ()))


def _is_heading(chunk: Chunk) -> bool:
    """Whether a text may be a heading: a few words."""
    text = chunk.text
    has_letters = any(character.isalpha() for character in text) or text in ("%", "#")
    return has_letters and not is_number(text) and len(text) <= _MOST_LETTERS and len(text.split()) <= _MOST_WORDS


def _is_over(above: TextRow, headings: Sequence[TextRow], height: float) -> bool:
    """Whether a row is one of headings too: it is just above others, and over some of them, but not over the first.

    A line over the first heading is a title, or belongs to what is above the table.
    """
    blank = headings[0].top - above.bottom
    spans = sorted((chunk.left, chunk.right) for row in headings for chunk in row.chunks)
    is_over = all(any(_common(chunk, span) > 0 for span in spans) for chunk in above.chunks)
    is_over &= above.chunks[0].left > spans[0][1]
    return blank < -_SAME_LINE * height or (is_over and blank < _HEADING_BLANK * height * min(2, len(above.chunks)))


def _common(chunk: Chunk, span: Span) -> float:
    """The width that a text and a column have in common; negative for that of the gap between them."""
    return min(chunk.right, span[1]) - max(chunk.left, span[0])
