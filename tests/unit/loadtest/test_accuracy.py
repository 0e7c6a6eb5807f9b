"""The definition of F1, case by case."""

import pytest

from loadtest.data.accuracy import Counts, IgnoreRule, Unit, score_page, unit_of, units_of_text
from loadtest.data.labels import LabelLine, PageLabel, ResultLine

BOX = ((0.0, 0.0), (100.0, 0.0), (100.0, 20.0), (0.0, 20.0))
BELOW = ((0.0, 40.0), (100.0, 40.0), (100.0, 60.0), (0.0, 60.0))
HALF_RIGHT = ((50.0, 0.0), (150.0, 0.0), (150.0, 20.0), (50.0, 20.0))
FAR_RIGHT = ((51.0, 0.0), (151.0, 0.0), (151.0, 20.0), (51.0, 20.0))


def page(*texts: str, partial: bool = False) -> PageLabel:
    return PageLabel([LabelLine(text, BOX) for text in texts], partial)


def found(*texts: str) -> list[ResultLine]:
    return [ResultLine(text, BOX) for text in texts]


@pytest.mark.parametrize(
    ("label", "result", "unit", "expected"),
    [
        pytest.param(page("TOTAL 9.90"), found("TOTAL 9.90"), Unit.WORD, Counts(3, 3, 3), id="point-parts-words"),
        pytest.param(page("Total"), found("TOTAL"), Unit.WORD, Counts(1, 1, 1), id="case-is-folded"),
        pytest.param(page("Straße"), found("STRASSE"), Unit.WORD, Counts(1, 1, 1), id="folded-not-just-lowered"),
        pytest.param(page("a b", "c"), found("c", "b a"), Unit.WORD, Counts(3, 3, 3), id="order-is-free"),
        pytest.param(page("a", "b"), found("a b"), Unit.WORD, Counts(2, 2, 2), id="lines-may-be-joined"),
        pytest.param(page("to", "tal"), found("total"), Unit.WORD, Counts(0, 1, 2), id="end-of-line-ends-a-word"),
        pytest.param(page("a a a"), found("a a"), Unit.WORD, Counts(2, 2, 3), id="each-copy-counts"),
        pytest.param(page("a"), found("a a a"), Unit.WORD, Counts(1, 3, 1), id="surplus-copies-are-wrong"),
        pytest.param(page("a_1"), found("a 1"), Unit.WORD, Counts(0, 2, 1), id="underscore-joins-a-word"),
        pytest.param(page("---", ":"), found("..."), Unit.WORD, Counts(0, 0, 0), id="punctuation-is-no-word"),
        pytest.param(page("a"), [], Unit.WORD, Counts(0, 0, 1), id="nothing-found"),
        pytest.param(PageLabel([]), found("a"), Unit.WORD, Counts(0, 1, 0), id="nothing-there"),
        pytest.param(page("你好 世界"), found("世界你好"), Unit.CHAR, Counts(4, 4, 4), id="characters-without-spaces"),
        pytest.param(page("你好\uff0c"), found("你好,"), Unit.CHAR, Counts(2, 3, 3), id="full-width-comma-is-another"),
        pytest.param(page("A\u3000b"), found("aB"), Unit.CHAR, Counts(2, 2, 2), id="ideographic-space-is-space"),
        pytest.param(page("a", partial=True), found("a b c"), Unit.WORD, Counts(1, 1, 1), id="partial-forgives-more"),
        pytest.param(page("a b", partial=True), found("b"), Unit.WORD, Counts(1, 1, 2), id="partial-for-recall"),
    ],
)
def test_counts_of_a_page(label: PageLabel, result: list[ResultLine], unit: Unit, expected: Counts) -> None:
    assert score_page(label, result, unit) == expected


@pytest.mark.parametrize(
    ("rule", "polygon", "expected"),
    [
        pytest.param(IgnoreRule.LABELS, BOX, Counts(1, 2, 1), id="labels-only-keeps-what-was-found-there"),
        pytest.param(IgnoreRule.BOTH, BOX, Counts(1, 1, 1), id="both-leaves-it-out"),
        pytest.param(IgnoreRule.BOTH, BELOW, Counts(1, 2, 1), id="found-elsewhere-counts"),
        pytest.param(IgnoreRule.BOTH, HALF_RIGHT, Counts(1, 1, 1), id="half-of-it-is-enough"),
        pytest.param(IgnoreRule.BOTH, FAR_RIGHT, Counts(1, 2, 1), id="less-than-half-is-not"),
    ],
)
def test_found_line_in_ignored_area(
    rule: IgnoreRule, polygon: tuple[tuple[float, float], ...], expected: Counts
) -> None:
    label = PageLabel([LabelLine("###", BOX, ignore=True), LabelLine("exit", BELOW)])
    result = [ResultLine("exit", ((0.0, 40.0), (90.0, 40.0), (90.0, 60.0), (0.0, 60.0))), ResultLine("smudge", polygon)]
    assert score_page(label, result, Unit.WORD, rule) == expected


def test_text_of_ignored_label_is_not_missed() -> None:
    label = PageLabel([LabelLine("blurred", BOX, ignore=True), LabelLine("exit", BELOW)])
    assert score_page(label, []) == Counts(0, 0, 1)


def test_ignored_label_without_polygon_leaves_found_lines_alone() -> None:
    label = PageLabel([LabelLine("blurred", None, ignore=True)])
    assert score_page(label, found("x"), Unit.WORD, IgnoreRule.BOTH) == Counts(0, 1, 0)


def test_pages_are_pooled_before_the_quotients() -> None:
    # The mean of the pages' F1 would be (1 + 0) / 2.
    total = Counts(90, 90, 90) + Counts(0, 10, 10)
    assert (total.precision, total.recall, total.f1) == (0.9, 0.9, 0.9)


def test_f1_is_the_harmonic_mean() -> None:
    counts = Counts(matched=30, found=40, labelled=60)
    assert counts.precision == 0.75
    assert counts.recall == 0.5
    assert counts.f1 == pytest.approx(2 * 0.75 * 0.5 / (0.75 + 0.5))


def test_quotients_without_text_are_undefined() -> None:
    assert Counts().as_dict() == {
        "matched": 0,
        "found": 0,
        "labelled": 0,
        "precision": None,
        "recall": None,
        "f1": None,
    }


def test_words_of_accented_text_stay_whole() -> None:
    assert units_of_text(["Café naïve"], Unit.WORD) == {"café": 1, "naïve": 1}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param(["TOTAL", "9.90"], Unit.WORD, id="latin"),
        pytest.param(["网络支付", "A7"], Unit.CHAR, id="mostly-chinese"),
        pytest.param(["ひらがな"], Unit.CHAR, id="kana"),
        pytest.param(["Price list of 店"], Unit.WORD, id="one-chinese-letter"),
        pytest.param(["—— 「」 ..."], Unit.WORD, id="punctuation-only"),
        pytest.param([], Unit.WORD, id="empty"),
    ],
)
def test_unit_follows_the_script(texts: list[str], expected: Unit) -> None:
    assert unit_of([page(*texts)]) is expected
