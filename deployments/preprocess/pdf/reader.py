"""Pages of PDFs, without Ray.

What damaged and hostile documents end in:

    encrypted, without or with a wrong password             Undecodable  422
    damaged beyond reading, or no page                       Undecodable  422
    a page that PDFium can't load, or that ends it           Undecodable  422
    a page that takes more time or memory than allowed       TooLarge     413, and no other page or document suffers
    a page that there is not                                 SourceNotFound  404
    damaged, and mended by PDFium                            a page with the warning `truncated`
    more pixels than allowed at the resolution it needs      a page with the warning `pdf_scaled_down`
    text taken from the document, pictures left out          a page with the warning `pictures_not_read`
    text taken as asked, though it may not be right          a page with the warning `text_layer_doubtful`
"""

import atexit
import hashlib
from typing import Any, NoReturn

from deployments.document import Document
from deployments.preprocess.pdf.page_warnings import page_warnings
from deployments.preprocess.pdf.pixels import pixels_from_file
from deployments.preprocess.pdf.process import PdfiumProcess, ProcessEnded
from deployments.preprocess.pdf.text_page import page_of_text
from deployments.read_options import ReadOptions
from deployments.settings import PreprocessLimits
from models.errors import MalformedRequest, RayocrError, SourceNotFound, TooLarge, Undecodable
from models.page import Page

__all__ = ["PdfReader"]

# A page has 3 in RGB, and as much is left for the pictures on it.
_BYTES_A_PIXEL = 6

_LEAST_DPI, _MOST_DPI = 36, 1200

# One for all readers of this process: limits come with each call.
_process = PdfiumProcess()
atexit.register(_process.close)


class PdfReader:
    """Reads pages out of PDFs. Threads may share one.

    Args:
        limits: What one page may cost.
    """

    def __init__(self, limits: PreprocessLimits) -> None:
        self._limits = limits

    def page_count(self, document: Document, options: ReadOptions) -> int:
        """How many pages a PDF says that it has.

        Args:
            document: A PDF.
            options: What the request asks for.

        Raises:
            Undecodable: It is encrypted, damaged beyond reading, or has no pages.
            TooLarge: Opening it takes more time or memory than allowed.
        """
        answer, _ = self._call(document, options, "opening the PDF", {"call": "page_count"})
        return int(answer["page_count"])

    def page(self, document: Document, number: int, options: ReadOptions) -> Page:
        """Draw one page, or take the text that it carries.

        Args:
            document: A PDF.
            number: Counted from 1.
            options: What the request asks for.

        Returns:
            The page as a person sees it, with a warning for everything that was skipped or guessed. Where its text is
            taken, polygons are in pixels of the page as it would be drawn.

        Raises:
            MalformedRequest: `options.dpi` is out of range.
            SourceNotFound: The PDF has no such page.
            Undecodable: As `page_count`; or the page is damaged.
            TooLarge: The page takes more time or memory than allowed.
        """
        if options.dpi is not None and not _LEAST_DPI <= options.dpi <= _MOST_DPI:
            raise MalformedRequest(f"dpi is {options.dpi}, and must be from {_LEAST_DPI} to {_MOST_DPI}")
        request: dict[str, Any] = {
            "call": "page",
            "number": number,
            "dpi": options.dpi,
            "text_layer": options.text_layer,
            "max_pixels": min(self._limits.max_pixels, self._limits.max_pdf_bytes // _BYTES_A_PIXEL),
        }
        if number < 1:
            raise SourceNotFound(f"page {number} does not exist: pages count from 1")
        answer, descriptor = self._call(document, options, f"reading page {number:,} of the PDF", request)
        width, height = int(answer["width"]), int(answer["height"])
        warnings = page_warnings(answer, number, request["max_pixels"])
        page_count = int(answer["page_count"])
        layer = answer.get("text_layer")
        if layer is not None:
            return page_of_text(layer, number, (width, height), page_count, warnings)
        if descriptor is None:
            raise RayocrError("the process that draws pages sent no pixels")
        pixels = pixels_from_file(descriptor, width, height)
        return Page(pixels, number, warnings=warnings, page_count=page_count)

    def _call(
        self, document: Document, options: ReadOptions, doing: str, request: dict[str, Any]
    ) -> tuple[dict[str, Any], int | None]:
        request |= {
            "document": hashlib.sha256(document.data).hexdigest(),
            "password": options.password,
            "cpu_s": self._limits.max_pdf_page_s,
            "max_bytes": self._limits.max_pdf_bytes,
        }
        try:
            answer, descriptor = _process.call(request, document.data)
        except ProcessEnded as ended:
            # Documents that it read before may have left it broken.
            if ended.cause != "idle" and not (ended.cause == "crash" and not ended.was_new):
                self._raise_for_end(ended, doing)
            try:
                answer, descriptor = _process.call(request, document.data)
            except ProcessEnded as again:
                self._raise_for_end(again, doing)
        if "refused" in answer:
            self._raise_for_refusal(answer, doing, options)
        return answer, descriptor

    def _raise_for_end(self, ended: ProcessEnded, doing: str) -> NoReturn:
        if ended.cause == "cpu":
            raise TooLarge(
                f"{doing} took more than {self._limits.max_pdf_page_s:g} s of CPU time: send a simpler one, or a "
                "picture of it"
            ) from ended
        if ended.cause == "wall":
            raise TooLarge(
                f"{doing} was not done after {10 * self._limits.max_pdf_page_s:g} s: send a simpler one, or a picture "
                "of it"
            ) from ended
        if ended.cause == "memory":
            raise self._over_memory(doing) from ended
        raise Undecodable(f"{doing} ended the process that does it: the document is damaged, or PDFium is") from ended

    def _over_memory(self, doing: str) -> TooLarge:
        return TooLarge(
            f"{doing} took more than {self._limits.max_pdf_bytes // 1_000_000:,} MB of memory: ask for a lower "
            "dpi, or send a simpler one"
        )

    def _raise_for_refusal(self, answer: dict[str, Any], doing: str, options: ReadOptions) -> NoReturn:
        detail = str(answer["detail"])
        match answer["refused"]:
            case "encrypted" if options.password is None:
                raise Undecodable("the PDF is encrypted: send its password as `password`")
            case "encrypted":
                raise Undecodable(
                    "the PDF is encrypted: send its password as `password`; the one that was sent is wrong"
                )
            case "unknown_encryption":
                raise Undecodable("the PDF is encrypted in a way that can't be read: send it without encryption")
            case "damaged":
                raise Undecodable("the PDF is damaged beyond reading: send an undamaged copy")
            case "no_pages":
                raise Undecodable("the PDF has no pages, or is damaged so that none can be found")
            case "no_such_page":
                raise SourceNotFound(f"{doing} failed: it has {int(detail):,}")
            case "damaged_page":
                raise Undecodable(f"{doing} failed: the page is damaged; send an undamaged copy")
            case "no_size":
                raise Undecodable(f"{doing} failed: its size, {detail} points, is none; send an undamaged copy")
            case "large_picture":
                raise TooLarge(f"{doing} failed: a picture on it has {detail} pixels; send the picture by itself")
            case "memory":
                raise self._over_memory(doing)
        raise RayocrError(f"{doing} failed: {detail}")
