"""Decodes a document's bytes to upright RGB pages, without Ray.

Damaged and hostile documents end in:

    empty, text, archives, formats that are not read      UnsupportedType  415
    more pixels than allowed, or too costly to decode     TooLarge         413, before any pixel is decoded
    damaged header, or no picture left behind it          Undecodable      422
    cut off or damaged, a part can be read                a page with the warning `truncated`
    one page of several damaged                           the same for that page alone
    extension of another type                             a page with the warning `extension_mismatch`
    a frame that shows the same as an earlier one         a page without lines, with the warning `repeated_frame`
    bytes after the picture's end                         a page

Each picture of a TIFF is a page, except thumbnails and masks. So is each picture of a HEIC file, and each frame of an
animation (GIF, WebP, APNG, AVIF). The further pictures that cameras put into a JPEG are previews, not pages.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from deployments.document import Document
from deployments.preprocess.formats.signatures import ImageFormat
from deployments.preprocess.formats.sniff import extension_contradicts, sniff
from deployments.preprocess.picture.reading import picture_page_count, read_picture
from deployments.preprocess.picture.walled import WALLED, WalledPictures
from deployments.read_options import AS_IT_COMES, ReadOptions
from deployments.settings import PreprocessLimits
from models.page import Page, PageWarning

if TYPE_CHECKING:
    from deployments.preprocess.pdf import PdfReader

__all__ = ["DocumentInfo", "PageDecoder"]


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """The format and length of a document, by its header.

    Args:
        image_format: The format, found from the bytes.
        page_count: How many pages the document has. Some of them may turn out damaged.
    """

    image_format: ImageFormat
    page_count: int


class PageDecoder:
    """Reads pages out of documents. Holds no state between calls, so that threads may share one.

    Args:
        limits: The most that one page may cost.
        max_work_s: The longest time of a step of work, as `WorkThreads` has it.
        walled: Formats of pictures that are decoded in another process; none if this is such a process.
    """

    def __init__(
        self, limits: PreprocessLimits, max_work_s: float = math.inf, walled: frozenset[ImageFormat] = WALLED
    ) -> None:
        self._limits = limits
        self._walled = walled
        self._walled_pictures = WalledPictures(limits, max_work_s)
        self._max_work_s = max_work_s

    def inspect(self, document: Document, options: ReadOptions = AS_IT_COMES) -> DocumentInfo:
        """Look at a document's header. No pixel is decoded.

        Args:
            document: Any document.
            options: The request's options.

        Returns:
            The format and the number of pages. The header is checked if there is one page. In `page`, its pixels may
            still turn out damaged, and so may one of several pages.

        Raises:
            UnsupportedType: The document is empty or of a type that is not read.
            TooLarge: The only page has too many pixels, or would take too much memory to decode; or there are too many
                pages.
            Undecodable: The header is damaged.
        """
        image_format = sniff(document)
        if image_format is ImageFormat.PDF:
            return DocumentInfo(image_format, self._pdf_reader.page_count(document, options))
        if image_format in self._walled:
            return DocumentInfo(image_format, self._walled_pictures.page_count(document, image_format))
        return DocumentInfo(image_format, picture_page_count(document, image_format, self._limits))

    def page(self, document: Document, number: int, options: ReadOptions = AS_IT_COMES) -> Page:
        """Decode one page.

        Args:
            document: Any document.
            number: The page's number, counted from 1.
            options: The request's options.

        Returns:
            The page, upright as its EXIF data ask, with a warning for everything that was skipped or guessed.

        Raises:
            SourceNotFound: The document has no such page.
            UnsupportedType: The document is empty or of a type that is not read.
            TooLarge: The page has too many pixels, or would take too much memory to decode.
            Undecodable: The header is damaged, or no part of the picture can be read.
        """
        image_format = sniff(document)
        if image_format is ImageFormat.PDF:
            return self._pdf_page(document, number, options)
        if image_format in self._walled:
            loaded = self._walled_pictures.page(document, image_format, number)
        else:
            loaded = read_picture(document, image_format, number, self._limits)
        warnings = [*_warnings_about_the_name(document, image_format), *loaded.warnings]
        if not loaded.is_new:
            message = (
                f"frame {number} of the {image_format} animation shows the same as an earlier one; it was not read"
            )
            warnings.append(PageWarning("repeated_frame", message))
        page = Page(
            loaded.pixels,
            number,
            warnings=tuple(replace(warning, page=number) for warning in warnings),
            page_count=loaded.page_count,
        )
        if loaded.is_new:
            return page
        return replace(
            page, pixels=np.empty((0, 0, 3), np.uint8), text_layer=(), text_layer_size=(page.width, page.height)
        )

    def _pdf_page(self, document: Document, number: int, options: ReadOptions) -> Page:
        page = self._pdf_reader.page(document, number, options)
        warnings = [replace(one, page=number) for one in _warnings_about_the_name(document, ImageFormat.PDF)]
        return replace(page, warnings=(*warnings, *page.warnings))

    @cached_property
    def _pdf_reader(self) -> "PdfReader":
        # The libraries behind it take memory that a service of pictures need not spend.
        from deployments.preprocess.pdf import PdfReader

        return PdfReader(self._limits, self._max_work_s)


def _warnings_about_the_name(document: Document, image_format: ImageFormat) -> list[PageWarning]:
    if not extension_contradicts(document, image_format):
        return []
    message = f"the document was read as {image_format}, although its name is {document.name!r}"
    return [PageWarning("extension_mismatch", message)]
