"""Writes the result as it is, as one JSON object."""

from typing import ClassVar

from serve.documents.kept_pages import json_pieces
from serve.exports.base import Export, ReadDocument

__all__ = ["JsonExport"]


class JsonExport(Export):
    """Writes the `OcrResult` of a document as JSON."""

    name: ClassVar[str] = "json"
    media_type: ClassVar[str] = "application/json"
    extension: ClassVar[str] = ".json"

    def convert(self, read: ReadDocument) -> bytes:
        """Write a JSON object, as `Export.convert` says."""
        pieces, _ = json_pieces(read.result)
        return b"".join(pieces)
