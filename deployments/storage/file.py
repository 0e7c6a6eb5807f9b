"""Local files and folders, as paths or as file:// URLs. For the command line only, never for the service."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

from deployments.preprocess.document import Document
from deployments.storage.base import CHUNK_BYTES, Storage, StoredObject, read_limited, refuse_over_limit
from models.errors import AccessDenied, MalformedRequest, RayocrError, SourceNotFound, StorageUnavailable

__all__ = ["FileStorage"]


class FileStorage(Storage):
    """Reads regular files, and walks folders with all that is below them."""

    def read(self, location: str, max_bytes: int) -> Document:
        """See `Storage.read`; FIFOs, sockets and devices are refused with `MalformedRequest`."""
        path = path_from_location(location)
        try:
            # Not even opened: opening a device may do something.
            _refuse_irregular(path.stat().st_mode, path)
            # O_NONBLOCK: if it has become a FIFO since, opening it would wait for a writer.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb", buffering=0) as file:
                status = os.fstat(file.fileno())
                _refuse_irregular(status.st_mode, path)
                refuse_over_limit(status.st_size, max_bytes, str(path))
                # A file may grow while it is read, and those of /proc have size 0: the limit holds all the same.
                chunks = iter(lambda: file.read(CHUNK_BYTES), b"")
                return Document(read_limited(chunks, max_bytes, str(path)), path.name)
        except OSError as error:
            raise _translate(error, path) from error

    def list(self, location: str) -> Iterator[StoredObject]:
        """See `Storage.list`; a file lists as itself.

        Every entry that is no folder comes out, also one that `read` will refuse (a FIFO, a dangling link), so that
        nothing is skipped in silence. Links to folders are followed.

        Raises:
            MalformedRequest: A link leads back to a folder that it lies in.
        """
        path = path_from_location(location)
        try:
            status = path.stat()
            if not stat.S_ISDIR(status.st_mode):
                yield StoredObject(str(path), status.st_size)
                return
        except OSError as error:
            raise _translate(error, path) from error
        yield from _walk(path, ((status.st_dev, status.st_ino),))

    def close(self) -> None:
        """Nothing to release."""


def path_from_location(location: str) -> Path:
    """Turn a path or a file:// URL into a path.

    Args:
        location: `scans/a.png`, `/data/a.png` or `file:///data/a%20b.png`.

    Returns:
        The path; relative ones stay relative to the current folder.

    Raises:
        MalformedRequest: Empty, of another host, or with a null character.
    """
    if location[:7].lower() == "file://":
        host, slash, rest = location[7:].partition("/")
        if host not in ("", "localhost") or not slash:
            raise MalformedRequest(f"{location} names another host: write file:///path with three slashes")
        location = "/" + os.fsdecode(unquote_to_bytes(rest))
    if not location or "\0" in location:
        raise MalformedRequest("the path is empty or has a null character")
    return Path(location)


def _walk(folder: Path, above: tuple[tuple[int, int], ...]) -> Iterator[StoredObject]:
    """Depth first, in the order of names. `above` identifies the folders on the way down by device and inode."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError as error:
        raise _translate(error, folder) from error
    for name in names:
        path = folder / name
        # Path drops a leading "./", and a file named "data:x" would turn into a URL.
        location = f"./{name}" if folder == Path() else str(path)
        try:
            status = path.stat() if path.exists() else path.lstat()
        except OSError as error:
            raise _translate(error, path) from error
        if not stat.S_ISDIR(status.st_mode):
            yield StoredObject(location, status.st_size)
            continue
        identity = (status.st_dev, status.st_ino)
        if identity in above:
            raise MalformedRequest(f"{path} links back to a folder that it lies in; remove the link")
        yield from _walk(path, (*above, identity))


def _refuse_irregular(mode: int, path: Path) -> None:
    if stat.S_ISDIR(mode):
        raise MalformedRequest(f"{path} is a folder, not a document; list it to read what it holds")
    if not stat.S_ISREG(mode):
        raise MalformedRequest(f"{path} is a FIFO, a socket or a device; copy its content to a file")


def _translate(error: OSError, path: Path) -> RayocrError:
    reason = error.strerror or str(error)
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return SourceNotFound(f"{path} does not exist")
    if error.errno in (errno.EACCES, errno.EPERM):
        return AccessDenied(f"{path} can't be read: {reason}")
    # ENXIO: a socket, or a device whose driver is gone, at open().
    if error.errno in (errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL, errno.ENXIO):
        return MalformedRequest(f"{path} can't be read: {reason}")
    return StorageUnavailable(f"{path} can't be read: {reason}")
