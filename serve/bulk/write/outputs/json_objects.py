"""One JSON object a document, which is the default format."""

from deployments.storage import Storage
from serve.bulk.documents import DocumentResult
from serve.bulk.locations import read_small
from serve.bulk.write.outputs.document_objects import DocumentObjects
from serve.bulk.write.outputs.names import name_from_key
from serve.bulk.write.outputs.rows import key_and_etag, row_from_result

__all__ = ["JsonObjects"]

_EXTENSION = ".json"


class JsonObjects(DocumentObjects):
    """Writes one object a document: its row, the same as in shards."""

    name = "json"
    extensions = (_EXTENSION,)

    def extension_of(self, result: DocumentResult) -> str:
        """Return `.json`."""
        return _EXTENSION

    def content(self, result: DocumentResult) -> bytes:
        """Return the row of a document, as a line."""
        return row_from_result(result) + b"\n"

    def etag_of(self, output: str, storage: Storage, key: str) -> str:
        """Read the ETag of a document's source from its result."""
        location = output + name_from_key(key, _EXTENSION)
        return key_and_etag(read_small(storage, location), location)[1]
