"""Files in memory: for libraries that read only from files, and to hand over to a child process."""

import contextlib
import fcntl
import mmap
import os
from collections.abc import Iterator
from typing import IO

__all__ = ["mapped_result", "memory_file", "path_of", "result_file"]

# A process ends with SIGBUS if a file that it has mapped is cut short.
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


@contextlib.contextmanager
def memory_file(data: bytes) -> Iterator[IO[bytes]]:
    """Copy bytes to a file in memory, which is gone afterwards.

    Args:
        data: The file's content.

    Yields:
        The file, at its beginning, to be read and written.
    """
    with os.fdopen(os.memfd_create("rayocr"), "w+b") as file:
        file.write(data)
        file.flush()
        file.seek(0)
        yield file


def path_of(descriptor: int) -> str:
    """Name an open file for a library that wants a path."""
    return f"/proc/self/fd/{descriptor}"


@contextlib.contextmanager
def result_file() -> Iterator[int]:
    """Make the file in memory that goes with an answer, in the child. It is sealed afterwards: nobody can change it.

    Yields:
        The file's descriptor. It stays open unless the block raises.
    """
    descriptor = os.memfd_create("result", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        yield descriptor
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    except BaseException:
        os.close(descriptor)
        raise


def mapped_result(descriptor: int) -> mmap.mmap:
    """Map the file that came with an answer, in the parent. Nothing is copied.

    Args:
        descriptor: The file's descriptor. It is closed.

    Returns:
        The content, read only. Its memory is given back with it.

    Raises:
        ValueError: The file is empty, or not sealed.
    """
    try:
        size = os.fstat(descriptor).st_size
        if fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & _SEALS != _SEALS or not size:
            raise ValueError(f"a file of {size:,} bytes that is empty or not sealed")
        return mmap.mmap(descriptor, size, flags=mmap.MAP_PRIVATE | mmap.MAP_POPULATE, prot=mmap.PROT_READ)
    finally:
        os.close(descriptor)
