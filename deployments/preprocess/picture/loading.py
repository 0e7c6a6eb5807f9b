"""Decodes a page's pixels, and of a damaged page as much as can be read."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.ExifTags import Base as Tag
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from deployments.document import Document
from deployments.preprocess.formats.animation import load_frame
from deployments.preprocess.formats.signatures import ImageFormat
from deployments.preprocess.picture.color import rgb_from_image
from deployments.preprocess.picture.exif_orientation import turn_upright
from deployments.preprocess.picture.header import Header, check_memory, open_header, pillow_errors_translated
from deployments.preprocess.picture.large import decoded_at_once
from deployments.preprocess.picture.tiff_bands import decoded_in_bands
from deployments.settings import PreprocessLimits
from models.errors import TooLarge, Undecodable
from models.page import PageWarning

__all__ = ["LoadedPixels", "load_pixels"]

_Pixels = npt.NDArray[np.uint8]

# End of image. libjpeg fills missing data before this marker with gray. Without the marker it gives nothing of the last
# rows, or of a progressive picture nothing at all.
_JPEG_END = b"\xff\xd9"

# White in the modes that can be painted before decoding, so that missing rows are white, not black.
_WHITE: dict[str, int | tuple[int, ...]] = {
    "1": 255,
    "L": 255,
    "LA": (255, 255),
    "I;16": 65535,
    "RGB": (255, 255, 255),
    "RGBA": (255, 255, 255, 255),
}


@dataclass(frozen=True, slots=True)
class LoadedPixels:
    """A decoded page.

    Args:
        pixels: (height, width, 3) uint8, RGB, C-contiguous, upright, read only. If the frame is not new, any picture of
            its size.
        is_new: False for a frame of an animation that shows the same as an earlier one.
        warnings: Warnings about everything that was skipped or guessed.
        page_count: How many pages the document has.
    """

    pixels: _Pixels
    is_new: bool
    warnings: tuple[PageWarning, ...]
    page_count: int


def load_pixels(document: Document, header: Header, limits: PreprocessLimits) -> LoadedPixels:
    """Decode a page.

    A file that is cut off or damaged gives the part that can be read, and the rest stays blank.
    `ImageFile.LOAD_TRUNCATED_IMAGES` would do the same, but for the whole process, hence for the requests of other
    threads, and without a word.

    Args:
        document: The document; it is opened once more if it turns out damaged.
        header: The page's header; its image is used up.
        limits: The most pixels and memory that one page may cost.

    Returns:
        The page's pixels, with the warning `truncated` if a part of them is missing.

    Raises:
        Undecodable: No part of the page can be read.
    """
    is_new = True
    if header.image_format is ImageFormat.HEIC:
        pixels, warnings = _heif_pixels(header)
    elif header.how.is_at_once:
        pixels, warnings = _large_pixels(document, header, limits)
    elif header.how.band_rows:
        pixels, warnings = _band_pixels(document, header)
    elif header.how.frame:
        with pillow_errors_translated(header.image_format):
            is_new = load_frame(header.image, header.how.frame)
        pixels, warnings = _rgb(header.image, header.image_format)
    else:
        pixels, warnings = _pixels(document, header, limits)
    pixels = turn_upright(pixels, header.how.orientation)
    pixels.setflags(write=False)
    return LoadedPixels(pixels, is_new, (*header.warnings, *warnings), header.entry.page_count)


def _heif_pixels(header: Header) -> tuple[_Pixels, tuple[PageWarning, ...]]:
    from deployments.preprocess.formats.heif import HeifImageFile

    assert isinstance(header.image, HeifImageFile)
    with pillow_errors_translated(header.image_format):
        decoded = header.image.decoded()
        return rgb_from_image(decoded) if isinstance(decoded, Image.Image) else (decoded, ())


def _large_pixels(
    document: Document, header: Header, limits: PreprocessLimits
) -> tuple[_Pixels, tuple[PageWarning, ...]]:
    """Decode a picture at once, or in Pillow's way if it is damaged and the memory for that is allowed."""
    if header.scans.is_whole:
        pixels = decoded_at_once(document.data, header.entry.canvas)
        if pixels is not None:
            return pixels, ()
        cause = "its data can't be decoded"
    else:
        cause = "its data end too soon or have others among them"
        pixels = decoded_at_once(document.data + _JPEG_END, header.entry.canvas)
        if pixels is not None and pixels.min() != pixels.max():
            return pixels, (_truncated(header.image_format, cause),)
    header = replace(header, how=replace(header.how, is_at_once=False))
    try:
        check_memory(header, header.how, limits)
    except TooLarge as error:
        raise Undecodable(
            f"the {header.image_format} picture is cut off or damaged ({cause}), and too large for a part of it to be "
            "saved; send an undamaged copy"
        ) from error
    return _pixels(document, header, limits)


def _band_pixels(document: Document, header: Header) -> tuple[_Pixels, tuple[PageWarning, ...]]:
    assert isinstance(header.image, TiffImageFile)
    with pillow_errors_translated(header.image_format):
        pixels, damage = decoded_in_bands(
            document.data, header.entry.directory, header.image, lambda band: rgb_from_image(band)[0]
        )
    return pixels, () if damage is None else (_truncated(header.image_format, damage),)


def _pixels(document: Document, header: Header, limits: PreprocessLimits) -> tuple[_Pixels, tuple[PageWarning, ...]]:
    image, damage = _loaded(document, header, limits)
    pixels, warnings = _rgb(image, header.image_format)
    return pixels, (*damage, *warnings)


def _rgb(image: ImageFile, image_format: ImageFormat) -> tuple[_Pixels, tuple[PageWarning, ...]]:
    with pillow_errors_translated(image_format):
        pixels, warnings = rgb_from_image(image)
    # The image's memory is given back before the picture is turned, which may take a second array.
    image.close()
    return pixels, warnings


def _loaded(document: Document, header: Header, limits: PreprocessLimits) -> tuple[ImageFile, tuple[PageWarning, ...]]:
    try:
        with pillow_errors_translated(header.image_format):
            header.image.load()
    except Undecodable as error:
        # The first attempt's memory is given back before the second.
        header.image.close()
        salvaged = _salvage(document, header, limits)
        if salvaged is None:
            raise
        return salvaged, (_truncated(header.image_format, str(error.__cause__)),)
    return header.image, ()


def _truncated(image_format: ImageFormat, cause: str) -> PageWarning:
    message = (
        f"the {image_format} picture is cut off or damaged ({cause}); the parts that could not be read were left blank"
    )
    return PageWarning("truncated", message)


def _salvage(document: Document, header: Header, limits: PreprocessLimits) -> ImageFile | None:
    """Decode as far as it goes. Returns None if the result would be blank."""
    image_format = header.image_format
    if image_format is ImageFormat.JPEG:
        document = Document(document.data + _JPEG_END, document.name)
    image = open_header(document, image_format, limits, header.number).image
    try:
        with pillow_errors_translated(image_format):
            # GIF and palettes are left to Pillow, which fills them with zeros.
            if image.mode in _WHITE:
                image.im = Image.new(image.mode, _stored_size(image), _WHITE[image.mode]).im
            image.load()
    except Undecodable:
        is_cut_short = bool(image.tile)
        # The rows decoded before the error are in the image. Without tiles, Pillow takes them for the whole picture.
        image.tile = []
        if is_cut_short and isinstance(image, TiffImageFile):
            # The error skipped the step of load() that turns a TIFF by its orientation.
            with pillow_errors_translated(image_format):
                image.load_end()
    try:
        with pillow_errors_translated(image_format):
            is_blank = all(low == high for low, high in _extrema(image))
    except Undecodable:
        return None
    return None if is_blank else image


def _stored_size(image: ImageFile) -> tuple[int, int]:
    """Tell the size before the picture is turned. For a TIFF, Pillow tells that of the turned picture."""
    width, height = image.size
    is_sideways = isinstance(image, TiffImageFile) and image.tag_v2.get(Tag.Orientation, 1) >= 5
    return (height, width) if is_sideways else (width, height)


def _extrema(image: ImageFile) -> tuple[tuple[float, float], ...]:
    extrema = image.getextrema()
    return extrema if isinstance(extrema[0], tuple) else (extrema,)
