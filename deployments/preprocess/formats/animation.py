"""Frames of animations: GIF, animated WebP and AVIF, APNG."""

import numpy as np
from PIL import Image, ImageChops
from PIL.ImageFile import ImageFile

__all__ = ["load_frame"]

# Two frames show the same where no pixel differs by more than this, in levels of 255: lossy coding leaves less noise on
# what stands still, and text whose ink differs less from its paper can't be read.
_MOST_NOISE = 32


def load_frame(image: ImageFile, frame: int) -> bool:
    """Decode a frame, and all those before it that it builds on.

    Args:
        image: Opened; the frame is in it afterwards.
        frame: Counted from 0; not the first, which needs no more than `image.load()`.

    Returns:
        Whether it is new. It is not where it shows what an earlier one shows, with at most such between them: an
        animation that stands still, a banner that blinks. What changes slowly is new as soon as it has changed enough.

    Raises:
        Exception: It is damaged, or one before it is; of any kind, see `pillow_errors_translated`.
    """
    image.keeps_decoder = True  # type: ignore[attr-defined]  # see openers.py; without meaning for other formats
    image.seek(0)
    image.load()
    shown = image.convert("RGBA")
    is_new = True
    for number in range(1, frame + 1):
        image.seek(number)
        image.load()
        current = image.convert("RGBA")
        is_new = not _is_same(shown, current)
        if is_new:
            shown = current
    return is_new


def _is_same(one: Image.Image, other: Image.Image) -> bool:
    if one.size != other.size:
        return False
    difference = np.asarray(ImageChops.difference(one, other))
    return bool(difference.max(initial=0) <= _MOST_NOISE)
