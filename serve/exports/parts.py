"""Arranges a page for exports: the rows of its paragraphs and its tables, in reading order.

Without structure, the parts are the columns of the page (`models.layout`). With `layout`, they are its regions, in
their order. A table stands where its first line stands, and its lines stand nowhere else.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from models.layout import Paragraph, paragraphs
from models.page import Polygon
from models.polygons import bounds, rectangle
from models.structure.result import FURNITURE, RegionKind
from serve.results import LineResult, OcrPage, WordResult
from serve.structure_results import RegionResult, TableResult, WordSpanResult

__all__ = ["Part", "RowParagraph", "lines_of", "page_parts"]


@dataclass(frozen=True, slots=True)
class RowParagraph:
    """Lines that belong together.

    Args:
        rows: Rows of lines that stand side by side, none of them empty.
        is_text: Whether the rows are running text, broken when a row is full, unlike tables, lists and addresses.
        height: Median height of the lines, in pixels.
    """

    rows: tuple[tuple[LineResult, ...], ...]
    is_text: bool
    height: float

    @property
    def lines(self) -> list[LineResult]:
        """The lines of all rows."""
        return [line for row in self.rows for line in row]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a page that is read together.

    Args:
        kind: What it is; None for a column of a page whose layout is not known.
        paragraphs: Its paragraphs, in reading order. Only a figure, or another region without text, has none.
        table: The table, in place of paragraphs.
        polygon: Its corners; None if they are those of its lines.
        confidence: How sure its kind, or the table, is, in [0, 1]; None for a column.
    """

    kind: RegionKind | None
    paragraphs: tuple[RowParagraph, ...] = ()
    table: TableResult | None = None
    polygon: Polygon | None = None
    confidence: float | None = None

    @classmethod
    def of_table(cls, table: TableResult) -> "Part":
        """Make the part of a table."""
        return cls("table", table=table, polygon=table.polygon, confidence=table.confidence)


def page_parts(page: OcrPage, left_out: Collection[int] = ()) -> list[Part]:
    """Arrange a page.

    Args:
        page: The page, with or without structure.
        left_out: Indices of lines that are left out.

    Returns:
        Its parts in reading order. Each line that is not left out stands in one of them, or in a table.
    """
    structure = page.structure
    content = _Content(page, left_out)
    regions = None if structure is None else structure.regions
    found: list[Part] = []
    if regions is None:
        for column in paragraphs([line.polygon for line in page.lines]):
            found += _Parts(content, None).of(column)
    else:
        for region in regions:
            found += _region_parts(content, region)
    end = len(found)
    while end and found[end - 1].kind in FURNITURE:
        end -= 1
    found[end:end] = [Part.of_table(table) for table in content.rest_of_tables()]
    return found


def lines_of(page: OcrPage, spans: Sequence[WordSpanResult]) -> list[LineResult]:
    """Take words of a page, as lines: those that stand whole in the spans, and pieces of others."""
    lines = ((page.lines[span.line], span) for span in spans)
    return [_piece(line, line.words[span.start : span.end]) for line, span in lines]


class _Content:
    """The lines of a page, and the tables that they belong to.

    Args:
        page: The page.
        left_out: Indices of lines that are left out.
    """

    def __init__(self, page: OcrPage, left_out: Collection[int]) -> None:
        self.lines = page.lines
        self._left_out = frozenset(left_out)
        self._tables = dict(enumerate(page.structure.tables or () if page.structure else ()))
        self._words: defaultdict[int, set[int]] = defaultdict(set)
        self._of_line: defaultdict[int, list[int]] = defaultdict(list)
        for number, table in self._tables.items():
            for span in (span for cell in table.cells for span in cell.words):
                self._words[span.line].update(range(span.start, span.end))
                self._of_line[span.line].append(number)

    def has_table(self, lines: Sequence[int]) -> bool:
        """Whether some of the lines belong to a table."""
        return any(index in self._of_line for index in lines)

    def tables_at(self, index: int) -> Iterator[TableResult]:
        """Give the tables that a line belongs to, unless another line has given them."""
        for number in self._of_line.get(index, ()):
            if number in self._tables:
                yield self._tables.pop(number)

    def table_in(self, polygon: Polygon) -> TableResult | None:
        """Give a table without text whose middle lies in a region."""
        left, top, right, bottom = bounds(polygon)
        for number, table in self._tables.items():
            x0, y0, x1, y1 = bounds(table.polygon)
            is_empty = not any(cell.words for cell in table.cells)
            if is_empty and left <= (x0 + x1) / 2 <= right and top <= (y0 + y1) / 2 <= bottom:
                return self._tables.pop(number)
        return None

    def rest_of_tables(self) -> list[TableResult]:
        """The tables that nothing has given."""
        return list(self._tables.values())

    def line(self, index: int) -> LineResult | None:
        """Return a line, or those of its words that stand in no table; None if nothing of it is left."""
        if index in self._left_out:
            return None
        line = self.lines[index]
        if index not in self._of_line:
            return line
        words = [word for number, word in enumerate(line.words) if number not in self._words[index]]
        return _piece(line, words) if words else None


def _region_parts(content: _Content, region: RegionResult) -> list[Part]:
    if not region.lines:
        table = content.table_in(region.polygon) if region.kind == "table" else None
        if table is not None:
            return [Part.of_table(table)]
        return [Part(region.kind, polygon=region.polygon, confidence=region.confidence)]
    order = {index: place for place, index in enumerate(region.lines)}
    grouped = [
        paragraph
        for column in paragraphs([content.lines[index].polygon for index in region.lines])
        for paragraph in column
    ]
    indexed = [
        Paragraph(
            tuple(
                sorted((tuple(region.lines[i] for i in row) for row in paragraph.rows), key=lambda row: order[row[0]])
            ),
            paragraph.is_text,
            paragraph.height,
        )
        for paragraph in grouped
    ]
    indexed.sort(key=lambda paragraph: order[paragraph.rows[0][0]])
    return _Parts(content, region).of(indexed)


class _Parts:
    """Makes the parts of one region, or of one column.

    Args:
        content: The lines and tables of the page.
        region: The region; None for a column.
    """

    def __init__(self, content: _Content, region: RegionResult | None) -> None:
        self._content = content
        self._region = region
        self._found: list[Part] = []
        self._paragraphs: list[RowParagraph] = []

    def of(self, grouped: Sequence[Paragraph]) -> list[Part]:
        """Make the parts of paragraphs of the page's lines: text before a table, the table, text behind it."""
        for paragraph in grouped:
            rows: list[list[LineResult]] = [[]]
            for indices in paragraph.rows:
                for index in indices:
                    for table in self._content.tables_at(index):
                        self._end_paragraph(paragraph, rows)
                        self._end_part()
                        self._found.append(Part.of_table(table))
                        rows = [[]]
                    if (line := self._content.line(index)) is not None:
                        rows[-1].append(line)
                rows.append([])
            self._end_paragraph(paragraph, rows)
        self._end_part()
        region = self._region
        if region is not None and len(self._found) == 1 and self._found[0].table is None:
            [part] = self._found
            return [Part(region.kind, part.paragraphs, None, region.polygon, region.confidence)]
        return self._found

    def _end_paragraph(self, paragraph: Paragraph, rows: list[list[LineResult]]) -> None:
        if kept := tuple(tuple(row) for row in rows if row):
            self._paragraphs.append(RowParagraph(kept, paragraph.is_text, paragraph.height))

    def _end_part(self) -> None:
        if not self._paragraphs:
            return
        region = self._region
        kind = None if region is None else region.kind
        if region is not None and kind == "table" and self._content.has_table(region.lines):
            kind = "text"  # what stands in no cell
        confidence = None if region is None else region.confidence
        self._found.append(Part(kind, tuple(self._paragraphs), confidence=confidence))
        self._paragraphs = []


def _piece(line: LineResult, words: Sequence[WordResult]) -> LineResult:
    """Return a line of some of a line's words. A line whose words are not known is taken whole."""
    if len(words) in (0, len(line.words)):
        return line
    return line.model_copy(
        update={
            "text": " ".join(word.text for word in words),
            "confidence": round(sum(word.confidence for word in words) / len(words), 4),
            "polygon": rectangle(*bounds(point for word in words for point in word.polygon)),
            "words": list(words),
        }
    )
