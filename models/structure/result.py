"""The values that describe a page's structure. They refer to the page's lines and words by index."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from models.polygons import bounds, rectangle

if TYPE_CHECKING:
    from models.page import Line, Polygon

__all__ = [
    "FURNITURE",
    "PARTS",
    "Cell",
    "Code",
    "Field",
    "FieldType",
    "Mark",
    "MarkKind",
    "PageStructure",
    "PartName",
    "PlacedText",
    "Region",
    "RegionKind",
    "Table",
    "WordSpan",
]

PartName = Literal["layout", "tables", "fields", "marks", "codes"]
PARTS: tuple[PartName, ...] = ("layout", "tables", "fields", "marks", "codes")
"""The parts of a structure that can be asked for."""

RegionKind = Literal[
    "title", "text", "list", "table", "figure", "caption", "header", "footer", "formula", "page_number", "reference"
]
FURNITURE: tuple[RegionKind, ...] = ("header", "footer", "page_number")
"""The kinds of what stands at the edges of each page and is not part of its text."""
FieldType = Literal["text", "date", "amount", "number", "email", "phone", "iban", "vat_id", "url", "choice"]
MarkKind = Literal["checkbox", "radio", "signature"]


@dataclass(frozen=True, slots=True)
class WordSpan:
    """Some neighboring words of one line.

    Args:
        line: Index of the line on its page.
        start: Index of the first word in the line.
        end: Index after the last word.
    """

    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PlacedText:
    """Words of a page that belong together.

    Args:
        text: The words, joined by spaces, and by line feeds between lines.
        polygon: Corners of the words' box.
        words: Where the words are; empty if the text is not the page's, as the value of a form field.
    """

    text: str
    polygon: "Polygon"
    words: tuple[WordSpan, ...] = ()

    @classmethod
    def of(cls, words: Sequence[WordSpan], lines: "Sequence[Line]") -> "PlacedText":
        """Take words of a page's lines, of which there is at least one.

        Args:
            words: Where they are, in reading order.
            lines: The page's lines.
        """
        texts: list[str] = []
        points: list[tuple[float, float]] = []
        for span in words:
            line = lines[span.line]
            taken = line.words[span.start : span.end]
            texts.append(" ".join(word.text for word in taken) if taken else line.text)
            points += [point for word in taken for point in word.polygon] or line.polygon
        return cls("\n".join(texts), rectangle(*bounds(points)), tuple(words))


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a page that is read together.

    Args:
        kind: What it is.
        polygon: Its corners.
        confidence: The net's probability, or that of the rule that found it, in [0, 1].
        lines: Indices of its lines, in reading order.
    """

    kind: RegionKind
    polygon: "Polygon"
    confidence: float
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table.

    Args:
        row: Its first row, counted from 0.
        column: Its first column, counted from 0.
        row_span: Rows that it takes.
        column_span: Columns that it takes.
        polygon: Its corners.
        text: Its text, its lines joined by line feeds; empty for an empty cell.
        words: Where its words are, in reading order.
        is_header: Whether it is a heading of columns.
    """

    row: int
    column: int
    row_span: int
    column_span: int
    polygon: "Polygon"
    text: str = ""
    words: tuple[WordSpan, ...] = ()
    is_header: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Args:
        polygon: Its corners.
        confidence: How sure its cells are, in [0, 1].
        rows: Number of rows.
        columns: Number of columns.
        cells: Its cells by row and column. Together they cover the grid, and none covers another.
        is_ruled: Whether lines between its cells told them apart.
        continues: Whether it goes on with the last table of the page before.
    """

    polygon: "Polygon"
    confidence: float
    rows: int
    columns: int
    cells: tuple[Cell, ...]
    is_ruled: bool = False
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A value and its label.

    Args:
        label: The label as the page shows it; None for a value that needs none, such as an e-mail address.
        value: The value; None for a label without one, such as an empty box.
        confidence: How sure it is that both belong together, in [0, 1].
        type: What the value is.
        normalized: The value in one form for all documents, such as `2026-01-31`; None if there is none.
        name: Its name: of a template, of the form of a PDF, or one of the well-known (`total`, `date`, ...).
    """

    label: PlacedText | None
    value: PlacedText | None
    confidence: float
    type: FieldType = "text"
    normalized: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A check box, a radio button or a signature.

    Args:
        kind: What it is.
        is_set: Whether it is checked, or signed.
        polygon: Its corners.
        confidence: How sure its state is, in [0, 1].
        label: The text that it belongs to.
        name: Its name in the form of a PDF.
    """

    kind: MarkKind
    is_set: bool
    polygon: "Polygon"
    confidence: float
    label: PlacedText | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """A bar code or a code of squares, such as QR.

    Args:
        type: Its symbology, in small letters, such as `qrcode` or `ean13`.
        text: What it says.
        polygon: Its corners.
        lines: Indices of lines that are its bars rather than text.
    """

    type: str
    text: str
    polygon: "Polygon"
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PageStructure:
    """What one page is made of. A part that was not asked for is empty.

    Args:
        parts: The parts that were asked for.
        regions: Regions in reading order.
        tables: Tables in reading order.
        fields: Fields in reading order.
        marks: Marks, from the top.
        codes: Codes, from the top.
    """

    parts: tuple[PartName, ...] = ()
    regions: tuple[Region, ...] = ()
    tables: tuple[Table, ...] = ()
    fields: tuple[Field, ...] = ()
    marks: tuple[Mark, ...] = ()
    codes: tuple[Code, ...] = ()
