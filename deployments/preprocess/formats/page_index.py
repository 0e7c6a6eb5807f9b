"""Finds the pages of a picture file: directories of a TIFF, frames of an animation, pictures of a container."""

import io
from dataclasses import dataclass

from PIL.ImageFile import ImageFile

from deployments.preprocess.formats.gif import gif_frames
from deployments.preprocess.formats.openers import opened
from deployments.preprocess.formats.png import frame_count
from deployments.preprocess.formats.signatures import ImageFormat
from deployments.preprocess.formats.tiff import FileFrom, tiff_pages
from models.errors import SourceNotFound, TooLarge
from models.page import PageWarning

__all__ = ["PageEntry", "count_pages", "find_page"]

# In containers such as HEIC, each picture stands for itself. In the other formats, a frame builds on the one before it.
_CONTAINERS = frozenset({ImageFormat.HEIC})

# A WebP header gives a size of 24 bits a side, and the decoder takes memory for it as it is opened.
_WEBP_EXTENDED = b"VP8X"


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One page of a file, and where it is.

    Args:
        image: The file opened for this page, not loaded, and not yet moved to `frame`.
        page_count: How many pages the file has.
        frame: Number of the page's frame or picture in `image`, counted from 0.
        canvas: (width, height) of the page in pixels.
        directory: Offset of the page's directory in a TIFF, in bytes from the file's start.
        is_first: Whether that directory is the first of the file, thumbnails included.
        is_animation: Whether frames build on those before them.
        warnings: Warnings about parts that are missing beside this page.
    """

    image: ImageFile
    page_count: int
    frame: int
    canvas: tuple[int, int]
    directory: int = 0
    is_first: bool = True
    is_animation: bool = False
    warnings: tuple[PageWarning, ...] = ()


def find_page(data: bytes, image_format: ImageFormat, number: int, max_pixels: int) -> PageEntry:
    """Find a page and open its header. Other pages are not decoded.

    Args:
        data: The whole file.
        image_format: The format that `sniff` found.
        number: The page's number, counted from 1.
        max_pixels: Above this, a picture whose decoder would take its memory at once is not even opened.

    Raises:
        SourceNotFound: The page does not exist.
        TooLarge: There are too many pages, or far too many pixels.
        Exception: The header is damaged. The kind may be any, see `pillow_errors_translated`.
    """
    if image_format is ImageFormat.TIFF:
        return _tiff_page(data, number)
    if image_format is ImageFormat.GIF:
        return _gif_frame(data, number)
    if image_format is ImageFormat.WEBP:
        _check_webp_size(data, max_pixels)
    image = opened(io.BytesIO(data), image_format)
    count = max(1, int(getattr(image, "n_frames", 1)))
    if image_format is ImageFormat.PNG and count > 1:
        count = min(count, frame_count(data))
    frame = _frame(number, count)
    is_container = image_format in _CONTAINERS
    if is_container:
        image.seek(frame)
    return PageEntry(image, count, frame, image.size, is_animation=count > 1 and not is_container)


def count_pages(data: bytes, image_format: ImageFormat) -> int:
    """Count the pages without their headers, if the format allows it, so that a damaged page does no harm.

    Args:
        data: The whole file.
        image_format: The format that `sniff` found.

    Returns:
        The number of pages; 1 also if only `find_page` can tell.

    Raises:
        TooLarge: There are too many pages.
    """
    if image_format is ImageFormat.TIFF:
        return len(tiff_pages(data).offsets)
    if image_format is ImageFormat.GIF:
        return max(1, len(gif_frames(data).canvases))
    return 1


def _frame(number: int, count: int) -> int:
    if not 1 <= number <= count:
        pages = "1 page" if count == 1 else f"{count:,} pages"
        raise SourceNotFound(f"page {number} does not exist: the document has {pages}")
    return number - 1


def _tiff_page(data: bytes, number: int) -> PageEntry:
    pages = tiff_pages(data)
    count = len(pages.offsets)
    index = _frame(number, count)
    image = opened(FileFrom(data, pages.offsets[index]), ImageFormat.TIFF)
    warnings: tuple[PageWarning, ...] = ()
    if pages.is_cut and number == count:
        message = f"the TIFF document is cut off behind page {count}: pages that may have followed are missing"
        warnings = (PageWarning("truncated", message),)
    return PageEntry(
        image,
        count,
        0,
        image.size,
        directory=pages.offsets[index],
        is_first=pages.offsets[index] == pages.first,
        warnings=warnings,
    )


def _gif_frame(data: bytes, number: int) -> PageEntry:
    canvases = gif_frames(data).canvases
    count = max(1, len(canvases))
    frame = _frame(number, count)
    image = opened(io.BytesIO(data), ImageFormat.GIF)
    return PageEntry(image, count, frame, canvases[frame] if canvases else image.size, is_animation=count > 1)


def _check_webp_size(data: bytes, max_pixels: int) -> None:
    if not data.startswith(_WEBP_EXTENDED, 12) or len(data) < 30:
        return
    width, height = (1 + int.from_bytes(data[start : start + 3], "little") for start in (24, 27))
    if width * height > max_pixels:
        raise TooLarge(
            f"the WebP picture has {width} x {height} = {width * height / 1e6:.1f} million pixels, more than the limit "
            f"of {max_pixels / 1e6:.1f} million; send a smaller one, or scan at a lower resolution"
        )
