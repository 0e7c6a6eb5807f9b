"""Bodies of requests: files that are opened late, and streams that tell how much was sent."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

import httpx

_PIECE = 64 * 1024


class LateFile(io.RawIOBase):
    """A file that is open only while it is sent, since a job may have more files than a process may open.

    Args:
        path: Path of the file.

    Raises:
        OSError: The file can't be read.
    """

    def __init__(self, path: Path) -> None:
        self._size_bytes = path.stat().st_size
        self._path = path
        self._file: IO[bytes] | None = None
        self._at = 0

    def seekable(self) -> bool:
        """Return that it is, so that its size is known."""
        return True

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def tell(self) -> int:
        """Return the place that `seek` set."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the place at which reading begins."""
        self._at = offset if whence == io.SEEK_SET else self._size_bytes + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Read the next bytes, and close the file at its end."""
        if self._file is None:
            self._file = self._path.open("rb")
            self._file.seek(self._at)
        content = self._file.read(size)
        if not content:
            self.close_file()
        return content

    def close_file(self) -> None:
        """Close the file; it can be read again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def close(self) -> None:
        """Close the file for good."""
        self.close_file()
        super().close()


class Counted(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of a request, which tells how much of it was sent.

    Args:
        body: The body.
        total: Its bytes.
        progress: Is called with the bytes that were sent, and with `total`.
    """

    def __init__(
        self, body: httpx.SyncByteStream | httpx.AsyncByteStream, total: int, progress: Callable[[int, int], None]
    ) -> None:
        self._body = body
        self._total = total
        self._progress = progress

    def __iter__(self) -> Iterator[bytes]:
        sent = 0
        assert isinstance(self._body, Iterable)  # all bodies that httpx makes of bytes and files
        for piece in self._body:
            for start in range(0, len(piece), _PIECE):
                part = piece[start : start + _PIECE]
                yield part
                sent += len(part)
                self._progress(sent, self._total)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece
