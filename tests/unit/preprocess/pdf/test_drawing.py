from typing import Any, Literal

import numpy as np
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PIL import Image

from deployments.document import Document
from deployments.preprocess.pdf import PdfReader
from deployments.read_options import AS_IT_COMES, ReadOptions
from deployments.settings import PreprocessLimits
from models.errors import MalformedRequest, SourceNotFound, TooLarge, Undecodable
from tests.unit.preprocess.pdf.conftest import Read
from tests.unit.preprocess.pdf.documents import (
    many_pages,
    nested_forms,
    picture,
    placed,
    saved,
    text_at,
    text_pdf,
    with_page,
)

# Red in the upper left quarter of the page, blue in the lower right.
QUARTERS = b"1 0 0 rg 0 421 297.5 421 re f 0 0 1 rg 297.5 0 297.5 421 re f"
RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def quarters(**entries: Any) -> bytes:
    pdf = Pdf.new()
    with_page(pdf, QUARTERS, **entries)
    return saved(pdf)


def corners(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> list[tuple[int, ...]]:
    """Colors of upper left, upper right, lower right, lower left."""
    return [tuple(int(value) for value in pixels[y, x]) for y, x in ((5, 5), (5, -5), (-5, -5), (-5, 5))]


def test_page_is_drawn_as_rgb_that_nobody_can_change(read: Read) -> None:
    page = read(quarters(), dpi=72)
    assert (page.width, page.height, page.page_count, page.warnings) == (595, 842, 1, ())
    assert corners(page.pixels) == [RED, WHITE, BLUE, WHITE]
    assert (page.pixels.dtype.name, page.pixels.flags["C_CONTIGUOUS"], page.pixels.flags["WRITEABLE"]) == (
        "uint8",
        True,
        False,
    )


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        (90, [WHITE, RED, WHITE, BLUE]),
        (180, [BLUE, WHITE, RED, WHITE]),
        (270, [WHITE, BLUE, WHITE, RED]),
    ],
)
def test_rotate_entry_is_applied(read: Read, turn: int, expected: list[tuple[int, ...]]) -> None:
    page = read(quarters(Rotate=turn), dpi=72)
    assert (page.width, page.height) == ((842, 595) if turn % 180 else (595, 842))
    assert corners(page.pixels) == expected


def test_only_the_crop_box_is_seen(read: Read) -> None:
    page = read(quarters(CropBox=Array([297, 0, 595, 421])), dpi=72)
    assert (page.width, page.height) == (298, 421)
    assert corners(page.pixels)[2] == BLUE
    assert RED not in corners(page.pixels)


@pytest.mark.parametrize("page", [(0, 0), (1e30, 1e30), (-595, -842)])
def test_impossible_sizes_end_in_a_page(read: Read, page: tuple[float, float]) -> None:
    assert read(text_pdf(("x", 10, 10), page=page), dpi=72, text_layer="never").width in (612, 595)


def test_annotations_and_form_fields_are_drawn(read: Read) -> None:
    pdf = Pdf.new()
    page = with_page(pdf, b"")
    # The field has no appearance of its own, so that PDFium must make one.
    field = pdf.make_indirect(
        Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=b"name", V=b"MMMMMMMM", F=4,
            Rect=Array([100, 700, 300, 730]), DA=b"/Helv 20 Tf 0 g",
        )
    )  # fmt: skip
    square = pdf.make_indirect(
        Dictionary(
            Type=Name.Annot, Subtype=Name.Square, F=4, Rect=Array([100, 100, 200, 200]), C=Array([1, 0, 0]),
            IC=Array([1, 0, 0]),
        )
    )  # fmt: skip
    page.Annots = Array([field, square])
    helvetica = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    pdf.Root.AcroForm = Dictionary(
        Fields=Array([field]), NeedAppearances=True, DR=Dictionary(Font=Dictionary(Helv=helvetica))
    )
    # The page has text too, which must not hide the field's content.
    page.Contents = Stream(pdf, text_at(("Name of the applicant", 100, 740)))
    drawn = read(saved(pdf), dpi=72)
    assert drawn.text_layer is not None
    assert drawn.unread.round().tolist() == [[100, 112, 300, 142], [100, 642, 200, 742]]
    assert (drawn.pixels[842 - 730 : 842 - 700, 100:300] < 100).any()
    assert tuple(drawn.pixels[842 - 150, 150]) == RED


def test_arrow_of_a_combo_box_is_not_drawn(read: Read) -> None:
    pdf = Pdf.new()
    page = with_page(pdf, b"")
    field = Dictionary(
        Type=Name.Annot, Subtype=Name.Widget, FT=Name.Ch, Ff=1 << 17, T=b"state", V=b"MMM", Opt=Array([b"MMM"]), F=4,
        Rect=Array([100, 700, 300, 730]), DA=b"/Helv 20 Tf 0 g",
    )  # fmt: skip
    page.Annots = Array([pdf.make_indirect(field)])
    helvetica = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    pdf.Root.AcroForm = Dictionary(
        Fields=page.Annots, NeedAppearances=True, DR=Dictionary(Font=Dictionary(H=helvetica))
    )
    drawn = read(saved(pdf), dpi=72).pixels[842 - 730 : 842 - 700, 100:300]
    assert (drawn[:, :100] < 100).any()
    assert (drawn[:, 185:] == 255).all()


@pytest.mark.parametrize(
    ("size", "dpi"),
    [(12, 150), (10, 150), (8, 225), (6, 300), (4, 300)],
)
def test_small_text_is_drawn_larger(read: Read, size: float, dpi: int) -> None:
    page = read(text_pdf(("Some words of text", 72, 700), size=size), text_layer="never")
    assert page.width == pytest.approx(595 * dpi / 72, rel=0.02)


def test_tiny_text_of_a_small_page_is_drawn_as_large_as_it_needs(read: Read) -> None:
    page = read(text_pdf(("Some words of text", 10, 50), size=4, page=(100, 100)), text_layer="never")
    assert page.width == pytest.approx(100 * 450 / 72, rel=0.02)  # 25 pixels a line


def test_superscripts_do_not_decide(read: Read) -> None:
    pdf = Pdf.new()
    words = text_at(*(("A line of running text of an ordinary size", 72, y) for y in range(100, 800, 14)))
    with_page(pdf, words + text_at(("12", 400, 700), size=5))
    assert read(saved(pdf), text_layer="never").width == pytest.approx(595 * 150 / 72, rel=0.01)


@pytest.mark.parametrize(
    ("side", "expected"),
    [(100, 72), (620, 150), (1240, 300), (2600, 600)],
)
def test_scan_is_drawn_at_its_own_resolution(read: Read, side: int, expected: int) -> None:
    pdf = Pdf.new()
    scan = Image.new("L", (side, round(side * 421 / 297.5)), 200)
    with_page(pdf, size=(297.5, 421), **placed(picture(pdf, scan), b"297.5 0 0 421 0 0 cm /I Do"))
    assert read(saved(pdf)).width == pytest.approx(297.5 * expected / 72, rel=0.01)


def test_scan_in_strips_is_a_scan(read: Read) -> None:
    pdf = Pdf.new()
    strip = picture(pdf, Image.new("L", (2480, 351), 200))
    content = b"".join(b"q 595 0 0 84.2 0 %.1f cm /I Do Q " % (84.2 * row) for row in range(10))
    with_page(pdf, **placed(strip, content))
    assert read(saved(pdf)).width == pytest.approx(2480, rel=0.01)


def test_outlines_are_drawn_at_200_dpi(read: Read) -> None:
    assert read(quarters()).width == pytest.approx(595 * 200 / 72, rel=0.01)


def test_asked_dpi_wins(read: Read) -> None:
    assert read(text_pdf(("x", 72, 700), size=5), dpi=100, text_layer="never").width == 826


@pytest.mark.parametrize("dpi", [35, 1201])
def test_dpi_out_of_range_is_malformed(read: Read, dpi: int) -> None:
    with pytest.raises(MalformedRequest, match="36 to 1200"):
        read(quarters(), dpi=dpi)


def test_page_beyond_the_limit_on_pixels_is_scaled_down_and_says_so(read: Read) -> None:
    page = read(quarters(), dpi=300, limits=PreprocessLimits(max_pixels=1_000_000))
    assert 990_000 <= page.width * page.height <= 1_000_000
    assert corners(page.pixels) == [RED, WHITE, BLUE, WHITE]
    (warning,) = page.warnings
    assert (warning.code, warning.page) == ("pdf_scaled_down", 1)
    assert "at 102 dpi" in warning.message
    assert "not at 300" in warning.message


@pytest.mark.parametrize("size", [(1e6, 1e6), (1e6, 1), (0.001, 0.001)])
def test_page_of_any_size_stays_within_the_limits(read: Read, size: tuple[float, float]) -> None:
    page = read(text_pdf(("x", 10, 10), page=size), text_layer="never", limits=PreprocessLimits(max_pixels=2_000_000))
    assert 1 <= page.width * page.height <= 2_000_000
    assert page.pixels.shape == (page.height, page.width, 3)


def test_picture_that_can_not_be_decoded_is_told(read: Read) -> None:
    pdf = Pdf.new()
    scan = picture(pdf, Image.new("L", (600, 850), 200))
    scan.write(b"no JPEG", filter=Name.DCTDecode)
    with_page(pdf, **placed(scan, b"595 0 0 842 0 0 cm /I Do"))
    assert [(warning.code, warning.page) for warning in read(saved(pdf)).warnings] == [("truncated", 1)]


def test_blank_page_is_nothing_to_tell(read: Read) -> None:
    pdf = Pdf.new()
    with_page(pdf, **placed(picture(pdf, Image.new("L", (600, 850), 255)), b"595 0 0 842 0 0 cm /I Do"))
    assert read(saved(pdf)).warnings == ()


def test_damaged_document_is_mended_and_says_so(read: Read) -> None:
    data = many_pages(3)
    page = read(data[: data.rindex(b"startxref")] + b"startxref\n7\n%%EOF", 2, dpi=72)
    assert page.text_layer is not None
    assert [line.text for line in page.text_layer] == ["Page 2"]
    assert [warning.code for warning in page.warnings] == ["truncated"]


def test_pages_are_counted_and_found(read: Read) -> None:
    data = many_pages(3)
    assert PdfReader(PreprocessLimits()).page_count(Document(data), AS_IT_COMES) == 3
    assert read(data, 3).page_count == 3
    for number in (0, 4):
        with pytest.raises(SourceNotFound, match=f"page {number}"):
            read(data, number)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"%PDF-1.7", "damaged beyond reading"),
        (b"%PDF-1.7\n" + bytes(range(256)) * 20, "damaged beyond reading"),
        (many_pages(0), "no pages"),
    ],
)
def test_unreadable_document_is_undecodable(data: bytes, message: str) -> None:
    with pytest.raises(Undecodable, match=message):
        PdfReader(PreprocessLimits()).page_count(Document(data), AS_IT_COMES)


@pytest.mark.parametrize("revision", [3, 4, 6])  # RC4, AES-128, AES-256
def test_encrypted_document_asks_for_its_password(read: Read, revision: Literal[3, 4, 6]) -> None:
    pdf = Pdf.new()
    with_page(pdf, text_at(("a secret", 72, 700)))
    data = saved(
        pdf,
        encryption=pikepdf.Encryption(
            owner="owner", user="pässword", R=revision, metadata=revision > 3, aes=revision > 3
        ),
    )
    reader = PdfReader(PreprocessLimits())
    with pytest.raises(Undecodable, match="is encrypted: send its password"):
        reader.page_count(Document(data), AS_IT_COMES)
    page = read(data, password="pässword")
    assert page.text_layer is not None
    assert page.text_layer[0].text == "a secret"
    # The document is open in the child now, but opens to nobody without the password.
    for password, message in ((None, "is encrypted"), ("wrong", "is wrong")):
        with pytest.raises(Undecodable, match=message):
            reader.page(Document(data), 1, ReadOptions(password=password))


def test_owner_password_alone_keeps_nobody_out(read: Read) -> None:
    pdf = Pdf.new()
    with_page(pdf, text_at(("readable", 72, 700)))
    page = read(saved(pdf, encryption=pikepdf.Encryption(owner="owner", user="")))
    assert page.text_layer is not None


def test_picture_too_large_for_pdfium_is_refused(read: Read) -> None:
    pdf = Pdf.new()
    scan = picture(pdf, Image.new("L", (10, 10)))
    scan.Width = scan.Height = 30_000
    with_page(pdf, **placed(scan, b"595 0 0 842 0 0 cm /I Do"))
    with pytest.raises(TooLarge, match="30,000 x 30,000 pixels"):
        read(saved(pdf))


def test_forms_within_forms_are_drawn(read: Read) -> None:
    assert (read(nested_forms(3), dpi=72).pixels[-9:, :9] < 50).all()
