"""Boxes of a form that hold a label and beneath it the value."""

import time

import pytest

from models.structure.result import Cell, PageStructure, Table, WordSpan
from tests.unit.models.structure.written import WrittenPage, box


def form() -> WrittenPage:
    """Two columns and two rows of boxes."""
    page = WrittenPage()
    rows = (("Surname", "O'Brien", "First name", "Niamh"), ("Date of birth", "04/11/1988", "Nationality", "Irish"))
    for row, (*first, third, fourth) in enumerate(rows):
        for left, (label, value) in ((100, first), (500, (third, fourth))):
            page.put(left + 10, 105 + 55 * row, label).put(left + 10, 128 + 55 * row, value)
            page.frame(left, 100 + 55 * row, left + 400, 155 + 55 * row)
    return page


PAIRS = [("Surname", "O'Brien"), ("First name", "Niamh"), ("Date of birth", "04/11/1988"), ("Nationality", "Irish")]


def test_the_first_line_of_a_box_is_the_label() -> None:
    assert form().pairs() == PAIRS


def test_boxes_that_are_open_to_one_side() -> None:
    page = form()
    page.upright = [rule for rule in page.upright if rule[0] == 500]
    assert page.pairs() == PAIRS


def test_a_form_of_boxes_is_no_table_of_data() -> None:
    page = form()
    places = [(row, column, 4 * row + 2 * column) for row in range(2) for column in range(2)]
    cells = tuple(
        Cell(
            row, column, 1, 1, page.lines[at].polygon, f"{page.lines[at].text}\n{page.lines[at + 1].text}",
            tuple(WordSpan(line, 0, len(page.lines[line].words)) for line in (at, at + 1)),
        )
        for row, column, at in places
    )  # fmt: skip
    both = (*cells, *[Cell(one.row, one.column + 2, 1, 1, one.polygon, one.text, one.words) for one in cells])
    table = Table(box(100, 100, 900, 210), 1.0, 2, 4, both)
    assert page.pairs(PageStructure(("tables", "fields"), tables=(table,))) == PAIRS


def test_all_lines_beneath_the_label_are_the_value() -> None:
    page = WrittenPage().put(110, 105, "Ship to").put(110, 128, "Ann Lee").put(110, 151, "Dover, 11.02.2026")
    assert page.frame(100, 100, 500, 180).labeled() == [("Ship to", "Ann Lee\nDover, 11.02.2026")]


def test_a_long_label_is_smaller_than_its_value() -> None:
    page = (
        WrittenPage().put(110, 103, "c The employer's name, its address, and the code", 14).put(110, 120, "Lumber Inc")
    )
    assert page.frame(100, 100, 700, 150).labeled() == [
        ("c The employer's name, its address, and the code", "Lumber Inc")
    ]


@pytest.mark.parametrize(
    ("lines", "width"),
    [
        (("Quantity", "delivered"), 120),  # there was no room for the second word
        (("Apples", "Pears", "Plums", "Figs", "Nuts"), 400),
        (("1.50 EUR", "2.50 EUR"), 400),
        (("Reader", "Name: Ann"), 400),
    ],
    ids=["wrapped", "a list", "numbers", "fields of their own"],
)
def test_boxes_that_are_not_a_field(lines: tuple[str, ...], width: float) -> None:
    page = WrittenPage()
    for row, text in enumerate(lines):
        page.put(110, 105 + 23 * row, text)
    pairs = page.frame(100, 100, 100 + width, 110 + 23 * len(lines)).pairs()
    assert lines[0] not in [label for label, value in pairs if value]


def test_a_heading_of_two_lines_over_a_column_is_no_label() -> None:
    page = WrittenPage().put(110, 105, "Weight").put(110, 128, "in kg").frame(100, 100, 500, 155)
    assert page.labeled() == [("Weight", "in kg")]
    assert page.put(110, 162, "12").frame(100, 155, 500, 187).labeled() == []


def test_a_page_of_many_boxes_takes_bounded_time() -> None:
    page = WrittenPage()
    for row in range(900):
        page.put(110, 5 + 60 * row, "Surname").put(110, 28 + 60 * row, "Miller").frame(
            100, 60 * row, 400, 60 * row + 60
        )
    start = time.process_time()
    assert len(page.pairs()) == 900
    assert time.process_time() - start < 2


def test_a_row_of_two_boxes_has_its_label_to_the_left() -> None:
    page = WrittenPage()
    for row, texts in enumerate((("Order code", "C-88431"), ("Carrier", "Norfolk"), ("Parcel", "small"))):
        for left, text in zip((100, 400, 700), texts, strict=False):
            page.put(left + 10, 106 + 32 * row, text).frame(left, 100 + 32 * row, left + 300, 132 + 32 * row)
    assert page.labeled() == [("Order code", "C-88431"), ("Carrier", "Norfolk"), ("Parcel", "small")]
    for row in range(3):
        page.put(710, 106 + 32 * row, "later").frame(700, 100 + 32 * row, 1000, 132 + 32 * row)
    assert ("Carrier", "Norfolk") not in page.labeled()


def test_an_empty_box_beside_others_has_a_label() -> None:
    page = form().put(110, 215, "Maiden name").frame(100, 210, 500, 265)
    page.put(510, 215, "Cell phone").frame(500, 210, 900, 265)
    assert page.labeled() == [*PAIRS, ("Maiden name", None), ("Cell phone", None)]
    alone = WrittenPage().put(110, 215, "Maiden name").frame(100, 210, 500, 265)
    assert alone.labeled() == []
