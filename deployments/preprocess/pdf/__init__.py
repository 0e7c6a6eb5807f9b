"""Pages of PDFs, drawn or taken from the text that they carry, from the parent's side of the child process.

PDFium and all that parses a PDF is in `pdfium`; the process itself is in `deployments.sandbox`.
"""

from deployments.preprocess.pdf.reader import PdfReader

__all__ = ["PdfReader"]
