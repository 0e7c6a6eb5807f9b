"""The Arrow schema of Parquet shards, and tables of results in that schema."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from serve.bulk.documents import DocumentResult
from serve.results import CharacterResult, LineResult, OcrPage, WordResult

__all__ = [
    "SCHEMA",
    "SCHEMA_VERSION",
    "SCHEMA_WITH_STRUCTURE",
    "STRUCTURE_VERSION",
    "cast_as_needed",
    "table_from_results",
]

SCHEMA_VERSION = "1"
"""Stands in a file's metadata as `rayocr.schema`. It changes if a column changes or goes, not if one is added."""

STRUCTURE_VERSION = "1"
"""Stands in the metadata of a file with structure as `rayocr.structure`, and is for `pages.structure` the same."""

# Four corners x0, y0, ... y3 in pixels of the upright page, clockwise from the text's top left.
_POLYGON = pa.field("polygon", pa.list_(pa.field("element", pa.float32(), nullable=False), 8), nullable=False)
_CONFIDENCE = pa.field("confidence", pa.float32(), nullable=False)
_TEXT_WITH_POLYGON = [pa.field("text", pa.string(), nullable=False), _CONFIDENCE, _POLYGON]
_CHARACTERS = pa.list_(pa.field("element", pa.struct(_TEXT_WITH_POLYGON), nullable=False))
_WORD = pa.struct([*_TEXT_WITH_POLYGON, pa.field("characters", _CHARACTERS, nullable=False)])
_WORDS = pa.list_(pa.field("element", _WORD, nullable=False))
_LINE = pa.struct([*_TEXT_WITH_POLYGON, pa.field("words", _WORDS, nullable=False)])
_PAGE_FIELDS = [
    pa.field("page", pa.int32(), nullable=False),
    pa.field("width", pa.int32(), nullable=False),
    pa.field("height", pa.int32(), nullable=False),
    pa.field("rotation", pa.int32(), nullable=False),
    pa.field("source", pa.string(), nullable=False),
    pa.field("text", pa.string(), nullable=False),
    pa.field("lines", pa.list_(pa.field("element", _LINE, nullable=False)), nullable=False),
]


def _list_of(*fields: pa.Field) -> pa.ListType:
    return pa.list_(pa.field("element", pa.struct(fields), nullable=False))


def _fields(kind: pa.DataType, *names: str, nullable: bool = False) -> list[pa.Field]:
    return [pa.field(name, kind, nullable=nullable) for name in names]


# The same corners. Arrow can't read lists of a fixed size back where what they belong to is null, such as a label.
_CORNERS = pa.field("polygon", pa.list_(pa.field("element", pa.float32(), nullable=False)), nullable=False)
_LINES = pa.field("lines", pa.list_(pa.field("element", pa.int32(), nullable=False)), nullable=False)
_SPANS = pa.field("words", _list_of(*_fields(pa.int32(), "line", "start", "end")), nullable=False)
_PLACED = pa.struct([*_fields(pa.string(), "text"), _CORNERS, _SPANS])
_CELLS = _list_of(
    *_fields(pa.int32(), "row", "column", "row_span", "column_span"),
    *_fields(pa.bool_(), "is_header"),
    *_fields(pa.string(), "text"),
    _CORNERS,
    _SPANS,
)
_STRUCTURE = pa.struct(
    [
        pa.field("regions", _list_of(*_fields(pa.string(), "kind"), _CORNERS, _CONFIDENCE, _LINES)),
        pa.field(
            "tables",
            _list_of(
                _CORNERS,
                _CONFIDENCE,
                *_fields(pa.int32(), "rows", "columns"),
                *_fields(pa.bool_(), "is_ruled", "continues"),
                pa.field("cells", _CELLS, nullable=False),
            ),
        ),
        pa.field(
            "fields",
            _list_of(
                *_fields(pa.string(), "name", nullable=True),
                *_fields(_PLACED, "label", "value", nullable=True),
                *_fields(pa.string(), "type"),
                *_fields(pa.string(), "normalized", nullable=True),
                _CONFIDENCE,
            ),
        ),
        pa.field(
            "marks",
            _list_of(
                *_fields(pa.string(), "kind"),
                *_fields(pa.bool_(), "is_set"),
                *_fields(pa.string(), "name", nullable=True),
                *_fields(_PLACED, "label", nullable=True),
                _CORNERS,
                _CONFIDENCE,
            ),
        ),
        pa.field("codes", _list_of(*_fields(pa.string(), "type", "text"), _CORNERS, _LINES)),
    ]
)
_WARNING = pa.struct(
    [
        pa.field("code", pa.string(), nullable=False),
        pa.field("message", pa.string(), nullable=False),
        pa.field("page", pa.int32()),
    ]
)


def _schema(page: Sequence[pa.Field], metadata: Mapping[str, str]) -> pa.Schema:
    fields = [
        pa.field("key", pa.string(), nullable=False),
        pa.field("etag", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("pages", _list_of(*page), nullable=False),
        pa.field("warnings", pa.list_(pa.field("element", _WARNING, nullable=False)), nullable=False),
        pa.field("timings_ms", pa.map_(pa.string(), pa.float32()), nullable=False),
    ]
    return pa.schema(fields, metadata=dict(metadata))


SCHEMA = _schema(_PAGE_FIELDS, {"rayocr.schema": SCHEMA_VERSION})
"""One row a document. The fields are those of the JSON result, and `source` is the document's location."""

SCHEMA_WITH_STRUCTURE = _schema(
    [*_PAGE_FIELDS, pa.field("structure", _STRUCTURE)],
    {"rayocr.schema": SCHEMA_VERSION, "rayocr.structure": STRUCTURE_VERSION},
)
"""The same, with the structure of each page; a part that was not asked for is null."""


def table_from_results(results: Sequence[DocumentResult]) -> pa.Table:
    """Make a table of results, one row each, in `SCHEMA_WITH_STRUCTURE`."""
    return pa.Table.from_pylist([_row(result) for result in results], schema=SCHEMA_WITH_STRUCTURE)


def cast_as_needed(table: pa.Table) -> pa.Table:
    """Cast a table to the schema of its file: `SCHEMA` if no page has structure.

    So a run that asks for no structure goes on with the columns that its output has.
    """
    whole = table.cast(SCHEMA_WITH_STRUCTURE)
    pages = pc.list_flatten(whole["pages"])
    has_structure = pc.any(pc.is_valid(pc.struct_field(pages, "structure"))).as_py()
    return whole if has_structure else whole.cast(SCHEMA)


def _row(result: DocumentResult) -> dict[str, Any]:
    read = result.result
    return {
        "key": _text(result.key),
        "etag": result.etag,
        "source": _text(result.location),
        "id": read.id,
        "model": read.model,
        "text": read.text,
        "pages": [_page(page) for page in read.pages],
        "warnings": [warning.model_dump() for warning in read.warnings],
        "timings_ms": list(read.timings_ms.items()),
    }


def _page(page: OcrPage) -> dict[str, Any]:
    return {
        "page": page.page,
        "width": page.width,
        "height": page.height,
        "rotation": page.rotation,
        "source": page.source,
        "text": page.text,
        "lines": [{**_with_polygon(line), "words": [_word(word) for word in line.words]} for line in page.lines],
        "structure": None if page.structure is None else _flat(page.structure.model_dump()),
    }


def _flat(value: Any, name: str = "") -> Any:
    """Make the values of a structure those of Arrow: flat polygons, and words by the names of their numbers."""
    match name, value:
        case "polygon", _:
            return [coordinate for corner in value for coordinate in corner]
        case "words", _:
            return [dict(zip(("line", "start", "end"), span, strict=True)) for span in value]
        case _, dict():
            return {key: _flat(one, key) for key, one in value.items()}
        case _, list():
            return [_flat(one) for one in value]
        case _:
            return value


def _word(word: WordResult) -> dict[str, Any]:
    return {**_with_polygon(word), "characters": [_with_polygon(character) for character in word.characters]}


def _with_polygon(text: LineResult | WordResult | CharacterResult) -> dict[str, Any]:
    return {
        "text": text.text,
        "confidence": text.confidence,
        "polygon": [coordinate for corner in text.polygon for coordinate in corner],
    }


def _text(name: str) -> str:
    """Escape bytes that are not UTF-8: paths may hold them, Arrow's strings may not."""
    return name.encode("utf-8", "backslashreplace").decode()
