import math
import unicodedata
from typing import Any

import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PIL import Image

from deployments.settings import PreprocessLimits
from models.page import Page, Polygon
from tests.unit.preprocess.pdf.conftest import Read
from tests.unit.preprocess.pdf.documents import (
    form,
    mapped_text_pdf,
    picture,
    placed,
    saved,
    text_at,
    text_pdf,
    with_page,
)

PROSE = "The quick brown fox jumps over the lazy dog and runs away"


def texts(page: Page) -> list[str]:
    assert page.text_layer is not None
    assert page.pixels.shape == (0, 0, 3)
    assert page.unread.shape == (0, 4)
    return [line.text for line in page.text_layer]


def codes(page: Page) -> list[str]:
    return [warning.code for warning in page.warnings]


def box(polygon: Polygon) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in polygon], [y for _, y in polygon]
    return min(xs), min(ys), max(xs), max(ys)


def page_with(content: bytes, **entries: Any) -> bytes:
    pdf = Pdf.new()
    with_page(pdf, content, **entries)
    return saved(pdf)


def test_words_and_lines_lie_on_their_ink(read: Read) -> None:
    data = text_pdf(("Invoice 4711", 72, 700), ("Total: 12.50", 72, 680))
    page, drawn = read(data), read(data, text_layer="never")
    assert texts(page) == ["Invoice 4711", "Total: 12.50"]
    assert drawn.text_layer is None
    assert (page.width, page.height) == (drawn.width, drawn.height)
    assert page.text_layer is not None
    left = drawn.pixels.copy()
    for line in page.text_layer:
        assert [word.text for word in line.words] == line.text.split()
        for word in line.words:
            assert (word.confidence, word.characters) == (1.0, ())
            x0, y0, x1, y1 = box(word.polygon)
            assert word.polygon[0] == (x0, y0)
            ink = drawn.pixels[math.floor(y0) : math.ceil(y1), math.floor(x0) : math.ceil(x1)] < 128
            assert ink[:3].any()
            assert ink[-3:].any()
            assert ink[:, :3].any()
            assert ink[:, -3:].any()
            left[math.floor(y0) - 1 : math.ceil(y1) + 1, math.floor(x0) - 1 : math.ceil(x1) + 1] = 255
    assert left.min() > 128  # no ink beside the words


@pytest.mark.parametrize(("turn", "rotation"), [(0, 0), (90, 270), (180, 180), (270, 90)])
def test_page_shown_on_its_side_stands_upright_in_the_result(read: Read, turn: int, rotation: int) -> None:
    # As `edgar` in many collections: the page is turned, and its text with it.
    page = read(text_pdf((PROSE, 72, 700), ("second line", 72, 680), Rotate=turn))
    assert texts(page) == [PROSE, "second line"]
    assert page.rotation == rotation
    assert (page.width, page.height) == (1240, 1754)
    assert page.text_layer is not None
    x0, y0, x1, y1 = box(page.text_layer[0].polygon)
    assert page.text_layer[0].polygon == ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    assert x0 == pytest.approx(72 * 150 / 72, abs=5)
    assert y1 == pytest.approx((842 - 700 + 2) * 150 / 72, abs=6)


@pytest.mark.parametrize(
    ("matrix", "first", "second"),
    [
        (b"0 1 -1 0 300 100", (0, -1), "upwards"),
        (b"0 -1 1 0 300 400", (0, 1), "downwards"),
        (b"0.7071 0.7071 -0.7071 0.7071 200 200", (0.7071, -0.7071), "oblique"),
    ],
)
def test_text_that_runs_another_way(read: Read, matrix: bytes, first: tuple[float, float], second: str) -> None:
    other = b"BT /F 12 Tf %s Tm (Runs %s here) Tj ET" % (matrix, second.encode())
    page = read(page_with(text_at((PROSE, 72, 700)) + other))
    assert texts(page) == [PROSE, f"Runs {second} here"]
    assert page.rotation == 0
    assert page.text_layer is not None
    polygon = page.text_layer[1].polygon
    across, down = (tuple(b - a for a, b in zip(polygon[0], polygon[i], strict=True)) for i in (1, 3))
    length = math.hypot(*across)
    assert across == pytest.approx((first[0] * length, first[1] * length), abs=2)
    # Down is a quarter turn clockwise from the direction of the text, with y downwards.
    height = math.hypot(*down)
    assert down == pytest.approx((-first[1] * height, first[0] * height), abs=2)
    assert length == pytest.approx(12 * 8 * 150 / 72, rel=0.25)
    assert 15 < height < 30


def test_lines_are_in_reading_order_whatever_the_order_of_the_content(read: Read) -> None:
    labels = [(f"label {row}", 72, 700 - 14 * row) for row in range(3)]
    values = [(f"value {row}", 320, 700 - 14 * row) for row in range(3)]
    rows = [text for pair in zip(labels, values, strict=True) for text, _, _ in pair]
    assert texts(read(text_pdf(*labels, *values))) == rows
    left = [(f"{PROSE[:30]} {row}", 72, 700 - 14 * row) for row in range(8)]
    right = [(f"{PROSE[:30]} {row}", 320, 700 - 14 * row) for row in range(8, 16)]
    across = [piece for pair in zip(left, right, strict=True) for piece in pair]
    assert texts(read(text_pdf(*across))) == [text for text, _, _ in [*left, *right]]


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (b"(V) -250 (A) -250 (L) -250 (U) -250 (E) -900 (A) -250 (D) -250 (D) -250 (E) -250 (D)", "VALUE ADDED"),
        (b"(T) -400 (O) -400 (T) -400 (A) -400 (L) -1000 (D) -400 (U) -400 (E)", "TOTAL DUE"),
        (b"(I) -300 (t) -300 ( ) -300 (i) -300 (s)", "It is"),
        (b"(a b c d e)", "a b c d e"),
        (b"(A) -700 (B) -700 (C) -700 (D)", "A B C D"),
        (b"(1) -300 (2) -300 (3) -300 (4) -300 (5)", "1 2 3 4 5"),
        (b"(it) -300 (is) -300 (to) -300 (be) -300 (as) -300 (it) -300 (is)", "it is to be as it is"),
    ],
)
def test_spaced_out_letters_are_one_word(read: Read, shown: bytes, text: str) -> None:
    assert texts(read(page_with(b"BT /F 20 Tf 60 760 Td [%s] TJ ET" % shown))) == [text]


def test_pieces_of_a_line_are_joined_wherever_they_stand_in_the_content(read: Read) -> None:
    # "linked" is set last, as links often are; "Helvetica" has its known widths.
    content = text_at(("This is a", 72, 700), ("word in the middle of it", 155, 700), ("Next line", 72, 686))
    page = read(page_with(content + text_at(("linked", 121, 700))))
    assert texts(page) == ["This is a linked word in the middle of it", "Next line"]


def test_initial_is_no_part_of_the_lines_beside_it(read: Read) -> None:
    page = read(page_with(text_at(("O", 72, 672), size=36) + text_at(("nce upon", 104, 686), ("a time", 104, 672))))
    assert sorted(texts(page)) == ["O", "a time", "nce upon"]


def test_superscript_stays_in_its_line(read: Read) -> None:
    content = b"BT /F 12 Tf 72 700 Td (power) Tj /F 8 Tf 4 Ts (23) Tj 0 Ts /F 12 Tf ( of ten) Tj ET"
    assert texts(read(page_with(content))) == ["power23 of ten"]


def test_right_to_left_text_is_in_logical_order(read: Read) -> None:
    assert texts(read(mapped_text_pdf("שלום עולם", is_right_to_left=True))) == ["שלום עולם"]


@pytest.mark.parametrize("pieces", ["س لا م", "ا ل إ س لا م", "ب لا ی", "أ لأ ن", "ا لله", "س \ufefc م", "م ح م د"])
def test_right_to_left_ligatures_are_in_logical_order(read: Read, pieces: str) -> None:
    page = read(mapped_text_pdf(pieces.split(), is_right_to_left=True))
    assert texts(page) == [unicodedata.normalize("NFKC", pieces.replace(" ", ""))]


@pytest.mark.parametrize("text", ["日本語の文書です", "Grüße, naïve façade", "x² ≤ ∞ – 5 €"])
def test_characters_come_as_they_are_mapped(read: Read, text: str) -> None:
    assert texts(read(mapped_text_pdf(text))) == [text]


def test_unmapped_text_is_drawn(read: Read) -> None:
    assert read(mapped_text_pdf("cannot be told", is_mapped=False)).text_layer is None


def test_garbage_is_drawn_and_doubted_where_it_is_asked_for(read: Read) -> None:
    # A font whose codes are one off, as in papers whose text nobody can copy.
    shifted = "".join(chr(ord(character) - 1) if character.isalpha() else character for character in PROSE)
    data = text_pdf(*((shifted.replace("`", "z"), 72, y) for y in range(600, 700, 14)))
    assert read(data).text_layer is None
    asked = read(data, text_layer="always")
    assert len(texts(asked)) == 8
    assert codes(asked) == ["text_layer_doubtful"]
    assert "does not look like words" in asked.warnings[0].message


@pytest.mark.parametrize("text", ["0123 4567 8901 " * 10, "ABCD-1234-XYZ " * 8, "WWW PDF HTML CSS " * 9])
def test_codes_and_figures_are_text(read: Read, text: str) -> None:
    assert read(text_pdf((text.strip()[:80], 20, 700))).text_layer is not None


def test_text_of_another_ocr_program_is_not_taken(read: Read) -> None:
    data = page_with(text_at(("what another program read", 72, 700), mode=3))
    page = read(data)
    assert page.text_layer is None
    assert codes(page) == []
    asked = read(data, text_layer="always")
    assert texts(asked) == ["what another program read"]
    assert codes(asked) == ["hidden_text"]


SECRET = text_at(("secret", 72, 600))
BELOW = text_at(("the rest", 72, 500))


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param(text_at(("secret", 72, 600), mode=3), id="mode"),
        pytest.param(b"1 g " + SECRET + b" 0 g", id="white on white"),
        pytest.param(b"q 0.98 1 0.98 rg " + SECRET + b" Q", id="nearly white on white"),
        pytest.param(b"0 0 1 rg 60 590 200 40 re f " + SECRET + b" 0 g", id="blue on blue"),
        pytest.param(SECRET + b" 60 590 200 40 re f", id="under a box"),
        pytest.param(b"q 0 0 50 50 re W n " + SECRET + b" Q", id="outside the clip"),
        pytest.param(SECRET + b" 60 590 200 40 re f 1 g " + text_at(("COVER", 72, 600)) + b" 0 g", id="under a label"),
        pytest.param(b"/OC /Layer BDC " + SECRET + b" EMC", id="in a layer that is off"),
    ],
)
def test_text_that_nobody_sees_is_counted_and_left_out(read: Read, hidden: bytes) -> None:
    pdf = Pdf.new()
    layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=b"off"))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))
    resources = Dictionary(Properties=Dictionary(Layer=layer))
    with_page(pdf, text_at((PROSE, 72, 700)) + b" " + hidden + b" " + BELOW, Resources=resources)
    page = read(saved(pdf))
    shown = ["COVER"] if b"COVER" in hidden else []
    assert texts(page) == [PROSE, *shown, "the rest"]
    assert codes(page) == ["hidden_text"]
    assert page.warnings[0].message.startswith("6 characters")
    asked = read(saved(pdf), text_layer="always")
    assert "secret" in " ".join(texts(asked))
    assert codes(asked) == ["hidden_text"]


def test_half_a_line_under_a_box_is_left_out(read: Read) -> None:
    page = read(page_with(text_at(("Witness: Martha Quimby, born 1961", 72, 700)) + b" 118 695 88 16 re f"))
    assert " ".join(texts(page)).replace(",", "") == "Witness: born 1961"


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(b"0.8 g " + SECRET + b" 0 g", id="gray on white"),
        pytest.param(b"60 590 200 40 re f 1 g " + SECRET + b" 0 g", id="white on black"),
        pytest.param(b"1 0 0 rg 60 590 200 40 re f 0 0.6 0 rg " + SECRET + b" 0 g", id="green on red"),
        pytest.param(SECRET + text_at(("secret", 72.3, 600)), id="printed twice to be bold"),
        pytest.param(text_at(("secret", 72, 600), mode=1), id="outlined"),
        pytest.param(text_at(("secret", 72, 600), size=4), id="small"),
        pytest.param(SECRET + b" q 0.9 g 60 590 200 40 re S Q", id="framed"),
    ],
)
def test_text_that_can_be_seen_is_taken(read: Read, seen: bytes) -> None:
    page = read(page_with(text_at((PROSE, 72, 700)) + b" " + seen))
    assert texts(page) == [PROSE, "secret"]
    assert codes(page) == []


def test_text_beside_the_page_is_not_taken(read: Read) -> None:
    assert texts(read(text_pdf(("on the page", 72, 700), ("beside it", -200, 700)))) == ["on the page"]


def test_transparent_text_is_not_taken(read: Read) -> None:
    state = Dictionary(ExtGState=Dictionary(T=Dictionary(Type=Name.ExtGState, ca=0, CA=0)))
    assert read(page_with(b"/T gs " + text_at(("transparent", 72, 700)), Resources=state)).text_layer is None


def test_text_in_forms_is_taken_where_it_stands(read: Read) -> None:
    pdf = Pdf.new()
    inner = form(pdf, text_at(("in a form", 10, 10)))
    inner.Resources = Dictionary(
        Font=Dictionary(F=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
    )
    with_page(pdf, b"2 0 0 2 100 600 cm /X Do", Resources=Dictionary(XObject=Dictionary(X=inner)))
    page = read(saved(pdf))
    assert texts(page) == ["in a form"]
    assert page.text_layer is not None
    x0, _, _, y1 = box(page.text_layer[0].polygon)
    assert (x0, y1) == pytest.approx((120 * 150 / 72, (842 - 620) * 150 / 72), abs=5)


def test_pictures_are_to_be_read_beside_the_text_layer(read: Read) -> None:
    pdf = Pdf.new()
    image = picture(pdf, Image.new("L", (300, 300), 128))
    words = text_at((PROSE, 72, 780))
    with_page(pdf, **placed(image, b"q 400 0 0 400 50 50 cm /I Do Q " + words))
    with_page(pdf, **placed(image, b"q 60 0 0 60 50 50 cm /I Do Q q 60 0 0 60 150 50 cm /I Do Q " + words), Rotate=90)
    with_page(pdf, **placed(image, b"q 9 0 0 9 50 50 cm /I Do Q " + words))
    data = saved(pdf)
    large, small, icon = (read(data, number, dpi=72) for number in (1, 2, 3))
    for page in (large, small):
        assert page.text_layer is not None
        assert [line.text for line in page.text_layer] == [PROSE]
        assert codes(page) == []
    assert large.unread.round().tolist() == [[50, 392, 450, 792]]
    # The page is shown on its side. Its pixels stand upright like its text.
    assert small.pixels.shape == (small.height, small.width, 3) == (842, 595, 3)
    assert small.unread.round().tolist() == [[50, 732, 110, 792], [150, 732, 210, 792]]
    assert small.pixels[740, 60].tolist() == [128] * 3
    assert texts(icon) == [PROSE]  # too small to hold text
    asked = read(data, 2, text_layer="always")
    assert texts(asked) == [PROSE]
    assert [(warning.code, warning.page) for warning in asked.warnings] == [("pictures_not_read", 2)]
    assert "2 pictures" in asked.warnings[0].message


def test_pages_that_stand_for_something_else_are_told(read: Read) -> None:
    portfolio = Pdf.new()
    with_page(portfolio, text_at(("open this in another program", 72, 700)))
    portfolio.attachments["a.txt"] = b"hello"
    attached = saved(portfolio)
    portfolio.Root.Collection = Dictionary(Type=Name.Collection)
    assert codes(read(attached)) == []
    page = read(saved(portfolio))
    assert texts(page) == ["open this in another program"]
    assert codes(page) == ["placeholder_page"]
    assert "portfolio" in page.warnings[0].message
    form = Pdf.new()
    with_page(form, text_at(("Please wait", 72, 700)))
    form.Root.AcroForm = Dictionary(Fields=Array([]), XFA=Stream(form, b"<xdp/>"))
    assert codes(read(saved(form))) == []  # its fields can be drawn
    form.Root.NeedsRendering = True
    assert "XFA" in read(saved(form)).warnings[0].message


@pytest.mark.parametrize("last", [b"startxref", b"trailer"])
def test_pdf_that_is_cut_off_is_mended(read: Read, last: bytes) -> None:
    data = text_pdf(("first line", 72, 700))
    page = read(data[: data.index(last)])
    assert texts(page) == ["first line"]
    assert codes(page) == ["truncated"]


def test_text_drawn_as_outlines_is_to_be_read(read: Read) -> None:
    glyph = b"%d 300 m " + b"%d 300 l %d 308 l " * 12 + b"f "
    logo = b"".join(glyph % ((x,) + (x, x + 5) * 12) for x in range(100, 300, 6))
    data = page_with(text_at((PROSE, 72, 700)) + b" " + logo)
    page = read(data, dpi=72)
    assert page.text_layer is not None
    assert [line.text for line in page.text_layer] == [PROSE]
    assert page.unread.round().tolist() == [[100, 534, 303, 542]]
    assert codes(page) == []
    assert codes(read(data, text_layer="always")) == ["pictures_not_read"]


def test_page_without_text_is_drawn_whatever_is_asked(read: Read) -> None:
    for wanted in ("auto", "always", "never"):
        assert read(page_with(b"0 0 10 10 re f"), text_layer=wanted).text_layer is None


def test_characters_without_a_font_are_told_when_the_page_is_drawn(read: Read) -> None:
    data = mapped_text_pdf("日本語 abc")
    assert codes(read(data)) == []  # the text layer has them
    drawn = read(data, text_layer="never")
    assert codes(drawn) == ["font_missing"]
    assert drawn.warnings[0].message.startswith("3 characters")


def test_words_that_tell_most_are_compared_with_the_page(read: Read) -> None:
    rows = [(PROSE[:19], 72, 700 - 14 * row) for row in range(9)]
    page = read(text_pdf(*rows, ("Total 1234567890", 72, 560), ("..", 72, 540), page=(595, 842), Rotate=90))
    assert page.samples is not None
    assert page.samples.texts == ("Total 1234567890", PROSE[:19])
    for points in page.samples.points:
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        ink = page.samples.pixels[int(top) : int(bottom), int(left) : int(right)] < 128
        assert 0.05 < ink.mean() < 0.5
    assert read(mapped_text_pdf("日本語 abc")).samples is None  # this machine lacks the font
    assert read(mapped_text_pdf("שלום עולם", is_right_to_left=True)).samples is None  # no script of the recognizer


@pytest.mark.parametrize("text_layer", ["auto", "always"])
def test_lines_of_a_text_layer_have_a_limit(read: Read, text_layer: str) -> None:
    cells = [("a", 10 + 14 * (number % 40), 830 - 8 * (number // 40)) for number in range(4000)]
    page = read(text_pdf(*cells[:20], size=3), limits=PreprocessLimits(max_lines=7), text_layer=text_layer)
    assert len(texts(page)) == 7
    assert "too_many_lines" in codes(page)
    assert "too_many_lines" not in codes(read(text_pdf(*cells[:20], size=3), text_layer=text_layer))
    many = read(text_pdf(*cells, size=3), text_layer=text_layer)
    assert len(texts(many)) == 3000
    assert [one.message for one in many.warnings if one.code == "too_many_lines"]
