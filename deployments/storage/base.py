"""What every storage offers, what only some do, and the size limit they all share."""

import io
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from deployments.document import Document
from models.errors import MalformedRequest, TooLarge

__all__ = ["CHUNK_BYTES", "Storage", "StoredObject", "read_limited", "refuse_over_limit"]

# One read from a socket or a file. Large enough that Python's share of a transfer is small, small enough that the time
# and size limits, which are checked between chunks, are passed by little.
CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One entry of a listing.

    Args:
        location: What to hand to `Storage.read` to get it.
        size_bytes: Its size when it was listed.
        etag: The storage's mark of this version of the content, without quotes; None where the storage has none. A
            file's is made of its size and its time of change.
        modified: When it was written, as ISO 8601 in UTC with a fixed number of digits, so that texts of one storage
            compare as times; '' where the storage does not say. Not part of equality.
    """

    location: str
    size_bytes: int
    etag: str | None = None
    modified: str = field(default="", compare=False)


class Storage(ABC):
    """A place that documents are read from, and that results are written to where it is one of files or objects.

    Implementations translate the errors of their library into `models.errors`, once, by type. All methods may be called
    from several threads at once.
    """

    @abstractmethod
    def read(self, location: str, max_bytes: int) -> Document:
        """Read one document whole, and stop as soon as it turns out to be over the limit.

        Args:
            location: Where the document is, scheme included.
            max_bytes: The most bytes the document may have.

        Returns:
            The document, named after the last part of its location.

        Raises:
            MalformedRequest: The location is not one that this storage can have.
            SourceNotFound: Nothing is there.
            AccessDenied: It must not be read: no credentials, no permission, or an address that is not allowed.
            TooLarge: It has more than `max_bytes`, by its announced size or by what came in.
            StorageUnavailable: The storage did not answer, or broke off, at each of the attempts.
        """

    @abstractmethod
    def list(self, location: str) -> Iterator[StoredObject]:
        """Walk over what lies under a location, in a fixed order, without holding more than a page of it in memory.

        Args:
            location: A folder or a prefix, scheme included.

        Yields:
            One entry per document, in the order of their names.

        Raises:
            MalformedRequest: The location can't be listed in this storage.
            SourceNotFound: Nothing is there.
            AccessDenied: It must not be listed.
            StorageUnavailable: The storage did not answer, at each of the attempts.
        """

    def read_range(self, location: str, start: int, size_bytes: int) -> bytes:
        """Read a part of a document, for one that is too large to be held whole.

        Args:
            location: Where it is.
            start: The first byte, from 0.
            size_bytes: How many bytes, at least 1.

        Returns:
            The part; less of it, or nothing, where the document ends before.

        Raises:
            RayocrError: As `read`.
        """
        raise MalformedRequest(f"{_shown(location)} can only be read whole")

    def stat(self, location: str) -> StoredObject:
        """Look at one document without reading it.

        Args:
            location: Where it is.

        Raises:
            RayocrError: As `read`.
        """
        raise MalformedRequest(f"{_shown(location)} can only be read, not looked at")

    def write(self, location: str, content: bytes) -> str:
        """Store one document whole: a reader sees all of it or what was there before.

        Args:
            location: Where it will be. Missing folders are made.
            content: All of it.

        Returns:
            The mark of this version, as a listing would show it.

        Raises:
            MalformedRequest: The location is not one that this storage can have.
            SourceNotFound: The bucket does not exist.
            AccessDenied: No permission to write there.
            InsufficientStorage: There is no space left.
            StorageUnavailable: The storage did not take it, at each of the attempts.
        """
        raise MalformedRequest(f"{_shown(location)} can't be written to: results go to s3:// or file://")

    def delete(self, location: str) -> None:
        """Remove one document; nothing happens where none is.

        Args:
            location: Where it is.

        Raises:
            RayocrError: As `write`.
        """
        raise MalformedRequest(f"nothing can be removed from {_shown(location)}")

    @abstractmethod
    def close(self) -> None:
        """Release connections. The storage must not be used afterwards."""


def _shown(location: str) -> str:
    """The scheme alone: what follows may be a whole document, or hold a signature."""
    return location.partition(":")[0][:20] + ":"


def refuse_over_limit(size_bytes: int, max_bytes: int, shown: str) -> None:
    """Compare a size that is known before reading with the limit.

    Args:
        size_bytes: The announced size.
        max_bytes: The limit.
        shown: The location as it may appear in a message.

    Raises:
        TooLarge: The size is over the limit.
    """
    if size_bytes > max_bytes:
        raise TooLarge(f"{shown} has {size_bytes:,} bytes, over the limit of {max_bytes:,}")


def read_limited(chunks: Iterable[bytes], max_bytes: int, shown: str) -> bytes:
    """Join chunks, and stop at the first one that passes the limit.

    Args:
        chunks: The content in order; taken lazily, none after the one that passes the limit.
        max_bytes: The limit.
        shown: The location as it may appear in a message.

    Returns:
        The whole content.

    Raises:
        TooLarge: More than `max_bytes` came in.
    """
    # BytesIO hands out its buffer without a copy, so that a document is in memory once, not twice.
    buffer = io.BytesIO()
    for chunk in chunks:
        buffer.write(chunk)
        if buffer.tell() > max_bytes:
            raise TooLarge(f"{shown} has more than {max_bytes:,} bytes, which is the limit; reading stopped there")
    return buffer.getvalue()
