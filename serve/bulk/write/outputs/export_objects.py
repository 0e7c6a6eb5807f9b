"""One file a document in an export format: text, hOCR, a searchable PDF and more."""

from deployments.storage import Storage
from serve.bulk.documents import DocumentResult
from serve.bulk.write.outputs.document_objects import DocumentObjects
from serve.exports import Export

__all__ = ["ExportObjects"]

# No storage gives this ETag.
_UNKNOWN = "?"


class ExportObjects(DocumentObjects):
    """Writes one file a document, which `Export.convert` made.

    Args:
        export: The export format.
    """

    def __init__(self, export: Export) -> None:
        self.name = export.name
        self._export = export
        self.extensions = export.extensions

    def extension_of(self, result: DocumentResult) -> str:
        """Return the extension of the exported file, which may be an archive."""
        return self._export.file_type(self.content(result))[1]

    def content(self, result: DocumentResult) -> bytes:
        """Return the exported file."""
        assert result.export is not None  # the writer converts before it writes
        return result.export

    def etag_of(self, output: str, storage: Storage, key: str) -> str:
        """Return an ETag that no source has, so that the document is read once more: the file can't hold its own."""
        return _UNKNOWN
