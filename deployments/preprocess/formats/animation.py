"""Decodes frames of animations: GIF, animated WebP and AVIF, APNG."""

import numpy as np
from PIL import Image, ImageChops
from PIL.ImageFile import ImageFile

__all__ = ["load_frame"]

# Two frames show the same if no pixel differs by more than this, in levels of 255. Lossy coding leaves less noise on
# parts that stand still, and text whose ink differs less from its paper can't be read.
_MOST_NOISE = 32


def load_frame(image: ImageFile, frame: int) -> bool:
    """Decode a frame, and all frames before it, since it builds on them.

    Args:
        image: The opened file; it holds the frame afterwards.
        frame: The frame's number, counted from 0. The first one needs only `image.load()`.

    Returns:
        Whether the frame is new. It is not new if it shows the same as the last new frame before it, as when an
        animation stands still. A slow change is new as soon as it is large enough.

    Raises:
        Exception: The frame or one before it is damaged. The kind may be any, see `pillow_errors_translated`.
    """
    image.keeps_decoder = True  # type: ignore[attr-defined]  # see openers.py; other formats ignore it
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
