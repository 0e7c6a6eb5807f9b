"""PDFs for the tests: ordinary ones, and ones that are built to cost."""

import io
import zlib
from collections.abc import Sequence
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PIL import Image

A4 = (595, 842)


def saved(pdf: Pdf, **options: Any) -> bytes:
    out = io.BytesIO()
    pdf.save(out, **options)
    return out.getvalue()


def with_page(pdf: Pdf, content: bytes, size: tuple[float, float] = A4, **entries: Any) -> Dictionary:
    """Add a page with Helvetica as /F."""
    resources = Dictionary(Font=Dictionary(F=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)))
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, *size]),
        Resources=entries.pop("Resources", resources),
        Contents=Stream(pdf, content),
        **entries,
    )
    if "/Font" not in page.Resources:
        page.Resources.Font = resources.Font
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    return page


def text_at(*pieces: tuple[str, float, float], size: float = 12, mode: int = 0) -> bytes:
    """Content that writes each piece at its (x, y), in points from the lower left."""
    body = "".join(f"1 0 0 1 {x} {y} Tm ({text}) Tj " for text, x, y in pieces)
    return f"BT /F {size} Tf {mode} Tr {body} ET".encode("latin-1")


def text_pdf(
    *pieces: tuple[str, float, float], size: float = 12, page: tuple[float, float] = A4, **entries: Any
) -> bytes:
    pdf = Pdf.new()
    with_page(pdf, text_at(*pieces, size=size), page, **entries)
    return saved(pdf)


def picture(pdf: Pdf, image: Image.Image) -> Stream:
    return pdf.make_indirect(
        Stream(
            pdf,
            zlib.compress(image.convert("RGB").tobytes()),
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=image.width,
            Height=image.height,
            ColorSpace=Name.DeviceRGB,
            BitsPerComponent=8,
            Filter=Name.FlateDecode,
        )
    )


def placed(image: Stream, content: bytes) -> dict[str, Any]:
    """Entries of a page with a picture /I, for `with_page`."""
    return {"content": content, "Resources": Dictionary(XObject=Dictionary(I=image))}


def nested_forms(levels: int, calls: int = 10) -> bytes:
    """Forms that draw the next one ten times each."""
    pdf = Pdf.new()
    inner = form(pdf, b"0 0 10 10 re f")
    for _ in range(levels):
        inner = form(pdf, b"/X Do " * calls, Resources=Dictionary(XObject=Dictionary(X=inner)))
    with_page(pdf, b"/X Do", Resources=Dictionary(XObject=Dictionary(X=inner)))
    return saved(pdf)


def form(pdf: Pdf, content: bytes, **entries: Any) -> Stream:
    return pdf.make_indirect(
        Stream(pdf, content, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, *A4]), **entries)
    )


def zip_bomb(count: int, unit: bytes) -> bytes:
    """A page whose content grows a thousandfold when it is unpacked."""
    pdf = Pdf.new()
    packer = zlib.compressobj(9)
    chunk = unit * (1_000_000 // len(unit))
    packed = b"".join(packer.compress(chunk) for _ in range(count)) + packer.flush()
    page = with_page(pdf, b"")
    page.Contents = pdf.make_indirect(Stream(pdf, packed, Filter=Name.FlateDecode))
    return saved(pdf)


def picture_bomb(side: int) -> bytes:
    """A page with a picture of `side` x `side` RGB pixels, all black, in a few kilobytes for each hundred rows."""
    pdf = Pdf.new()
    packer = zlib.compressobj(9)
    row = bytes(3 * side)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    bomb = Stream(
        pdf,
        packed,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=side,
        Height=side,
        ColorSpace=Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=Name.FlateDecode,
    )
    with_page(pdf, **placed(pdf.make_indirect(bomb), b"595 0 0 842 0 0 cm /I Do"))
    return saved(pdf)


def many_pages(count: int, says: int | None = None) -> bytes:
    """A document of pages "Page 1" and so on, written by hand since pikepdf takes seconds for thousands.

    Args:
        count: How many it has.
        says: How many it says that it has.
    """
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(count))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {says or count} /Kids [{kids}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for index in range(count):
        content = f"BT /F 12 Tf 72 700 Td (Page {index + 1}) Tj ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 3 0 R >> >> "
            f"/Contents {5 + 2 * index} 0 R >>"
        )
        objects.append(f"<< /Length {len(content)} >> stream\n{content}\nendstream")
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj {body} endobj\n".encode()
    start = len(out)
    out += f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n".encode()
    out += "".join(f"{place:010} 00000 n \n" for place in places).encode()
    out += f"trailer << /Size {len(places) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF".encode()
    return bytes(out)


def mapped_font(pdf: Pdf, mapping: dict[int, str] | None) -> Dictionary:
    """A font whose two-byte codes have these meanings, not embedded; None for one that tells none.

    Each character is 600/1000 wide.
    """
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=Name("/Unknown"),
        CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
        FontDescriptor=Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name("/Unknown"),
            Flags=4,
            FontBBox=Array([0, -200, 600, 800]),
            ItalicAngle=0,
            Ascent=800,
            Descent=-200,
            CapHeight=700,
            StemV=80,
        ),
        DW=600,
    )
    font = Dictionary(
        Type=Name.Font,
        Subtype=Name.Type0,
        BaseFont=Name("/Unknown"),
        Encoding=Name("/Identity-H"),
        DescendantFonts=Array([descendant]),
    )
    if mapping is not None:
        rows = "\n".join(f"<{code:04x}> <{text.encode('utf-16-be').hex()}>" for code, text in mapping.items())
        cmap = f"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def
1 begincodespacerange <0000> <ffff> endcodespacerange
{len(mapping)} beginbfchar
{rows}
endbfchar endcmap CMapName currentdict /CMap defineresource pop end end"""
        font.ToUnicode = pdf.make_indirect(Stream(pdf, cmap.encode()))
    return font


def mapped_text_pdf(text: Sequence[str], *, is_mapped: bool = True, is_right_to_left: bool = False) -> bytes:
    """A line of text, a code for each of its pieces, in a font of `mapped_font`.

    Right-to-left text is set as it is seen, from the left.
    """
    pdf = Pdf.new()
    codes = {character: code for code, character in enumerate(sorted(set(text)), 1)}
    font = mapped_font(pdf, {code: character for character, code in codes.items()} if is_mapped else None)
    shown = "".join(f"{codes[character]:04x}" for character in (text[::-1] if is_right_to_left else text))
    content = f"BT /G 12 Tf 72 700 Td <{shown}> Tj ET".encode()
    with_page(pdf, content, Resources=Dictionary(Font=Dictionary(G=font)))
    return saved(pdf)
