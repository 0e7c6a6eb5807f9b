"""Makes the font of invisible text: a few blank glyphs that differ only in their width.

Text in rendering mode 3 is never painted, yet PDF/A wants its font embedded (ISO 19005-2, 6.2.11.4), and viewers take
the position of each character from the glyphs' widths.
"""

import io
import unicodedata
from functools import cache
from typing import Final

from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib.tables._g_l_y_f import Glyph, GlyphCoordinates
from fontTools.ttLib.tables.ttProgram import Program

__all__ = ["ASCENT", "DESCENT", "NAME", "WIDTHS", "font_program", "glyph_of"]

NAME: Final = "RayocrInvisible"

ASCENT: Final = 1000
DESCENT: Final = -300
"""Both in 1/1000 of the font size. A line's quad holds all its ascenders and descenders and a margin, hence 1.3 of the
size of its type. A highlight is as tall as the quad. poppler cuts off an ascent beyond 1.05 and a descent beyond 0.4.
"""

WIDTHS: Final = (600, 10, 280, 560, 700, 860, 1000)
"""Advance of each glyph in 1/1000 of the font size. Glyph 0 is .notdef, which PDF/A forbids to show (6.2.11.8).

Marks have some width, since PDFium leaves out characters without width when it takes text from a rectangle. The other
widths are like those of a common sans serif. So each character of a word that is stretched to its quad stands about
where it was seen, and a search for a part of a word highlights that part.
"""

# 2000-01-01, in seconds since 1904.
_DATE: Final = 3_029_529_600

_MARK, _NARROW, _USUAL, _CAPITAL, _BROAD, _IDEOGRAPH = range(1, len(WIDTHS))

_NARROW_CHARACTERS = frozenset(" ijlftrI.,:;'|!()[]{}`/\\\"-")
_BROAD_CHARACTERS = frozenset("mwMW@%")


def glyph_of(character: str) -> int:
    """Find the glyph whose width suits a character: an index into `WIDTHS`, never 0."""
    if character in _NARROW_CHARACTERS:
        return _NARROW
    if character in _BROAD_CHARACTERS:
        return _BROAD
    category = unicodedata.category(character)
    if category in ("Mn", "Me", "Cf"):
        return _MARK
    if unicodedata.east_asian_width(character) in ("W", "F"):
        return _IDEOGRAPH
    return _CAPITAL if category == "Lu" else _USUAL


@cache
def font_program() -> bytes:
    """Make the font, a TrueType file of less than 2 kB. The bytes are the same each time."""
    names = [".notdef", *(f"blank{width}" for width in WIDTHS[1:])]
    builder = FontBuilder(1000, isTTF=True)
    # Without this, the time of the call would be in the file.
    builder.updateHead(created=_DATE, modified=_DATE)
    builder.font.recalcTimestamp = False
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({0x20: names[_NARROW]})
    builder.setupGlyf({name: _glyph(width) for name, width in zip(names, WIDTHS, strict=True)})
    builder.setupHorizontalMetrics({name: (width, 0) for name, width in zip(names, WIDTHS, strict=True)})
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupOS2(
        sTypoAscender=ASCENT, sTypoDescender=DESCENT, sTypoLineGap=0, usWinAscent=ASCENT, usWinDescent=-DESCENT
    )
    builder.setupNameTable({"familyName": NAME, "styleName": "Regular", "psName": NAME})
    builder.setupPost(keepGlyphNames=False)
    stream = io.BytesIO()
    builder.save(stream)
    return stream.getvalue()


def _glyph(width: int) -> Glyph:
    """Make a glyph of two contours of one point each, without ink, and with bounds as large as the character's cell.

    PDFium, hence Chrome, takes a highlight's height from the bounds. Without them it would be 1/1000 of the font size.
    """
    glyph = Glyph()
    glyph.numberOfContours = 2
    glyph.coordinates = GlyphCoordinates([(0, DESCENT), (width, ASCENT)])
    glyph.flags = bytearray((1, 1))
    glyph.endPtsOfContours = [0, 1]
    glyph.program = Program()
    glyph.program.fromBytecode(b"")
    return glyph
