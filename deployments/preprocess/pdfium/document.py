"""An open PDF.

pikepdf is imported where it is needed: it doubles the memory of the process, and few documents need it.
"""

import ctypes
import io
import mmap
import os

from deployments.memory_files import path_of
from deployments.preprocess.pdfium.library import pdfium
from deployments.sandbox.task import Refused

__all__ = ["OpenDocument"]


class OpenDocument:
    """One PDF, open in PDFium. If PDFium refuses it as damaged, qpdf mends it first.

    Args:
        descriptor: A file in memory that holds its bytes.
        password: The password to open it with, or None.

    Attributes:
        is_damaged: Whether it was mended, by PDFium or by qpdf.
        stands_for: What its pages stand for, which is not on them: `xfa` (a form in XFA), `portfolio` (files), or None.

    Raises:
        Refused: The PDF is damaged beyond reading, encrypted, or has no pages.
    """

    def __init__(self, descriptor: int, password: str | None) -> None:
        self.size = os.fstat(descriptor).st_size
        self._mapping = mmap.mmap(descriptor, self.size, flags=mmap.MAP_PRIVATE)
        self._bytes = (ctypes.c_char * self.size).from_buffer(self._mapping)
        encoded = None if password is None else password.encode("utf-8", "surrogatepass")
        self.handle = pdfium.FPDF_LoadMemDocument64(self._bytes, self.size, encoded)
        is_mended = False
        if not self.handle and pdfium.FPDF_GetLastError() in (pdfium.FPDF_ERR_FORMAT, pdfium.FPDF_ERR_FILE):
            self._mended = _by_qpdf(descriptor, password)
            self.size += len(self._mended)
            is_mended = bool(self._mended)
            self.handle = pdfium.FPDF_LoadMemDocument64(self._mended, len(self._mended), None)
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
        self.is_damaged = is_mended or not pdfium.FPDF_DocumentHasValidCrossReferenceTable(self.handle)
        self.stands_for = self._what_it_stands_for(descriptor, password)
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

    def _what_it_stands_for(self, descriptor: int, password: str | None) -> str | None:
        # A form that has fields beside its XFA shows these.
        if pdfium.FPDF_GetFormType(self.handle) == pdfium.FORMTYPE_XFA_FULL:
            return "xfa"
        if pdfium.FPDFDoc_GetAttachmentCount(self.handle) < 1:
            return None
        import pikepdf

        try:
            with pikepdf.open(path_of(descriptor), password=password or "") as pdf:
                return "portfolio" if "/Collection" in pdf.Root else None
        except pikepdf.PdfError:  # PDFium is more lenient, and gives no other way to look
            return None

    def _release(self) -> None:
        # The mapping can't be closed while something points into it.
        del self._bytes
        self._mapping.close()


def _by_qpdf(descriptor: int, password: str | None) -> bytes:
    """Write a document anew, without encryption. Returns nothing if qpdf can't read it either."""
    import pikepdf

    mended = io.BytesIO()
    try:
        with pikepdf.open(path_of(descriptor), password=password or "") as pdf:
            pdf.save(mended)
    except pikepdf.PdfError:  # PDFium has told why
        return b""
    return mended.getvalue()
