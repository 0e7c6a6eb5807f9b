"""Lists the storage of each scheme, one a row. A library is imported when its storage is first used."""

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from deployments.document import Document
from deployments.storage.base import Storage, StoredObject
from deployments.storage.settings import StorageSettings
from models.errors import AccessDenied, MalformedRequest

__all__ = [
    "COMMAND_LINE_SCHEMES",
    "LONGEST_LOCATION",
    "SERVICE_SCHEMES",
    "StorageRow",
    "Storages",
    "build_storage",
    "rows_by_scheme",
]


@dataclass(frozen=True, slots=True)
class StorageRow:
    """A scheme and the function that makes its storage.

    Args:
        scheme: The part of a location before the colon, in lower case.
        build: Makes the storage, and imports heavy libraries.
    """

    scheme: str
    build: Callable[[StorageSettings], Storage]


def _build_s3(settings: StorageSettings) -> Storage:
    from deployments.storage.s3.storage import S3Storage

    return S3Storage(settings)


def _build_https(settings: StorageSettings) -> Storage:
    from deployments.storage.https.storage import HttpsStorage

    return HttpsStorage(settings)


def _build_data_url(settings: StorageSettings) -> Storage:
    from deployments.storage.data_url import DataUrlStorage

    return DataUrlStorage()


def _build_file(settings: StorageSettings) -> Storage:
    from deployments.storage.file import FileStorage

    return FileStorage()


def rows_by_scheme(rows: Iterable[StorageRow]) -> dict[str, StorageRow]:
    """Index rows by their scheme.

    Raises:
        ValueError: Two rows have the same scheme.
    """
    table: dict[str, StorageRow] = {}
    for row in rows:
        if row.scheme in table:
            raise ValueError(f"two storages for the scheme {row.scheme!r}")
        table[row.scheme] = row
    return table


_ROWS = rows_by_scheme(
    (
        StorageRow("s3", _build_s3),
        StorageRow("https", _build_https),
        StorageRow("data", _build_data_url),
        StorageRow("file", _build_file),
    )
)

SERVICE_SCHEMES = frozenset({"s3", "https", "data"})
"""The schemes that a client of the HTTP service may name, which never reach a file of the server."""

COMMAND_LINE_SCHEMES = SERVICE_SCHEMES | {"file"}
"""The schemes that a user of the command line may name. A location without a scheme is a path."""

LONGEST_LOCATION = 8192
"""The most characters of a location: more than S3's keys (1,024 bytes), paths (4,096) and URLs (about 8,000) have."""

# Settings without hosts allow all of them; no host has an empty name.
_NO_HOST = ("",)
# Only data: has no slashes. Any other location without "://" is a path, even one with a colon in it.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://|(data):", re.IGNORECASE)


class Storages(Storage):
    """Sends each location to the storage of its scheme, which is built at its first use.

    Args:
        settings: Settings of the storages.
        rows: The schemes that exist, by name.
        schemes: Names of the schemes that may be used here.
    """

    def __init__(self, settings: StorageSettings, rows: dict[str, StorageRow], schemes: frozenset[str]) -> None:
        self._settings = settings
        self._rows = rows
        self._schemes = schemes
        self._lock = threading.Lock()
        self._built: dict[tuple[str, tuple[str, ...] | None], Storage] = {}

    def read(self, location: str, max_bytes: int, hosts: tuple[str, ...] | None = None) -> Document:
        """Read a document from the storage of its scheme, as `Storage.read` says.

        Args:
            location: Location of the document.
            max_bytes: The most bytes that it may have.
            hosts: Hosts that https:// may go to, redirects included; None for those of the settings.
        """
        return self._storage_of(location, hosts).read(location, max_bytes)

    def list(self, location: str) -> Iterator[StoredObject]:
        """List a location of the storage of its scheme, as `Storage.list` says."""
        return self._storage_of(location).list(location)

    def read_range(self, location: str, start: int, size_bytes: int) -> bytes:
        """Read a part of a document from the storage of its scheme, as `Storage.read_range` says."""
        return self._storage_of(location).read_range(location, start, size_bytes)

    def stat(self, location: str) -> StoredObject:
        """Ask the storage of its scheme about a document, as `Storage.stat` says."""
        return self._storage_of(location).stat(location)

    def write(self, location: str, content: bytes) -> str:
        """Write a document to the storage of its scheme, as `Storage.write` says."""
        return self._storage_of(location).write(location, content)

    def delete(self, location: str) -> None:
        """Remove a document from the storage of its scheme, as `Storage.delete` says."""
        self._storage_of(location).delete(location)

    def close(self) -> None:
        """Close all storages that were built."""
        with self._lock:
            for storage in self._built.values():
                storage.close()
            self._built.clear()

    def _storage_of(self, location: str, hosts: tuple[str, ...] | None = None) -> Storage:
        row = self._row_of(location)
        hosts = hosts if row.scheme == "https" else None
        settings = self._settings
        if hosts is not None:
            settings = settings.model_copy(update={"https_allowed_hosts": hosts or _NO_HOST})
        with self._lock:
            if (row.scheme, hosts) not in self._built:
                self._built[row.scheme, hosts] = row.build(settings)
            return self._built[row.scheme, hosts]

    def _row_of(self, location: str) -> StorageRow:
        known = ", ".join(sorted(self._schemes))
        match = _SCHEME.match(location)
        if match is None and "file" not in self._schemes:
            raise MalformedRequest(f"the source names no scheme, such as s3://bucket/key; known are {known}")
        scheme = (match[1] or match[2]).lower() if match else "file"
        if scheme not in self._rows:
            raise MalformedRequest(f"unknown scheme {scheme[:20]!r}; known are {known}")
        if scheme not in self._schemes:
            raise AccessDenied(f"{scheme}:// can't be read here, only {known}; upload the file instead")
        if scheme != "data" and len(location) > LONGEST_LOCATION:
            raise MalformedRequest(
                f"the source has {len(location):,} characters, over the limit of {LONGEST_LOCATION:,}"
            )
        # Paths may hold bytes that are not UTF-8, which Python keeps as lone surrogates. URLs may not.
        if scheme != "file" and any("\ud800" <= character <= "\udfff" for character in location):
            raise MalformedRequest("the source holds characters that are not valid Unicode (lone surrogates)")
        return self._rows[scheme]


def build_storage(settings: StorageSettings, schemes: frozenset[str]) -> Storages:
    """Make one storage that reads all allowed schemes.

    Args:
        settings: Time-outs and limits.
        schemes: `SERVICE_SCHEMES` or `COMMAND_LINE_SCHEMES`.

    Returns:
        The storage. Nothing is connected or imported before the first use.

    Raises:
        ValueError: No storage reads one of the schemes.
    """
    if unknown := schemes - _ROWS.keys():
        raise ValueError(f"no storage reads {sorted(unknown)}; known are {sorted(_ROWS)}")
    return Storages(settings, _ROWS, schemes)
