"""Reads and writes local files and folders, for the command line only, never for the service.

A location is a path or a file:// URL.
"""

import contextlib
import errno
import fcntl
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from urllib.parse import unquote_to_bytes

from deployments.document import Document
from deployments.storage.base import CHUNK_BYTES, Storage, StoredObject, read_limited, refuse_over_limit
from models.errors import (
    AccessDenied,
    InsufficientStorage,
    MalformedRequest,
    RayocrError,
    SourceNotFound,
    StorageUnavailable,
)

__all__ = ["FileStorage", "path_from_location", "remove_leftovers"]

_UNFINISHED = re.compile(r"\.rayocr-[0-9a-f]{16}\.tmp")


class FileStorage(Storage):
    """Reads and writes regular files, and walks folders with everything below them."""

    def read(self, location: str, max_bytes: int) -> Document:
        """Read a file, as `Storage.read` says. FIFOs, sockets and devices are refused with `MalformedRequest`."""
        path = path_from_location(location)
        try:
            # A device is not even opened, since that may do something.
            _refuse_irregular(path.stat().st_mode, path)
            # O_NONBLOCK: if the file has become a FIFO since, opening it would wait for a writer.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb", buffering=0) as file:
                status = os.fstat(file.fileno())
                _refuse_irregular(status.st_mode, path)
                refuse_over_limit(status.st_size, max_bytes, str(path))
                # A file may grow while it is read, and files of /proc have size 0. The limit holds for them too.
                chunks = iter(lambda: file.read(CHUNK_BYTES), b"")
                return Document(read_limited(chunks, max_bytes, str(path)), path.name)
        except OSError as error:
            raise _translate(error, path) from error

    def list(self, location: str) -> Iterator[StoredObject]:
        """List a folder and everything below it, as `Storage.list` says. A file lists as itself.

        Every entry that is not a folder is listed, even one that `read` will refuse (a FIFO, a dangling link), so that
        nothing is skipped silently but the unfinished files of `write`. Links to folders are followed.

        Raises:
            MalformedRequest: A link leads back to a folder that it lies in.
        """
        path = path_from_location(location)
        try:
            status = path.stat()
            if not stat.S_ISDIR(status.st_mode):
                yield _stored(str(path), status)
                return
        except OSError as error:
            raise _translate(error, path) from error
        yield from _walk(path, ((status.st_dev, status.st_ino),))

    def read_range(self, location: str, start: int, size_bytes: int) -> bytes:
        """Read a part of a file, as `Storage.read_range` says."""
        path = path_from_location(location)
        try:
            _refuse_irregular(path.stat().st_mode, path)
            with path.open("rb") as file:
                file.seek(start)
                return file.read(size_bytes)
        except OSError as error:
            raise _translate(error, path) from error

    def stat(self, location: str) -> StoredObject:
        """Ask for a file's size, mark and time, as `Storage.stat` says."""
        path = path_from_location(location)
        try:
            status = path.stat()
            _refuse_irregular(status.st_mode, path)
        except OSError as error:
            raise _translate(error, path) from error
        return _stored(location, status)

    def write(self, location: str, content: bytes) -> str:
        """Write a file, as `Storage.write` says: first to a file beside it, which then takes its place.

        A writer that is killed may leave the file beside it behind. `remove_leftovers` removes such files.
        """
        path = path_from_location(location)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside, file = _open_unfinished(path.parent)
            with file:
                try:
                    view = memoryview(content)
                    while view:
                        view = view[file.write(view) :]
                    # Otherwise a power cut could leave an empty file under the final name.
                    os.fsync(file.fileno())
                    status = os.fstat(file.fileno())
                    beside.replace(path)  # while it is locked
                except BaseException:
                    with contextlib.suppress(OSError):
                        beside.unlink()
                    raise
        except OSError as error:
            raise _translate(error, path, "written") from error
        return _etag(status)

    def delete(self, location: str) -> None:
        """Remove a file, as `Storage.delete` says."""
        path = path_from_location(location)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _translate(error, path, "removed") from error

    def close(self) -> None:
        """Do nothing, since there is nothing to release."""


def path_from_location(location: str) -> Path:
    """Turn a path or a file:// URL into a path.

    Args:
        location: `scans/a.png`, `/data/a.png` or `file:///data/a%20b.png`.

    Returns:
        The path; relative ones stay relative to the current folder.

    Raises:
        MalformedRequest: The location is empty, names another host, or has a null character.
    """
    if location[:7].lower() == "file://":
        host, slash, rest = location[7:].partition("/")
        if host not in ("", "localhost") or not slash:
            raise MalformedRequest(f"{location} names another host: write file:///path with three slashes")
        location = "/" + os.fsdecode(unquote_to_bytes(rest))
    if not location or "\0" in location:
        raise MalformedRequest("the path is empty or has a null character")
    return Path(location)


def remove_leftovers(location: str) -> int:
    """Remove the unfinished files that killed writers have left in a folder and below it.

    A file that is being written is locked by its writer and stays, so a run may sweep while another one writes. It also
    stays if the file system has no locks. Links to folders are not followed. Files that can't be removed are left: they
    do no harm.

    Args:
        location: The folder. If it does not exist, nothing happens.

    Returns:
        The number of removed files.
    """
    removed = 0
    for folder, _, names in os.walk(path_from_location(location)):
        for name in filter(_UNFINISHED.fullmatch, names):
            with contextlib.suppress(OSError):
                _remove_unlocked(Path(folder, name))
                removed += 1
    return removed


def _remove_unlocked(path: Path) -> None:
    """Remove an unfinished file. Raises OSError if its writer lives, or if it is not an unfinished file."""
    # NFS locks a file only if it is open for writing.
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    finally:
        os.close(descriptor)


def _open_unfinished(folder: Path) -> tuple[Path, FileIO]:
    """Create a file that `remove_leftovers` leaves alone while it is open."""
    while True:
        path = folder / f".rayocr-{secrets.token_hex(8)}.tmp"
        file = path.open("xb", buffering=0)
        is_ours = True
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            is_ours = False
        except OSError:
            pass  # a file system without locks, on which no file is removed as a leftover
        # Between its creation and its lock it looks like a leftover, and may have been removed.
        if is_ours and os.fstat(file.fileno()).st_nlink:
            return path, file
        file.close()


def _etag(status: os.stat_result) -> str:
    """The mark that tells two versions of a file apart without reading them."""
    return f"{status.st_size}-{status.st_mtime_ns}"


def _stored(location: str, status: os.stat_result) -> StoredObject:
    seconds, nanoseconds = divmod(status.st_mtime_ns, 1_000_000_000)
    try:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    except (OverflowError, ValueError):  # file systems can hold times that calendars can't
        return StoredObject(location, status.st_size, _etag(status))
    return StoredObject(location, status.st_size, _etag(status), f"{moment}.{nanoseconds:09}Z")


def _walk(folder: Path, above: tuple[tuple[int, int], ...]) -> Iterator[StoredObject]:
    """Walk depth first, in the order of names. `above` holds device and inode of the folders on the way down."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except FileNotFoundError:
        return  # the folder was removed since it was listed
    except OSError as error:
        raise _translate(error, folder) from error
    for name in names:
        path = folder / name
        # Path drops a leading "./", and a file named "data:x" would turn into a URL.
        location = f"./{name}" if folder == Path() else str(path)
        try:
            status = path.stat() if path.exists() else path.lstat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _translate(error, path) from error
        if not stat.S_ISDIR(status.st_mode):
            if not _UNFINISHED.fullmatch(name):
                yield _stored(location, status)
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


def _translate(error: OSError, path: Path, participle: str = "read") -> RayocrError:
    reason = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return InsufficientStorage(f"{path} can't be {participle}: {reason}; make space")
    if participle != "read" and error.errno in (errno.ENOTDIR, errno.EISDIR, errno.EEXIST):
        return MalformedRequest(f"{path} can't be {participle}: a file has a folder's name, or a folder a file's")
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return SourceNotFound(f"{path} does not exist")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return AccessDenied(f"{path} can't be {participle}: {reason}")
    # open() fails with ENXIO on a socket, or on a device whose driver is gone.
    if error.errno in (errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL, errno.ENXIO):
        return MalformedRequest(f"{path} can't be {participle}: {reason}")
    return StorageUnavailable(f"{path} can't be {participle}: {reason}")
