"""Makes the text of a document flow, for readers: headings, paragraphs, lists and tables, page by page."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from models.page import Polygon
from models.polygons import bounds
from models.structure.result import FURNITURE, RegionKind, Table
from serve.exports.arrangement import Block
from serve.exports.base import ReadDocument
from serve.exports.parts import Part, page_parts
from serve.exports.tables import joined_table
from serve.results import LineResult, OcrPage, WordResult
from serve.structure_results import MarkResult

__all__ = ["FlowPage", "Item", "flow_pages", "list_point", "read_parts"]

# A heading of the second and of the first level has letters so many times as high as most of the page's. The heights of
# lines of one size differ by up to a third.
_HEADING, _TITLE = 1.6, 2.3
# Where the layout says what a title is: the levels of LaTeX's article and of Word's templates fall between these.
_SECOND_LEVEL, _FIRST_LEVEL = 1.3, 1.6
_MOST_HEADING_ROWS = 3
# The beginning of a list item, numbered or not, which stays at the beginning of a line.
_POINT = re.compile(r"[\u2022\u25cf\u25e6\u25aa\u25a0\u00b7]|[-*\u2013\u2014]\s|\(?(?:\d{1,3}|[A-Za-z])[.)](?!\w)")
# The mark of a list item that the lists of Markdown and HTML have themselves.
_MARKER = re.compile(
    r"(?:[\u2022\u25cf\u25e6\u25aa\u25a0\u00b7]\s*|[-*\u2013\u2014]\s+|(?P<number>\d{1,3})[.)]\s*)(?=\S)"
)
# The beginning of a row with a value and its label.
_LABEL = re.compile(r"[^\W\d][^:.,;]{0,30}:\s*\S")
# The beginning of an entry of a bibliography.
_REFERENCE = re.compile(r"\[\w{1,12}\]|\(?\d{1,3}[.)](?!\w)")
_POINT_LETTERS = 3
_HYPHENS = "-\u2010"
_SOFT_HYPHEN = "\u00ad"
_CONJUNCTIONS = frozenset(("and", "or", "und", "oder"))
_MARKS = {True: "[x]", False: "[ ]"}
# Characters as which a check box is read, such as [x].
_MOST_OF_BOX = 3


@dataclass(frozen=True, slots=True)
class Item:
    """Something that stands by itself.

    Args:
        kind: What it is.
        rows: Its rows; the items of a list.
        level: Level of a heading, from 1.
        table: The table, in place of rows.
        number: Number of the table on its page, from 1.
    """

    kind: Literal["heading", "paragraph", "list", "caption", "figure", "table"]
    rows: tuple[str, ...] = ()
    level: int = 0
    table: Table | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class FlowPage:
    """A page whose text flows.

    Args:
        number: The page's number, counted from 1.
        items: Its items in reading order. A table that goes on with one of the page before is not among them.
        has_marks: Whether check boxes stand in the rows, as `[x]` or `[ ]`.
    """

    number: int
    items: list[Item]
    has_marks: bool = False


def read_parts(page: OcrPage, *, drops_furniture: bool) -> list[Part]:
    """Arrange what a person reads on a page: without the bars of codes, and with the state of check boxes for boxes.

    Args:
        page: The page.
        drops_furniture: Whether headers, footers and page numbers are left out.
    """
    structure = page.structure
    bars = {line for code in (structure.codes or () if structure else ()) for line in code.lines}
    boxes = _labeled_boxes(page)
    parts = page_parts(_with_states(page, boxes), bars | _read_as_boxes(page, boxes))
    return [part for part in parts if part.kind not in FURNITURE] if drops_furniture else parts


def flow_pages(read: ReadDocument) -> Iterator[FlowPage]:
    """Make the pages of a document flow, in their order.

    A page waits until it is known whether its last table goes on.

    Args:
        read: The document.
    """
    waiting: list[FlowPage] = []
    open_table: tuple[FlowPage, int] | None = None  # where the last table of the page before stands
    for page in read.result.pages:
        flow = _flow_page(page, drops_furniture=read.options.drops_furniture)
        tables = [index for index, item in enumerate(flow.items) if item.table is not None]
        joined = None
        if open_table is not None and tables and waiting[-1].number == page.page - 1:
            joined = _joined(*open_table, flow.items[tables[0]])
        if joined is None:
            yield from waiting
            waiting.clear()
        else:
            del flow.items[tables.pop(0)]
            tables = [index - 1 for index in tables]
        waiting.append(flow)
        if tables or joined is None:
            open_table = (flow, tables[-1]) if tables else None
    yield from waiting


def list_point(row: str) -> tuple[int | None, str]:
    """Take the mark off an item of a list.

    Returns:
        The item's number, None for another mark or none, and its text.

    >>> list_point("3. milk"), list_point("• milk"), list_point("a) milk")
    ((3, 'milk'), (None, 'milk'), (None, 'a) milk'))
    """
    found = _MARKER.match(row)
    if found is None:
        return None, row
    return None if found["number"] is None else int(found["number"]), row[found.end() :]


def _joined(page: FlowPage, index: int, more: Item) -> Item | None:
    item = page.items[index]
    if item.table is None or more.table is None or not more.table.continues:
        return None
    if more.table.columns != item.table.columns:
        return None
    page.items[index] = replace(item, table=joined_table(item.table, more.table))
    return page.items[index]


def _flow_page(page: OcrPage, *, drops_furniture: bool) -> FlowPage:
    parts = read_parts(page, drops_furniture=drops_furniture)
    numbers = (
        {id(table): number for number, table in enumerate(page.structure.tables or (), 1)} if page.structure else {}
    )
    blocks = [[Block.of(paragraph) for paragraph in part.paragraphs] for part in parts]
    usual = _usual_height(
        [block for part, own in zip(parts, blocks, strict=True) if part.kind != "title" for block in own]
    )
    items: list[Item] = []
    for part, own in zip(parts, blocks, strict=True):
        if part.table is not None:
            items.append(Item("table", table=part.table.table(), number=numbers[id(part.table)]))
        elif part.kind is None:
            items += [_plain(block, usual) for block in own]
        elif own:
            items += _region_items(part.kind, own, usual)
    return FlowPage(page.page, items, bool(page.structure and page.structure.marks))


def _region_items(kind: RegionKind, blocks: Sequence[Block], usual_height: float) -> list[Item]:
    rows = tuple(row for block in blocks for row in block.rows)
    match kind:
        case "title":
            height = max(block.height for block in blocks)
            return [Item("heading", (_sentence(rows),), _level(height, usual_height))]
        case "caption":
            return [Item("caption", (_sentence(rows),))]
        case "list":
            return [Item("list", tuple(_joined_rows(rows, _POINT)))]
        case "reference":
            return [Item("paragraph", (entry,)) for entry in _joined_rows(rows, _REFERENCE)]
        case "figure":
            return [Item("figure", rows)]
        case "text":
            return [_paragraph(block) for block in blocks]
        case _:
            return [Item("paragraph", rows)]


def _plain(block: Block, usual_height: float) -> Item:
    if usual_height and block.height >= _HEADING * usual_height and _may_be_heading(block):
        return Item("heading", (" ".join(block.rows),), 1 if block.height >= _TITLE * usual_height else 2)
    return _paragraph(block)


def _paragraph(block: Block) -> Item:
    labeled = sum(_LABEL.match(row) is not None for row in block.rows)
    is_text = block.is_text and labeled < max(2, len(block.rows) / 2)
    return Item("paragraph", tuple(_joined_rows(block.rows, _POINT)) if is_text else block.rows)


def _level(height: float, usual_height: float) -> int:
    if height >= _FIRST_LEVEL * usual_height:
        return 1
    return 2 if height >= _SECOND_LEVEL * usual_height else 3


def _usual_height(found: Sequence[Block]) -> float:
    """The height of most of the page's characters: half of them are not higher."""
    sizes = sorted((block.height, sum(map(len, block.rows))) for block in found)
    rest = sum(count for _, count in sizes) / 2
    for height, count in sizes:
        rest -= count
        if rest <= 0:
            return height
    return 0.0


def _may_be_heading(block: Block) -> bool:
    return (
        len(block.rows) <= _MOST_HEADING_ROWS
        and not any("\t" in row for row in block.rows)
        and sum(map(str.isalpha, "".join(block.rows))) >= _POINT_LETTERS
    )


def _sentence(rows: Sequence[str]) -> str:
    """Join all rows to one."""
    text = rows[0]
    for row in rows[1:]:
        text = _continued(text, row)
    return text


def _joined_rows(rows: Sequence[str], begin: re.Pattern[str]) -> list[str]:
    """Join the rows of running text, apart from those that begin an item."""
    joined: list[str] = []
    for row in rows:
        if not joined or begin.match(row):
            joined.append(row)
        else:
            joined[-1] = _continued(joined[-1], row)
    return joined


def _continued(text: str, row: str) -> str:
    """Join two rows.

    A hyphen is removed only between small letters ("well-known" loses its own if it is split there), and stays before a
    conjunction. Chinese or Japanese characters get no blank between them.

    >>> _continued("an exam-", "ple"), _continued("a non-", "EU state"), _continued("pre-", "and post-war")
    ('an example', 'a non-EU state', 'pre- and post-war')
    """
    if text[-1] == _SOFT_HYPHEN:
        return text[:-1] + row
    if text[-1] in _HYPHENS and text[-2:-1].isalnum() and row.split()[0] not in _CONJUNCTIONS:
        return (text[:-1] if text[-2].islower() and row[0].islower() else text) + row
    return text + row if _is_wide(text[-1]) and _is_wide(row[0]) else f"{text} {row}"


def _is_wide(character: str) -> bool:
    """Whether a character, or a punctuation mark, belongs to a script without blanks between words."""
    code = ord(character)
    return 0x2E80 <= code <= 0xA4CF or 0xF900 <= code <= 0xFAFF or 0xFE30 <= code <= 0xFE4F or 0xFF00 <= code <= 0xFFEF


def _labeled_boxes(page: OcrPage) -> list[MarkResult]:
    """The check boxes and radio buttons that have labels."""
    marks = (page.structure.marks or ()) if page.structure else ()
    return [mark for mark in marks if mark.kind != "signature" and mark.label is not None]


def _read_as_boxes(page: OcrPage, boxes: Sequence[MarkResult]) -> set[int]:
    """The lines that are what boxes, or their ticks, were read as."""
    short = [(index, line.polygon) for index, line in enumerate(page.lines) if len(line.text) <= _MOST_OF_BOX]
    return {index for index, polygon in short if any(_is_in(polygon, box.polygon) for box in boxes)}


def _with_states(page: OcrPage, boxes: Sequence[MarkResult]) -> OcrPage:
    """Write the state of boxes before their labels. Tables keep their texts."""
    lines = list(page.lines)
    for box in boxes:
        if box.label is not None and box.label.words:
            first = box.label.words[0]
            lines[first.line] = _marked(lines[first.line], first.start, box)
    return page.model_copy(update={"lines": lines}) if boxes else page


def _marked(line: LineResult, start: int, mark: MarkResult) -> LineResult:
    """Write a mark before a word of a line, in place of what its box itself was read as."""
    state = _MARKS[mark.is_set]
    words: list[WordResult] = list(line.words)
    if not words:
        return line.model_copy(update={"text": f"{state} {line.text}"})
    for index, word in enumerate(words[:start]):
        if _is_in(word.polygon, mark.polygon):
            words[index] = word.model_copy(update={"text": ""})
    words[start] = words[start].model_copy(update={"text": f"{state} {words[start].text}"})
    return line.model_copy(update={"text": " ".join(word.text for word in words if word.text), "words": words})


def _is_in(polygon: Polygon, other: Polygon) -> bool:
    """Whether the middle of a polygon is in the box around another."""
    left, top, right, bottom = bounds(other)
    x, y = sum(x for x, _ in polygon) / len(polygon), sum(y for _, y in polygon) / len(polygon)
    return left <= x <= right and top <= y <= bottom
