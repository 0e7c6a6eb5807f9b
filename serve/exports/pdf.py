"""Exports a PDF that looks as the document did, and can be searched and copied from, alone or beside the result."""

import io
import zipfile
from typing import ClassVar

from deployments.preprocess.formats.signatures import ImageFormat
from deployments.preprocess.formats.sniff import sniff
from deployments.settings import PreprocessLimits
from models.errors import RayocrError
from serve.exports.base import Export, ReadDocument
from serve.exports.json import JsonExport
from serve.results import LineResult, OcrPage
from serve.searchable_pdf.convert import copied_with_text, with_text
from serve.searchable_pdf.words import PageWords, PlacedLine, PlacedWord

__all__ = ["DOCUMENT_NAME", "RESULT_NAME", "ArchiveExport", "PdfExport", "words_of"]

RESULT_NAME = "result.json"
DOCUMENT_NAME = "document.pdf"


class PdfExport(Export):
    """Adds the document's text, invisible, at the positions where it was read.

    A PDF keeps all its pages as they are. Only those that were read get text, and lose the invisible text of another
    OCR program. A picture becomes a PDF with a page for each of its own, its bytes unchanged if PDF knows the format. A
    page that was found turned is shown upright.

    Args:
        limits: The most that one page of a picture may cost to decode, if its format must be converted.
    """

    name: ClassVar[str] = "pdf"
    media_type: ClassVar[str] = "application/pdf"
    extension: ClassVar[str] = ".pdf"
    needs_document: ClassVar[bool] = True

    def __init__(self, limits: PreprocessLimits | None = None) -> None:
        self._limits = limits or PreprocessLimits()

    def convert(self, read: ReadDocument) -> bytes:
        """Make the PDF.

        Args:
            read: The document and its result.

        Raises:
            Undecodable: The PDF is damaged beyond repair, though its pages could be drawn; or it is built to take much
                memory or time.
        """
        document = read.document
        if document is None:
            raise RayocrError("a searchable PDF needs the document itself, which is not there any more")
        pages = [words_of(page) for page in read.result.pages]
        if sniff(document) is ImageFormat.PDF:
            changed = [page for page in pages if page.lines or page.rotation]
            # Otherwise it is as good as it came: searchable by itself, or without any text.
            return with_text(document, changed, read.password) if changed else document.data
        return copied_with_text(document, pages) or with_text(document, pages, picture_limits=self._limits)


class ArchiveExport(Export):
    """Writes a ZIP archive with the JSON of the result and a PDF that can be searched."""

    name: ClassVar[str] = "archive"
    media_type: ClassVar[str] = "application/zip"
    extension: ClassVar[str] = ".zip"
    needs_document: ClassVar[bool] = True

    def convert(self, read: ReadDocument) -> bytes:
        """Make the archive, whose files have no times, so that the same result gives the same bytes.

        Args:
            read: The document and its result.

        Raises:
            Undecodable: A PDF can't be copied, as `PdfExport` says.
        """
        archived = io.BytesIO()
        with zipfile.ZipFile(archived, "w") as archive:
            archive.writestr(zipfile.ZipInfo(RESULT_NAME), JsonExport().convert(read), zipfile.ZIP_DEFLATED)
            archive.writestr(zipfile.ZipInfo(DOCUMENT_NAME), PdfExport().convert(read))
        return archived.getvalue()


def words_of(page: OcrPage) -> PageWords:
    """Take the words for a PDF from a page's result: those that were read, since the PDF holds the others already."""
    lines = tuple(_line(line) for line in page.lines if (line.source or page.source) == "ocr")
    rotation = page.rotation if lines or page.source == "ocr" else 0
    return PageWords(page.page, page.width, page.height, rotation, lines)


def _line(line: LineResult) -> PlacedLine:
    # A line without words is laid as one.
    words = tuple(PlacedWord(word.text, word.polygon) for word in line.words)
    return PlacedLine(line.polygon, words or (PlacedWord(line.text, line.polygon),))
