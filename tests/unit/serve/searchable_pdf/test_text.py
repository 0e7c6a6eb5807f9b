"""The text of searchable PDFs and its positions, as poppler and PDFium find them."""

from pathlib import Path

import pytest

from deployments.document import Document
from serve.exports.base import ReadDocument
from serve.exports.pdf import PdfExport
from serve.results import LineResult, OcrResult
from tests.poppler import found_words, text_by_pdfium, text_by_poppler
from tests.unit.serve.searchable_pdf.results import exported, laid, line, page, scan

LEFT_TO_RIGHT = [
    "The quick brown fox",
    "12.50 EUR (incl. VAT)",
    "naïve Ærøskøbing Łódź",
    "中文测试 第二行",
    "日本語 テスト 한국어",
]
HEBREW = "שלום עולם זה טקסט 1,234.50"
ARABIC = "مرحبا بالعالم هذا نص عربي"


def test_text_comes_back_as_it_was_read(tmp_path: Path) -> None:
    lines = [*LEFT_TO_RIGHT, "emoji 😀 𠀀𠀁 end", "नमस्ते दुनिया"]
    pdf = laid(scan(), page(*(line(text, 60, 60 + 90 * row) for row, text in enumerate(lines))))
    assert [row for row in text_by_poppler(pdf, tmp_path).splitlines() if row] == lines
    assert text_by_pdfium(pdf)[0].splitlines() == lines


def test_right_to_left_comes_back_in_the_order_of_reading(tmp_path: Path) -> None:
    lines = [line(text, 960, 60 + 90 * row, from_right=True) for row, text in enumerate((HEBREW, ARABIC))]
    pdf = laid(scan(), page(*lines))
    assert text_by_pdfium(pdf)[0].splitlines() == [HEBREW, ARABIC]
    rows = [row.strip() for row in text_by_poppler(pdf, tmp_path).splitlines() if row.strip()]
    assert rows == [HEBREW, ARABIC]


def test_right_to_left_without_words(tmp_path: Path) -> None:
    text = "שלום עולם טקסט"
    whole = line(text, 960, 60, from_right=True)
    pdf = laid(scan(), page(LineResult(text=text, confidence=1, polygon=whole.polygon)))
    assert text_by_pdfium(pdf)[0].strip() == text
    assert text_by_poppler(pdf, tmp_path).strip() == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bell\x07 nul\x00 end", "bell nul end"),
        ("half\ud83d pair", "half\ufffd pair"),
        ("never\uffff assigned", "never\ufffd assigned"),
        ("bom\ufeff mark", "bom mark"),
        ("(a) \\ <b> ]]>", "(a) \\ <b> ]]>"),
        ("no\u00a0break", "no break"),
    ],
)
def test_odd_text(text: str, expected: str, tmp_path: Path) -> None:
    pdf = laid(scan(), page(line(text, 60, 60)))
    assert text_by_poppler(pdf, tmp_path).strip() == expected


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize(
    "boxes",
    [["[0 0 500 700]"], ["[-30 40 470 740]"], ["[0 0 900 900]", "[100 50 600 750]"]],
    ids=["plain", "moved", "cropped"],
)
def test_words_stand_where_they_were_read(boxes: list[str], turned: int, rotation: int, tmp_path: Path) -> None:
    """The page is stored turned by `turned`, and shown so; OCR found that it must be turned by `rotation` more."""
    is_sideways = (turned + rotation) % 180 == 90
    size = (1400, 1000) if is_sideways else (1000, 1400)
    lines = [line("The quick brown fox", 60, 100), line("jumps over the lazy dog", 300, 900, height=60)]
    pdf = laid(scan(boxes=boxes, Rotate=turned, UserUnit=2), page(*lines, size=size, rotation=rotation))
    (words,) = found_words(pdf, tmp_path)
    expected = [word for line in lines for word in line.words]
    assert [word.text for word in words] == [word.text for word in expected]
    for word, truth in zip(words, expected, strict=True):
        # A page of 500 points has 1000 pixels.
        left, top = truth.polygon[0][0] / 2, truth.polygon[0][1] / 2
        assert word.overlap((left, top, truth.polygon[2][0] / 2, truth.polygon[2][1] / 2)) > 0.97, word


def test_words_of_a_skewed_scan_stay_whole(tmp_path: Path) -> None:
    texts = [f"professional composition {row} synchronized" for row in range(12)]
    pdf = laid(scan(), page(*(line(text, 60, 60 + 60 * row, degrees=2) for row, text in enumerate(texts))))
    assert sorted(text_by_poppler(pdf, tmp_path).split()) == sorted(" ".join(texts).split())


@pytest.mark.parametrize("degrees", [-60, 30, 45, 120])
def test_slanting_words_stay_whole(degrees: float, tmp_path: Path) -> None:
    pdf = laid(scan(), page(line("professional musicians", 500, 700, degrees=degrees)))
    assert sorted(text_by_poppler(pdf, tmp_path).split()) == ["musicians", "professional"]
    assert text_by_pdfium(pdf)[0].split() == ["professional", "musicians"]


def test_only_pages_that_were_read_get_text(tmp_path: Path) -> None:
    data = scan([b"0 g", b"0 g", b"0 g"])
    lines = [line("hello", 60, 60)]
    pdf = exported(data, page(*lines, number=2), page(*lines, number=3, source="text_layer"))
    assert text_by_poppler(pdf, tmp_path).split("\f") == ["", "hello\n\n", "", ""]


def test_only_lines_that_were_read_get_text(tmp_path: Path) -> None:
    read = line("stamp", 60, 60).model_copy(update={"source": "ocr"})
    pdf = exported(scan(), page(line("layer", 60, 200), read, source="text_layer"))
    assert text_by_poppler(pdf, tmp_path).split() == ["stamp"]


@pytest.mark.parametrize("pages", [[], [page()], [page(line("there", 60, 60), source="text_layer")]])
def test_without_new_text_the_document_is_the_same(pages: list[object]) -> None:
    data = scan()
    assert exported(data, *pages) == data  # type: ignore[arg-type]


def test_the_same_bytes_each_time() -> None:
    read = page(line("hello world", 60, 60))
    data = scan()
    assert exported(data, read) == exported(data, read)


def test_a_page_that_the_file_does_not_have() -> None:
    result = OcrResult(
        id="1", model="test", pages=[page(line("x", 9, 9), number=2)], text="", warnings=[], timings_ms={}
    )
    with pytest.raises(Exception, match="too damaged"):
        PdfExport().convert(ReadDocument(result, None, Document(scan())))
