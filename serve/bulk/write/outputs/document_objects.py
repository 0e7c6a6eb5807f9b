"""One object a document, named after its key."""

import time
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b

from deployments.storage import Storage
from models.errors import SourceNotFound
from serve.bulk.digests import UNKNOWN_ETAG, etag_digest, key_digest, pack_record
from serve.bulk.documents import DocumentResult
from serve.bulk.locations import STATE_FOLDER, read_small
from serve.bulk.write.outputs.base import OutputFormat, ResultWriter, WriterOptions
from serve.bulk.write.outputs.names import digest_from_name, name_from_key
from serve.bulk.write.outputs.writing import all_done, mapped

__all__ = ["DocumentObjects"]

_ETAGS_FOLDER = f"{STATE_FOLDER}etags/"
# 120 kB a segment, 200 segments for a million documents.
_SEGMENT_RECORDS = 5000
_BLOCK = 4096


class DocumentObjects(OutputFormat):
    """Writes one object a document. The listing of the output tells which documents are done.

    A listing does not show the version of the document that a result was read from. So the writer notes the ETags in
    segments below `_state/etags/`. These only save time: an ETag that they lack is looked up (`etag_of`).
    """

    extensions: tuple[str, ...]
    """Extensions of the objects' names, with their dots."""

    @abstractmethod
    def extension_of(self, result: DocumentResult) -> str:
        """Return the one of `extensions` that the object of a document has."""

    @abstractmethod
    def content(self, result: DocumentResult) -> bytes:
        """Make the content of a document's object."""

    def build_writer(self, output: str, storage: Storage, options: WriterOptions) -> ResultWriter:
        """Make a writer of one object a document."""
        return _ObjectWriter(self, output, storage, options)

    def records(self, output: str, storage: Storage, options: WriterOptions, *, with_etags: bool) -> Iterator[bytes]:
        """Tell which documents are done, from the listing and, if ETags are needed, from the segments."""
        try:
            yield from self._listed_records(output, storage)
        except SourceNotFound:
            return
        if with_etags:
            yield from self._segments(output, storage, options)

    def remove_duplicates(self, output: str, storage: Storage, options: WriterOptions) -> int:
        """Remove nothing, since two results can't have the same name."""
        return 0

    def _segments(self, output: str, storage: Storage, options: WriterOptions) -> Iterator[bytes]:
        try:
            names = [stored.location for stored in storage.list(output + _ETAGS_FOLDER)]
        except SourceNotFound:
            return
        # Their names begin with the time, so that the newest comes last and holds.
        yield from mapped(lambda location: read_small(storage, location), names, options.threads)

    def _listed_records(self, output: str, storage: Storage) -> Iterator[bytes]:
        piece = bytearray()
        for stored in storage.list(output):
            name = stored.location.removeprefix(output)
            for extension in self.extensions:
                if (digest := digest_from_name(name, extension)) is not None:
                    piece += pack_record(digest, UNKNOWN_ETAG)
            if len(piece) >= 24 * _BLOCK:
                yield bytes(piece)
                piece.clear()
        yield bytes(piece)


class _ObjectWriter(ResultWriter):
    def __init__(self, objects: DocumentObjects, output: str, storage: Storage, options: WriterOptions) -> None:
        self._objects = objects
        self._output = output
        self._storage = storage
        self._threads = ThreadPoolExecutor(options.threads, thread_name_prefix="bulk-write")
        self._segment = bytearray()

    def write(self, results: Sequence[DocumentResult]) -> list[str]:
        by_key = {result.key: result for result in results}
        all_done([self._threads.submit(self._write_one, result) for result in by_key.values()])
        for result in by_key.values():
            self._segment += pack_record(key_digest(result.key), etag_digest(result.etag))
        if len(self._segment) >= 24 * _SEGMENT_RECORDS:
            self._write_segment()
        return list(by_key)

    def flush(self) -> list[str]:
        self._write_segment()
        return []

    def close(self) -> None:
        self._threads.shutdown()

    def _write_one(self, result: DocumentResult) -> None:
        extension = self._objects.extension_of(result)
        self._storage.write(self._output + name_from_key(result.key, extension), self._objects.content(result))
        for other in self._objects.extensions:
            if other != extension:  # the object of an earlier version of the document
                self._storage.delete(self._output + name_from_key(result.key, other))

    def _write_segment(self) -> None:
        if self._segment:
            content = bytes(self._segment)
            name = f"{time.time_ns() // 1_000_000:015}-{blake2b(content, digest_size=8).hexdigest()}"
            self._storage.write(f"{self._output}{_ETAGS_FOLDER}{name}", content)
            self._segment.clear()
