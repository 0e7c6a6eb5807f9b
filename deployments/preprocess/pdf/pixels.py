"""Pixels that another process drew."""

import fcntl
import mmap
import os

import numpy as np
import numpy.typing as npt

from deployments.preprocess.pdfium.messages import SEALS

__all__ = ["pixels_from_file"]


def pixels_from_file(descriptor: int, width: int, height: int) -> npt.NDArray[np.uint8]:
    """Take a page's pixels, without a copy.

    Args:
        descriptor: A file in memory that nobody can change any more. It is closed.
        width: In pixels.
        height: In pixels.

    Returns:
        (height, width, 3) uint8, RGB, C-contiguous, not writable. The file's memory is given back with it.

    Raises:
        ValueError: The file is not what was agreed on. One that could be cut short would end this process.
    """
    try:
        size = os.fstat(descriptor).st_size
        if fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & SEALS != SEALS or size != width * height * 3 or size == 0:
            raise ValueError(f"a file of {size:,} bytes for {width:,} x {height:,} pixels")
        mapping = mmap.mmap(descriptor, size, flags=mmap.MAP_PRIVATE | mmap.MAP_POPULATE, prot=mmap.PROT_READ)
    finally:
        os.close(descriptor)
    return np.frombuffer(mapping, dtype=np.uint8).reshape(height, width, 3)
