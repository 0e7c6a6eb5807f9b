"""Reading PDFs, as the task of a child process."""

from collections.abc import Sequence
from typing import ClassVar

from deployments.preprocess.pdfium.document import OpenDocument, OpenDocuments
from deployments.preprocess.pdfium.library import start_library
from deployments.preprocess.pdfium.pages import read_page
from deployments.sandbox.messages import Message
from deployments.sandbox.task import Task

__all__ = ["PdfReading"]


class PdfReading(Task):
    """Counts the pages of a PDF, or reads one of them. Documents stay open, so that each is parsed once for all."""

    # If an allocation fails, PDFium goes on, and leaves out the pictures whose decoders found no memory without a word.
    is_watched: ClassVar[bool] = True

    def __init__(self) -> None:
        start_library()
        self._documents = OpenDocuments()

    def answer(self, request: Message, files: Sequence[int]) -> tuple[Message, int | None]:
        """Answer `page_count`, or `page` as `read_page` does.

        Args:
            request: `call`, `document` (the file's digest), `password`, and those of `read_page`.
            files: The document; empty if it is open.

        Raises:
            Refused: The document or the page can't be opened.
            MemoryError: It does not fit the limit.
        """
        document = self._document(request, files)
        if request["call"] == "page_count":
            return {"page_count": document.page_count}, None
        return read_page(document, request)

    def _document(self, request: Message, files: Sequence[int]) -> OpenDocument:
        key, password = request["document"], request["password"]
        return self._documents.find(key, password) or self._documents.open(key, password, files[0])

    @property
    def kept_file_bytes(self) -> int:
        """Size of the documents that are open."""
        return self._documents.total_bytes

    def keeps_files_of(self, request: Message) -> bool:
        """Ask whether the document is open, with the same password.

        Args:
            request: `document` and `password`.
        """
        return self._documents.find(request["document"], request["password"]) is not None

    def forget(self) -> bool:
        """Close all documents, and with them what PDFium keeps of their pages."""
        self._documents.close_all()
        return True
