"""PDFium itself."""

import ctypes
from typing import Any

# It publishes no type information. Not `pypdfium2`, whose helpers nothing here needs.
import pypdfium2_raw  # type: ignore[import-untyped]

__all__ = ["address", "pdfium"]

pdfium: Any = pypdfium2_raw


def address(handle: Any) -> int:
    """Tell one of PDFium's objects from another."""
    return ctypes.addressof(handle.contents)
