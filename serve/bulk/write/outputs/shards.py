"""The common part of JSONL and Parquet: objects of many results, and notes of the keys that each holds."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from deployments.storage import Storage, StoredObject
from models.errors import SourceNotFound
from serve.bulk.digests import KEY_BYTES, RECORD, DigestSet, etag_digest, key_digest, pack_record
from serve.bulk.documents import DocumentResult
from serve.bulk.locations import STATE_FOLDER, read_small
from serve.bulk.write.outputs.base import OutputFormat, ResultWriter, WriterOptions
from serve.bulk.write.outputs.writing import mapped

__all__ = ["ShardFormat"]

_KEYS_FOLDER = f"{STATE_FOLDER}keys/"
_PREFIX = "part-"

Row = TypeVar("Row")


class ShardFormat(OutputFormat, Generic[Row]):
    """Writes shards `part-<digest of their keys>.<suffix>`, each with key and ETag in every row.

    A shard is written once and as a whole, and is never appended to. After it, the writer writes the note
    `_state/keys/<name>-<version>` with the records of the shard's rows, so that a resumed run need not read all results
    to know which documents are done. The version is the shard's own ETag, so that a note of another version is not
    found. If the note is missing, the shard is read.

    If a writer is killed after it wrote a shard and before it reported that, the documents are read again. Then two
    shards hold them until `remove_duplicates`, which a run calls when it starts and when it ends.
    """

    suffix: str

    @abstractmethod
    def rows(self, results: Sequence[DocumentResult]) -> list[Row]:
        """Turn results into rows for `encode`, small enough to be held for a whole shard."""

    @abstractmethod
    def encode(self, rows: Sequence[Row]) -> bytes:
        """Make a shard of rows."""

    @abstractmethod
    def keys_and_etags(self, content: bytes, shown: str) -> Iterable[tuple[str, str]]:
        """Read the key and the ETag of each row of a shard.

        Raises:
            MalformedRequest: The content is not a shard of this format. The message names it as `shown`.
        """

    @abstractmethod
    def without(self, content: bytes, kept: npt.NDArray[np.bool_]) -> bytes:
        """Make the shard anew with only those rows that are `kept`, (N,) bool."""

    def build_writer(self, output: str, storage: Storage, options: WriterOptions) -> ResultWriter:
        """Make a writer of shards."""
        return _ShardWriter(self, output, storage, options)

    def records(self, output: str, storage: Storage, options: WriterOptions, *, with_etags: bool) -> Iterator[bytes]:
        """Tell which documents are done, from the shards or their notes, the oldest first."""
        shards = self._shards(output, storage)
        noted = self._noted(output, storage)
        yield from mapped(lambda shard: self._records_of(shard, output, storage, noted), shards, options.threads)

    def etag_of(self, output: str, storage: Storage, key: str) -> str:
        """Return '', since the records hold every ETag that is known."""
        return ""

    def remove_duplicates(self, output: str, storage: Storage, options: WriterOptions) -> int:
        """Leave only the newest row of each key, and write the notes of shards that lack one.

        The newest shard keeps its rows. Each older one is replaced as a whole by a shard of its remaining rows, so that
        a run which is killed meanwhile leaves no key without a result.
        """
        shards = self._shards(output, storage)[::-1]
        noted = self._noted(output, storage)
        seen = DigestSet()
        removed = 0
        pieces = mapped(lambda shard: self._records_of(shard, output, storage, noted), shards, options.threads)
        for shard, records in zip(shards, pieces, strict=True):
            digests = np.frombuffer(records, RECORD)["key"]
            kept = seen.add_new(digests)
            if not kept.all():
                self._replace(shard, kept, records, output, storage)
                removed += int((~kept).sum())
            elif _note_name(shard, output) not in noted:
                storage.write(_note_name(shard, output), records)
        return removed

    def write_shard(self, rows: Sequence[Row], records: bytes, name: str, output: str, storage: Storage) -> None:
        """Write a shard, then the note of its records."""
        shard = f"{output}{_PREFIX}{name}{self.suffix}"
        etag = storage.write(shard, self.encode(rows))
        storage.write(_note_name(StoredObject(shard, 0, etag), output), records)

    def _replace(
        self, shard: StoredObject, kept: npt.NDArray[np.bool_], records: bytes, output: str, storage: Storage
    ) -> None:
        if kept.any():
            etag = storage.write(shard.location, self.without(read_small(storage, shard.location), kept))
            rest = np.frombuffer(records, RECORD)[kept].tobytes()
            storage.write(_note_name(StoredObject(shard.location, 0, etag), output), rest)
        else:
            storage.delete(shard.location)
        storage.delete(_note_name(shard, output))

    def _shards(self, output: str, storage: Storage) -> list[StoredObject]:
        """List the shards in the order in which they were written."""
        try:
            stored = [
                entry
                for entry in storage.list(output)
                if entry.location.startswith(output + _PREFIX) and entry.location.endswith(self.suffix)
            ]
        except SourceNotFound:
            return []
        return sorted(stored, key=lambda entry: (entry.modified, entry.location))

    def _noted(self, output: str, storage: Storage) -> set[str]:
        try:
            return {entry.location for entry in storage.list(output + _KEYS_FOLDER)}
        except SourceNotFound:
            return set()

    def _records_of(self, shard: StoredObject, output: str, storage: Storage, noted: set[str]) -> bytes:
        note = _note_name(shard, output)
        if note in noted:
            return read_small(storage, note)
        content = read_small(storage, shard.location)
        return b"".join(
            pack_record(key_digest(key), etag_digest(etag))
            for key, etag in self.keys_and_etags(content, shard.location)
        )


def _note_name(shard: StoredObject, output: str) -> str:
    version = blake2b((shard.etag or "").encode(), digest_size=8).hexdigest()
    return f"{output}{_KEYS_FOLDER}{shard.location.removeprefix(output)}-{version}"


class _ShardWriter(ResultWriter, Generic[Row]):
    def __init__(self, shards: ShardFormat[Row], output: str, storage: Storage, options: WriterOptions) -> None:
        self._format = shards
        self._output = output
        self._storage = storage
        self._size = options.shard_documents
        self._waiting: dict[str, tuple[Row, bytes]] = {}

    def write(self, results: Sequence[DocumentResult]) -> list[str]:
        durable = []
        for start in range(0, len(results), self._size):
            part = results[start : start + self._size]
            for result, row in zip(part, self._format.rows(part), strict=True):
                record = pack_record(key_digest(result.key), etag_digest(result.etag))
                self._waiting[result.key] = (row, record)
            while len(self._waiting) >= self._size:
                durable += self._write_shard(list(self._waiting)[: self._size])
        return durable

    def flush(self) -> list[str]:
        return self._write_shard(list(self._waiting)) if self._waiting else []

    def close(self) -> None:
        self._waiting.clear()

    def _write_shard(self, keys: list[str]) -> list[str]:
        keys.sort()
        rows, records = zip(*(self._waiting[key] for key in keys), strict=True)
        packed = b"".join(records)
        digests = b"".join(record[:KEY_BYTES] for record in records)
        name = blake2b(digests, digest_size=KEY_BYTES).hexdigest()
        self._format.write_shard(rows, packed, name, self._output, self._storage)
        for key in keys:
            del self._waiting[key]
        return keys
