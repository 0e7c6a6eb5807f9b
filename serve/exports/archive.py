"""Exports the result and the searchable PDF of a document together, from one reading."""

import io
import zipfile
from typing import ClassVar

from serve.exports.base import Export, ReadDocument
from serve.exports.json import JsonExport
from serve.exports.pdf import PdfExport

__all__ = ["DOCUMENT_NAME", "RESULT_NAME", "ArchiveExport"]

RESULT_NAME = "result.json"
DOCUMENT_NAME = "document.pdf"


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
