import pytest

from deployments.document import Document
from deployments.preprocess.formats.signatures import ImageFormat
from deployments.preprocess.formats.sniff import extension_contradicts, sniff
from models.errors import Undecodable, UnsupportedType
from tests.unit.preprocess.heic import HEIC_TURNED
from tests.unit.preprocess.pictures import drawing, encoded

READ = "rayocr reads PDF, JPEG, PNG, TIFF, WebP, HEIC, AVIF, JPEG 2000, GIF, BMP, Netpbm, PCX and TGA"

# Pillow's names, if they differ.
PILLOW_NAMES = {
    ImageFormat.JPEG_2000: "JPEG2000",
    ImageFormat.NETPBM: "PPM",
}


@pytest.mark.parametrize("image_format", list(ImageFormat))
def test_format_is_told_from_content_whatever_the_name(image_format: ImageFormat) -> None:
    name = PILLOW_NAMES.get(image_format, image_format.upper())
    data = HEIC_TURNED if image_format is ImageFormat.HEIC else encoded(drawing(), name)
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
        (b"\x00\x00\x00\x1cftypmp42", "a.mp4", ".mp4 (video)"),
        (b"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01crx isom", "a.cr3", ".cr3 (Canon camera raw)"),
        (b"PK\x03\x04\x14\x00", "a.docx", ".docx (Office document)"),
        (b"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml", None, "Microsoft Office document"),
        (b"PK\x03\x04\x14\x00\x00\x00mimetypeapplication/vnd.oasis.opendocument.text", None, "OpenDocument file"),
        (b"PK\x03\x04\x14\x00", "a.zip", ".zip (ZIP archive)"),
        (b"P7\nWIDTH 4\n", "a.pam", ".pam (Netpbm picture of a rare kind)"),
        (b"\x00\x00\x01\x00\x01\x00", "a.ico", ".ico (Windows icon)"),
        (b"\x00\x00\x02\x00\x01\x00", "a.cur", ".cur (Windows cursor)"),
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


@pytest.mark.parametrize("ahead", [0, 1, 1000], ids=str)
def test_pdf_header_may_come_late(ahead: int) -> None:
    assert sniff(Document(b"\x00" * ahead + b"%PDF-1.4")) is ImageFormat.PDF


def test_pdf_header_may_not_come_too_late() -> None:
    with pytest.raises(UnsupportedType):
        sniff(Document(b"\x00" * 1024 + b"%PDF-1.4"))


def test_archive_that_holds_a_pdf_is_an_archive() -> None:
    with pytest.raises(UnsupportedType, match="ZIP archive"):
        sniff(Document(b"PK\x03\x04\x14\x00" + b"\x00" * 24 + b"a.pdf%PDF-1.4"))


@pytest.mark.parametrize(
    ("name", "hint"),
    [("a.docx", "libreoffice --headless --convert-to pdf FILE"), ("a.zip", "unpack it")],
)
def test_hint_says_what_to_do(name: str, hint: str) -> None:
    with pytest.raises(UnsupportedType, match=hint):
        sniff(Document(b"PK\x03\x04\x14\x00", name))


@pytest.mark.parametrize(
    ("brands", "image_format"),
    [
        (b"heic\0\0\0\0mif1heic", ImageFormat.HEIC),
        (b"mif1\0\0\0\0mif1heic", ImageFormat.HEIC),
        (b"mif1\0\0\0\0mif1avif", ImageFormat.AVIF),
        (b"avis\0\0\0\0avifmif1", ImageFormat.AVIF),
        (b"mif1\0\0\0\0mif1", ImageFormat.HEIC),
    ],
)
def test_heic_and_avif_are_told_by_their_brands(brands: bytes, image_format: ImageFormat) -> None:
    box = (8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands
    # Bytes behind the box are not brands of it.
    assert sniff(Document(box + b"avif")) is image_format


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
