"""Decoding a picture's pixels, and saving what can be saved of a damaged one."""

from PIL import Image
from PIL.ExifTags import Base as Tag
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from deployments.preprocess.document import Document
from deployments.preprocess.header import Header, open_header, pillow_errors_translated
from deployments.preprocess.settings import PreprocessLimits
from deployments.preprocess.signatures import ImageFormat
from models.errors import Undecodable
from models.page import PageWarning

__all__ = ["load_pixels"]

# End of image. libjpeg fills what is missing before it with gray, and without it gives back nothing of the last rows,
# or of a progressive picture nothing at all.
_JPEG_END = b"\xff\xd9"

# White in the modes that can be painted before decoding; rows that stay missing are white then, not black.
_WHITE: dict[str, int | tuple[int, ...]] = {
    "1": 255,
    "L": 255,
    "LA": (255, 255),
    "I;16": 65535,
    "RGB": (255, 255, 255),
    "RGBA": (255, 255, 255, 255),
}


def load_pixels(document: Document, header: Header, limits: PreprocessLimits) -> tuple[ImageFile, PageWarning | None]:
    """Decode the first frame.

    A file that is cut off or damaged gives what can be read of it, the rest blank. `ImageFile.LOAD_TRUNCATED_IMAGES`
    would do the same, but it holds for the whole process, hence for the requests of other threads, and says nothing.

    Args:
        document: The bytes, opened once more if they turn out damaged.
        header: Of the same document; its image is used up.
        limits: As for `open_header`.

    Returns:
        The loaded image, and the warning `truncated` where a part of it is missing.

    Raises:
        Undecodable: Nothing could be read.
    """
    try:
        with pillow_errors_translated(header.image_format):
            header.image.load()
    except Undecodable as error:
        # The first attempt's memory is given back before the second.
        header.image.close()
        salvaged = _salvage(document, header.image_format, limits)
        if salvaged is None:
            raise
        message = (
            f"the {header.image_format} picture is cut off or damaged ({error.__cause__}); "
            "what could not be read was left blank"
        )
        return salvaged, PageWarning("truncated", message)
    return header.image, None


def _salvage(document: Document, image_format: ImageFormat, limits: PreprocessLimits) -> ImageFile | None:
    """Decode as far as it goes. None where the result would be blank."""
    if image_format is ImageFormat.JPEG:
        document = Document(document.data + _JPEG_END, document.name)
    image = open_header(document, image_format, limits).image
    try:
        with pillow_errors_translated(image_format):
            # GIF and palettes are left to Pillow, which then leaves zeros.
            if image.mode in _WHITE:
                image.im = Image.new(image.mode, _stored_size(image), _WHITE[image.mode]).im
            image.load()
    except Undecodable:
        is_cut_short = bool(image.tile)
        # What was decoded before the error is in place; without tiles Pillow takes it for all there is.
        image.tile = []
        if is_cut_short and isinstance(image, TiffImageFile):
            # The step of load() that turns a TIFF by its orientation, which the error left out.
            with pillow_errors_translated(image_format):
                image.load_end()
    try:
        with pillow_errors_translated(image_format):
            is_blank = all(low == high for low, high in _extrema(image))
    except Undecodable:
        return None
    return None if is_blank else image


def _stored_size(image: ImageFile) -> tuple[int, int]:
    """Size before the picture is turned; Pillow reports that of a TIFF as turned."""
    width, height = image.size
    is_sideways = isinstance(image, TiffImageFile) and image.tag_v2.get(Tag.Orientation, 1) >= 5
    return (height, width) if is_sideways else (width, height)


def _extrema(image: ImageFile) -> tuple[tuple[float, float], ...]:
    extrema = image.getextrema()
    return extrema if isinstance(extrema[0], tuple) else (extrema,)
