"""Decodes large JPEG and PNG straight to RGB by OpenCV, in 3 bytes a pixel. Pillow and a copy would take 7.

Both libraries decode by the same code (libjpeg-turbo and libpng), and a test finds the same pixels. TIFF is not decoded
here, since OpenCV does not tell of a damaged strip; see tiff_bands.py.
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

# Below this, the memory does not matter, and Pillow's way is the one that is used most and known best.
_LEAST_PIXELS = 30_000_000

_FLAGS = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION

# Raw modes of the kinds of PNG whose pixels are the same in OpenCV. Those of 16-bit gray are not, since we round them.
_PNG_RAW_MODES = {"L", "RGB", "RGB;16B"}

_MARK_BYTES = 32


def is_decoded_at_once(image: ImageFile, frame_count: int) -> bool:
    """Ask whether a picture is decoded by `decoded_at_once`.

    Args:
        image: The opened picture, not loaded.
        frame_count: How many frames the document has.

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
        data: The whole file. It is copied to a file in memory, since OpenCV decodes into a given array only from files.
        size: (width, height) by the header.

    Returns:
        (height, width, 3) uint8, RGB, C-contiguous, owned by the caller, not turned by any orientation. None if the
        file is damaged, except that OpenCV fills damage in the coded data of a JPEG with gray, and does not tell.
    """
    width, height = size
    # Zeros hide the memory's old content, which may be another request's.
    pixels = np.zeros((height, width, 3), np.uint8)
    # OpenCV does not tell if it could not even begin. A mark that it has not written over does.
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
