"""The structure of a page as JSON, the same over HTTP and on the command line."""

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from models.page import Polygon
from models.structure.result import (
    Cell,
    Code,
    FieldType,
    Mark,
    MarkKind,
    PageStructure,
    PlacedText,
    Region,
    RegionKind,
    Table,
    WordSpan,
)
from models.structure.result import Field as PageField

__all__ = [
    "CellResult",
    "CodeResult",
    "FieldResult",
    "MarkResult",
    "PlacedTextResult",
    "RegionResult",
    "StructureResult",
    "TableResult",
    "WordSpanResult",
]

_POLYGON = Field(
    description="Four corners in pixels of the upright page, clockwise from the top left.",
    examples=[[[72.0, 25.0], [326.0, 25.0], [326.0, 64.0], [72.0, 64.0]]],
)
_CONFIDENCE = Field(ge=0, le=1, description="How sure it is.", examples=[0.93])
_WORDS_TEXT = "Where its words are: index of the line in `lines`, of the first word, and after the last word."
_PLACES = 4


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True)


class WordSpanResult(NamedTuple):
    """Some neighboring words of a line."""

    line: int
    start: int
    end: int


def _words(spans: Sequence[WordSpan]) -> list[WordSpanResult]:
    return [WordSpanResult(one.line, one.start, one.end) for one in spans]


class PlacedTextResult(_Result):
    """Words of a page that belong together."""

    text: str = Field(examples=["Invoice no."])
    polygon: Polygon = _POLYGON
    words: list[WordSpanResult] = Field(default=[], description=_WORDS_TEXT, examples=[[[3, 0, 2]]])

    @classmethod
    def of(cls, placed: PlacedText) -> "PlacedTextResult":
        """Make it from words that were found."""
        return cls(text=placed.text, polygon=placed.polygon, words=_words(placed.words))


def _placed(placed: PlacedText | None) -> PlacedTextResult | None:
    return None if placed is None else PlacedTextResult.of(placed)


class RegionResult(_Result):
    """A part of a page that is read together."""

    kind: RegionKind
    polygon: Polygon = _POLYGON
    confidence: float = _CONFIDENCE
    lines: list[int] = Field(description="Indices of its lines in `lines`, in reading order.")

    @classmethod
    def of(cls, region: Region) -> "RegionResult":
        """Make it from a region that was found."""
        confidence = round(region.confidence, _PLACES)
        return cls(kind=region.kind, polygon=region.polygon, confidence=confidence, lines=list(region.lines))


class CellResult(_Result):
    """One cell of a table."""

    row: int = Field(ge=0, description="Its first row, counted from 0.")
    column: int = Field(ge=0, description="Its first column, counted from 0.")
    row_span: int = Field(ge=1, description="Rows that it takes.")
    column_span: int = Field(ge=1, description="Columns that it takes.")
    is_header: bool = Field(description="Whether it is a heading of columns.")
    text: str = Field(examples=["12.50"])
    polygon: Polygon = _POLYGON
    words: list[WordSpanResult] = Field(default=[], description=_WORDS_TEXT, examples=[[[3, 0, 2]]])

    @classmethod
    def of(cls, cell: Cell) -> "CellResult":
        """Make it from a cell that was found."""
        return cls(
            row=cell.row,
            column=cell.column,
            row_span=cell.row_span,
            column_span=cell.column_span,
            is_header=cell.is_header,
            text=cell.text,
            polygon=cell.polygon,
            words=_words(cell.words),
        )

    def cell(self) -> Cell:
        """Make the cell of it."""
        words = tuple(WordSpan(*one) for one in self.words)
        return Cell(
            self.row, self.column, self.row_span, self.column_span, self.polygon, self.text, words, self.is_header
        )


class TableResult(_Result):
    """A table, whose cells cover its rows and columns."""

    polygon: Polygon = _POLYGON
    confidence: float = _CONFIDENCE
    rows: int = Field(ge=1, description="Number of rows.")
    columns: int = Field(ge=1, description="Number of columns.")
    is_ruled: bool = Field(description="Whether lines between its cells told them apart.")
    continues: bool = Field(description="Whether it goes on with the last table of the page before.")
    cells: list[CellResult] = Field(description="Its cells by row and column.")

    @classmethod
    def of(cls, table: Table) -> "TableResult":
        """Make it from a table that was found."""
        return cls(
            polygon=table.polygon,
            confidence=round(table.confidence, _PLACES),
            rows=table.rows,
            columns=table.columns,
            is_ruled=table.is_ruled,
            continues=table.continues,
            cells=[CellResult.of(cell) for cell in table.cells],
        )

    def table(self) -> Table:
        """Make the table of it."""
        cells = tuple(cell.cell() for cell in self.cells)
        return Table(self.polygon, self.confidence, self.rows, self.columns, cells, self.is_ruled, self.continues)


class FieldResult(_Result):
    """A value and its label."""

    name: str | None = Field(
        default=None,
        description="Its name: of your template, of the PDF's form, or one that rayocr knows, such as `total`.",
        examples=["total"],
    )
    label: PlacedTextResult | None = Field(description="null for a value that needs no label, such as an address.")
    value: PlacedTextResult | None = Field(description="null for a label without a value, such as an empty box.")
    type: FieldType = Field(description="What the value is.")
    normalized: str | None = Field(
        default=None,
        description="The value in one form for all documents: dates as 2026-01-31, amounts as `12.50 EUR`.",
        examples=["2026-01-31"],
    )
    confidence: float = _CONFIDENCE

    @classmethod
    def of(cls, field: PageField) -> "FieldResult":
        """Make it from a field that was found."""
        return cls(
            name=field.name,
            label=_placed(field.label),
            value=_placed(field.value),
            type=field.type,
            normalized=field.normalized,
            confidence=round(field.confidence, _PLACES),
        )


class MarkResult(_Result):
    """A check box, a radio button or a signature."""

    kind: MarkKind
    is_set: bool = Field(description="Whether it is checked, or signed.")
    name: str | None = Field(default=None, description="Its name in the PDF's form.")
    label: PlacedTextResult | None = Field(description="The text that it belongs to.")
    polygon: Polygon = _POLYGON
    confidence: float = _CONFIDENCE

    @classmethod
    def of(cls, mark: Mark) -> "MarkResult":
        """Make it from a mark that was found."""
        return cls(
            kind=mark.kind,
            is_set=mark.is_set,
            name=mark.name,
            label=_placed(mark.label),
            polygon=mark.polygon,
            confidence=round(mark.confidence, _PLACES),
        )


class CodeResult(_Result):
    """A bar code or a code of squares, such as QR."""

    type: str = Field(description="Its symbology, in small letters.", examples=["qrcode"])
    text: str = Field(description="What it says.", examples=["https://example.com"])
    polygon: Polygon = _POLYGON
    lines: list[int] = Field(description="Indices of lines in `lines` that are its bars rather than text.")

    @classmethod
    def of(cls, code: Code) -> "CodeResult":
        """Make it from a code that was found."""
        return cls(type=code.type, text=code.text, polygon=code.polygon, lines=list(code.lines))


def _is_left_out(value: object) -> bool:
    return value is None


class StructureResult(_Result):
    """What a page is made of, beside its lines. A part is present only if `structure` asks for it."""

    regions: list[RegionResult] | None = Field(
        default=None,
        exclude_if=_is_left_out,
        description="Regions in reading order; each line is in one of them.",
    )
    tables: list[TableResult] | None = Field(
        default=None, exclude_if=_is_left_out, description="Tables in reading order."
    )
    fields: list[FieldResult] | None = Field(
        default=None, exclude_if=_is_left_out, description="Labels and their values, in reading order."
    )
    marks: list[MarkResult] | None = Field(
        default=None,
        exclude_if=_is_left_out,
        description="Check boxes, radio buttons and signatures, from the top.",
    )
    codes: list[CodeResult] | None = Field(
        default=None, exclude_if=_is_left_out, description="Bar codes and codes of squares, from the top."
    )

    @classmethod
    def of(cls, structure: PageStructure) -> "StructureResult":
        """Make it from the structure of a page."""
        asked = structure.parts
        return cls(
            regions=[RegionResult.of(one) for one in structure.regions] if "layout" in asked else None,
            tables=[TableResult.of(one) for one in structure.tables] if "tables" in asked else None,
            fields=[FieldResult.of(one) for one in structure.fields] if "fields" in asked else None,
            marks=[MarkResult.of(one) for one in structure.marks] if "marks" in asked else None,
            codes=[CodeResult.of(one) for one in structure.codes] if "codes" in asked else None,
        )
