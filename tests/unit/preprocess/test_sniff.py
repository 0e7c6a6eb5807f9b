import pytest

from deployments.preprocess.document import Document
from deployments.preprocess.signatures import ImageFormat
from deployments.preprocess.sniff import extension_contradicts, sniff
from models.errors import Undecodable, UnsupportedType
from tests.unit.preprocess.pictures import drawing, encoded

READ = "rayocr reads JPEG, PNG, WebP, BMP, TIFF and GIF"


@pytest.mark.parametrize("image_format", list(ImageFormat))
def test_format_is_told_from_content_whatever_the_name(image_format: ImageFormat) -> None:
    data = encoded(drawing(), image_format.upper())
    assert sniff(Document(data, "wrong.pdf")) is image_format
    assert sniff(Document(data)) is image_format


@pytest.mark.parametrize(
    ("data", "name", "shown"),
    [
        (b"Dear Sir,\r\n", "letter.txt", ".txt (text)"),
        ("Sehr geehrte Damen, äöü".encode(), "letter.txt", ".txt (text)"),
        ("text".encode("utf-16"), None, "text"),
        (b"BMW and Mercedes are cars, not pictures", None, "text"),
        (b"<!DOCTYPE html><p>404", "page.jpg", "HTML page, although the name ends in .jpg"),
        (b'{"error": 1}', "a.png", "JSON document, although the name ends in .png"),
        (b'<?xml version="1.0"?><svg width="9"/>', "a.svg", ".svg (SVG picture)"),
        (b"%PDF-1.7\n", "scan.pdf", ".pdf (PDF document)"),
        (b"\x00\x00\x00\x1cftypheic", "IMG_1.HEIC", ".heic (HEIC picture)"),
        (b"\x00\x00\x00\x20ftypavif", None, "AVIF picture"),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "a.jp2", ".jp2 (JPEG 2000 picture)"),
        (b"PK\x03\x04\x14\x00", "a.docx", ".docx (ZIP archive or Office document)"),
        (b"P6\n4 4\n255\n", "a.ppm", ".ppm (Netpbm picture)"),
        (b"\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00", "a.tga", ".tga (TGA picture)"),
        (b"\x00\x00\x02\x00\x01\x00", "a.cur", ".cur (Windows cursor)"),
        (b"\x0a\x05\x01\x08", "a.pcx", ".pcx (PCX picture)"),
        (b"\x03\xf1\xfe\x80\x81\x90", "a.xyz", ".xyz (content not recognized)"),
        (b"\x03\xf1\xfe\x80\x81\x90", "a.jpg", "content not recognized, although the name ends in .jpg"),
        (b"\x03\xf1\xfe\x80\x81\x90", None, "content not recognized"),
    ],
)
def test_unread_type_is_named(data: bytes, name: str | None, shown: str) -> None:
    with pytest.raises(UnsupportedType) as caught:
        sniff(Document(data, name))
    assert caught.value.message.startswith(f"unsupported format: {shown}; {READ}")


def test_empty_document_says_so() -> None:
    with pytest.raises(UnsupportedType) as caught:
        sniff(Document(b"", "a.png"))
    assert caught.value.message == f"the document is empty (0 bytes); {READ}"


def test_pdf_is_told_what_to_do() -> None:
    with pytest.raises(UnsupportedType, match="send its pages as pictures"):
        sniff(Document(b"\x00garbage first\n%PDF-1.4"))


def test_bytes_before_the_picture_are_named() -> None:
    with pytest.raises(Undecodable, match="the PNG picture begins only at byte 2"):
        sniff(Document(b"\x00\x00" + encoded(drawing(), "PNG")))


@pytest.mark.parametrize(
    ("name", "contradicts"),
    [
        ("a.jpg", False),
        ("A.JPEG", False),
        ("a.png", True),
        ("a.pdf", True),
        ("a.txt", True),
        ("a.001", False),
        ("a", False),
        (None, False),
        ("a.jpg/b", False),
    ],
)
def test_extension_of_another_type_contradicts(name: str | None, contradicts: bool) -> None:
    assert extension_contradicts(Document(b"", name), ImageFormat.JPEG) is contradicts
