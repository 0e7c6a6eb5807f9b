"""Lists the fields of a form (AcroForm; ISO 32000-1, 12.7) on one page."""

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

from deployments.preprocess.pdfium.geometry import page_matrix
from deployments.preprocess.pdfium.library import pdfium
from deployments.sandbox.messages import Message

__all__ = ["form_fields"]

# A page full of character boxes has some hundred fields. All in all, a page has at most 100,000 characters in print.
_MOST_FIELDS, _MOST_CHARACTERS, _MOST_CHARACTERS_OF_PAGE = 10_000, 10_000, 1_000_000
# PDFium gives a value whole or not at all. A longer one is left out.
_MOST_BYTES = 1_000_000
_MOST_OPTIONS = 1000
_UTF16_BYTES = 2

_KINDS = {
    pdfium.FPDF_FORMFIELD_CHECKBOX: "checkbox",
    pdfium.FPDF_FORMFIELD_RADIOBUTTON: "radio",
    pdfium.FPDF_FORMFIELD_COMBOBOX: "choice",
    pdfium.FPDF_FORMFIELD_LISTBOX: "choice",
    pdfium.FPDF_FORMFIELD_TEXTFIELD: "text",
    pdfium.FPDF_FORMFIELD_SIGNATURE: "signature",
}
_BUTTONS = (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON)
_UNSEEN = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW


def form_fields(page: Any, form: Any, size: tuple[int, int]) -> Message:
    """List the fields that a page shows. Buttons to push are left out.

    Args:
        page: The page, loaded.
        form: The document's form environment, or None.
        size: (width, height) of the page in pixels.

    Returns:
        `fields`: for each the kind, name, value, whether it is set, and left, top, right and bottom in pixels, in the
        order of the document; and `is_cut`, whether fields, names or values were cut or left out.
    """
    listing = _Listing(page, form, size)
    return {"fields": list(listing.fields()) if form else [], "is_cut": listing.is_cut}


class _Listing:
    def __init__(self, page: Any, form: Any, size: tuple[int, int]) -> None:
        self._page = page
        self._form = form
        self._size = size
        self._to_page = page_matrix(page)
        self._left = _MOST_CHARACTERS_OF_PAGE
        self.is_cut = False

    def fields(self) -> Iterator[list[Any]]:
        found = 0
        for index in range(pdfium.FPDFPage_GetAnnotCount(self._page)):
            annotation = pdfium.FPDFPage_GetAnnot(self._page, index)
            if not annotation:
                continue
            try:
                field = self._field(annotation)
            finally:
                pdfium.FPDFPage_CloseAnnot(annotation)
            if field is None:
                continue
            found += 1
            if found > _MOST_FIELDS:
                self.is_cut = True
                return
            yield field

    def _field(self, annotation: Any) -> list[Any] | None:
        if pdfium.FPDFAnnot_GetSubtype(annotation) != pdfium.FPDF_ANNOT_WIDGET:
            return None
        if pdfium.FPDFAnnot_GetFlags(annotation) & _UNSEEN:
            return None
        form_kind = pdfium.FPDFAnnot_GetFormFieldType(self._form, annotation)
        rectangle = pdfium.FS_RECTF()
        if form_kind not in _KINDS or not pdfium.FPDFAnnot_GetRect(annotation, rectangle):
            return None
        name = self._text(pdfium.FPDFAnnot_GetFormFieldName, annotation)
        if form_kind in _BUTTONS:
            value = self._text(pdfium.FPDFAnnot_GetFormFieldExportValue, annotation)
            is_set = bool(pdfium.FPDFAnnot_IsChecked(self._form, annotation))
        elif form_kind == pdfium.FPDF_FORMFIELD_SIGNATURE:
            value, is_set = "", bool(pdfium.FPDFAnnot_HasKey(annotation, b"V"))
        else:
            value, is_set = self._value(annotation, form_kind), False
        edges = rectangle.left, rectangle.bottom, rectangle.right, rectangle.top
        return [_KINDS[form_kind], name, value, is_set, self._pixels(*edges)]

    def _value(self, annotation: Any, form_kind: int) -> str:
        if form_kind != pdfium.FPDF_FORMFIELD_LISTBOX:
            return self._text(pdfium.FPDFAnnot_GetFormFieldValue, annotation)
        count = pdfium.FPDFAnnot_GetOptionCount(self._form, annotation)
        self.is_cut |= count > _MOST_OPTIONS
        chosen = (
            self._text(pdfium.FPDFAnnot_GetOptionLabel, annotation, index)
            for index in range(min(count, _MOST_OPTIONS))
            if pdfium.FPDFAnnot_IsOptionSelected(self._form, annotation, index)
        )
        return "\n".join(chosen)

    def _text(self, get: Callable[..., int], annotation: Any, *index: int) -> str:
        """Get one of a field's texts, cut to what a field and the page may have."""
        length = get(self._form, annotation, *index, None, 0)
        if length <= _UTF16_BYTES:  # no more than its closing zero
            return ""
        if length > _MOST_BYTES:
            self.is_cut = True
            return ""
        units = (ctypes.c_ushort * (length // _UTF16_BYTES))()
        get(self._form, annotation, *index, units, length)
        text = bytes(units).decode("utf-16-le", "replace").split("\0", 1)[0].replace("\r\n", "\n").replace("\r", "\n")
        kept = text[: min(_MOST_CHARACTERS, self._left)]
        self._left -= len(kept)
        self.is_cut |= len(kept) < len(text)
        return kept

    def _pixels(self, left: float, bottom: float, right: float, top: float) -> list[float]:
        x, y, half_width, half_height = self._to_page.spread(left, bottom, right, top)
        width, height = self._size
        edges = x - half_width, y - half_height, x + half_width, y + half_height
        return [
            round(min(max(edge, 0.0), 1.0) * side, 2) for edge, side in zip(edges, (width, height) * 2, strict=True)
        ]
