"""A file for libraries that read well only from files."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

__all__ = ["path_of", "scratch_file"]


@contextmanager
def scratch_file(data: bytes) -> Iterator[IO[bytes]]:
    """Copy bytes to a file in memory where the system has such (Linux), else on disk. It is gone afterwards.

    Args:
        data: Its content.

    Yields:
        The file, to be read and written, with everything written out.
    """
    with _new_file() as file:
        file.write(data)
        file.flush()
        yield file


def path_of(file: IO[bytes]) -> str:
    """Name a scratch file for a library that wants a path.

    Args:
        file: As long as it is open.
    """
    return f"/proc/self/fd/{file.fileno()}" if hasattr(os, "memfd_create") else str(file.name)


def _new_file() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("rayocr"), "w+b")
    return tempfile.NamedTemporaryFile("w+b")
