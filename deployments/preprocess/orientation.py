"""The EXIF orientation: how a stored picture is turned to stand as the camera was held."""

import cv2
import numpy as np
import numpy.typing as npt
from PIL.ExifTags import Base as Tag
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from models.page import PageWarning

__all__ = ["read_orientation", "turn_upright"]

_Pixels = npt.NDArray[np.uint8]

_UPRIGHT = 1


def read_orientation(image: ImageFile) -> tuple[int, tuple[PageWarning, ...]]:
    """Read the EXIF tag Orientation (0x0112) of JPEG, PNG or WebP.

    TIFF is left out: Pillow turns it while it loads.

    Args:
        image: Loaded, since a PNG may carry its EXIF after the pixels.

    Returns:
        1 to 8, and 1 where there is none; and a warning where the EXIF data are damaged.
    """
    if isinstance(image, TiffImageFile):
        return _UPRIGHT, ()
    try:
        value = image.getexif().get(Tag.Orientation, _UPRIGHT)
    except MemoryError:
        raise
    # Pillow promises no type for damaged EXIF, and the picture itself is sound: read it, and say so.
    except Exception as exc:
        message = f"the EXIF data are damaged ({exc}); the picture was not turned"
        return _UPRIGHT, (PageWarning("exif_unreadable", message),)
    return (value if value in range(1, 9) else _UPRIGHT), ()


def turn_upright(pixels: _Pixels, orientation: int) -> _Pixels:
    """Turn and mirror as an EXIF orientation asks (EXIF 2.32, section 4.6.4.A).

    Args:
        pixels: (height, width, 3) uint8, C-contiguous.
        orientation: 1 to 8.

    Returns:
        The same array for orientation 1; else a new one, C-contiguous, with the sides swapped for 5 to 8.
    """
    match orientation:
        case 2:
            turned = cv2.flip(pixels, 1)
        case 3:
            turned = cv2.rotate(pixels, cv2.ROTATE_180)
        case 4:
            turned = cv2.flip(pixels, 0)
        case 5:
            turned = cv2.transpose(pixels)
        case 6:
            turned = cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE)
        case 7:
            turned = cv2.rotate(cv2.transpose(pixels), cv2.ROTATE_180)
        case 8:
            turned = cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE)
        case _:
            return pixels
    return np.asarray(turned, np.uint8)
