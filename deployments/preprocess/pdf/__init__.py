"""PDFs: pages drawn by PDFium in a child process, or taken from the text that they carry."""

from deployments.preprocess.pdf.reader import PdfReader

__all__ = ["PdfReader"]
