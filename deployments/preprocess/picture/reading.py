"""Reads one page of a picture, with all that decoding it can run into."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from deployments.document import Document
from deployments.preprocess.formats.page_index import count_pages
from deployments.preprocess.formats.signatures import ImageFormat
from deployments.preprocess.picture.header import open_header, pillow_errors_translated
from deployments.preprocess.picture.loading import load_pixels
from deployments.settings import PreprocessLimits
from models.page import PageWarning

__all__ = ["PicturePage", "picture_page_count", "read_picture"]


@dataclass(frozen=True, slots=True)
class PicturePage:
    """A page of a picture.

    Args:
        pixels: (height, width, 3) uint8, RGB, C-contiguous, upright, read only. If the frame is not new, any picture of
            its size.
        is_new: False for a frame of an animation that shows the same as an earlier one.
        warnings: Warnings about everything that was skipped or guessed.
        page_count: How many pages the document has.
    """

    pixels: npt.NDArray[np.uint8]
    is_new: bool
    warnings: tuple[PageWarning, ...]
    page_count: int


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


def read_picture(document: Document, image_format: ImageFormat, number: int, limits: PreprocessLimits) -> PicturePage:
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
    loaded = load_pixels(document, header, limits)
    return PicturePage(loaded.pixels, loaded.is_new, loaded.warnings, header.entry.page_count)
