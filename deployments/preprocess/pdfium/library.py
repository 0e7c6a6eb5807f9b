"""PDFium itself, and how its refusals are told."""

import ctypes
from typing import Any

# It publishes no type information. Not `pypdfium2`, whose helpers nothing here needs.
import pypdfium2_raw  # type: ignore[import-untyped]

__all__ = ["Refused", "address", "pdfium", "start_library"]

pdfium: Any = pypdfium2_raw


class Refused(Exception):
    """A document or page that can't be opened.

    Args:
        reason: A word that the parent process knows: see `deployments.preprocess.pdf.reader`.
        detail: For the message to a person.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def start_library() -> None:
    """Prepare PDFium, once a process."""
    pdfium.FPDF_InitLibrary()


def address(handle: Any) -> int:
    """What tells one of PDFium's objects from another."""
    return ctypes.addressof(handle.contents)
