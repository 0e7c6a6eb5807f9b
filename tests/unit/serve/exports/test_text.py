"""Plain text."""

import pytest

from serve.exports.arrangement import one_line
from serve.exports.text import TextExport
from tests.unit.serve.exports.documents import ODD_WORDS, line, page, read


def text_of(*pages: object) -> str:
    return TextExport().convert(read(*pages)).decode()  # type: ignore[arg-type]


def test_receipt_has_its_rows_and_gaps() -> None:
    receipt = page(
        1,
        line("KEDAI KOPI", 100, 20),
        line("2x Tea", 20, 100),
        line("7.80", 500, 103),
        line("TOTAL", 20, 140),
        line("7.80", 500, 141),
        line("Thank you", 100, 300),
    )
    assert text_of(receipt) == "KEDAI KOPI\n\n2x Tea\t7.80\nTOTAL\t7.80\n\nThank you\n"


def test_lines_close_to_each_other_are_one_sentence() -> None:
    assert text_of(page(1, line("two words", 20, 20), line("and two", 120, 22))) == "two words and two\n"


def test_columns_are_read_one_after_the_other() -> None:
    left = [line(f"left column of running text {row}", 20, 40 + 40 * row) for row in range(6)]
    right = [line(f"right column of running text {row}", 400, 50 + 40 * row) for row in range(6)]
    mixed = [one for pair in zip(left, right, strict=True) for one in pair]
    assert text_of(page(1, *mixed)) == (
        "".join(f"left column of running text {row}\n" for row in range(6))
        + "\n"
        + "".join(f"right column of running text {row}\n" for row in range(6))
    )


def test_form_feed_between_pages_also_around_an_empty_one() -> None:
    assert text_of(page(1, line("one", 0, 0)), page(2), page(3, line("three", 0, 0))) == "one\n\f\fthree\n"


def test_nothing() -> None:
    assert text_of() == ""
    assert text_of(page(1)) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb", "a b"),
        ("a\r\nb\x0c\x0bc", "a b c"),
        ("a\u2028b\x85c", "a b c"),
        ("  a   b ", "a b"),
        ("\x00\x1b[31m", "\ufffd\ufffd[31m"),
        ("half\ud83d", "half\ufffd"),
        ("]]>", "]]>"),
        ("👩‍👩‍👧 שלום é 漢字", "👩‍👩‍👧 שלום é 漢字"),
        ("", ""),
    ],
)
def test_odd_text_stays_on_its_line(text: str, expected: str) -> None:
    assert one_line(text) == expected


def test_odd_words_are_written() -> None:
    for word in ODD_WORDS:
        found = text_of(page(1, line(word, 0, 0)))
        assert found == one_line(word) + "\n"
