"""The Arrow schema of Parquet shards, and tables of results in that schema."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from serve.bulk.documents import DocumentResult
from serve.results import CharacterResult, LineResult, OcrPage, WordResult

__all__ = ["SCHEMA", "SCHEMA_VERSION", "table_from_results"]

SCHEMA_VERSION = "1"
"""Stands in a file's metadata as `rayocr.schema`. It changes if a column changes or goes, not if one is added."""

_TEXT_WITH_POLYGON = [
    pa.field("text", pa.string(), nullable=False),
    pa.field("confidence", pa.float32(), nullable=False),
    # Four corners x0, y0, ... y3 in pixels of the upright page, clockwise from the text's top left.
    pa.field("polygon", pa.list_(pa.field("element", pa.float32(), nullable=False), 8), nullable=False),
]
_CHARACTERS = pa.list_(pa.field("element", pa.struct(_TEXT_WITH_POLYGON), nullable=False))
_WORD = pa.struct([*_TEXT_WITH_POLYGON, pa.field("characters", _CHARACTERS, nullable=False)])
_WORDS = pa.list_(pa.field("element", _WORD, nullable=False))
_LINE = pa.struct([*_TEXT_WITH_POLYGON, pa.field("words", _WORDS, nullable=False)])
_PAGE = pa.struct(
    [
        pa.field("page", pa.int32(), nullable=False),
        pa.field("width", pa.int32(), nullable=False),
        pa.field("height", pa.int32(), nullable=False),
        pa.field("rotation", pa.int32(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("lines", pa.list_(pa.field("element", _LINE, nullable=False)), nullable=False),
    ]
)
_WARNING = pa.struct(
    [
        pa.field("code", pa.string(), nullable=False),
        pa.field("message", pa.string(), nullable=False),
        pa.field("page", pa.int32()),
    ]
)

SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("etag", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("pages", pa.list_(pa.field("element", _PAGE, nullable=False)), nullable=False),
        pa.field("warnings", pa.list_(pa.field("element", _WARNING, nullable=False)), nullable=False),
        pa.field("timings_ms", pa.map_(pa.string(), pa.float32()), nullable=False),
    ],
    metadata={"rayocr.schema": SCHEMA_VERSION},
)
"""One row a document. The fields are those of the JSON result, and `source` is the document's location."""


def table_from_results(results: Sequence[DocumentResult]) -> pa.Table:
    """Make a table of results, one row each, in `SCHEMA`."""
    return pa.Table.from_pylist([_row(result) for result in results], schema=SCHEMA)


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
    }


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
