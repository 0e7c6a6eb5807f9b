"""Markdown."""

import pytest

from serve.exports.markdown import MarkdownExport
from serve.results import LineResult, OcrPage
from tests.unit.serve.exports.documents import ODD_WORDS, box, line, page, read


def markdown(*pages: OcrPage) -> str:
    return MarkdownExport().convert(read(*pages)).decode()


def rows(*texts: str, top: float = 100, pitch: float = 40) -> list[LineResult]:
    """Rows of a column as wide as the longest."""
    return [line(text, 20, top + pitch * index) for index, text in enumerate(texts)]


def sized(text: str, left: float, top: float, height: float) -> LineResult:
    polygon = box(left, top, left + len(text) * height / 2, top + height)
    return LineResult(text=text, confidence=0.9, polygon=polygon, words=[])


def test_running_text_is_joined() -> None:
    text = page(1, *rows("The lines of a paragraph are", "joined, and words that were exam-", "ined at its ends too."))
    assert markdown(text) == "The lines of a paragraph are joined, and words that were examined at its ends too.\n"


def test_rows_with_labels_stay_rows() -> None:
    text = page(1, *rows("Invoice number: INV-20417", "Invoice date: 14 March 2026", "Due date: 13 April 2026"))
    assert markdown(text).split("\n")[0] == "Invoice number: INV-20417  "


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("what was joined by a hyp-", "hen stands here, and goes on", "by a hyphen stands"),
        ("of members and also of non-", "EU states, and so it goes on", "non-EU states"),
        ("and in the years of 1939-", "1945, and all that went on", "1939-1945"),
        ("those of the times pre- and pre-", "and post-war, and so it goes on", "pre- and post-war"),
        ("with a dash at the end of it -", "and more of what went on here", "it - and more"),
        ("a hyphen that is soft: exam\u00ad", "ple of what went on and on here", "soft: example"),
        ("dass er es mit dem Wort Über-", "raschung sagte, und so ging es", "Überraschung"),
    ],
)
def test_hyphens_at_the_ends_of_lines(first: str, second: str, expected: str) -> None:
    assert expected in markdown(page(1, *rows(first, second, "and the last line.")))


def test_chinese_is_joined_without_blanks() -> None:
    lines = [sized(text, 20, 40 + 40 * row, 30) for row, text in enumerate(["漢字" * 10, "漢字" * 10, "漢字。"])]
    assert markdown(page(1, *lines)) == "漢字" * 21 + "。\n"


def test_receipt_stays_line_wise_and_is_no_made_up_table() -> None:
    lines = [
        line("2x Tea", 20, 100),
        line("7.80", 500, 100),
        line("1x Cake", 20, 140),
        line("5.70", 500, 140),
        line("TOTAL", 20, 180),
        line("13.50", 500, 180),
    ]
    assert markdown(page(1, *lines)) == "2x Tea\t7.80  \n1x Cake\t5.70  \nTOTAL\t13.50\n"


def test_points_of_a_list_begin_lines() -> None:
    points = rows(
        "• The first point is long enough",
        "  to go on in a second row",
        "• The second point of the list",
        "1. is not a row that goes on",
    )
    assert markdown(page(1, *points)) == (
        "• The first point is long enough to go on in a second row  \n• The second point of the list  \n"
        "1\\. is not a row that goes on\n"
    )


def test_clearly_larger_lines_are_headings() -> None:
    text = [
        "some text that is long enough to tell",
        "which size most of the page is, to be",
        "compared with that of its headings,",
        "which are to be larger than it is by",
        "more than lines differ by their letters",
    ]
    lines = [
        sized("A Title #", 20, 20, 80),
        sized("of two rows", 20, 120, 80),
        sized("A Heading", 20, 260, 50),
        sized("A little larger", 20, 350, 34),
        *rows(*text, top=460),
        sized("9.90", 20, 740, 80),
    ]
    assert markdown(page(1, *lines)) == (
        "# A Title # of two rows\n\n## A Heading\n\nA little larger\n\n" + " ".join(text) + "\n\n9.90\n"
    )
    assert markdown(page(1, sized("In C #", 20, 20, 80), *rows(*text, top=420))).startswith("# In C \\#\n\n")


def test_a_rule_between_pages_and_none_for_empty_ones() -> None:
    pages = page(1, line("one", 0, 0)), page(2), page(3, line("three", 0, 0))
    assert markdown(*pages) == "one\n\n---\n\nthree\n"
    assert markdown(page(1)) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# 12", "\\# 12"),
        ("#12", "#12"),
        ("- 5", "\\- 5"),
        ("-5.00", "-5.00"),
        ("---", "\\---"),
        ("===", "\\==="),
        ("+ 5", "\\+ 5"),
        ("> 5", "\\> 5"),
        ("1. item", "1\\. item"),
        ("12) item", "12\\) item"),
        ("1.50", "1.50"),
        ("*bold* _thin_ `code`", "\\*bold\\* \\_thin\\_ \\`code\\`"),
        ("[link](http://x)", "\\[link\\](http://x)"),
        ("a <b> & c &amp; &#8364;", "a \\<b> & c \\&amp; \\&#8364;"),
        ("C:\\new", "C:\\\\new"),
        ("~~gone~~ | cell", "\\~\\~gone\\~\\~ \\| cell"),
        ("$5 (10%) @ 3.00!", "$5 (10%) @ 3.00!"),
    ],
)
def test_characters_that_mean_something_are_escaped(text: str, expected: str) -> None:
    assert markdown(page(1, line(text, 0, 0))) == expected + "\n"


def test_odd_words_are_written() -> None:
    for word in ODD_WORDS:
        assert len(markdown(page(1, line(word, 0, 0)))) > 1
