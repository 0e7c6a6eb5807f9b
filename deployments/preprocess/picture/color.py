"""Converts pictures of all of Pillow's modes to RGB, by depth, transparency and color space.

A picture is converted in bands of rows, so that only one band is held beside the decoded picture and the RGB output.
"""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.ExifTags import Base as Tag
from PIL.TiffImagePlugin import TiffImageFile

from models.page import PageWarning

__all__ = ["rgb_from_image"]

_Pixels = npt.NDArray[np.uint8]
_Converter = Callable[[Image.Image], _Pixels]

# About 4 MB of Pillow's storage. It stays in the processor's cache, so that copying it costs next to nothing.
_BAND_PIXELS = 1_000_000

_WHITE = (255, 255, 255, 255)
_BLACK = (0, 0, 0, 255)

# On white paper, ink paler than this counts as invisible.
_PALE = 200
# If a smaller part of the visible pixels is darker than that, the ink is meant for a dark background. An opaque page
# with little ink and transparent corners may fall below it too. That does no harm: its paper hides the background.
_LEAST_DARK_PART = 0.01

# Photometric interpretation 0 of TIFF 6.0 means that zero is white.
_WHITE_IS_ZERO = 0


def rgb_from_image(image: Image.Image) -> tuple[_Pixels, tuple[PageWarning, ...]]:
    """Convert a decoded picture to RGB, 8 bits a channel.

    Transparent pictures are laid on white, or on black if their ink would vanish on white. Gray of more than 8 bits is
    scaled, not clipped. CMYK and CIELAB are converted without their ICC profiles.

    Args:
        image: A loaded picture, of any mode that one of our readers gives.

    Returns:
        (height, width, 3) uint8, RGB, C-contiguous, owned by the caller; and warnings about all guesses.
    """
    converter, warnings = _converter_for(image)
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    top = 0
    for band in _bands(image):
        # Gray has one channel, which is broadcast to three.
        pixels[top : top + band.height] = converter(band)
        top += band.height
    return pixels, warnings


def _bands(image: Image.Image) -> Iterator[Image.Image]:
    width, height = image.size
    rows = max(1, _BAND_PIXELS // width)
    if rows >= height:
        yield image
        return
    for top in range(0, height, rows):
        yield image.crop((0, top, width, min(top + rows, height)))


def _converter_for(image: Image.Image) -> tuple[_Converter, tuple[PageWarning, ...]]:
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        return _deep_gray_converter(image)
    if image.has_transparency_data:
        return _transparency_converter(image)
    if image.mode == "RGB":
        return np.asarray, ()
    if image.mode == "L":
        return _rgb_from_gray, ()
    if image.mode == "LAB":
        return _rgb_from_lab, ()
    return _rgb_from_any, ()


def _rgb_from_gray(band: Image.Image) -> _Pixels:
    return np.asarray(band)[..., np.newaxis]


def _rgb_from_lab(band: Image.Image) -> _Pixels:
    # Pillow's 8-bit LAB is OpenCV's: L scaled to 255, a and b with 128 as zero.
    return np.asarray(cv2.cvtColor(np.asarray(band), cv2.COLOR_LAB2RGB), np.uint8)


def _rgb_from_any(band: Image.Image) -> _Pixels:
    return np.asarray(band.convert("RGB"))


def _transparency_converter(image: Image.Image) -> tuple[_Converter, tuple[PageWarning, ...]]:
    ink_vanishes = _ink_vanishes_on_white(image)
    background = _BLACK if ink_vanishes else _WHITE

    def convert(band: Image.Image) -> _Pixels:
        return np.asarray(_laid_on(band.convert("RGBA"), background).convert("RGB"))

    if not ink_vanishes:
        return convert, ()
    message = "the picture has light ink on a transparent background; it was laid on black, since white would hide it"
    return convert, (PageWarning("dark_background", message),)


def _laid_on(band: Image.Image, background: tuple[int, int, int, int]) -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", band.size, background), band)


def _ink_vanishes_on_white(image: Image.Image) -> bool:
    visible = transparent = dark = 0
    for band in _bands(image):
        rgba = band.convert("RGBA")
        alpha = rgba.getchannel("A").histogram()
        transparent += sum(alpha[:128])
        visible += sum(alpha[128:])
        dark += sum(_laid_on(rgba, _WHITE).convert("L").histogram()[:_PALE])
    return transparent > 0 and visible > 0 and dark < _LEAST_DARK_PART * visible


def _deep_gray_converter(image: Image.Image) -> tuple[_Converter, tuple[PageWarning, ...]]:
    low, high, warnings = _gray_range(image)
    # Pillow inverts WhiteIsZero at up to 8 bits, and leaves deeper pictures as they are.
    is_inverted = isinstance(image, TiffImageFile) and image.tag_v2.get(Tag.PhotometricInterpretation) == _WHITE_IS_ZERO
    scale = 255.0 / (high - low if high > low else 1.0)

    def convert(band: Image.Image) -> _Pixels:
        # Floats near the ends of their range overflow to infinity, which is then clipped.
        with np.errstate(over="ignore"):
            gray = (np.asarray(band, np.float32) - low) * scale
        levels: _Pixels = np.clip(np.rint(np.nan_to_num(gray)), 0, 255).astype(np.uint8)[..., np.newaxis]
        return 255 - levels if is_inverted else levels

    return convert, warnings


def _gray_range(image: Image.Image) -> tuple[float, float, tuple[PageWarning, ...]]:
    """Find the values that mean black and white, or the reverse."""
    if image.mode.startswith("I;16"):
        # A 12-bit TIFF comes as I;16 too, with its values unchanged.
        bits = int(image.tag_v2.get(Tag.BitsPerSample, (16,))[0]) if isinstance(image, TiffImageFile) else 16
        return 0.0, float(2**bits - 1), ()
    low, high = _extremes(image)
    # Neither 32-bit integers nor floats have a value for white. Of the ranges in use, the narrowest that fits counts.
    for usual_high in (1.0, 255.0, 65535.0):
        if low >= 0 and high <= usual_high:
            return 0.0, usual_high, ()
    message = (
        f"the picture's values reach from {low:g} to {high:g}, which is unusual; they were taken as black and white"
    )
    return low, high, (PageWarning("range_stretched", message),)


def _extremes(image: Image.Image) -> tuple[float, float]:
    low, high = np.inf, -np.inf
    for band in _bands(image):
        values = np.asarray(band)
        values = values[np.isfinite(values)]
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    return (low, high) if low <= high else (0.0, 1.0)
