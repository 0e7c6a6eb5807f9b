"""Reads pages of PDFs, without Ray.

Damaged and hostile documents end in:

    encrypted, without or with a wrong password             Undecodable  422
    damaged beyond reading, or no page                       Undecodable  422
    a page that PDFium can't load, or that ends it           Undecodable  422
    a page that takes more time or memory than allowed       TooLarge     413, and no other page or document suffers
    a page that does not exist                               SourceNotFound  404
    damaged, and mended by PDFium or qpdf                    a page with the warning `truncated`
    a portfolio, or a form in XFA                            a page with the warning `placeholder_page`
    more pixels than allowed at the resolution it needs      a page with the warning `pdf_scaled_down`
    text that can't be seen on the page                      a page with the warning `hidden_text`
    a font that neither the PDF nor this machine has         a page with the warning `font_missing`
    text taken from the document as asked, without pictures  a page with the warning `pictures_not_read`
    text taken as asked, though it may not be right          a page with the warning `text_layer_doubtful`
    more lines of text than a page may have                  a page with the warning `too_many_lines`
    more or longer fields of a form than a page may have     a page with the warning `form_fields_cut`
"""

import atexit
import hashlib
import math
from typing import Any

import numpy as np

from deployments.document import Document
from deployments.memory_files import mapped_result
from deployments.preprocess.pdf.made_page import made_page
from deployments.preprocess.pdf.page_warnings import few_lines, page_warnings
from deployments.read_options import ReadOptions
from deployments.sandbox.bounds import SHARE_OF_STEP, CallLimits
from deployments.sandbox.process import SandboxProcess
from deployments.sandbox.task import Refused
from deployments.settings import PreprocessLimits
from models.errors import MalformedRequest, RayocrError, SourceNotFound, TooLarge, Undecodable
from models.page import Page

__all__ = ["PdfReader"]

# A page in RGB has 3 bytes a pixel, and as much is left for the pictures on it.
_BYTES_A_PIXEL = 6

_LEAST_DPI, _MOST_DPI = 36, 1200

# Of wall-clock time to CPU time: waiting for a core on a loaded machine is not the document's fault.
_WALL_FACTOR = 10

_SIMPLER = "send a simpler one"

# All readers of this process share one child, since limits come with each call.
_process = SandboxProcess("deployments.preprocess.pdfium.reading:PdfReading")
atexit.register(_process.close)


class PdfReader:
    """Reads pages out of PDFs. Threads may share one.

    Args:
        limits: The most that one page may cost.
        max_work_s: The longest time of a step of work, as `WorkThreads` has it.
    """

    def __init__(self, limits: PreprocessLimits, max_work_s: float = math.inf) -> None:
        self._limits = limits
        self._wall_s = min(_WALL_FACTOR * limits.max_pdf_page_s, SHARE_OF_STEP * max_work_s)

    def page_count(self, document: Document, options: ReadOptions) -> int:
        """Count the pages that a PDF says it has.

        Args:
            document: A PDF.
            options: The request's options.

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
            options: The request's options.

        Returns:
            The page as a person sees it, with a warning for everything that was skipped or guessed. If its text is
            taken, polygons are in pixels of the page as it would be drawn.

        Raises:
            MalformedRequest: `options.dpi` is out of range.
            SourceNotFound: The PDF has no such page.
            Undecodable: The PDF is encrypted, damaged beyond reading, or has no pages; or the page is damaged.
            TooLarge: The page takes more time or memory than allowed.
        """
        if options.dpi is not None and not _LEAST_DPI <= options.dpi <= _MOST_DPI:
            raise MalformedRequest(f"dpi is {options.dpi}, and must be from {_LEAST_DPI} to {_MOST_DPI}")
        request: dict[str, Any] = {
            "call": "page",
            "number": number,
            "dpi": options.dpi,
            "text_layer": options.text_layer,
            "pixels": bool(options.structure),
            "form": options.wants_form,
            "max_pixels": min(self._limits.max_pixels, self._limits.max_pdf_bytes // _BYTES_A_PIXEL),
        }
        if number < 1:
            raise SourceNotFound(f"page {number} does not exist: pages count from 1")
        doing = f"reading page {number:,} of the PDF"
        answer, pixels_file = self._call(document, options, doing, request)
        warnings = page_warnings(answer, number, request["max_pixels"], options.text_layer)
        warnings += few_lines(answer, number, self._limits.max_lines)
        # Not copied: the file's memory is given back with the page.
        pixels = np.frombuffer(b"" if pixels_file is None else mapped_result(pixels_file), dtype=np.uint8)
        return made_page(answer, pixels, number, warnings)

    def _call(
        self, document: Document, options: ReadOptions, doing: str, request: dict[str, Any]
    ) -> tuple[dict[str, Any], int | None]:
        request |= {"document": hashlib.sha256(document.data).hexdigest(), "password": options.password}
        most_bytes = self._limits.max_pdf_bytes
        limits = CallLimits(self._limits.max_pdf_page_s, self._wall_s, most_bytes, most_bytes)
        try:
            return _process.call_again_after_crash(request, limits, document.data)
        except Refused as refused:
            raise self._error(refused, doing, options) from refused

    def _error(self, refused: Refused, doing: str, options: ReadOptions) -> RayocrError:
        max_s, max_megabytes = self._limits.max_pdf_page_s, self._limits.max_pdf_bytes // 1_000_000
        detail = refused.detail
        match refused.reason:
            case "encrypted":
                wrong = "" if options.password is None else "; the one that was sent is wrong"
                return Undecodable(f"the PDF is encrypted: send its password as `password`{wrong}")
            case "unknown_encryption":
                return Undecodable("the PDF is encrypted in a way that can't be read: send it without encryption")
            case "damaged":
                return Undecodable("the PDF is damaged beyond reading: send an undamaged copy")
            case "no_pages":
                return Undecodable("the PDF has no pages, or is damaged so that none can be found")
            case "no_such_page":
                return SourceNotFound(f"{doing} failed: it has {int(detail):,}")
            case "damaged_page":
                return Undecodable(f"{doing} failed: the page is damaged; send an undamaged copy")
            case "no_size":
                return Undecodable(f"{doing} failed: its size, {detail} points, is impossible; send an undamaged copy")
            case "large_picture":
                return TooLarge(f"{doing} failed: a picture on it has {detail} pixels; send the picture by itself")
            case "cpu":
                return TooLarge(f"{doing} took more than {max_s:g} s of CPU time: {_SIMPLER}, or a picture of it")
            case "wall":
                return TooLarge(f"{doing} was not done after {self._wall_s:g} s: {_SIMPLER}, or a picture of it")
            case "memory":
                return TooLarge(
                    f"{doing} took more than {max_megabytes:,} MB of memory: ask for a lower dpi, or {_SIMPLER}"
                )
            case "crash" | "idle":
                return Undecodable(f"{doing} ended the process that does it: the document is damaged, or PDFium is")
        return RayocrError(f"{doing} failed: {detail}")
