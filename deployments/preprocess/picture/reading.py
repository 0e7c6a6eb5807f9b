"""Reads one page of a picture, with all that decoding it can run into."""

from deployments.document import Document
from deployments.preprocess.formats.page_index import count_pages
from deployments.preprocess.formats.signatures import ImageFormat
from deployments.preprocess.picture.header import open_header, pillow_errors_translated
from deployments.preprocess.picture.loading import LoadedPixels, load_pixels
from deployments.settings import PreprocessLimits

__all__ = ["picture_page_count", "read_picture"]


def picture_page_count(document: Document, image_format: ImageFormat, limits: PreprocessLimits) -> int:
    """Count the pages of a picture, and check the header of the only one.

    Args:
        document: The picture.
        image_format: The format that `sniff` found; any but PDF.
        limits: The most that one page may cost.

    Raises:
        RayocrError: As `PageDecoder.inspect`.
    """
    with pillow_errors_translated(image_format):
        page_count = count_pages(document.data, image_format)
    if page_count == 1:
        page_count = open_header(document, image_format, limits).entry.page_count
    return page_count


def read_picture(document: Document, image_format: ImageFormat, number: int, limits: PreprocessLimits) -> LoadedPixels:
    """Decode one page.

    Args:
        document: The picture.
        image_format: The format that `sniff` found; any but PDF.
        number: The page's number, counted from 1.
        limits: The most that one page may cost.

    Raises:
        RayocrError: As `PageDecoder.page`.
    """
    header = open_header(document, image_format, limits, number)
    return load_pixels(document, header, limits)
