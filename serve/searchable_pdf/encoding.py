"""Gives codes to the characters of one document, and makes the composite font that tells their meaning and width."""

import unicodedata
import zlib
from collections.abc import Iterable

from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream, String

from serve.searchable_pdf.font import ASCENT, DESCENT, NAME, WIDTHS, glyph_of

__all__ = ["Encoding", "clean"]

# The most two-byte codes without 0, which is .notdef.
_MAX_CODES = 0xFFFF

# The most entries that one block of a CMap may have (Adobe Technical Note 5014, 1.4).
_BLOCK = 100

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean(text: str) -> str:
    """Make any text fit to be laid into a PDF.

    Control characters are left out, and so is U+FEFF, which PDF/A forbids in a ToUnicode CMap (ISO 19005-2,
    6.2.11.7.2). Half of a surrogate pair and codes that Unicode never assigns become U+FFFD. White space becomes
    blanks.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_clean_character(character) for character in text)


def _clean_character(character: str) -> str:
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if category == "Cc" or character == "\ufeff":
        return ""
    is_never_assigned = category == "Cn" and (ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF)
    return _REPLACEMENT if category == "Cs" or is_never_assigned else character


class Encoding:
    """Two-byte codes for characters, ascending with their code points.

    Args:
        texts: All texts that will be encoded, `clean`. Beyond 65,533 different characters, the last get U+FFFD's code.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        found: set[str] = {" ", _REPLACEMENT}
        for text in texts:
            found.update(text)
        common = sorted(found - {" ", _REPLACEMENT})[: _MAX_CODES - 2]
        self._characters = sorted({" ", _REPLACEMENT, *common})
        self._glyphs = [glyph_of(character) for character in self._characters]
        codes = {character: code for code, character in enumerate(self._characters, start=1)}
        self._hex = {character: f"{code:04X}" for character, code in codes.items()}
        self._widths = {
            character: WIDTHS[glyph] for character, glyph in zip(self._characters, self._glyphs, strict=True)
        }

    def hex_string(self, text: str) -> str:
        """Write the operand of `Tj`, codes in hexadecimal in angle brackets."""
        fallback = self._hex[_REPLACEMENT]
        return f"<{''.join([self._hex.get(character, fallback) for character in text])}>"

    def width(self, text: str) -> int:
        """Sum up the advance of a run, in 1/1000 of the font size."""
        fallback = self._widths[_REPLACEMENT]
        return sum([self._widths.get(character, fallback) for character in text])

    def embed(self, pdf: Pdf, program: bytes) -> Object:
        """Put the font into a document.

        Args:
            pdf: The document, which gets six more objects.
            program: The font that `font_program` makes.

        Returns:
            The Type 0 font, an indirect object for the resources of pages.
        """
        descriptor = Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name("/" + NAME),
            Flags=4,  # symbolic: its glyphs are not those of a standard encoding
            FontBBox=Array([0, DESCENT, max(WIDTHS), ASCENT]),
            ItalicAngle=0,
            Ascent=ASCENT,
            Descent=DESCENT,
            CapHeight=ASCENT,
            StemV=80,
            FontFile2=_stream(pdf, program, Length1=len(program)),
        )
        descendant = Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=Name("/" + NAME),
            CIDSystemInfo=Dictionary(Registry=String("Adobe"), Ordering=String("Identity"), Supplement=0),
            FontDescriptor=pdf.make_indirect(descriptor),
            DW=WIDTHS[0],
            W=Array([1, Array([WIDTHS[glyph] for glyph in self._glyphs])]),
            CIDToGIDMap=_stream(pdf, b"".join(glyph.to_bytes(2, "big") for glyph in (0, *self._glyphs))),
        )
        font = Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=Name("/" + NAME),
            Encoding=Name("/Identity-H"),
            DescendantFonts=Array([pdf.make_indirect(descendant)]),
            ToUnicode=_stream(pdf, self._to_unicode()),
        )
        return pdf.make_indirect(font)

    def _to_unicode(self) -> bytes:
        """Write the CMap from codes to UTF-16 (ISO 32000-1, 9.10.3)."""
        rows = [
            f"<{code:04X}> <{character.encode('utf-16-be').hex().upper()}>"
            for code, character in enumerate(self._characters, start=1)
        ]
        blocks = [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]
        lines = [
            "/CIDInit /ProcSet findresource begin",
            "12 dict begin",
            "begincmap",
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
            "/CMapName /Adobe-Identity-UCS def",
            "/CMapType 2 def",
            "1 begincodespacerange",
            "<0000> <FFFF>",
            "endcodespacerange",
            *(line for block in blocks for line in (f"{len(block)} beginbfchar", *block, "endbfchar")),
            "endcmap",
            "CMapName currentdict /CMap defineresource pop",
            "end",
            "end",
        ]
        return "\n".join(lines).encode("ascii")


def _stream(pdf: Pdf, data: bytes, **entries: int) -> Stream:
    return Stream(pdf, zlib.compress(data, 9), Filter=Name.FlateDecode, **entries)
