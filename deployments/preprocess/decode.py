"""From a document's bytes to upright RGB pages, without Ray.

What damaged and hostile documents end in:

    empty, text, archives, formats that are not read      UnsupportedType  415
    more pixels than allowed, or too costly to decode     TooLarge         413, before any pixel is decoded
    damaged header, or no picture left behind it          Undecodable      422
    cut off or damaged, a part can be read                a page with the warning `truncated`
    extension of another type                             a page with the warning `extension_mismatch`
    several frames or pages                               the first, with the warning `first_frame_only`
    bytes after the picture's end                         a page
"""

from dataclasses import dataclass, replace

from deployments.preprocess.document import Document
from deployments.preprocess.header import open_header, pillow_errors_translated
from deployments.preprocess.loading import load_pixels
from deployments.preprocess.orientation import read_orientation, turn_upright
from deployments.preprocess.pixels import rgb_from_image
from deployments.preprocess.settings import PreprocessLimits
from deployments.preprocess.signatures import ImageFormat
from deployments.preprocess.sniff import extension_contradicts, sniff
from deployments.read_options import AS_IT_COMES, ReadOptions
from models.errors import SourceNotFound
from models.page import Page, PageWarning

__all__ = ["DocumentInfo", "PageDecoder"]


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What a document is, by its header.

    Args:
        image_format: Found from its bytes.
        page_count: How many pages `PageDecoder.page` can read: 1 for each format read so far.
    """

    image_format: ImageFormat
    page_count: int


class PageDecoder:
    """Reads pages out of documents. Holds no state between calls, so that threads may share one.

    Args:
        limits: What one page may cost.
    """

    def __init__(self, limits: PreprocessLimits) -> None:
        self._limits = limits

    def inspect(self, document: Document, options: ReadOptions = AS_IT_COMES) -> DocumentInfo:
        """Look at a document's header. No pixel is decoded.

        Args:
            document: Anything.
            options: What the request asks for.

        Returns:
            Its format and its number of pages. Pixels may still turn out damaged in `page`.

        Raises:
            UnsupportedType: It is empty or of a type that is not read.
            TooLarge: A page has too many pixels, or would take too much memory to decode.
            Undecodable: The header is damaged.
        """
        image_format = sniff(document)
        open_header(document, image_format, self._limits)
        return DocumentInfo(image_format, page_count=1)

    def page(self, document: Document, number: int, options: ReadOptions = AS_IT_COMES) -> Page:
        """Decode one page.

        Args:
            document: Anything.
            number: Counted from 1.
            options: What the request asks for.

        Returns:
            The page, upright as its EXIF data ask, with a warning for everything that was skipped or guessed.

        Raises:
            SourceNotFound: The document has no such page.
            UnsupportedType: As `inspect`.
            TooLarge: As `inspect`.
            Undecodable: The header is damaged, or no part of the picture can be read.
        """
        image_format = sniff(document)
        header = open_header(document, image_format, self._limits)
        if number != 1:
            raise SourceNotFound(f"page {number} does not exist: of a {image_format} document only page 1 can be read")
        warnings = _warnings_about_the_file(document, header.image_format, header.has_more_frames)
        image, damage = load_pixels(document, header, self._limits)
        if damage is not None:
            warnings.append(damage)
        with pillow_errors_translated(image_format):
            orientation, exif_warnings = read_orientation(image)
            pixels, pixel_warnings = rgb_from_image(image)
        # Its memory is given back before the picture is turned, which takes a second array.
        image.close()
        pixels = turn_upright(pixels, orientation)
        pixels.setflags(write=False)
        warnings += [*exif_warnings, *pixel_warnings]
        return Page(pixels, number, warnings=tuple(replace(warning, page=number) for warning in warnings))


def _warnings_about_the_file(document: Document, image_format: ImageFormat, has_more_frames: bool) -> list[PageWarning]:
    warnings = []
    if extension_contradicts(document, image_format):
        message = f"the document was read as {image_format}, although its name is {document.name!r}"
        warnings.append(PageWarning("extension_mismatch", message))
    if has_more_frames:
        message = f"the {image_format} document has several frames or pages; only the first was read"
        warnings.append(PageWarning("first_frame_only", message))
    return warnings
