import cv2
import numpy as np
import numpy.typing as npt
import pytest
import zxingcpp

from models.page import Line, PageText, PageWarning, Polygon
from models.steps import run_steps
from models.structure.codes import CodePart
from models.structure.part import PageView, StructureOptions
from models.structure.result import Code, PageStructure

Pixels = npt.NDArray[np.uint8]


def drawn(kind: zxingcpp.BarcodeFormat, content: str | bytes, scale: int = 3) -> Pixels:
    """The picture of a code, gray."""
    code = zxingcpp.create_barcode(content, kind)
    return np.array(zxingcpp.write_barcode_to_image(code, scale=scale), np.uint8)


def page_with(*codes: tuple[Pixels, int, int], size: tuple[int, int] = (900, 700)) -> Pixels:
    """A white page (height, width, 3) with codes at (x, y)."""
    page = np.full((*size, 3), 255, np.uint8)
    for code, x, y in codes:
        page[y : y + code.shape[0], x : x + code.shape[1]] = code[..., None]
    return page


def quads_of(lines: list[Line]) -> npt.NDArray[np.float32]:
    return np.array([line.polygon for line in lines], np.float32).reshape(-1, 4, 2)


def found(
    page: Pixels, lines: list[Line] | None = None, dpi: float | None = None
) -> tuple[tuple[Code, ...], tuple[PageWarning, ...]]:
    lines = lines or []
    part = CodePart()
    seen = run_steps(part.look(PageView(page, quads_of(lines), dpi), {}), lambda inputs: [])
    text = PageText(1, page.shape[1], page.shape[0], 0, tuple(lines))
    structure, warnings = part.build(seen, text, PageStructure(), StructureOptions())
    return structure.codes, warnings


def box(left: float, top: float, right: float, bottom: float) -> Polygon:
    return (left, top), (right, top), (right, bottom), (left, bottom)


def edges(polygon: Polygon) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in polygon], [y for _, y in polygon]
    return min(xs), min(ys), max(xs), max(ys)


def ink_of(code: Pixels) -> tuple[int, int, int, int]:
    rows, columns = (np.flatnonzero((code < 128).any(axis=axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


QR = zxingcpp.BarcodeFormat.QRCode
EAN13 = zxingcpp.BarcodeFormat.EAN13
CODE128 = zxingcpp.BarcodeFormat.Code128


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        (QR, "https://example.org/?q=é", ("qrcode", "https://example.org/?q=é")),
        (EAN13, "4006381333931", ("ean13", "4006381333931")),
        (zxingcpp.BarcodeFormat.UPCA, "036000291452", ("upca", "036000291452")),
        (zxingcpp.BarcodeFormat.EAN8, "96385074", ("ean8", "96385074")),
        (CODE128, "AB-1234", ("code128", "AB-1234")),
        (zxingcpp.BarcodeFormat.Code39, "HELLO", ("code39", "HELLO")),
        (zxingcpp.BarcodeFormat.ITF, "12345678901231", ("itf", "12345678901231")),
        (zxingcpp.BarcodeFormat.DataMatrix, "small", ("datamatrix", "small")),
        (zxingcpp.BarcodeFormat.Aztec, "ticket", ("aztec", "ticket")),
        (zxingcpp.BarcodeFormat.PDF417, "boarding pass", ("pdf417", "boarding pass")),
    ],
)
def test_codes_of_all_kinds_are_read(kind: zxingcpp.BarcodeFormat, content: str, expected: tuple[str, str]) -> None:
    codes, warnings = found(page_with((drawn(kind, content), 120, 200)))
    assert [(code.type, code.text) for code in codes] == [expected]
    assert warnings == ()


def test_codes_are_in_pixels_of_the_page_from_the_top() -> None:
    first, second = drawn(EAN13, "4006381333931"), drawn(QR, "below")
    codes, _ = found(page_with((second, 300, 500), (first, 60, 80)))
    assert [code.text for code in codes] == ["4006381333931", "below"]
    left, top, right, bottom = ink_of(second)
    assert edges(codes[1].polygon) == pytest.approx((300 + left, 500 + top, 300 + right, 500 + bottom), abs=4)
    # The bars are found in their whole height, although a few rows are enough to read them; the two that are longer go
    # on between the digits.
    left, top, right, bottom = ink_of(first)
    assert edges(codes[0].polygon) == pytest.approx((60 + left, 80 + top, 60 + right, 80 + bottom - 16), abs=4)


@pytest.mark.parametrize("turn", [cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180])
def test_turned_bars_are_read_beside_a_pages_text(turn: int) -> None:
    bars = np.asarray(cv2.rotate(drawn(CODE128, "TURNED"), turn), np.uint8)
    codes, _ = found(page_with((bars, 200, 200)), [line("text", 20, 40 * row) for row in range(20)])
    assert [code.text for code in codes] == ["TURNED"]


def test_light_squares_on_dark_paper_are_read() -> None:
    page = 255 - page_with((drawn(QR, "inverted"), 200, 200))
    assert [code.text for code in found(page)[0]] == ["inverted"]


def test_a_faint_blurred_code_is_enlarged() -> None:
    page = page_with((drawn(QR, "https://example.org", scale=2), 60, 60), size=(300, 420))
    page = np.asarray(cv2.GaussianBlur(page, (0, 0), 1.3) // 3 + 90, np.uint8)
    assert zxingcpp.read_barcodes(page[..., 0]) == []
    assert [code.text for code in found(page)[0]] == ["https://example.org"]


def line(text: str, x: float, y: float, width: float = 100, height: float = 24) -> Line:
    return Line(text, 0.9, box(x, y, x + width, y + height))


def test_lines_that_are_bars_are_told_from_the_digits_below_and_amid_them() -> None:
    bars = drawn(EAN13, "4006381333931")
    height, width = bars.shape
    lines = [
        line("Artikel", 60, 20),
        line("|| ||| |", 100, 100, width - 60, height - 20),
        line("4006381333931", 100, 100 + height, width - 20),
        line("381333", 140, 70 + height // 2),
        line("||", 200, 120, 400, 20),
    ]
    codes, _ = found(page_with((bars, 80, 80)), lines)
    assert [code.lines for code in codes] == [(1,)]


def test_rules_and_text_are_not_codes() -> None:
    page = np.full((900, 700, 3), 255, np.uint8)
    for column in range(40, 660, 12 + 4):
        page[100:500, column : column + 2] = 0
    for row in range(20):
        cv2.putText(page, "111 000 111 I l | 1 O0 888", (40, 540 + 18 * row), cv2.FONT_HERSHEY_PLAIN, 1, (0, 0, 0))
    assert found(page) == ((), ())


def test_bytes_that_are_not_text_are_given_in_hexadecimal_with_a_warning() -> None:
    codes, warnings = found(page_with((drawn(QR, b"\xff\xfe\x00\x80A"), 100, 100)))
    assert [code.text for code in codes] == ["fffe008041"]
    assert [(warning.code, warning.page) for warning in warnings] == [("codes_binary", 1)]


def test_a_large_page_is_read_smaller_and_tells_only_if_something_may_be_lost() -> None:
    page = page_with((drawn(QR, "large", scale=12), 1000, 3000), (drawn(QR, "fine", 3), 3000, 200), size=(4200, 4000))
    codes, warnings = found(page)
    assert ([code.text for code in codes], warnings) == (["fine", "large"], ())
    assert edges(codes[1].polygon)[0] == pytest.approx(1000 + 4 * 12, abs=14)
    squares = np.random.default_rng(0).integers(0, 2, (420, 400, 1), dtype=np.uint8) * np.uint8(255)
    squares = squares.repeat(10, axis=0).repeat(10, axis=1).repeat(3, axis=2)
    assert [warning.code for warning in found(squares)[1]] == ["codes_scaled_down"]


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (15, 15)])
def test_tiny_pages_have_no_codes(size: tuple[int, int]) -> None:
    assert found(np.zeros((*size, 3), np.uint8)) == ((), ())
