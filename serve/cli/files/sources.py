"""Finds the single documents at the locations that the user named."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from deployments.document import Document
from deployments.preprocess.formats.signatures import EXTENSIONS
from deployments.storage import Storage
from deployments.storage.base import CHUNK_BYTES, read_limited
from deployments.storage.file import path_from_location
from deployments.storage.https.url import without_query
from models.errors import RayocrError

__all__ = ["STDIN", "SkippedFiles", "Source", "count_documents", "is_folder", "stdin_document", "walk_sources"]

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """One document to read.

    Args:
        location: The location for `Storage.read`, or `-`.
        folder: The folder in which it was found, as the user named it; None if the user named the document itself.
        size_bytes: Size in the listing; None if the user named the document itself.
        error: Error of a listing that failed in its place.
    """

    location: str
    folder: str | None = None
    size_bytes: int | None = None
    error: RayocrError | None = None

    @property
    def is_listed(self) -> bool:
        """Whether the document was found in a folder, rather than named."""
        return self.folder is not None

    @property
    def name(self) -> str:
        """The document's name in the output."""
        if self.location == STDIN:
            return "standard input"
        # A data: URL holds its own content.
        return f"{self.location[:40]}..." if self.location[:5].lower() == "data:" else without_query(self.location)

    @property
    def title(self) -> str | None:
        """The document's title; None if it has no name."""
        return None if self.location == STDIN or self.location[:5].lower() == "data:" else without_query(self.location)

    @property
    def has_document_name(self) -> bool:
        """Whether the name ends like that of a document that rayocr reads."""
        return PurePosixPath(without_query(self.location)).suffix.lower() in EXTENSIONS


def is_folder(location: str) -> bool:
    """Ask whether a location holds documents instead of being one: a local folder, or `s3://bucket/prefix/`."""
    scheme = location.partition("://")[0].lower() if "://" in location else ""
    if scheme == "s3":
        return location.endswith("/")
    if scheme in ("", "file") and location != STDIN and location[:5].lower() != "data:":
        return path_from_location(location).is_dir()
    return False


def walk_sources(locations: Sequence[str], storage: Storage) -> Iterator[Source]:
    """Walk over all documents, including those in folders, without holding them.

    Args:
        locations: The locations as the user named them.
        storage: The storage that lists the folders.

    Yields:
        One source for each document, in the order of the locations. A listing that fails ends with a source that has
        the error.
    """
    for location in locations:
        try:
            if not is_folder(location):
                yield Source(location)
                continue
            for stored in storage.list(location):
                yield Source(stored.location, location, stored.size_bytes)
        except RayocrError as error:
            yield Source(location, error=error)


def count_documents(locations: Sequence[str], storage: Storage) -> int | None:
    """Count the documents that `walk_sources` will yield; None if only a long listing of a bucket could tell."""
    if any(is_folder(location) and location[:5].lower() == "s3://" for location in locations):
        return None
    return sum(1 for _ in walk_sources(locations, storage))


def stdin_document(max_bytes: int) -> Document:
    """Read standard input to its end.

    Args:
        max_bytes: The most bytes that it may have.

    Raises:
        TooLarge: It has more bytes.
    """
    chunks = iter(lambda: sys.stdin.buffer.read(CHUNK_BYTES), b"")
    return Document(read_limited(chunks, max_bytes, "standard input"))


class SkippedFiles:
    """Counts the files in folders that rayocr does not read."""

    def __init__(self) -> None:
        self._by_extension: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """The number of skipped files."""
        return self._by_extension.total()

    def add(self, source: Source) -> None:
        """Count one file."""
        self._by_extension[Path(source.location).suffix.lower()[:11] or "no extension"] += 1

    def summary(self) -> str:
        """Make a sentence for a person, with the five most frequent extensions."""
        kinds = [f"{count} {extension}" for extension, count in self._by_extension.most_common(5)]
        rest = self.count - sum(count for _, count in self._by_extension.most_common(5))
        shown = ", ".join([*kinds, f"{rest} others"] if rest else kinds)
        files = "1 file" if self.count == 1 else f"{self.count} files"
        return f"skipped {files} in folders that rayocr does not read: {shown}"
