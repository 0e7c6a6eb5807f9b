"""Fields beside other parts of a page's structure, and on pages that are not as one expects."""

import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from models.page import FormField, Line
from models.steps import run_steps
from models.structure.fields.part import FieldPart, SeenByFields
from models.structure.fields.rules import find_rules, find_upright_rules
from models.structure.part import PageView
from models.structure.result import Cell, Mark, PageStructure, PlacedText, Table, WordSpan
from tests.unit.models.structure.written import WrittenPage, box


def look(pixels: np.ndarray, form: tuple[FormField, ...] = ()) -> SeenByFields:
    view = PageView(pixels, np.empty((0, 4, 2), np.float32), form=form)
    seen: SeenByFields = run_steps(FieldPart().look(view, {}), lambda inputs: [])
    return seen


def test_rules_of_a_drawn_page() -> None:
    pixels = np.full((1000, 800, 3), 255, np.uint8)
    cv2.line(pixels, (100, 200), (500, 200), (0, 0, 0), 2)
    cv2.line(pixels, (100, 400), (700, 412), (90, 90, 90), 1)  # askew
    cv2.putText(pixels, "Some letters", (100, 600), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
    cv2.rectangle(pixels, (100, 700), (600, 800), (0, 0, 0), -1)  # a bar
    cv2.line(pixels, (50, 300), (53, 660), (0, 0, 0), 2)
    seen = look(pixels)
    assert seen.upright[0] == pytest.approx([49, 299, 55, 662], abs=2)
    rules = seen.rules
    assert rules[0] == pytest.approx([100, 200, 501, 202], abs=2)
    assert rules[1] == pytest.approx([100, 400, 701, 413], abs=2)
    assert all(abs(top - 600) > 30 for _, top, _, _ in rules.tolist())


def test_rules_are_found_at_any_resolution() -> None:
    for scale in (1, 2, 3, 4):
        pixels = np.full((1000 * scale, 800 * scale, 3), 240, np.uint8)
        pixels[300 * scale : 300 * scale + 2, 100 * scale : 600 * scale] = 20
        assert find_rules(pixels)[0] == pytest.approx(
            [100 * scale, 300 * scale, 600 * scale, 300 * scale + 2], abs=2 * scale
        )


def test_a_gray_rule_between_lines_of_text_is_found_whole() -> None:
    pixels = np.full((400, 800, 3), 255, np.uint8)
    pixels[200:202, 100:700] = 160
    for y in (195, 222):
        cv2.putText(pixels, "MMMMMMMM", (120, y), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 3)
    assert find_rules(pixels).tolist() == [pytest.approx([100, 200, 700, 202], abs=2)]


@pytest.mark.parametrize("shape", [(0, 0), (1, 5000), (5000, 1), (30, 30)])
def test_pages_without_pixels_have_no_rules(shape: tuple[int, int]) -> None:
    assert find_rules(np.zeros((*shape, 3), np.uint8)).shape == (0, 4)
    assert find_upright_rules(np.zeros((*shape, 3), np.uint8)).shape == (0, 4)


def test_a_page_of_noise_takes_no_time() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (3000, 2000, 3), dtype=np.uint8)
    pixels[::6] = 0
    start = time.process_time()
    assert len(find_rules(pixels)) <= 1000
    assert len(find_upright_rules(pixels.transpose(1, 0, 2))) <= 1000
    assert time.process_time() - start < 1


def test_fields_of_a_form_win_over_what_is_read_there() -> None:
    page = WrittenPage().put(100, 100, "Name: Mi11er").put(100, 160, "City: Dover")
    page.form = [
        FormField("text", "person.name", "Miller", box(150, 95, 400, 125)),
        FormField("choice", "country", "UK", box(150, 300, 400, 330)),
        FormField("text", "born", "31.01.1970", box(150, 400, 400, 430)),
        FormField("text", "empty", "", box(150, 500, 400, 530)),
        FormField("checkbox", "agree", "Yes", box(150, 600, 170, 620), is_set=True),
    ]
    fields = page.fields()
    assert [(field.name, field.value and field.value.text, field.type, field.normalized) for field in fields] == [
        (None, "Dover", "text", None),
        ("person.name", "Miller", "text", None),
        ("country", "UK", "choice", "UK"),
        ("born", "31.01.1970", "date", "1970-01-31"),
        ("empty", None, "text", None),
    ]
    assert [field.confidence for field in fields[1:]] == [1.0] * 4
    assert fields[4].value is None


def table(page: WrittenPage, columns: int) -> PageStructure:
    """A table of which each cell is one line of a page."""
    cells = [
        Cell(index // columns, index % columns, 1, 1, line.polygon, line.text, (WordSpan(index, 0, len(line.words)),))
        for index, line in enumerate(page.lines)
    ]
    rows = len(cells) // columns
    return PageStructure(
        ("tables", "fields"), tables=(Table(box(100, 100, 900, 400), 1.0, rows, columns, tuple(cells)),)
    )


def grid(*rows: tuple[str, ...]) -> WrittenPage:
    page = WrittenPage()
    for top, row in enumerate(rows):
        for left, text in enumerate(row):
            page.put(100 + 300 * left, 100 + 60 * top, text)
    return page


def test_cells_of_a_data_table_are_no_pairs() -> None:
    page = grid(("Apples", "12.00", "24.00"), ("Pears", "3.00", "9.00"))
    assert page.pairs()[0] == ("Apples", "12.00")
    assert page.pairs(table(page, 3)) == []
    assert page.pairs(table(page, 2))[0] == ("Apples", "12.00")


@pytest.mark.parametrize(
    "rows",
    [
        (
            ("\u2022", "Brand", "Newport"),
            ("\u2022", "Media", "Mail"),
            ("\u2022", "Year", "1999"),
            ("\u2022", "Value", "$1.50"),
        ),
        (("Name:", "Miller", "born: 1970"), ("City:", "Dover", "Zip: 12345"), ("Phone:", "555 0142", "Fax: none")),
        (("Customer", "Miller", "RECEIVED"), ("Product", "Falcon", "DEC 1")),
    ],
    ids=["bullets", "colons", "a stamp beside it"],
)
def test_a_form_that_is_drawn_as_a_grid_has_pairs(rows: tuple[tuple[str, ...], ...]) -> None:
    page = grid(*rows)
    assert page.pairs()
    assert page.pairs(table(page, 3)) == page.pairs()


@pytest.mark.parametrize("label", ["Total", "Discount:", "Balance"])
def test_sums_beneath_a_data_table_are_pairs(label: str) -> None:
    data = [("Apples", "12.00", "24.00"), ("Pears", "3.00", "9.00"), ("Plums", "1.00", "2.00")]
    page = grid(*data)
    page.put(400, 280, label).put(700, 280, "35.00")
    whole = table(page, 3).tables[0]
    last = [replace(cell, row=3, column=column) for column, cell in enumerate(whole.cells[-2:], 1)]
    tables = (replace(whole, rows=4, cells=(*whole.cells[:-2], *last)),)
    pairs = page.pairs(PageStructure(("tables", "fields"), tables=tables))
    assert [pair for pair in pairs if pair[0]] == [(label, "35.00")]


def test_a_block_of_fields_above_a_data_table_is_not_its_heading() -> None:
    page = WrittenPage()
    for row, texts in enumerate((("Floor", "3"), ("Room", "214"), ("Guests", "2"))):
        page.put(100, 30 + 22 * row, texts[0]).put(400, 30 + 22 * row, texts[1])
    block = page.lines
    page.lines = grid(("Apples", "12.00", "24.00"), ("Pears", "3.00", "9.00"), ("Plums", "1.00", "2.00")).lines
    whole = table(page, 3).tables[0]
    page.lines = [*page.lines, *block]
    cells = [
        Cell(
            0, column, 1, 1, whole.polygon, "\n".join(line.text for line in block[column::2]),
            tuple(WordSpan(9 + column + 2 * row, 0, 1) for row in range(3)),
        )
        for column in range(2)
    ]  # fmt: skip
    data = (replace(cell, row=cell.row + 1) for cell in whole.cells)
    tables = (replace(whole, rows=4, cells=(*cells, *data)),)
    assert page.pairs(PageStructure(("tables", "fields"), tables=tables))[-3:] == [
        ("Floor", "3"),
        ("Room", "214"),
        ("Guests", "2"),
    ]


def test_boxes_that_are_set_answer_their_question() -> None:
    page = WrittenPage().put(100, 100, "Married?").put(330, 100, "yes").put(430, 100, "no").put(100, 160, "City: Dover")
    marks = tuple(
        Mark("checkbox", is_set, box(left, 100, left + 20, 120), 0.9, PlacedText.of([WordSpan(line, 0, 1)], page.lines))
        for left, line, is_set in ((300, 1, False), (400, 2, True))
    )
    fields = page.fields(structure=PageStructure(("fields", "marks"), marks=marks))
    assert [(one.label and one.label.text, one.normalized, one.type) for one in fields] == [
        ("Married?", "no", "choice"),
        ("City:", None, "text"),
    ]


@pytest.mark.parametrize("rest", ["____________", "Dover", "a rule"])
def test_a_label_with_a_place_or_a_value_of_its_own_asks_for_no_box_beneath(rest: str) -> None:
    page = WrittenPage().put(100, 100, "Left:" if rest == "a rule" else f"Left: {rest}").put(130, 150, "Married")
    if rest == "a rule":
        page.rule(160, 118, 400)
    mark = Mark("checkbox", True, box(100, 150, 120, 170), 0.9, PlacedText.of([WordSpan(1, 0, 1)], page.lines))
    fields = page.fields(structure=PageStructure(("fields", "marks"), marks=(mark,)))
    assert "choice" not in [one.type for one in fields]
    assert fields[0].label is not None
    assert fields[0].label.text == "Left:"


def test_a_page_without_text() -> None:
    assert WrittenPage().built() == (PageStructure(("fields",)), [])


def test_lines_without_words() -> None:
    page = WrittenPage()
    page.lines = [Line("Name:", 0.9, box(100, 100, 150, 120)), Line("Ann", 0.9, box(200, 100, 240, 120))]
    assert page.pairs() == [("Name:", "Ann")]


def test_text_up_the_side_of_a_page_is_no_value() -> None:
    page = WrittenPage().put(100, 300, "Comments")
    page.lines.append(Line("85540866", 0.9, box(700, 200, 720, 420)))
    assert page.pairs() == []


def test_lines_over_the_limit_are_told() -> None:
    page = WrittenPage()
    for row in range(3010):
        page.put(100, 30 * row, f"Part {row}:").put(300, 30 * row, "new")
    built, warnings = page.built()
    assert len(built.fields) == 1500
    assert warnings == ["fields_cut: fields were looked for in the first 3000 of 6020 lines of the page only"]


@pytest.mark.parametrize(
    "text", ["Name: 12", "Name 12", "DE89 " * 60, "." * 500 + ":" * 500, "total " * 60, "1 " * 200]
)
def test_hostile_pages_take_bounded_time(text: str) -> None:
    """All lines in one place: each could be the value of each other."""
    page = WrittenPage()
    for _ in range(500):
        page.put(100, 100, text)
    start = time.process_time()
    page.built()
    assert time.process_time() - start < 5


def test_boxes_over_the_limit_are_told() -> None:
    page = WrittenPage()
    for row in range(510):
        page.put(100, 60 * row, "Married?").put(330, 60 * row, "yes")
    marks = tuple(
        Mark("checkbox", True, box(300, 60 * row, 320, 60 * row + 20), 0.9, PlacedText.of([span], page.lines))
        for row in range(510)
        for span in [WordSpan(2 * row + 1, 0, 1)]
    )
    built, warnings = page.built(structure=PageStructure(("fields", "marks"), marks=marks))
    assert [one.type for one in built.fields].count("choice") == 500
    assert warnings == ["fields_cut: the page has too many boxes that are set: the questions of 10 were not looked for"]
