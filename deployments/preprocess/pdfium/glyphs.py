"""Reads the characters of a page's text layer, with their positions."""

import ctypes
import math
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from deployments.preprocess.pdfium.geometry import Matrix, Spread, page_matrix
from deployments.preprocess.pdfium.library import address, pdfium

__all__ = ["Glyph", "Glyphs", "Style", "read_glyphs"]

_MAX_CHARACTERS = 200_000

# PDFium gives U+0002 or U+FFFE for a hyphen that it takes for one at a line's end.
_HYPHENS = frozenset({0x02, 0xAD, 0xFFFE})

# Most word processors leave the bullets of the fonts Symbol and Wingdings in the private use area.
_BULLETS = dict.fromkeys((0xF06C, 0xF0A7, 0xF0A8, 0xF0B7, 0xF0D8, 0xF0FC), "\N{BULLET}")

_JOINERS = frozenset({0x200C, 0x200D})
_MEANINGLESS = frozenset({"Cc", "Cn", "Co", "Cs"})
_INVISIBLE_MODES = (pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP)
_LEAST_VISIBLE_PT = 1.0
# In sizes of the font. A dash is 20 times as thick.
_LEAST_INK = 0.002


@dataclass(frozen=True, slots=True)
class Style:
    """The style that the characters of one text object share.

    Args:
        along: Unit vector of the direction in which the text runs, on the page as a person sees it, y downwards.
        size: Size of the font, in points of the page.
        is_visible: Whether a person sees the text.
        order: The text object's rank in the page's content.
        font: Tells the fonts of a page apart.
        is_embedded: Whether the document holds the font. Otherwise it is drawn in one of this machine.
    """

    along: tuple[float, float]
    size: float
    is_visible: bool
    order: int
    font: int = 0
    is_embedded: bool = True


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character.

    Args:
        text: The character; a blank for any white space.
        style: The style of the character's text object.
        start: The character's beginning along the text's direction, in points.
        end: The character's end along the text's direction.
        upper: The edge at the character's top, in points, perpendicular to the text's direction, growing downwards.
        lower: The edge at the character's foot, on the same axis.
        baseline: The baseline, on the same axis.
        is_added: Whether PDFium added it: a blank at a gap or at a line's end.
        has_ink: Whether its font has a shape for it.
        room: Start and end of where its ink may be: a font in place of one that is not embedded may shift it.
    """

    text: str
    style: Style
    start: float
    end: float
    upper: float
    lower: float
    baseline: float
    is_added: bool = False
    has_ink: bool = True
    room: tuple[float, float] | None = None

    @property
    def is_space(self) -> bool:
        """Whether the character only parts words."""
        return self.text == " "

    @property
    def middle(self) -> tuple[float, float]:
        """Its middle (x, y), in points of the page as a person sees it."""
        along_x, along_y = self.style.along
        start, end = self.room or (self.start, self.end)
        along, across = (start + end) / 2, (self.upper + self.lower) / 2
        return along * along_x - across * along_y, along * along_y + across * along_x

    def box(self, share: float) -> tuple[float, float, float, float]:
        """The upright box (left, top, right, bottom) around the middle part of it along the text, in points."""
        (x, y), (along_x, along_y) = self.middle, self.style.along
        start, end = self.room or (self.start, self.end)
        half, half_across = share * (end - start) / 2, (self.lower - self.upper) / 2
        half_x = abs(half * along_x) + abs(half_across * along_y)
        half_y = abs(half * along_y) + abs(half_across * along_x)
        return x - half_x, y - half_y, x + half_x, y + half_y


@dataclass(slots=True)
class Glyphs:
    """The characters of a page in the content's order, as PDFium gives them, right-to-left text in logical order.

    Args:
        glyphs: The characters that mean something and lie on the page, and white space.
        unmapped: How many characters have no meaning in Unicode, and are left out.
        invisible: How many characters on the page are not drawn.
        is_complete: False if the page has too many characters.
    """

    glyphs: list[Glyph] = field(default_factory=list)
    unmapped: int = 0
    invisible: int = 0
    is_complete: bool = True

    @property
    def count(self) -> int:
        """The number of characters that mean something, without white space."""
        return sum(not glyph.is_space for glyph in self.glyphs)


def read_glyphs(
    page: Any, text_order: dict[int, int], width_pt: float, height_pt: float, *, with_invisible: bool
) -> Glyphs:
    """Read a page's text layer.

    Args:
        page: The page, loaded.
        text_order: Rank of each text object in the page's content, as `Contents.text_order` has it.
        width_pt: Width of the page as a person sees it, in points.
        height_pt: Height of the page as a person sees it, in points.
        with_invisible: Whether text that a person can't see is wanted, such as the text of another OCR program.
    """
    layer = pdfium.FPDFText_LoadPage(page)
    if not layer:
        return Glyphs()
    try:
        to_points = Matrix(width_pt, 0, 0, height_pt, 0, 0).after(page_matrix(page))
        return _Reading(layer, text_order, to_points, (width_pt, height_pt), with_invisible).all()
    finally:
        pdfium.FPDFText_ClosePage(layer)


class _Reading:
    def __init__(
        self, layer: Any, text_order: dict[int, int], to_points: Matrix, size: tuple[float, float], with_invisible: bool
    ) -> None:
        self._layer = layer
        self._text_order = text_order
        self._to_points = to_points
        self._size = size
        self._with_invisible = with_invisible
        self._styles: dict[int, Style] = {}
        self._numbers = [ctypes.c_double() for _ in range(4)]

    def all(self) -> Glyphs:
        found = Glyphs()
        count = pdfium.FPDFText_CountChars(self._layer)
        if count > _MAX_CHARACTERS:
            found.is_complete = False
            return found
        style, high_surrogate = None, 0
        for index in range(count):
            code = pdfium.FPDFText_GetUnicode(self._layer, index)
            if 0xD800 <= code < 0xDC00:
                high_surrogate = code
                continue
            if 0xDC00 <= code < 0xE000 and high_surrogate:
                code = 0x10000 + ((high_surrogate - 0xD800) << 10) + (code - 0xDC00)
            high_surrogate = 0
            text = self._text(code, index)
            style = self._style(index) or style
            if text == "" or style is None:
                continue
            if text == " ":
                is_added = pdfium.FPDFText_IsGenerated(self._layer, index) == 1
                found.glyphs.append(Glyph(" ", style, 0, 0, 0, 0, 0, is_added))
                continue
            glyph = self._glyph(text or "", style, index)
            if glyph is None:
                continue
            if not style.is_visible:
                found.invisible += 1
                if not self._with_invisible:
                    continue
            if text is None:
                found.unmapped += 1
            else:
                found.glyphs.append(glyph)
        return found

    def _text(self, code: int, index: int) -> str | None:
        """Find the text of a code: a blank for white space, nothing if it has no shape, None if it has no meaning."""
        if code in _HYPHENS:
            return "-"
        if code in _BULLETS:
            return _BULLETS[code]
        if code in (0, 0xFFFD) or code > 0x10FFFF or pdfium.FPDFText_HasUnicodeMapError(self._layer, index) == 1:
            return None
        text = chr(code)
        if text.isspace():
            return " "
        category = unicodedata.category(text)
        if category == "Cf":
            return text if code in _JOINERS else ""
        return None if category in _MEANINGLESS else text

    def _style(self, index: int) -> Style | None:
        """Find a character's style; None for a blank or a line's end that PDFium added."""
        text_object = pdfium.FPDFText_GetTextObject(self._layer, index)
        if not text_object:
            return None
        key = address(text_object)
        if key not in self._styles:
            self._styles[key] = self._read_style(text_object, index)
        return self._styles[key]

    def _read_style(self, text_object: Any, index: int) -> Style:
        raw = pdfium.FS_MATRIX()
        pdfium.FPDFText_GetMatrix(self._layer, index, raw)
        matrix = self._to_points.after(Matrix(raw.a, raw.b, raw.c, raw.d, 0, 0))
        length = math.hypot(matrix.a, matrix.b)
        along = (matrix.a / length, matrix.b / length) if length > 0 else (1.0, 0.0)
        size = abs(pdfium.FPDFText_GetFontSize(self._layer, index)) * math.hypot(matrix.c, matrix.d)
        _, _, half_width, half_height = self._box(index)
        extent = 2 * max(half_width, half_height)
        # Type 3 fonts may have any size, since their glyphs have a matrix of their own.
        if size < extent / 4 or (size > 20 * extent > 0):
            size = extent
        mode = pdfium.FPDFTextObj_GetTextRenderMode(text_object)
        alpha = ctypes.c_uint(255)
        pdfium.FPDFPageObj_GetFillColor(text_object, *(ctypes.c_uint() for _ in range(3)), alpha)
        is_filled = mode in (pdfium.FPDF_TEXTRENDERMODE_FILL, pdfium.FPDF_TEXTRENDERMODE_FILL_CLIP)
        is_transparent = is_filled and alpha.value == 0
        is_visible = mode not in _INVISIBLE_MODES and not is_transparent and size >= _LEAST_VISIBLE_PT
        font = pdfium.FPDFTextObj_GetFont(text_object)
        return Style(
            along,
            size,
            is_visible,
            self._text_order.get(address(text_object), 0),
            address(font) if font else 0,
            bool(font) and pdfium.FPDFFont_GetIsEmbedded(font) == 1,
        )

    def _box(self, index: int) -> Spread:
        left, right, bottom, top = self._numbers
        if not pdfium.FPDFText_GetCharBox(self._layer, index, left, right, bottom, top):
            return (0, 0, 0, 0)
        return self._to_points.spread(left.value, bottom.value, right.value, top.value)

    def _loose_box(self, index: int) -> Spread:
        box = pdfium.FS_RECTF()
        pdfium.FPDFText_GetLooseCharBox(self._layer, index, box)
        return self._to_points.spread(box.left, box.bottom, box.right, box.top)

    def _glyph(self, text: str, style: Style, index: int) -> Glyph | None:
        """Find a character's position; None if it lies beside the page."""
        x, y, half_width, half_height = self._box(index)
        has_ink = min(half_width, half_height) > _LEAST_INK * style.size
        if not has_ink:  # no font has this character
            x, y, half_width, half_height = self._loose_box(index)
        if not (-half_width <= x <= self._size[0] + half_width and -half_height <= y <= self._size[1] + half_height):
            return None
        origin_x, origin_y = self._numbers[:2]
        pdfium.FPDFText_GetCharOrigin(self._layer, index, origin_x, origin_y)
        foot_x, foot_y = self._to_points.point(origin_x.value, origin_y.value)
        along_x, along_y = style.along
        middle, across = x * along_x + y * along_y, y * along_x - x * along_y
        baseline = foot_y * along_x - foot_x * along_y
        if -0.05 < along_x < 0.05 or -0.05 < along_y < 0.05:
            half = half_width * abs(along_x) + half_height * abs(along_y)
            half_across = half_height * abs(along_x) + half_width * abs(along_y)
            start, end, upper, lower = middle - half, middle + half, across - half_across, across + half_across
            room = None if style.is_embedded else self._room(style, index, start, end)
            return Glyph(text, style, start, end, upper, lower, baseline, has_ink=has_ink, room=room)
        # The box of an oblique glyph tells the position of its middle, and little about its size.
        half = 0.28 * style.size
        upper, lower = baseline - 0.75 * style.size, baseline + 0.22 * style.size
        return Glyph(text, style, middle - half, middle + half, upper, lower, baseline, has_ink=has_ink)

    def _room(self, style: Style, index: int, start: float, end: float) -> tuple[float, float]:
        x, y, half_width, half_height = self._loose_box(index)
        middle = x * style.along[0] + y * style.along[1]
        half = half_width * abs(style.along[0]) + half_height * abs(style.along[1])
        return min(start, middle - half), max(end, middle + half)
