"""Pages as users name them."""

import pytest

from models.errors import MalformedRequest, SourceNotFound, TooLarge
from serve.documents.page_ranges import PageRanges


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", [1]),
        ("2-3", [2, 3]),
        ("7,1-3", [1, 2, 3, 7]),
        ("3-5, 1-3 ,4", [1, 2, 3, 4, 5]),
        ("6-", [6, 7]),
        ("-2", [1, 2]),
        ("2-,5", [2, 3, 4, 5, 6, 7]),
        ("1-", [1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_pages_come_once_and_in_order(text: str, expected: list[int]) -> None:
    ranges = PageRanges.parse(text)
    assert list(ranges.numbers(7)) == expected
    assert ranges.count(7) == len(expected)
    assert ranges.first == expected[0]


@pytest.mark.parametrize(
    "text", ["", "0", "1,", "a", "3-1", "1--2", "-", "1 2", "01", "1.5", "9" * 10, ",".join(["1"] * 1002), "١"]
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(MalformedRequest, match=r"pages is"):
        PageRanges.parse(text)


@pytest.mark.parametrize("text", ["8", "7-8", "8-", "1,999999999"])
def test_page_that_is_not_there_is_named(text: str) -> None:
    with pytest.raises(SourceNotFound, match=r"page (8|999999999) does not exist: the document has 7"):
        PageRanges.parse(text).count(7)


def test_more_than_allowed_are_refused_with_a_range_that_is_not() -> None:
    with pytest.raises(TooLarge, match=r"1,000,000 pages .* limit of 50: ask for fewer \(pages=1-50\)"):
        PageRanges().allowed(1_000_000, 50)
    assert len(list(PageRanges.parse("1-50").allowed(1_000_000, 50))) == 50


@pytest.mark.parametrize(
    ("text", "expected"), [("5", True), ("5-5", True), ("5-", False), ("5,6", False), ("1,3", False)]
)
def test_single_page_is_told_from_several(text: str, expected: bool) -> None:
    assert PageRanges.parse(text).is_single is expected
