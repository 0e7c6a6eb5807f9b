"""PDFium, by its own functions."""

import ctypes
from typing import Any

# The package publishes no type information. `pypdfium2` would add helpers that nothing here needs.
import pypdfium2_raw  # type: ignore[import-untyped]

__all__ = ["address", "pdfium"]

pdfium: Any = pypdfium2_raw


def address(handle: Any) -> int:
    """Tell one of PDFium's objects from another."""
    return ctypes.addressof(handle.contents)
