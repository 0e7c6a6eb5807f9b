import pytest

from serve.searchable_pdf.bidi import visual_order

# Capitals stand for Hebrew letters, so that a row reads the same in any editor.
ROWS = [
    ("plain text 12", "plain text 12"),
    ("ABC", "CBA"),
    ("ABC DEF", "FED CBA"),
    ("ABC 123", "123 CBA"),
    ("ABC 10 20", "20 10 CBA"),  # numbers count as right-to-left for what stands between them
    ("ABC 1,234.50", "1,234.50 CBA"),
    ("ABC def GHI", "IHG def CBA"),
    ("abc DEF ghi", "abc FED ghi"),
    ("abc DEF 12", "abc 12 FED"),
    ("abc 12 DEF", "abc 12 FED"),
    ("ABC, DEF!", "!FED ,CBA"),
    ("A-1", "1-A"),
]


def _hebrew(text: str) -> str:
    return "".join(chr(0x05D0 + ord(letter) - ord("A")) if letter.isupper() else letter for letter in text)


@pytest.mark.parametrize(("logical", "visual"), ROWS)
def test_order_of_place(logical: str, visual: str) -> None:
    assert visual_order(_hebrew(logical)) == _hebrew(visual)


def test_marks_stay_with_their_letter() -> None:
    assert visual_order("\u05e9\u05c1\u05dc") == "\u05dc\u05c1\u05e9"
