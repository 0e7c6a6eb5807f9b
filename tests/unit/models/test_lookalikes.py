"""Characters that look like those of another script."""

import pytest

from models.recognition.corrections.lookalikes import with_own_script
from models.recognition.ctc import LineText


def line(text: str) -> LineText:
    places = tuple(index / len(text) for index in range(len(text)))
    return LineText(text, 0.9, tuple(text), places, tuple([0.9] * len(text)), tuple([0.0] * len(text)))


@pytest.mark.parametrize(
    ("page", "expected", "reason"),
    [
        (["n\u03bfw"], ["now"], "a Greek omicron in a Latin word"),
        (["\u03a4otal \u0421ash"], ["Total Cash"], "a Greek and a Cyrillic capital"),
        (["\u03bb\u03b5yo\u03bd"], ["\u03bb\u03b5yo\u03bd"], "a y, which no Greek letter looks like"),
        (["\u03bbo\u03b3o\u03c2"], ["\u03bb\u03bf\u03b3\u03bf\u03c2"], "a Latin o in a Greek word"),
        (["\u0394T = 5 k\u03a9"], ["\u0394T = 5 k\u03a9"], "Greek letters of other shapes, in formulas"),
        (["\u039f\u03a4\u0395"], ["\u039f\u03a4\u0395"], "a Greek word"),
        (["\u03b1\u03b2\u2206\u03c0"], ["\u03b1\u03b2\u0394\u03c0"], "the sign of an increment among Greek letters"),
        (["\u22060.5"], ["\u22060.5"], "the sign itself"),
        (["\uffe512,800", "\uff08a\uff09\uff1a"], ["\u00a512,800", "(a):"], "full width in a page without Chinese"),
        (["\uffe512,800", "\u6f22\u5b57"], ["\uffe512,800", "\u6f22\u5b57"], "full width in a Chinese page"),
        (["\u00b1 0.5 \u2103"], ["\u00b1 0.5 \u00b0C"], "degrees, which western text writes with two characters"),
        (["\u01celter"], ["\u00e4lter"], "the third tone of pinyin in a western page"),
        (["Rom\u0103n\u01ce"], ["Rom\u0103n\u0103"], "in a page with breves"),
        (["Rom\u0103n\u01ce", "\u00fcber"], ["Rom\u0103n\u00e4", "\u00fcber"], "in a page with both"),
        (["n\u01d0 h\u01ceo"], ["n\u01d0 h\u01ceo"], "pinyin"),
        (["h\u01ceo m\u0101"], ["h\u01ceo m\u0101"], "pinyin with another tone"),
        (["h\u01ceo", "\u597d"], ["h\u01ceo", "\u597d"], "pinyin beside Chinese"),
        ([], [], "a page without lines"),
    ],
)
def test_characters_are_those_of_the_text_around(page: list[str], expected: list[str], reason: str) -> None:
    corrected = with_own_script([line(text) for text in page])
    assert [text.text for text in corrected] == expected, reason
    assert ["".join(text.characters) for text in corrected] == expected
    assert all(len(text.characters) == len(text.positions) for text in corrected)


def test_plain_lines_stay_the_same_objects() -> None:
    page = [line("Total 1.50"), line("\u00fcber"), line("n\u03bfw")]
    corrected = with_own_script(page)
    assert [one is other for one, other in zip(page, corrected, strict=True)] == [True, True, False]
