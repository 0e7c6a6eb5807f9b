"""Writes plain text in reading order."""

from typing import ClassVar

from serve.exports.arrangement import arranged
from serve.exports.base import Export, ReadDocument
from serve.results import OcrPage

__all__ = ["TextExport"]


class TextExport(Export):
    """Writes UTF-8 text: a row of the page is a line, with a tab between cells of a table that stand apart.

    An empty line separates paragraphs, and a form feed separates pages. (`text` in JSON has each line of the result in
    its own row, and nothing in between.)
    """

    name: ClassVar[str] = "text"
    media_type: ClassVar[str] = "text/plain"
    extension: ClassVar[str] = ".txt"

    def convert(self, read: ReadDocument) -> bytes:
        """Write plain text, as `Export.convert` says."""
        return "\f".join(_page_text(page) for page in read.result.pages).encode()


def _page_text(page: OcrPage) -> str:
    paragraphs = ["\n".join(block.rows) + "\n" for region in arranged(page) for block in region]
    return "\n".join(paragraphs)
