"""Writes plain text in reading order."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import ClassVar

from serve.exports.arrangement import Block
from serve.exports.base import Export, ReadDocument
from serve.exports.flow import read_parts
from serve.exports.parts import Part
from serve.exports.tables import table_rows
from serve.results import OcrPage

__all__ = ["TextExport"]


class TextExport(Export):
    """Writes UTF-8 text: a row of the page is a line, with a tab between cells of a table that stand apart.

    An empty line separates paragraphs, or the regions of a layout, and a form feed separates pages. (`text` in JSON has
    each line of the result in its own row, and nothing in between.)
    """

    name: ClassVar[str] = "text"
    media_type: ClassVar[str] = "text/plain"
    extension: ClassVar[str] = ".txt"

    def convert(self, read: ReadDocument) -> bytes:
        """Write plain text, as `Export.convert` says."""
        dropped = read.options.drops_furniture
        return "\f".join(_page_text(page, drops_furniture=dropped) for page in read.result.pages).encode()


def _page_text(page: OcrPage, *, drops_furniture: bool) -> str:
    parts = read_parts(page, drops_furniture=drops_furniture)
    return "\n".join("".join(f"{row}\n" for row in rows) for part in parts for rows in _rows(part) if rows)


def _rows(part: Part) -> Iterator[Sequence[str]]:
    """The rows of each paragraph of a column, those of a whole region, or those of a table."""
    if part.table is not None:
        yield [text for row in table_rows(part.table.table()) if (text := "\t".join(row).rstrip())]
        return
    blocks = [Block.of(paragraph).rows for paragraph in part.paragraphs]
    yield from blocks if part.kind is None else [tuple(chain(*blocks))]
