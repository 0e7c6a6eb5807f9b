"""Makes a PDF of a picture: of its own bytes if PDF knows the format, else of its pixels, without loss."""

import io
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import img2pdf  # type: ignore[import-untyped]
import pikepdf
from PIL import Image
from PIL.ExifTags import Base as Tag

from serve.searchable_pdf.words import PageWords

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from deployments.document import Document
    from deployments.settings import PreprocessLimits

__all__ = ["is_copied", "page_size", "pdf_of_copy", "pdf_of_picture"]

# For each EXIF orientation: whether the stored picture is mirrored left to right, and its clockwise turn after that.
_ORIENTATIONS = {
    2: (True, 0),
    3: (False, 180),
    4: (True, 180),
    5: (True, 270),
    6: (False, 90),
    7: (True, 90),
    8: (False, 270),
}

_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_PNG_COLOR_TYPES = (0, 2, 3)  # without alpha (PNG, section 11.2.1)

# Cameras and screens write 72 or 96 dpi and mean nothing by it. No scanner works at less than 100. Faxes have 204 x 98.
_MIN_STATED_DPI: Final = 100
_MIN_OTHER_DPI: Final = 50
_MAX_STATED_DPI: Final = 4800
_MAX_RATIO: Final = 4

# A picture without a resolution counts as a usual scan, no longer than A4.
_ASSUMED_DPI: Final = 200
_A4_LENGTH_PT: Final = 841.89

# The longest side that a page can have (ISO 32000-1, annex C.2), and the shortest that viewers show.
_MAX_SIDE_PT: Final = 14_400
_MIN_SIDE_PT: Final = 3

_POINTS_PER_INCH: Final = 72


def is_copied(data: bytes) -> bool:
    """Ask whether a picture goes into a PDF without being decoded: JPEG, and PNG neither interlaced nor transparent."""
    if data.startswith(b"\xff\xd8"):
        return True
    if not data.startswith(_PNG_MAGIC) or len(data) < 33:
        return False
    _, _, _, color_type, _, _, interlacing = struct.unpack(">IIBBBBB", data[16:29])
    return color_type in _PNG_COLOR_TYPES and interlacing == 0 and b"tRNS" not in data[: data.find(b"IDAT") + 1]


def pdf_of_copy(data: bytes, pages: Sequence[PageWords]) -> pikepdf.Pdf | None:
    """Embed a picture as it is.

    Args:
        data: A JPEG, PNG, TIFF or JPEG 2000. Most TIFFs are decoded, page by page, and embedded without loss.
        pages: The pages that were read, for their sizes.

    Returns:
        A PDF with a page for each page of the picture, upright as EXIF asks; None if the picture can't be taken as it
        is, or its pages are not those that were read.
    """
    sizes: list[tuple[int, int]] = []

    def layout(width: int, height: int, dpi: tuple[float, float]) -> tuple[float, float, float, float]:
        sizes.append((width, height))
        return page_size(width, height, dpi) * 2

    try:
        mirrored, turned = _orientation(data)
        # A stream, since img2pdf would try bytes as the name of a file first.
        converted = img2pdf.convert(
            io.BytesIO(data),
            layout_fun=layout,
            rotation=img2pdf.Rotation.none,
            engine=img2pdf.Engine.internal,
            nodate=True,
            producer="rayocr",
        )
        pdf = pikepdf.open(io.BytesIO(converted))
    except MemoryError:
        raise
    # img2pdf and Pillow raise errors of any kind over a picture that they can't take.
    except Exception:
        return None
    for read in pages:
        width, height = (read.height, read.width) if (turned + read.rotation) % 180 else (read.width, read.height)
        if read.number > len(sizes) or sizes[read.number - 1] != (width, height):
            return None
    for page in pdf.pages:
        _orient(page, mirrored, turned)
    return pdf


def pdf_of_picture(document: "Document", pages: Sequence[PageWords], limits: "PreprocessLimits") -> pikepdf.Pdf:
    """Make a PDF of any picture that is read.

    Args:
        document: The picture.
        pages: The pages that were read.
        limits: The most that one page may cost to decode.

    Returns:
        A PDF with a page for each page of the picture; white for a page that was not read and can't be.

    Raises:
        RayocrError: A page that was read can't be decoded any more, see `PageDecoder`.
    """
    import numpy as np

    from deployments.preprocess.decode import PageDecoder
    from deployments.preprocess.formats.signatures import ImageFormat
    from models.errors import RayocrError

    decoder = PageDecoder(limits, walled=frozenset())
    info = decoder.inspect(document)
    if info.image_format in (ImageFormat.JPEG, ImageFormat.PNG, ImageFormat.TIFF, ImageFormat.JPEG_2000):
        pdf = pdf_of_copy(document.data, pages)
        if pdf is not None and len(pdf.pages) == info.page_count:
            return pdf
    read = {page.number for page in pages}
    stated = _stated_dpi(document.data)
    files: list[io.BytesIO] = []
    sizes: list[tuple[float, float]] = []
    shown: list[int] = []
    for number in range(1, info.page_count + 1):
        try:
            pixels = decoder.page(document, number).pixels
        except RayocrError:
            if number in read:
                raise
            pixels = np.full((3, 2, 3), 255, np.uint8)
        # A frame that shows the same as the one before it comes without pixels.
        if pixels.size:
            files.append(_png(pixels))
            sizes.append(page_size(pixels.shape[1], pixels.shape[0], stated))
        shown.append(len(files) - 1)
    remaining = iter(sizes)
    converted = img2pdf.convert(
        files,
        layout_fun=lambda *_: next(remaining) * 2,
        engine=img2pdf.Engine.internal,
        nodate=True,
        producer="rayocr",
    )
    pdf = pikepdf.open(io.BytesIO(converted))
    if len(shown) > len(files):
        drawn = list(pdf.pages)
        del pdf.pages[:]
        pdf.pages.extend(drawn[index] for index in shown)
    return pdf


def _png(pixels: "npt.NDArray[np.uint8]") -> io.BytesIO:
    """Encode pixels in as few bits as they need: as black and white, gray, or color."""
    red, green, blue = (pixels[:, :, channel] for channel in range(3))
    image = Image.fromarray(pixels)
    if (red == green).all() and (green == blue).all():
        image = image.convert("L")
        histogram = image.histogram()
        if histogram[0] + histogram[255] == image.width * image.height:
            image = image.convert("1")
    stream = io.BytesIO()
    image.save(stream, "PNG")
    stream.seek(0)
    return stream


def _orientation(data: bytes) -> tuple[bool, int]:
    """Read from EXIF whether the stored picture is mirrored, and how far it is turned clockwise after that."""
    with Image.open(io.BytesIO(data)) as image:
        value = image.getexif().get(Tag.Orientation, 1)
        if image.format == "TIFF" and value in _ORIENTATIONS:
            raise ValueError("a turned TIFF: img2pdf turns it if it decodes it, and not if it copies it")
    return _ORIENTATIONS.get(value, (False, 0))


def _stated_dpi(data: bytes) -> tuple[float, float]:
    try:
        with Image.open(io.BytesIO(data)) as image:
            across, down = image.info.get("dpi", (0, 0))
            return float(across), float(down)
    except MemoryError:
        raise
    # Pillow promises no type of error. A picture without resolution will do.
    except Exception:
        return 0, 0


def _orient(page: pikepdf.Page, mirrored: bool, turned: int) -> None:
    """Show a page as EXIF asks: mirror its drawing, and turn the page."""
    if mirrored:
        width = page.mediabox[2]
        page.contents_add(f"q -1 0 0 1 {width} 0 cm".encode(), prepend=True)
        page.contents_add(b"Q")
    if turned:
        page.obj.Rotate = turned


def page_size(width_px: int, height_px: int, dpi: tuple[float, float]) -> tuple[float, float]:
    """Find the size of a picture's page.

    Args:
        width_px: Width of the picture as stored.
        height_px: Height of the picture as stored.
        dpi: The resolution that the picture states, across and down; any value if it states none.

    Returns:
        (width, height) in points: by the picture's own resolution if that makes sense, else at 200 dpi, but no longer
        than A4.
    """
    longer = max(width_px, height_px)
    if _is_sensible(dpi):
        width, height = width_px / dpi[0] * _POINTS_PER_INCH, height_px / dpi[1] * _POINTS_PER_INCH
        if max(width, height) <= _MAX_SIDE_PT and min(width, height) >= _MIN_SIDE_PT:
            return round(width, 3), round(height, 3)
    scale = min(_POINTS_PER_INCH / _ASSUMED_DPI, _A4_LENGTH_PT / longer)
    return max(round(width_px * scale, 3), _MIN_SIDE_PT), max(round(height_px * scale, 3), _MIN_SIDE_PT)


def _is_sensible(dpi: tuple[float, float]) -> bool:
    low, high = min(dpi), max(dpi)
    # Not a number fails each comparison.
    return low >= _MIN_OTHER_DPI and _MIN_STATED_DPI <= high <= _MAX_STATED_DPI and high <= _MAX_RATIO * low
