"""One JSON object a document: the default."""

from deployments.storage import Storage
from serve.bulk.documents import DocumentResult
from serve.bulk.locations import read_small
from serve.bulk.write.outputs.document_objects import DocumentObjects
from serve.bulk.write.outputs.names import name_from_key
from serve.bulk.write.outputs.rows import key_and_etag, row_from_result

__all__ = ["JsonObjects"]

_EXTENSION = ".json"


class JsonObjects(DocumentObjects):
    """The row of a document, as in shards."""

    name = "json"
    extensions = (_EXTENSION,)

    def extension_of(self, result: DocumentResult) -> str:
        """See `DocumentObjects.extension_of`."""
        return _EXTENSION

    def content(self, result: DocumentResult) -> bytes:
        """See `DocumentObjects.content`."""
        return row_from_result(result) + b"\n"

    def etag_of(self, output: str, storage: Storage, key: str) -> str:
        """See `OutputFormat.etag_of`: reads the result."""
        location = output + name_from_key(key, _EXTENSION)
        return key_and_etag(read_small(storage, location), location)[1]
