"""Paragraphs, columns and rows of a page."""

import numpy as np

from models.layout import blocks, paragraphs
from models.page import Polygon
from tests.unit.models.pages_of_lines import LinesOfPage


def polygons(page: LinesOfPage, degrees: float = 0) -> list[Polygon]:
    return [tuple((float(x), float(y)) for x, y in quad) for quad in page.points(degrees)]


def test_page_without_lines_has_no_regions() -> None:
    assert blocks([]) == []


def test_one_line() -> None:
    assert blocks(polygons(LinesOfPage().put(10, 10, 100))) == [[[0]]]


def test_columns_are_regions_and_their_paragraphs_are_parted() -> None:
    page = LinesOfPage().put(200, 20, 600, 60)
    page.text(50, 140, 400, 10, seed=1)
    page.text(510, 140, 400, 8, seed=2)
    page.put(440, 560, 60)
    expected = [
        [[0]],
        [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]],
        [[11, 12, 13, 14, 15], [16, 17, 18]],
        [[19]],
    ]
    assert blocks(polygons(page)) == expected
    assert blocks(polygons(page, degrees=4)) == expected


def test_paragraphs_by_a_gap_by_an_indent_by_a_short_row_and_by_size() -> None:
    page = LinesOfPage().put(40, 20, 300, 48)  # larger
    for row in range(3):
        page.put(40, 90 + 32 * row, 600)
    for row in range(3):
        page.put(40, 220 + 32 * row, 600)  # after a gap
    page.put(80, 316, 560).put(40, 348, 600)  # indented
    page.put(40, 380, 200).put(40, 412, 600).put(40, 444, 590)  # after a short row
    assert blocks(polygons(page)) == [[[0], [1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11]]]


def test_hanging_rows_stay_together() -> None:
    page = LinesOfPage()
    for row in range(6):
        page.put(40 if row % 3 == 0 else 80, 40 + 32 * row, 600 if row % 3 == 0 else 560)
    assert blocks(polygons(page)) == [[list(range(6))]]


def test_running_text_is_told_from_tables_and_addresses() -> None:
    page = LinesOfPage()
    page.text(40, 40, 700, 5)
    for row in range(4):  # a table
        page.put(40, 300 + 32 * row, 150 + 40 * row).put(600, 300 + 32 * row, 120)
    for row, width in enumerate([240, 130, 200]):  # an address
        page.put(40, 540 + 32 * row, width)
    ((text, table, address),) = paragraphs(polygons(page))
    assert (text.is_text, table.is_text, address.is_text) == (True, False, False)
    assert text.rows == ((0,), (1,), (2,), (3,), (4,))
    assert table.rows == ((5, 6), (7, 8), (9, 10), (11, 12))
    assert text.height == 24


def test_rows_that_stand_at_the_right_are_not_running_text() -> None:
    address, entry = LinesOfPage(), LinesOfPage()
    for row, width in enumerate([260, 220, 290, 250]):
        address.put(640 - width, 40 + 32 * row, width)
        entry.put(80 if row else 40, 40 + 32 * row, 560 if row else 600)
    for page, is_text in ((address, False), (entry, True)):
        ((paragraph,),) = paragraphs(polygons(page))
        assert paragraph.is_text == is_text


def test_lines_come_once_whatever_they_are() -> None:
    random = np.random.default_rng(2)
    for count in (1, 2, 3, 7, 60, 400):
        page = LinesOfPage()
        for left, top, width, height in (1000 * random.random((count, 4))).tolist():
            page.put(left, top, width / 4, height / 20)
        found = blocks(polygons(page))
        assert sorted(index for region in found for paragraph in region for index in paragraph) == list(range(count))
        assert all(paragraph for region in found for paragraph in region)
        assert all(found)
