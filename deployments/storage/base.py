"""The base class of all storages, and the size limit that they share."""

import io
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from deployments.document import Document
from models.errors import MalformedRequest, TooLarge

__all__ = ["CHUNK_BYTES", "Storage", "StoredObject", "read_limited", "refuse_over_limit"]

# Size of one read from a socket or a file. It is large enough for Python's share of a transfer to be small, and small
# enough for the limits of time and size, which are checked between chunks, to be passed by little.
CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One entry of a listing.

    Args:
        location: The location at which `Storage.read` reads it.
        size_bytes: Its size when it was listed.
        etag: The storage's mark of this version of the content, without quotes; None if the storage has none. A file's
            mark is made of its size and its time of change.
        modified: Time of its writing, as ISO 8601 in UTC with a fixed number of digits, so that texts of one storage
            compare as times; '' if the storage does not tell. It is not part of equality.
    """

    location: str
    size_bytes: int
    etag: str | None = None
    modified: str = field(default="", compare=False)


class Storage(ABC):
    """A place from which documents are read. Storages of files and objects also take results.

    Implementations translate the errors of their library into `models.errors`, once, by type. All methods may be called
    from several threads at once.
    """

    @abstractmethod
    def read(self, location: str, max_bytes: int) -> Document:
        """Read one document whole, or stop as soon as it turns out to be over the limit.

        Args:
            location: The document's location with its scheme.
            max_bytes: The most bytes the document may have.

        Returns:
            The document, named after the last part of its location.

        Raises:
            MalformedRequest: The location is not one that this storage can have.
            SourceNotFound: The document does not exist.
            AccessDenied: The document must not be read: no credentials, no permission, or an address that is not
                allowed.
            TooLarge: The document has more than `max_bytes`, by its announced size or by the bytes received.
            StorageUnavailable: The storage did not answer, or broke off, at each attempt.
        """

    @abstractmethod
    def list(self, location: str) -> Iterator[StoredObject]:
        """Walk over the documents below a location, in a fixed order, with at most a page of the listing in memory.

        Args:
            location: A folder or a prefix, scheme included.

        Yields:
            One entry per document, in the order of their names.

        Raises:
            MalformedRequest: The location can't be listed in this storage.
            SourceNotFound: Nothing exists at this location.
            AccessDenied: The location must not be listed.
            StorageUnavailable: The storage did not answer at any attempt.
        """

    def read_range(self, location: str, start: int, size_bytes: int) -> bytes:
        """Read a part of a document that is too large to be held whole.

        Args:
            location: The document's location.
            start: The first byte, counted from 0.
            size_bytes: Number of bytes, at least 1.

        Returns:
            The part; less of it, or nothing, if the document ends earlier.

        Raises:
            RayocrError: The part can't be read, for one of the causes that `read` lists.
        """
        raise MalformedRequest(f"{_shown(location)} can only be read whole")

    def stat(self, location: str) -> StoredObject:
        """Ask for the size, the mark and the time of one document without reading it.

        Args:
            location: The document's location.

        Raises:
            RayocrError: The document can't be reached, for one of the causes that `read` lists.
        """
        raise MalformedRequest(f"{_shown(location)} can only be read, not asked for its size or time")

    def write(self, location: str, content: bytes) -> str:
        """Store one document whole. A reader sees all of it, or the version before.

        Args:
            location: The new document's location. Missing folders are made.
            content: The whole document.

        Returns:
            The mark of this version, as a listing would show it.

        Raises:
            MalformedRequest: The location is not one that this storage can have.
            SourceNotFound: The bucket does not exist.
            AccessDenied: There is no permission to write there.
            InsufficientStorage: There is no space left.
            StorageUnavailable: The storage did not take the document at any attempt.
        """
        raise MalformedRequest(f"{_shown(location)} can't be written to: results go to s3:// or file://")

    def delete(self, location: str) -> None:
        """Remove one document, if it exists.

        Args:
            location: The document's location.

        Raises:
            RayocrError: The document can't be removed, for one of the causes that `write` lists.
        """
        raise MalformedRequest(f"nothing can be removed from {_shown(location)}")

    @abstractmethod
    def close(self) -> None:
        """Release connections. The storage must not be used afterwards."""


def _shown(location: str) -> str:
    """Show only the scheme of a location: the rest may be a whole document, or hold a signature."""
    return location.partition(":")[0][:20] + ":"


def refuse_over_limit(size_bytes: int, max_bytes: int, shown: str) -> None:
    """Refuse a document whose size is known before it is read, if it is over the limit.

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
        chunks: The content in order. No chunk is taken after the one that passes the limit.
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
