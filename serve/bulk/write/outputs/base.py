"""The interface of an output format: it writes results, and tells from its output which documents are done."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deployments.storage import Storage
from serve.bulk.documents import DocumentResult

__all__ = ["OutputFormat", "ResultWriter", "WriterOptions"]


@dataclass(frozen=True, slots=True)
class WriterOptions:
    """How results are written.

    Args:
        threads: Objects that are written at a time, or read at a time when a run resumes.
        shard_documents: The most documents of a shard; formats with one object a document ignore it.
    """

    threads: int = 16
    shard_documents: int = 1000


class ResultWriter(ABC):
    """Writes results so that a reader never sees half of one. Only one thread may use it at a time."""

    @abstractmethod
    def write(self, results: Sequence[DocumentResult]) -> list[str]:
        """Take results, and write those that are due.

        Args:
            results: Results of documents that are not done.

        Returns:
            Keys whose results are durable now, each of them once. An earlier call may have taken some of them.

        Raises:
            AccessDenied: The output must not be written to.
            InsufficientStorage: The disk or the bucket is full.
            SourceNotFound: The bucket does not exist any longer.
            StorageUnavailable: The storage failed at each of the attempts. Results that were written stay written.
        """

    @abstractmethod
    def flush(self) -> list[str]:
        """Write all results that were taken.

        Returns:
            Keys whose results are durable now, and were not before.

        Raises:
            RayocrError: The results can't be written, for a reason that `write` names.
        """

    @abstractmethod
    def close(self) -> None:
        """End the writer's threads. Results that were not flushed are dropped; the storage stays open."""


class OutputFormat(ABC):
    """One way to lay out results in a folder. It has no state."""

    name: str
    """The format's name for `--format`."""

    @abstractmethod
    def build_writer(self, output: str, storage: Storage, options: WriterOptions) -> ResultWriter:
        """Make a writer.

        Args:
            output: The output folder, from `folder_of`.
            storage: Writes the results; it may be shared.
            options: Number of threads, and size of shards.
        """

    @abstractmethod
    def records(self, output: str, storage: Storage, options: WriterOptions, *, with_etags: bool) -> Iterator[bytes]:
        """Tell which documents are done, from the output alone.

        Args:
            output: The output folder.
            storage: Reads the output.
            options: Number of threads.
            with_etags: Whether the ETags of the sources are needed. If not, they may be left unknown.

        Yields:
            Pieces of any number of records (`serve.bulk.digests.pack_record`). If a key comes twice, the later record
            holds.

        Raises:
            RayocrError: The output can't be read. An output that does not exist is empty.
        """

    @abstractmethod
    def etag_of(self, output: str, storage: Storage, key: str) -> str:
        """Look up the ETag of the source of one result, for records that lack it.

        Returns:
            The ETag; '' if it is not known.
        """

    @abstractmethod
    def remove_duplicates(self, output: str, storage: Storage, options: WriterOptions) -> int:
        """Make sure that each key has only one result, the one that was written last.

        No writer may be at work.

        Returns:
            The number of results that were removed.
        """
