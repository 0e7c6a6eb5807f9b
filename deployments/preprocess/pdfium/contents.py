"""Looks at a page before it is drawn: at pictures, text, and paths that may be text drawn as outlines."""

import ctypes
import math
from dataclasses import dataclass, field
from typing import Any

from deployments.preprocess.pdfium.geometry import Matrix, matrix_of, page_matrix
from deployments.preprocess.pdfium.library import address, pdfium
from deployments.sandbox.task import Refused

__all__ = ["Box", "Contents", "Picture", "look_at"]

# A map has 100,000 paths, and a look at each takes microseconds. More would tell nothing new of such a page.
_MAX_OBJECTS = 50_000

_MAX_DEPTH = 16

# Segments of one glyph: "l" has 4 and "g" some 40. Lines, boxes and circles of diagrams have fewer than 10.
_OUTLINE_SEGMENTS = 10
_SEGMENTS_A_GLYPH = 20

# Smaller pictures hold no text: they are shadows, patterns, and single pixels stretched to a background.
_MIN_PICTURE_PX = 20

# PDFium leaves out pictures of more than 2 GB without a word.
_MOST_PICTURE_PIXELS = 250_000_000

# PDFium draws the arrow of a combo box on a button of 13 points with a border.
_ARROW_PT = 15.0

# Kinds of annotations that only mark, or that are shown when somebody points at them.
_MARKS = frozenset(
    {
        pdfium.FPDF_ANNOT_LINK,
        pdfium.FPDF_ANNOT_POPUP,
        pdfium.FPDF_ANNOT_TEXT,
        pdfium.FPDF_ANNOT_HIGHLIGHT,
        pdfium.FPDF_ANNOT_UNDERLINE,
        pdfium.FPDF_ANNOT_SQUIGGLY,
        pdfium.FPDF_ANNOT_STRIKEOUT,
    }
)
_HIDDEN_FLAGS = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW


Box = tuple[float, float, float, float]
"""Left, top, right and bottom of a part of the page as a person sees it, all from 0 to 1, y downwards."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture on a page.

    Args:
        coverage: The part of the page that the picture covers, in [0, 1].
        dpi: Pixels of the picture an inch of the page.
        box: Its place on the page.
        handle: PDFium's handle, valid as long as the page is loaded.
    """

    coverage: float
    dpi: float
    box: Box = (0.0, 0.0, 1.0, 1.0)
    handle: Any = None

    @property
    def is_decodable(self) -> bool:
        """Whether any part of the picture can be decoded. To find out takes as long as drawing it."""
        bitmap = pdfium.FPDFImageObj_GetBitmap(self.handle)
        if bitmap:
            pdfium.FPDFBitmap_Destroy(bitmap)
        return bool(bitmap)


@dataclass(slots=True)
class Contents:
    """The contents of a page.

    Args:
        pictures: Pictures that could hold text.
        text_sizes: (size in points, rough number of characters) of each piece of text, visible or not.
        text_order: Rank of each text object in the page's content, by its address.
        text_objects: The text objects by this rank; handles that are valid as long as the page is loaded.
        is_embedded: Whether the document holds the fonts of all its text.
        arrows: Places where PDFium may draw the arrow of a combo box.
        outline_glyphs: How many glyphs the outlines could be.
        outlines: The place of all outlines together.
        annotations: Places of annotations and form fields that may show text, which the text layer does not hold.
        is_complete: False if there were too many objects to look at all of them.
    """

    pictures: list[Picture] = field(default_factory=list)
    text_sizes: list[tuple[float, float]] = field(default_factory=list)
    text_order: dict[int, int] = field(default_factory=dict)
    text_objects: dict[int, Any] = field(default_factory=dict)
    is_embedded: bool = True
    outline_glyphs: float = 0.0
    outlines: Box = (1.0, 1.0, 0.0, 0.0)
    annotations: list[Box] = field(default_factory=list)
    arrows: list[Box] = field(default_factory=list)
    is_complete: bool = True


def look_at(page: Any, form: Any, width_pt: float, height_pt: float) -> Contents:
    """Look at a page's objects and annotations. Nothing is decoded.

    Args:
        page: The page, loaded.
        form: The document's form environment, or None.
        width_pt: Width of the page as a person sees it, in points.
        height_pt: Height of the page as a person sees it, in points.

    Raises:
        Refused: A picture is too large to be drawn.
    """
    contents = Contents()
    look = _Look(contents, page_matrix(page), width_pt, height_pt)
    for index in range(pdfium.FPDFPage_CountObjects(page)):
        look.at(pdfium.FPDFPage_GetObject(page, index), Matrix(1, 0, 0, 1, 0, 0), look.to_page, 0)
        if not contents.is_complete:
            break
    look.at_annotations(page, form)
    return contents


class _Look:
    def __init__(self, contents: Contents, to_page: Matrix, width_pt: float, height_pt: float) -> None:
        self.contents = contents
        self.to_page = to_page
        self.width_pt = width_pt
        self.height_pt = height_pt
        self.objects = 0
        self._bounds = [ctypes.c_float() for _ in range(4)]
        self._size = ctypes.c_float()

    def at(self, thing: Any, parent: Matrix, to_page: Matrix, depth: int) -> None:
        """Look at an object of a page or form, and at the objects within it."""
        self.objects += 1
        if self.objects > _MAX_OBJECTS or depth > _MAX_DEPTH:
            self.contents.is_complete = False
            return
        kind = pdfium.FPDFPageObj_GetType(thing)
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            self._text(thing, parent, to_page)
        elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            self._picture(thing, to_page)
        elif kind == pdfium.FPDF_PAGEOBJ_PATH:
            segments = pdfium.FPDFPath_CountSegments(thing)
            if segments >= _OUTLINE_SEGMENTS and _is_filled(thing):
                self._outline(thing, to_page, segments)
        elif kind == pdfium.FPDF_PAGEOBJ_FORM:
            inner = parent.after(matrix_of(thing))
            inner_to_page = self.to_page.after(inner)
            for index in range(pdfium.FPDFFormObj_CountObjects(thing)):
                self.at(pdfium.FPDFFormObj_GetObject(thing, index), inner, inner_to_page, depth + 1)
                if not self.contents.is_complete:
                    return

    def _text(self, text: Any, parent: Matrix, to_page: Matrix) -> None:
        self.contents.text_order[address(text)] = self.objects
        self.contents.text_objects[self.objects] = text
        font = pdfium.FPDFTextObj_GetFont(text)
        self.contents.is_embedded &= bool(font) and pdfium.FPDFFont_GetIsEmbedded(font) == 1
        left, bottom, right, top = self._bounds
        if not pdfium.FPDFPageObj_GetBounds(text, left, bottom, right, top):
            return
        bounds = left.value, bottom.value, right.value, top.value
        # A character that no font has is text too, although nothing is drawn.
        x, y, half_width, half_height = to_page.spread(*bounds)
        if abs(x - 0.5) > half_width + 0.5 or abs(y - 0.5) > half_height + 0.5:
            return
        pdfium.FPDFTextObj_GetFontSize(text, self._size)
        matrix = parent.after(matrix_of(text))
        size = abs(self._size.value) * math.hypot(matrix.c, matrix.d)
        _, _, half_width, half_height = parent.spread(*bounds)
        length, thickness = 2 * max(half_width, half_height), 2 * min(half_width, half_height)
        # Type 3 fonts may have any size, commonly 1, since their glyphs have a matrix of their own. A dash is thin.
        if size < thickness / 4:
            size = thickness
        if size > 0:
            self.contents.text_sizes.append((size, max(1.0, 2 * length / size)))

    def _outline(self, path: Any, to_page: Matrix, segments: int) -> None:
        self.contents.outline_glyphs += segments / _SEGMENTS_A_GLYPH
        left, bottom, right, top = self._bounds
        if pdfium.FPDFPageObj_GetBounds(path, left, bottom, right, top):
            box = _clipped(*to_page.spread(left.value, bottom.value, right.value, top.value))
            so_far = self.contents.outlines
            self.contents.outlines = (
                min(so_far[0], box[0]),
                min(so_far[1], box[1]),
                max(so_far[2], box[2]),
                max(so_far[3], box[3]),
            )

    def _picture(self, picture: Any, to_page: Matrix) -> None:
        columns, rows = ctypes.c_uint(), ctypes.c_uint()
        if not pdfium.FPDFImageObj_GetImagePixelSize(picture, columns, rows):
            return
        if columns.value * rows.value > _MOST_PICTURE_PIXELS:
            raise Refused("large_picture", f"{columns.value:,} x {rows.value:,}")
        if min(columns.value, rows.value) < _MIN_PICTURE_PX:
            return
        matrix = to_page.after(matrix_of(picture))
        box = _clipped(*matrix.spread(0, 0, 1, 1))
        coverage = max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])
        across = math.hypot(matrix.a * self.width_pt, matrix.b * self.height_pt) / 72
        along = math.hypot(matrix.c * self.width_pt, matrix.d * self.height_pt) / 72
        if coverage > 0 and across > 0 and along > 0:
            dpi = max(columns.value / across, rows.value / along)
            self.contents.pictures.append(Picture(coverage, dpi, box, picture))

    def at_annotations(self, page: Any, form: Any) -> None:
        """Look at the annotations and form fields of the page."""
        count = pdfium.FPDFPage_GetAnnotCount(page)
        if count > _MAX_OBJECTS:
            self.contents.is_complete = False
            return
        rectangle = pdfium.FS_RECTF()
        for index in range(count):
            annotation = pdfium.FPDFPage_GetAnnot(page, index)
            if not annotation:
                continue
            try:
                if _may_hold_text(annotation, form) and pdfium.FPDFAnnot_GetRect(annotation, rectangle):
                    edges = rectangle.left, rectangle.bottom, rectangle.right, rectangle.top
                    self.contents.annotations.append(_clipped(*self.to_page.spread(*edges)))
                    if form and pdfium.FPDFAnnot_GetFormFieldType(form, annotation) == pdfium.FPDF_FORMFIELD_COMBOBOX:
                        edges = max(edges[0], edges[2] - _ARROW_PT), *edges[1:]
                        self.contents.arrows.append(_clipped(*self.to_page.spread(*edges)))
            finally:
                pdfium.FPDFPage_CloseAnnot(annotation)


def _clipped(x: float, y: float, half_width: float, half_height: float) -> Box:
    """The part of a box that lies on the page."""
    return max(x - half_width, 0.0), max(y - half_height, 0.0), min(x + half_width, 1.0), min(y + half_height, 1.0)


def _is_filled(path: Any) -> bool:
    mode, has_stroke = ctypes.c_int(), ctypes.c_int()
    return bool(pdfium.FPDFPath_GetDrawMode(path, mode, has_stroke)) and mode.value != pdfium.FPDF_FILLMODE_NONE


def _may_hold_text(annotation: Any, form: Any) -> bool:
    kind = pdfium.FPDFAnnot_GetSubtype(annotation)
    if kind in _MARKS or pdfium.FPDFAnnot_GetFlags(annotation) & _HIDDEN_FLAGS:
        return False
    if kind == pdfium.FPDF_ANNOT_WIDGET and form:
        field_kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
        if field_kind in (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON):
            return False
        if field_kind in (pdfium.FPDF_FORMFIELD_TEXTFIELD, pdfium.FPDF_FORMFIELD_COMBOBOX):
            # The length is in bytes of UTF-16, with its closing zero.
            return bool(pdfium.FPDFAnnot_GetFormFieldValue(form, annotation, None, 0) > 2)
    return True
