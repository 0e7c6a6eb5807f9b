"""What every output format offers: a writer, and the way back from what is written to what is done."""

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
        threads: Objects that are written, or read when a run resumes, at the same time.
        shard_documents: The most documents of a shard; formats with one object a document ignore it.
    """

    threads: int = 16
    shard_documents: int = 1000


class ResultWriter(ABC):
    """Writes results so that a reader never sees half of one. To be used by one thread at a time."""

    @abstractmethod
    def write(self, results: Sequence[DocumentResult]) -> list[str]:
        """Take results, and write what is due.

        Args:
            results: Of documents that are not done.

        Returns:
            Keys that are durable now, each of them once; also those that an earlier call took.

        Raises:
            AccessDenied: No permission to write.
            InsufficientStorage: The disk or the bucket is full.
            SourceNotFound: The bucket is gone.
            StorageUnavailable: The storage failed at each of the attempts. What was written stays written.
        """

    @abstractmethod
    def flush(self) -> list[str]:
        """Write all that was taken.

        Returns:
            Keys that are durable now, and were not before.

        Raises:
            RayocrError: As `write`.
        """

    @abstractmethod
    def close(self) -> None:
        """End the writer's threads. What was not flushed is dropped; the storage stays open."""


class OutputFormat(ABC):
    """One way to lay out results in a folder. Has no state."""

    name: str
    """What `--format` takes."""

    @abstractmethod
    def build_writer(self, output: str, storage: Storage, options: WriterOptions) -> ResultWriter:
        """Make a writer.

        Args:
            output: The folder, as `folder_of` gives it.
            storage: Writes it; may be shared.
            options: Threads and size of shards.
        """

    @abstractmethod
    def records(self, output: str, storage: Storage, options: WriterOptions, *, with_etags: bool) -> Iterator[bytes]:
        """Say what is done, from nothing but what is written.

        Args:
            output: The folder.
            storage: Reads it.
            options: Threads.
            with_etags: Whether the marks of the sources are asked for. Without, they may be left unknown.

        Yields:
            Pieces of any number of records (`serve.bulk.digests.pack_record`). Where a key comes twice, the later
            record holds.

        Raises:
            RayocrError: The output can't be read. An output that is not there is empty.
        """

    @abstractmethod
    def etag_of(self, output: str, storage: Storage, key: str) -> str:
        """Look up the mark of the source of one result, for records that do not know it.

        Returns:
            The mark; '' where it is not known.
        """

    @abstractmethod
    def remove_duplicates(self, output: str, storage: Storage, options: WriterOptions) -> int:
        """Make sure that each key has one result: the one that was written last.

        No writer may be at work.

        Returns:
            How many results were removed.
        """
