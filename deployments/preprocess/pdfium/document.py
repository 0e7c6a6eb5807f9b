"""An open PDF."""

import ctypes
import mmap
import os

from deployments.preprocess.pdfium.library import pdfium
from deployments.sandbox.task import Refused

__all__ = ["OpenDocument"]


class OpenDocument:
    """One PDF, open in PDFium.

    Args:
        descriptor: A file in memory that holds its bytes.
        password: The password to open it with, or None.

    Raises:
        Refused: The PDF is damaged beyond reading, encrypted, or has no pages.
    """

    def __init__(self, descriptor: int, password: str | None) -> None:
        self.size = os.fstat(descriptor).st_size
        self._mapping = mmap.mmap(descriptor, self.size, flags=mmap.MAP_PRIVATE)
        self._bytes = (ctypes.c_char * self.size).from_buffer(self._mapping)
        encoded = None if password is None else password.encode("utf-8", "surrogatepass")
        self.handle = pdfium.FPDF_LoadMemDocument64(self._bytes, self.size, encoded)
        if not self.handle:
            error = pdfium.FPDF_GetLastError()
            self._release()
            if error == pdfium.FPDF_ERR_PASSWORD:
                raise Refused("encrypted")
            raise Refused("unknown_encryption" if error == pdfium.FPDF_ERR_SECURITY else "damaged")
        self.page_count: int = pdfium.FPDF_GetPageCount(self.handle)
        if self.page_count < 1:
            self.close()
            raise Refused("no_pages")
        self.is_damaged = not pdfium.FPDF_DocumentHasValidCrossReferenceTable(self.handle)
        self.form = None
        if pdfium.FPDF_GetFormType(self.handle) != pdfium.FORMTYPE_NONE:
            # PDFium keeps a pointer to this struct.
            self._form_callbacks = pdfium.FPDF_FORMFILLINFO(version=2)
            self.form = pdfium.FPDFDOC_InitFormFillEnvironment(self.handle, self._form_callbacks)
        if self.form:
            pdfium.FPDF_RemoveFormFieldHighlight(self.form)

    def close(self) -> None:
        """Give its memory back."""
        if getattr(self, "form", None):
            pdfium.FPDFDOC_ExitFormFillEnvironment(self.form)
        pdfium.FPDF_CloseDocument(self.handle)
        self._release()

    def _release(self) -> None:
        # The mapping can't be closed while something points into it.
        del self._bytes
        self._mapping.close()
