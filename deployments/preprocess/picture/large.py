"""Decoding large JPEG and PNG straight to RGB, by OpenCV: 3 bytes a pixel, where Pillow and a copy of it take 7.

Both libraries decode by the same code (libjpeg-turbo and libpng), and the pixels are the same; a test compares them.
TIFF is not decoded so: OpenCV does not tell when a strip is damaged; see tiff_bands.py.
"""

import secrets

import cv2
import numpy as np
import numpy.typing as npt
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from deployments.memory_files import memory_file, path_of

__all__ = ["decoded_at_once", "is_decoded_at_once"]

# Below, the memory does not matter, and Pillow's way is the one that is used most and known best.
_LEAST_PIXELS = 30_000_000

_FLAGS = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION

# How Pillow unpacks the kinds of PNG whose pixels are the same in OpenCV; 16-bit gray is not, since we round it.
_PNG_RAW_MODES = {"L", "RGB", "RGB;16B"}

_MARK_BYTES = 32


def is_decoded_at_once(image: ImageFile, frame_count: int) -> bool:
    """Ask whether a picture is decoded by `decoded_at_once`.

    Args:
        image: Opened, not loaded.
        frame_count: Of its document.

    Returns:
        True for large JPEG and PNG, gray or RGB, without transparency.
    """
    if image.width * image.height < _LEAST_PIXELS or image.mode not in {"L", "RGB"}:
        return False
    if isinstance(image, PngImageFile):
        raw_modes = {tile.args for tile in image.tile}
        return frame_count == 1 and "transparency" not in image.info and raw_modes <= _PNG_RAW_MODES
    return isinstance(image, JpegImageFile)


def decoded_at_once(data: bytes, size: tuple[int, int]) -> npt.NDArray[np.uint8] | None:
    """Decode a picture for which `is_decoded_at_once` holds.

    Args:
        data: The whole file. It is copied, so that OpenCV can read it as a file: only so it decodes into an array that
            is given, and does not make a copy of its own.
        size: (width, height) that the header says.

    Returns:
        (height, width, 3) uint8, RGB, C-contiguous, owned by the caller, not turned by any orientation. None where it
        is damaged; but damage in the coded data of a JPEG is filled with gray and not told.
    """
    width, height = size
    # Zeros, not what was in this memory before: that may be of another request.
    pixels = np.zeros((height, width, 3), np.uint8)
    # OpenCV does not tell when it could not even begin. What it did not write over tells.
    mark = np.frombuffer(secrets.token_bytes(_MARK_BYTES), np.uint8)
    start = pixels.reshape(-1)[:_MARK_BYTES]
    start[:] = mark
    with memory_file(data) as file:
        try:
            decoded = cv2.imread(path_of(file.fileno()), pixels, _FLAGS)
        except cv2.error:
            return None
    if decoded is None or decoded.shape != pixels.shape or np.array_equal(start, mark):
        return None
    return pixels
