"""The original stays as it was: streams, looks, encryption, PDF/A. Only invisible text of another OCR goes."""

import io
import re
import zlib
from pathlib import Path
from typing import Literal

import numpy as np
import pikepdf
import pytest
from fontTools.ttLib import TTFont
from pikepdf import Dictionary, Name, Pdf

from models.errors import Undecodable
from tests.poppler import drawn, drawn_by_poppler, text_by_pdfium, text_by_poppler
from tests.unit.serve.searchable_pdf.results import exported, laid, line, page, scan

WORDS = page(line("hello world", 60, 60))
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
OLD_TEXT = b"BT /F1 20 Tf 3 Tr 50 600 Td (outdated) Tj ET "
NEW_TEXT = b"BT /F1 20 Tf 0 Tr 50 500 Td (visible) Tj ET "


def saved(pdf: Pdf, **options: object) -> bytes:
    output = io.BytesIO()
    pdf.save(output, compress_streams=False, fix_metadata_version=False, **options)  # type: ignore[arg-type]
    return output.getvalue()


def raw_streams(data: bytes, password: str = "") -> set[bytes]:
    with pikepdf.open(io.BytesIO(data), password=password) as pdf:
        return {thing.read_raw_bytes() for thing in pdf.objects if isinstance(thing, pikepdf.Stream)}


def with_font(*contents: bytes) -> bytes:
    resources = Dictionary(Font=Dictionary(F1=pikepdf.Object.parse(FONT)))
    return scan(contents, Resources=resources)


def test_each_stream_stays_byte_for_byte(tmp_path: Path) -> None:
    with Pdf.open(io.BytesIO(scan([b"q 500 0 0 700 0 0 cm /Im0 Do Q", NEW_TEXT]))) as pdf:
        noise = np.random.default_rng(1).bytes(64 * 64 * 3)
        # A stream compressed worse than by qpdf, and one that qpdf can't decode.
        kinds = ((zlib.compress(noise, 0), Name.FlateDecode), (b"\xff\xd8 no picture", Name.DCTDecode))
        for index, (coded, kind) in enumerate(kinds):
            fields = {"Width": 64, "Height": 64, "BitsPerComponent": 8, "ColorSpace": Name.DeviceRGB, "Filter": kind}
            image = pikepdf.Stream(pdf, coded, Type=Name.XObject, Subtype=Name.Image, **fields)
            pdf.pages[index].Resources = Dictionary(XObject=Dictionary(Im0=pdf.make_indirect(image)))
        data = saved(pdf)
    pages = [page(line("hello world", 60, 60), number=number) for number in (1, 2)]
    assert raw_streams(data) < raw_streams(exported(data, *pages))


@pytest.mark.parametrize(
    "content",
    [
        b"0.5 g 50 50 100 200 re f " + NEW_TEXT,
        b"q q 0.1 0 0 0.1 0 0 cm 1 0 0 rg 50 50 4000 4000 re f",
        b"2 0 0 2 30 30 cm 0 1 0 rg 50 50 100 100 re f",
        b"Q Q 1 0 0 rg 50 50 100 100 re f Q",
        b"BT 7 Tr /F1 99 Tf 50 300 Td (clip) Tj ET 0 0 1 rg 0 0 500 700 re f",
        b"",
    ],
    ids=["balanced", "too few Q", "matrix left changed", "too many Q", "text as clip", "blank"],
)
@pytest.mark.parametrize("rotation", [0, 90])
def test_pages_look_the_same(content: bytes, rotation: int, tmp_path: Path) -> None:
    data = with_font(content)
    lines = [line(f"{row} words on this page 中文 שלום", 60, 60 + 50 * row, degrees=row / 4) for row in range(12)]
    pdf = laid(data, page(*lines, rotation=rotation))
    with Pdf.open(io.BytesIO(data)) as plain:
        plain.pages[0].Rotate = rotation
        turned = saved(plain)
    assert np.array_equal(drawn(pdf, scale=1.5), drawn(turned, scale=1.5))
    assert np.array_equal(drawn_by_poppler(pdf, tmp_path), drawn_by_poppler(turned, tmp_path))
    assert "0 words on this page" in text_by_pdfium(pdf)[0]


def test_text_of_another_ocr_goes_and_all_else_stays(tmp_path: Path) -> None:
    content = (
        b"0.5 g 9 9 50 50 re f "
        + OLD_TEXT
        + NEW_TEXT
        # invisible and visible in one text object: not told apart
        + b"BT /F1 20 Tf 3 Tr 50 400 Td (mixed) Tj 0 Tr 0 -30 Td (shown) Tj ET "
        # the mode outlives its text object, and is restored
        + b"q BT 3 Tr /F1 20 Tf 50 300 Td (gone) ' 1 2 (gone) \" [(gone)] TJ ET Q BT /F1 20 Tf 50 200 Td (stays) Tj ET"
    )
    data = with_font(content, content)
    pdf = laid(data, page(line("hello", 60, 60)))
    first, second = text_by_pdfium(pdf)
    assert sorted(first.split()) == ["hello", "mixed", "shown", "stays", "visible"]
    assert "outdated" in second  # a page that was not read
    assert np.array_equal(drawn(pdf), drawn(data))


def test_text_of_another_ocr_in_forms_goes_from_the_page_that_was_read(tmp_path: Path) -> None:
    with Pdf.open(io.BytesIO(with_font(b"q /Outer Do Q", b"q /Outer Do Q"))) as pdf:
        font = pdf.pages[0].Resources.Font
        box = pikepdf.Array([0, 0, 500, 700])
        form = {"Type": Name.XObject, "Subtype": Name.Form, "BBox": box}
        inner = pdf.make_indirect(pikepdf.Stream(pdf, OLD_TEXT + NEW_TEXT, Resources=Dictionary(Font=font), **form))
        outer = pikepdf.Stream(pdf, b"/Inner Do", Resources=Dictionary(XObject=Dictionary(Inner=inner)), **form)
        # A form that draws itself must not be followed for ever.
        inner.Resources.XObject = Dictionary(Inner=inner)
        outer = pdf.make_indirect(outer)
        for pdf_page in pdf.pages:
            pdf_page.Resources = Dictionary(Font=font, XObject=Dictionary(Outer=outer))
        data = saved(pdf)
    pdf_with_text = laid(data, WORDS)
    assert [sorted(text.split()) for text in text_by_pdfium(pdf_with_text)] == [
        ["hello", "visible", "world"],
        ["outdated", "visible"],
    ]


def test_reading_it_again_does_not_double_the_text(tmp_path: Path) -> None:
    once = laid(scan(), WORDS)
    twice = laid(once, page(line("other words", 60, 60)))
    assert text_by_poppler(twice, tmp_path).split() == ["other", "words"]


@pytest.mark.parametrize("version", [4, 6])
def test_an_encrypted_document_stays_encrypted(version: Literal[4, 6], tmp_path: Path) -> None:
    with Pdf.open(io.BytesIO(scan())) as plain:
        permissions = pikepdf.Permissions(extract=False)
        data = saved(plain, encryption=pikepdf.Encryption(owner="boss", user="reader", R=version, allow=permissions))
    pdf = exported(data, WORDS, password="reader")
    assert text_by_poppler(pdf, tmp_path, password="boss").split() == ["hello", "world"]
    assert b"0.5 g 50 50 100 200 re f" in raw_streams(pdf, "reader")
    with Pdf.open(io.BytesIO(pdf), password="reader") as opened:
        assert version == opened.encryption.R
        assert not opened.allow.extract
    with pytest.raises(pikepdf.PasswordError):
        Pdf.open(io.BytesIO(pdf))
    with pytest.raises(Undecodable, match="password is missing or wrong"):
        exported(data, WORDS, password="stranger")


def test_what_pdfa_asks_of_fonts_holds() -> None:
    """ISO 19005-2, 6.2.11: embedded, its widths those of the program, no .notdef, Unicode for each code."""
    with Pdf.open(io.BytesIO(laid(scan(), page(line("Wide, ill 中文 שָׁלוֹם 😀", 60, 60))))) as pdf:
        font = pdf.pages[0].Resources.Font.RayocrText
        (descendant,) = font.DescendantFonts
        content = pdf.pages[0].Contents[0].read_bytes()
        codes = {int(code, 16) for run in re.findall(rb"<(\w+)> Tj", content) for code in re.findall(rb"....", run)}
        program = TTFont(io.BytesIO(descendant.FontDescriptor.FontFile2.read_bytes()))
        glyphs = descendant.CIDToGIDMap.read_bytes()
        unicode_of = dict(re.findall(rb"<(\w{4})> <(\w+)>", font.ToUnicode.read_bytes().split(b"beginbfchar", 1)[1]))
        assert font.Encoding == "/Identity-H"
        assert 0 not in codes
        for code in codes:
            glyph = int.from_bytes(glyphs[2 * code : 2 * code + 2], "big")
            assert 0 < glyph < program["maxp"].numGlyphs
            width, bearing = program["hmtx"][program.getGlyphName(glyph)]
            assert (width, bearing) == (int(descendant.W[1][code - 1]), 0)
            assert bytes.fromhex(unicode_of[b"%04X" % code].decode()).decode("utf-16-be")
        assert b"3 Tr" in content


def test_metadata_of_pdfa_stay() -> None:
    xmp = b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><pdfaid:part>2</pdfaid:part><?xpacket end='w'?>"
    with Pdf.open(io.BytesIO(scan())) as pdf:
        pdf.Root.Metadata = pikepdf.Stream(pdf, xmp, Type=Name.Metadata, Subtype=Name.XML)
        profile = pikepdf.Stream(pdf, b"profile", N=3)
        intent = Dictionary(Type=Name.OutputIntent, S=Name.GTS_PDFA1, DestOutputProfile=pdf.make_indirect(profile))
        pdf.Root.OutputIntents = pikepdf.Array([intent])
        pdf.docinfo["/Title"] = "kept"
        data = saved(pdf)
    with Pdf.open(io.BytesIO(exported(data, WORDS))) as pdf:
        assert pdf.Root.Metadata.read_raw_bytes() == xmp
        assert pdf.Root.OutputIntents[0].DestOutputProfile.read_raw_bytes() == b"profile"
        assert str(pdf.docinfo["/Title"]) == "kept"


def test_in_a_tagged_document_the_text_is_an_artifact(tmp_path: Path) -> None:
    with Pdf.open(io.BytesIO(scan())) as pdf:
        pdf.Root.MarkInfo = Dictionary(Marked=True)
        data = saved(pdf)
    tagged = laid(data, WORDS)
    with Pdf.open(io.BytesIO(tagged)) as pdf:
        content = pdf.pages[0].Contents[0].read_bytes()
    assert content.startswith(b"/Artifact BMC\n")
    assert content.endswith(b"EMC\n")
    assert text_by_poppler(tagged, tmp_path).split() == ["hello", "world"]
