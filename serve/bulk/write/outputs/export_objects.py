"""One file a document in an export format: text, hOCR, a searchable PDF and more."""

from deployments.storage import Storage
from serve.bulk.documents import DocumentResult
from serve.bulk.write.outputs.document_objects import DocumentObjects
from serve.exports import Export

__all__ = ["ExportObjects"]

# Equal to no storage's mark.
_UNKNOWN = "?"


class ExportObjects(DocumentObjects):
    """What `Export.convert` made of a document.

    Args:
        export: Of which format.
    """

    def __init__(self, export: Export) -> None:
        self.name = export.name
        self._export = export
        self.extensions = tuple(dict.fromkeys(export.file_type(page_count)[1] for page_count in (1, 2)))

    def extension_of(self, result: DocumentResult) -> str:
        """See `DocumentObjects.extension_of`."""
        return self._export.file_type(len(result.result.pages))[1]

    def content(self, result: DocumentResult) -> bytes:
        """See `DocumentObjects.content`."""
        assert result.export is not None  # the writer converts before it writes
        return result.export

    def etag_of(self, output: str, storage: Storage, key: str) -> str:
        """See `OutputFormat.etag_of`: such a file has no place for it, so that the document is read once more."""
        return _UNKNOWN
