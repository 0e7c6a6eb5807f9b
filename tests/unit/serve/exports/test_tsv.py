"""Words as a table."""

import csv
import io

from serve.exports import ExportOptions
from serve.exports.tsv import TsvExport
from serve.results import OcrPage
from tests.unit.serve.exports.documents import ODD_WORDS, line, line_with_characters, page, read

HEADER = "level page_num block_num par_num line_num word_num left top width height conf text"


def tsv(*pages: OcrPage) -> str:
    return TsvExport().convert(read(*pages)).decode()


def test_rows_are_those_of_tesseract() -> None:
    first = page(1, line("TOTAL 7.80", 20, 40), line("Thank you", 20, 300, has_words=False), width=500, height=400)
    assert tsv(first, page(3, width=640, height=480)).splitlines() == [
        row.replace(" ", "\t").replace("~", " ")
        for row in (
            HEADER,
            "1 1 0 0 0 0 0 0 500 400 -1 ",
            "2 1 1 0 0 0 20 40 100 290 -1 ",
            "3 1 1 1 0 0 20 40 100 30 -1 ",
            "4 1 1 1 1 0 20 40 100 30 -1 ",
            "5 1 1 1 1 1 20 40 50 30 99.00 TOTAL",
            "5 1 1 1 1 2 80 40 40 30 98.00 7.80",
            "3 1 1 2 0 0 20 300 90 30 -1 ",
            "4 1 1 2 1 0 20 300 90 30 -1 ",
            "5 1 1 2 1 1 20 300 90 30 98.76 Thank~you",
            "1 3 0 0 0 0 0 0 640 480 -1 ",
        )
    ]


def test_columns_are_blocks() -> None:
    left = [line(f"left column of running text {row}", 20, 40 + 40 * row) for row in range(6)]
    right = [line(f"right column of running text {row}", 400, 50 + 40 * row) for row in range(6)]
    rows = list(csv.DictReader(io.StringIO(tsv(page(1, *right, *left))), delimiter="\t"))
    words = [(row["block_num"], row["line_num"], row["text"]) for row in rows if row["word_num"] == "1"]
    assert words == [
        *(("1", str(number), "left") for number in range(1, 7)),
        *(("2", str(number), "right") for number in range(1, 7)),
    ]


def test_boxes_stay_on_the_page() -> None:
    sticking_out = page(1, line("abcdefghij", -30, -10), width=50, height=15)
    assert "\t0\t0\t50\t15\t99.00\tabcdefghij\n" in tsv(sticking_out)


def test_odd_words_stay_in_their_fields() -> None:
    odd = [*ODD_WORDS, "a\tb", "a\r\nb", '"', "\u2028"]
    lines = [line_with_characters(word, left=10, top=40 * index) for index, word in enumerate(odd)]
    found = tsv(page(1, *lines))
    rows = found.removesuffix("\n").split("\n")
    assert all(row.count("\t") == 11 for row in rows)
    assert sum(row.startswith("5\t") for row in rows) == len(odd)


def test_nothing() -> None:
    assert tsv() == HEADER.replace(" ", "\t") + "\n"


def test_formulas_are_guarded_where_it_is_asked_for() -> None:
    text = "=1+1 +49 -5 @SUM \uff1d1 a=b 7"
    words = text.split()
    shown = page(1, line(text, 20, 40))
    for safe, expected in ((False, words), (True, [*(f"'{word}" for word in words[:5]), *words[5:]])):
        table = TsvExport().convert(read(shown, options=ExportOptions(spreadsheet_safe=safe))).decode()
        rows = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
        assert [row["text"] for row in rows if row["level"] == "5"] == expected
