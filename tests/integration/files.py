"""Files of several kinds that every door reads alike."""

import io

import numpy as np
from PIL import Image

from tests.pdfs import WRONG_DIGITS, helvetica_pdf
from tests.pictures import drawn_page, encoded
from tests.structured_page import structured_page

__all__ = ["FILES", "SIX_PAGES", "SIX_TEXTS"]

SIX_PAGES = "six pages.tiff"
SIX_TEXTS = ("PAGE ONE", "PAGE TWO\nITS SECOND LINE", "PAGE THREE", "PAGE FOUR", "PAGE FIVE", "PAGE SIX")


def _turned() -> bytes:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned clockwise by 90 degrees
    Image.fromarray(np.rot90(drawn_page("TURNED 90", "BY ITS CAMERA")).copy()).save(stream, "JPEG", exif=exif)
    return stream.getvalue()


def _six_pages() -> bytes:
    return encoded(*(drawn_page(*text.split("\n")) for text in SIX_TEXTS), kind="TIFF")


def _noisy() -> bytes:
    page = drawn_page("INVOICE 2041", "SUBTOTAL 1,204.50", "VAT 19% 228.86", "TOTAL 1,433.36").astype(np.int16)
    noise = np.random.default_rng(1).integers(-60, 60, page.shape)
    return encoded(np.clip(page + noise, 0, 255).astype(np.uint8), kind="JPEG")


FILES = {
    "plain.png": encoded(drawn_page("INVOICE 2041", "TOTAL 13.50")),
    "wide.png": encoded(drawn_page("A LINE THAT IS MUCH LONGER THAN ALL OF THE OTHERS 0123456789", width=1400)),
    "turned.jpg": _turned(),
    SIX_PAGES: _six_pages(),
    "noisy.jpg": _noisy(),
    "form.png": encoded(structured_page()),
    "wrong layer.pdf": helvetica_pdf(("Amounts of the year", "Total 1204.50"), WRONG_DIGITS),
    "empty.png": encoded(np.full((200, 300, 3), 255, np.uint8)),
}
