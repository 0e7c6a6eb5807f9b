"""PDFs with a text layer, sound or not."""

import io
from collections.abc import Sequence

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream
from PIL import Image

MEANINGS = {code: chr(code) for code in range(32, 127)}
"""What a font says of its codes."""

WRONG_DIGITS = {code: chr(code + 1) if text.isdigit() else text for code, text in MEANINGS.items()}
"""The same, but each digit is the next."""


def helvetica_pdf(
    lines: Sequence[str], meanings: dict[int, str] | None = None, picture: Image.Image | None = None
) -> bytes:
    """A page of lines in Helvetica, with the meanings that it gives its codes, and a picture after the first line."""
    pdf = pikepdf.new()
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
    if meanings is not None:
        rows = "\n".join(f"<{code:02x}> <{ord(text):04x}>" for code, text in meanings.items())
        table = f"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def
1 begincodespacerange <00> <ff> endcodespacerange
{len(meanings)} beginbfchar
{rows}
endbfchar endcmap CMapName currentdict /CMap defineresource pop end end"""
        font.ToUnicode = pdf.make_indirect(Stream(pdf, table.encode()))
    content = "".join(f"BT /F 20 Tf 60 {700 - 200 * row} Td ({text}) Tj ET " for row, text in enumerate(lines))
    resources = Dictionary(Font=Dictionary(F=font))
    if picture is not None:
        entries = {"Width": picture.width, "Height": picture.height, "ColorSpace": Name.DeviceRGB}
        image = Stream(pdf, picture.tobytes(), Type=Name.XObject, Subtype=Name.Image, BitsPerComponent=8, **entries)
        resources.XObject = Dictionary(I=image)
        content += f"q 300 0 0 {300 * picture.height / picture.width} 60 560 cm /I Do Q"
    page = Dictionary(
        Type=Name.Page, MediaBox=Array([0, 0, 595, 842]), Resources=resources, Contents=Stream(pdf, content.encode())
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()
