"""Reading PDFs, as the task of a child process."""

import os
from collections.abc import Sequence
from typing import ClassVar

from deployments.preprocess.pdfium.document import OpenDocument
from deployments.preprocess.pdfium.library import pdfium
from deployments.preprocess.pdfium.pages import read_page
from deployments.sandbox.messages import Message
from deployments.sandbox.task import Task

__all__ = ["PdfReading"]

_KEPT = 4
_KEPT_BYTES = 100_000_000


class PdfReading(Task):
    """Counts the pages of a PDF, or reads one of them.

    The documents that were used last stay open, so that each is handed over and parsed once for all of its pages.
    """

    # If an allocation fails, PDFium goes on, and leaves out the pictures whose decoders found no memory without a word.
    is_watched: ClassVar[bool] = True

    def __init__(self) -> None:
        pdfium.FPDF_InitLibrary()
        # By digest and password: who does not know the password must not find the document open.
        self._documents: dict[tuple[str, str | None], OpenDocument] = {}

    def answer(self, request: Message, files: Sequence[int]) -> tuple[Message, int | None]:
        """Answer `page_count`, or `page` as `read_page` does.

        Args:
            request: `call`, `document` (the file's digest), `password`, and those of `read_page`.
            files: The document; empty if it is open.

        Raises:
            Refused: The document or the page can't be opened.
            MemoryError: It does not fit the limit.
        """
        key = (request["document"], request["password"])
        document = self._documents.pop(key, None) or self._opened(files[0], request["password"])
        self._documents[key] = document  # the last used is the last to go
        if request["call"] == "page_count":
            return {"page_count": document.page_count}, None
        return read_page(document, request)

    def _opened(self, file: int, password: str | None) -> OpenDocument:
        size = os.fstat(file).st_size
        while self._documents and (len(self._documents) >= _KEPT or self.kept_file_bytes + size > _KEPT_BYTES):
            self._documents.pop(next(iter(self._documents))).close()
        return OpenDocument(file, password)

    @property
    def kept_file_bytes(self) -> int:
        """Size of the documents that are open."""
        return sum(document.size for document in self._documents.values())

    def keeps_files_of(self, request: Message) -> bool:
        """Ask whether the document is open, with the same password.

        Args:
            request: `document` and `password`.
        """
        return (request["document"], request["password"]) in self._documents

    def forget(self) -> bool:
        """Close all documents, and with them what PDFium keeps of their pages."""
        while self._documents:
            self._documents.popitem()[1].close()
        return True
