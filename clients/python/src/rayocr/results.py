"""The answers of a service as dataclasses, with the names of its OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import lru_cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")
Polygon = tuple[tuple[float, ...], ...]
"""Four corners [x, y] in pixels of the upright page, clockwise from the text's top left."""


@dataclass(frozen=True)
class WarningResult:
    """Something that was cut, scaled down, skipped or guessed."""

    code: str
    message: str
    page: int | None = None


@dataclass(frozen=True)
class CharacterResult:
    """One character of a word."""

    text: str
    confidence: float
    polygon: Polygon


@dataclass(frozen=True)
class WordResult:
    """One word of a line; it has characters only if they were asked for."""

    text: str
    confidence: float
    polygon: Polygon
    characters: tuple[CharacterResult, ...] = ()


@dataclass(frozen=True)
class LineResult:
    """One line of a page; it has a source only if that is not the page's, and trained data if Tesseract read it."""

    text: str
    confidence: float
    polygon: Polygon
    words: tuple[WordResult, ...] = ()
    source: str | None = None
    trained_data: str | None = None


@dataclass(frozen=True)
class PlacedTextResult:
    """Words of a page that belong together; `words` are the line's index, its first word, and that after its last."""

    text: str
    polygon: Polygon
    words: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class RegionResult:
    """A part of a page that is read together, such as a title or a table; `lines` are indices of lines."""

    kind: str
    polygon: Polygon
    confidence: float
    lines: tuple[int, ...]


@dataclass(frozen=True)
class CellResult:
    """One cell of a table, which may span rows and columns."""

    row: int
    column: int
    row_span: int
    column_span: int
    is_header: bool
    text: str
    polygon: Polygon
    words: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class TableResult:
    """A table, whose cells cover its rows and columns."""

    polygon: Polygon
    confidence: float
    rows: int
    columns: int
    is_ruled: bool
    continues: bool
    cells: tuple[CellResult, ...]


@dataclass(frozen=True)
class FieldResult:
    """A value and its label, one of which may be missing."""

    label: PlacedTextResult | None
    value: PlacedTextResult | None
    type: str
    confidence: float
    name: str | None = None
    normalized: str | None = None


@dataclass(frozen=True)
class MarkResult:
    """A check box, a radio button or a signature."""

    kind: str
    is_set: bool
    label: PlacedTextResult | None
    polygon: Polygon
    confidence: float
    name: str | None = None


@dataclass(frozen=True)
class CodeResult:
    """A bar code or a code of squares; `lines` are indices of lines that are its bars."""

    type: str
    text: str
    polygon: Polygon
    lines: tuple[int, ...]


@dataclass(frozen=True)
class StructureResult:
    """What a page is made of; a part is None unless `structure` asked for it."""

    regions: tuple[RegionResult, ...] | None = None
    tables: tuple[TableResult, ...] | None = None
    fields: tuple[FieldResult, ...] | None = None
    marks: tuple[MarkResult, ...] | None = None
    codes: tuple[CodeResult, ...] | None = None


@dataclass(frozen=True)
class OcrPage:
    """One page that was read; width and height are pixels of the upright page."""

    page: int
    width: int
    height: int
    rotation: int
    lines: tuple[LineResult, ...]
    text: str
    source: str = "ocr"
    dpi: float | None = None
    structure: StructureResult | None = None


@dataclass(frozen=True)
class OcrResult:
    """One document that was read; `id` is that of the request."""

    id: str
    model: str
    pages: tuple[OcrPage, ...]
    text: str
    warnings: tuple[WarningResult, ...]
    timings_ms: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class QuadResult:
    """The place of one line."""

    confidence: float
    polygon: Polygon


@dataclass(frozen=True)
class DetectionPage:
    """One page that was searched."""

    page: int
    width: int
    height: int
    rotation: int
    lines: tuple[QuadResult, ...]
    dpi: float | None = None


@dataclass(frozen=True)
class DetectionResult:
    """The places of the lines of one page; `id` is that of the request."""

    id: str
    model: str
    pages: tuple[DetectionPage, ...]
    warnings: tuple[WarningResult, ...]
    timings_ms: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class PageLine:
    """A page of a streamed answer, with the number of pages of its document."""

    page: OcrPage
    page_count: int
    warnings: tuple[WarningResult, ...]
    timings_ms: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class PageError:
    """A page of a streamed answer that could not be read."""

    page: int
    code: str
    message: str


@dataclass(frozen=True)
class End:
    """The end of a complete streamed answer: `warning_counts` counts all warnings."""

    id: str
    model: str
    page_count: int
    read: int
    failed: int
    warning_counts: dict[str, int]


@dataclass(frozen=True)
class File:
    """A file of a result. `warnings` are codes; `failed_pages` are left out, in the form that `pages` takes."""

    content: bytes
    media_type: str
    warnings: tuple[str, ...]
    failed_pages: str
    request_id: str

    @property
    def text(self) -> str:
        """The content as text, for all formats but pdf and pictures."""
        return self.content.decode()


def build(kind: type[T], data: Mapping[str, Any]) -> T:
    """Make a dataclass of parsed JSON. Fields that this version does not know are left out."""
    return kind(**{name: _value(hint, data[name]) for name, hint in _hints(kind) if name in data})  # type: ignore[arg-type]


@lru_cache
def _hints(kind: type) -> list[tuple[str, Any]]:
    hints = get_type_hints(kind)
    return [(each.name, hints[each.name]) for each in fields(kind)]


def _value(hint: Any, value: Any) -> Any:
    if type(None) in get_args(hint):
        if value is None:
            return None
        hint = get_args(hint)[0]
    if isinstance(hint, type) and is_dataclass(hint):
        return build(hint, value)
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], item) for item in value)
    return value
