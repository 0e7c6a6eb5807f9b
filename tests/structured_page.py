"""A drawn page that has something of every part of a structure."""

import numpy as np
import numpy.typing as npt
import zxingcpp
from PIL import Image, ImageDraw, ImageFont

__all__ = ["CELLS", "CODE_TEXT", "structured_page"]

CELLS = (("Article", "Pieces", "Price"), ("Paper A4", "12", "48.00"), ("Envelopes", "3", "13.50"), ("Ink", "1", "9.20"))
CODE_TEXT = "https://example.com/invoices/4711"

_COLUMNS = (100, 500, 750, 1000)
_TABLE_TOP, _ROW = 700, 60


def structured_page() -> npt.NDArray[np.uint8]:
    """An invoice: a title, a paragraph, three fields, a ruled table, two check boxes, and a QR code.

    Returns:
        (1500, 1100, 3) uint8, RGB.
    """
    picture = Image.new("RGB", (1100, 1500), "white")
    draw = ImageDraw.Draw(picture)
    draw.text((100, 80), "Stationery Invoice", "black", ImageFont.load_default(56))
    font = ImageFont.load_default(30)
    paragraph = ("Thank you for your order of last week, which we", "have sent today. Please pay within two weeks.")
    for row, text in enumerate(paragraph):
        draw.text((100, 220 + 44 * row), text, "black", font)
    for row, text in enumerate(("Invoice no.: 4711", "Date: 31.01.2026", "Phone: +49 30 1234567")):
        draw.text((100, 400 + 60 * row), text, "black", font)
    for row, cells in enumerate(CELLS):
        top = _TABLE_TOP + _ROW * row
        for left, right, text in zip(_COLUMNS[:-1], _COLUMNS[1:], cells, strict=True):
            draw.rectangle((left, top, right, top + _ROW), outline="black", width=3)
            draw.text((left + 20, top + 12), text, "black", font)
    for row, (text, is_set) in enumerate((("Paid by card", True), ("Paid in cash", False))):
        left, top = 100, 1050 + 70 * row
        draw.rectangle((left, top, left + 30, top + 30), outline="black", width=3)
        if is_set:
            draw.line((left + 5, top + 15, left + 13, top + 25, left + 26, top + 5), "black", 4)
        draw.text((left + 50, top - 4), text, "black", font)
    code = zxingcpp.create_barcode(CODE_TEXT, zxingcpp.BarcodeFormat.QRCode)
    modules = Image.fromarray(np.array(zxingcpp.write_barcode_to_image(code, scale=6)))
    picture.paste(modules.convert("RGB"), (700, 1020))
    return np.asarray(picture)
