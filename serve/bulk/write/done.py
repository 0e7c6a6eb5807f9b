"""Tells from the output alone which documents are done, so that a run can be resumed."""

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from deployments.storage import Storage
from serve.bulk.digests import RECORD, UNKNOWN_ETAG, Digests, contained, etag_digest, key_digests
from serve.bulk.documents import InputDocument
from serve.bulk.write.outputs import OutputFormat, WriterOptions, output_format

__all__ = ["DoneKeys"]

_BLOCK = 4096


class DoneKeys:
    """The keys that have a result, with the ETags of the sources that were read; 24 bytes each.

    Args:
        records: (N,) of `RECORD`; if a key comes twice, the later record holds.
        output_format: Looks up ETags that the records lack.
        output: The output folder.
        storage: Reads the output.
    """

    def __init__(
        self, records: npt.NDArray[np.void], output_format: OutputFormat, output: str, storage: Storage
    ) -> None:
        self._format = output_format
        self._output = output
        self._storage = storage
        order = np.argsort(records["key"], kind="stable")
        keys = records["key"][order]
        last = np.ones(len(keys), np.bool_)
        last[:-1] = keys[:-1] != keys[1:]
        self._keys: Digests = keys[last]
        self._etags: npt.NDArray[np.uint64] = records["etag"][order[last]]
        self.skipped = 0
        """Number of documents that `pending` has left out so far."""

    @classmethod
    def load(
        cls,
        output: str,
        format_name: str,
        storage: Storage,
        options: WriterOptions | None = None,
        *,
        with_etags: bool = False,
    ) -> "DoneKeys":
        """Find the keys that have a result in the output. Nothing is written.

        Args:
            output: The output folder, from `folder_of`.
            format_name: One of `FORMATS`.
            storage: Reads the output.
            options: Number of threads.
            with_etags: Whether `is_changed` will be called.

        Raises:
            RayocrError: The output can't be read.
        """
        chosen = output_format(format_name)
        records = bytearray()
        for piece in chosen.records(output, storage, options or WriterOptions(), with_etags=with_etags):
            records += piece
        return cls(np.frombuffer(records, RECORD), chosen, output, storage)

    def __len__(self) -> int:
        return len(self._keys)

    def is_done(self, document: InputDocument) -> bool:
        """Whether the document has a result, of this version or another."""
        return self.has_key(document.key)

    def has_key(self, key: str) -> bool:
        """Whether the document of a key has a result."""
        return bool(contained(self._keys, key_digests((key,)))[0])

    def is_changed(self, document: InputDocument) -> bool:
        """Whether the document has a result, but of another version.

        If the ETag is not in the records (a killed run had no time to note it), the result itself is read. If either
        ETag is unknown for good, the document counts as unchanged.

        Raises:
            RayocrError: The result can't be read.
        """
        digest = key_digests((document.key,))
        if not document.etag or not contained(self._keys, digest)[0]:
            return False
        known = int(self._etags[np.searchsorted(self._keys, digest)[0]])
        if known == UNKNOWN_ETAG:
            known = etag_digest(self._format.etag_of(self._output, self._storage, document.key))
        return known not in (UNKNOWN_ETAG, etag_digest(document.etag))

    def pending(self, documents: Iterable[InputDocument], *, refresh: bool = False) -> Iterator[InputDocument]:
        """Leave done documents out of a stream, and count them in `skipped`.

        Args:
            documents: The stream, which is taken in small blocks.
            refresh: Whether documents that changed since are to be read again.

        Yields:
            The other documents, in their order.
        """
        stream = iter(documents)
        while block := list(itertools.islice(stream, _BLOCK)):
            done = contained(self._keys, key_digests(document.key for document in block))
            for document, is_done in zip(block, done, strict=True):
                if is_done and not (refresh and self.is_changed(document)):
                    self.skipped += 1
                else:
                    yield document
