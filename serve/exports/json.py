"""The result as it is: one JSON object."""

from typing import ClassVar

from serve.exports.base import Export, ReadDocument

__all__ = ["JsonExport"]


class JsonExport(Export):
    """The `OcrResult` of a document."""

    name: ClassVar[str] = "json"
    media_type: ClassVar[str] = "application/json"
    extension: ClassVar[str] = ".json"

    def convert(self, read: ReadDocument) -> bytes:
        """See `Export.convert`."""
        return read.result.model_dump_json().encode()
