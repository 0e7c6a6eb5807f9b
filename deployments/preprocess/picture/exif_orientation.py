"""Reads the EXIF orientation, and turns a stored picture upright by it."""

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.ExifTags import Base as Tag
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from deployments.preprocess.formats.png import late_exif
from models.page import PageWarning

__all__ = ["read_orientation", "turn_upright"]

_Pixels = npt.NDArray[np.uint8]

_UPRIGHT = 1


def read_orientation(image: ImageFile, data: bytes) -> tuple[int, tuple[PageWarning, ...]]:
    """Read the EXIF tag Orientation (0x0112) of JPEG, PNG, WebP or AVIF.

    TIFF and HEIC are left out, since Pillow and libheif turn them as they load them.

    Args:
        image: The opened picture; it need not be loaded.
        data: The whole file.

    Returns:
        1 to 8, and 1 if there is no orientation; and a warning if the EXIF data are damaged.
    """
    if isinstance(image, TiffImageFile) or image.format == "HEIF":
        return _UPRIGHT, ()
    try:
        value = _exif(image, data).get(Tag.Orientation, _UPRIGHT)
    except MemoryError:
        raise
    # Pillow promises no type of error for damaged EXIF. The picture itself is sound, and is read with a warning.
    except Exception as exc:
        message = f"the EXIF data are damaged ({exc}); the picture was not turned"
        return _UPRIGHT, (PageWarning("exif_unreadable", message),)
    return (value if value in range(1, 9) else _UPRIGHT), ()


def _exif(image: ImageFile, data: bytes) -> Image.Exif:
    if not isinstance(image, PngImageFile):
        return image.getexif()
    # A PNG may carry its EXIF behind the pixels. PngImageFile.getexif would decode the pixels to look there.
    exif = Image.Image.getexif(image)
    late = None if exif or "exif" in image.info else late_exif(data)
    if late is not None:
        exif.load(late)
    return exif


def turn_upright(pixels: _Pixels, orientation: int) -> _Pixels:
    """Turn and mirror as an EXIF orientation asks (EXIF 2.32, section 4.6.4.A).

    Args:
        pixels: (height, width, 3) uint8, C-contiguous, owned by the caller and writable.
        orientation: The EXIF orientation, 1 to 8.

    Returns:
        The same array for orientations 1 to 4, changed in place; else a new one, C-contiguous, with the sides swapped.
    """
    match orientation:
        case 2:
            turned = cv2.flip(pixels, 1, dst=pixels)
        case 3:
            turned = cv2.flip(pixels, -1, dst=pixels)
        case 4:
            turned = cv2.flip(pixels, 0, dst=pixels)
        case 5:
            turned = cv2.transpose(pixels)
        case 6:
            turned = cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE)
        case 7:
            turned = cv2.transpose(pixels)
            cv2.flip(turned, -1, dst=turned)
        case 8:
            turned = cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE)
        case _:
            return pixels
    return np.asarray(turned, np.uint8)
