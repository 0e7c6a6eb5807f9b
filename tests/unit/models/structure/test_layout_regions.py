"""Regions of a page, of the net's boxes and the page's lines."""

import time

import numpy as np
import pytest

from models.manifests.structure import load_structure_manifest
from models.structure.layout import LayoutPart
from models.structure.part import StructureOptions
from models.structure.result import PageStructure, Region
from tests.unit.models.structure.drawn_lines import PITCH, DrawnPage

PART = LayoutPart.load({"layout": load_structure_manifest("layout-cdla")})


def regions(page: DrawnPage) -> tuple[Region, ...]:
    boxes = tuple(sorted(page.boxes, key=lambda box: -box.confidence))
    structure, warnings = PART.build(boxes, page.text, PageStructure(("layout",)), StructureOptions())
    assert warnings == ()
    held = sorted(index for region in structure.regions for index in region.lines)
    assert held == list(range(len(page.lines)))  # each line in exactly one region
    return structure.regions


def kinds(page: DrawnPage) -> list[tuple[str, list[int]]]:
    return [(region.kind, list(region.lines)) for region in regions(page)]


def test_page_without_lines_has_its_pictures_alone() -> None:
    page = DrawnPage().found("figure", 100, 500, 900, 900).found("table", 100, 100, 900, 400).found("text", 0, 0, 9, 9)
    assert [(region.kind, region.polygon[0]) for region in regions(page)] == [
        ("table", (100, 100)),
        ("figure", (100, 500)),
    ]
    assert regions(DrawnPage()) == ()


def test_lines_without_a_box_are_paragraphs() -> None:
    page = DrawnPage()
    first, second = page.prose(100, 100, 700, 4), page.prose(100, 100 + 5 * PITCH, 700, 3)
    found = regions(page)
    assert [(region.kind, list(region.lines), region.confidence) for region in found] == [
        ("text", first, 0.5),
        ("text", second, 0.5),
    ]
    assert found[0].polygon == ((100, 100), (800, 100), (800, 198), (100, 198))


def test_article_of_two_columns_is_read_as_a_person_reads_it() -> None:
    page = DrawnPage()
    number = page.put("117", 880, 1350, 40)
    header = page.put("Journal of Tests", 80, 30, 200)
    right, left = page.prose(520, 300, 400, 12), page.prose(80, 300, 400, 8)
    title = page.put("A title across both columns", 200, 120, 600, 44)
    picture = page.put("0.5", 150, 700, 40)
    caption = page.put("Figure 2. What was seen", 80, 830, 300)
    after = page.prose(80, 900, 400, 5)
    note = page.put("1 See the book of 1990", 80, 1200, 300, 16)
    page.found("figure", 80, 560, 480, 820).found("title", 190, 110, 650, 170)
    page.found("text", 80, 300, 480, 500).found("text", 515, 295, 925, 600, 0.8)
    assert kinds(page) == [
        ("title", [title]),
        ("text", left),
        ("figure", [picture]),
        ("caption", [caption]),
        ("text", after),
        ("text", right),
        ("text", [note]),
        ("header", [header]),
        ("page_number", [number]),
    ]


def test_box_that_leaves_out_the_end_of_its_paragraph_gets_it() -> None:
    page = DrawnPage()
    lines = page.prose(100, 100, 700, 6)
    page.found("text", 100, 100, 600, 100 + 4 * PITCH)
    assert kinds(page) == [("text", lines)]
    assert regions(page)[0].confidence == 0.9


def test_line_in_two_boxes_is_in_the_one_that_holds_more_of_it() -> None:
    page = DrawnPage()
    upper, lower = page.prose(100, 100, 700, 4), page.prose(100, 300, 700, 4)
    page.found("text", 100, 95, 800, 310).found("reference", 90, 302, 800, 420, 0.8)
    assert kinds(page) == [("text", upper), ("text", lower)]


def test_label_column_of_a_table_is_no_paragraph() -> None:
    page = DrawnPage()
    rows = [
        [page.put(text, 100, 100 + PITCH * row, 120), page.put("4,737", 700, 100 + PITCH * row, 80)]
        for row, text in enumerate(["Sales", "Costs", "Research", "Total"])
    ]
    page.found("text", 95, 95, 230, 100 + 4 * PITCH, 0.6)
    assert [lines for _, lines in kinds(page)] == [[index for row in rows for index in row]]


@pytest.mark.parametrize(("confidence", "expected"), [(0.95, "table"), (0.6, "text")])
def test_table_and_the_boxes_inside_it(confidence: float, expected: str) -> None:
    page = DrawnPage()
    lines = [page.put("cell", x, 100 + PITCH * row, 80) for row in range(4) for x in (100, 300, 500)]
    page.found("table", 90, 90, 600, 300, confidence)
    for x in (100, 300, 500):
        page.found("text", x - 2, 98, x + 82, 100 + 4 * PITCH, 0.9)
    found = kinds(page)
    assert {kind for kind, _ in found} == {expected}
    assert sorted(index for _, region in found for index in region) == lines


def test_table_is_read_row_by_row() -> None:
    page = DrawnPage()
    columns = [[page.put("cell", x, 100 + PITCH * row, 80) for row in range(6)] for x in (100, 300, 500)]
    page.found("table", 90, 90, 600, 300)
    assert kinds(page) == [("table", [column[row] for row in range(6) for column in columns])]


def test_picture_that_holds_the_page_is_the_page() -> None:
    page = DrawnPage()
    for row in range(10):
        page.put("Item", 100, 100 + PITCH * row, 100)
        page.put("1.50", 500, 100 + PITCH * row, 60)
    page.found("figure", 50, 50, 900, 900)
    assert {kind for kind, _ in kinds(page)} == {"text"}
    sign = DrawnPage()
    sign.put("NO PARKING", 300, 300, 300, 60)
    assert kinds(sign.found("figure", 0, 0, 1000, 1400)) == [("figure", [0])]


def test_first_words_of_a_paragraph_are_no_title() -> None:
    page = DrawnPage()
    lines = page.prose(100, 100, 700, 5)
    page.found("title", 100, 98, 400, 122).found("text", 100, 124, 800, 100 + 5 * PITCH)
    assert kinds(page) == [("text", lines)]


def test_number_of_a_formula_is_read_with_it() -> None:
    page = DrawnPage()
    before = page.prose(100, 100, 700, 4)
    formula, number = page.put("a = b + c", 300, 230, 200), page.put("(12)", 760, 230, 40)
    after = page.prose(100, 280, 700, 4)
    page.found("formula", 290, 225, 510, 255).found("text", 755, 225, 805, 255, 0.7)
    page.found("text", 95, 95, 805, 205).found("text", 95, 275, 805, 385)
    assert kinds(page) == [("text", before), ("formula", [formula, number]), ("text", after)]


def test_points_are_one_list() -> None:
    page = DrawnPage()
    page.prose(100, 40, 700, 3)
    points = [
        page.put(text, 100 if text[0] == "\u2022" else 120, 150 + PITCH * row, width)
        for row, (text, width) in enumerate(
            [("\u2022 milk and", 700), ("bread", 90), ("\u2022 eggs", 120), ("\u2022 flour", 130)]
        )
    ]
    assert kinds(page)[1:] == [("list", points)]


def test_turned_text_at_the_side_is_apart() -> None:
    page = DrawnPage()
    lines = page.prose(200, 300, 700, 12)
    stamp = len(page.lines)
    page.lines.append(page.lines[0].__class__("arXiv 1234", 1.0, ((40, 900), (40, 500), (64, 500), (64, 900))))
    page.found("text", 30, 290, 905, 700)
    assert kinds(page) == [("text", lines), ("text", [stamp])]


def test_form_has_no_header_and_no_footer() -> None:
    page = DrawnPage()
    page.put("BOOKSHOP LTD", 300, 30, 300)
    for row in range(6):
        page.put("Item", 100, 200 + 3 * PITCH * row, 100)
        page.put("1.50", 500, 200 + 3 * PITCH * row, 60)
    page.put("Thank you", 300, 1350, 200)
    page.found("header", 295, 25, 605, 55).found("footer", 295, 1345, 505, 1375)
    assert {kind for kind, _ in kinds(page)} == {"text"}


def test_what_stands_in_the_row_of_a_header_is_one_although_the_text_is_near() -> None:
    page = DrawnPage()
    chapter, number = page.put("[Ch. XIX.", 700, 60, 100), page.put("400", 100, 60, 40)
    first, second = page.prose(100, 84, 700, 8), page.prose(100, 340, 700, 8)
    page.found("header", 95, 55, 145, 85).found("text", 690, 55, 810, 85)
    assert kinds(page) == [("text", first), ("text", second), ("page_number", [number]), ("header", [chapter])]


def test_sentence_at_an_edge_is_text() -> None:
    page = DrawnPage()
    page.put("which is not confined to food.", 100, 60, 350)
    page.prose(100, 130, 700, 8)
    page.found("header", 95, 55, 455, 85)
    assert {kind for kind, _ in kinds(page)} == {"text"}


@pytest.mark.parametrize(("top", "kind"), [(100, "text"), (40, "header")])
def test_row_of_a_form_is_a_header_only_if_it_is_further_away_than_its_rows(top: float, kind: str) -> None:
    page = DrawnPage()
    row = [page.put("Guest: Sanjay", 100, top, 200), page.put("Date: 31/12/2017", 700, top, 200)]
    for at in range(6):
        page.put("Item", 100, 160 + 60 * at, 100)
        page.put("1.50", 700, 160 + 60 * at, 60)
    page.prose(100, 600, 700, 8)
    page.found("header", 95, top - 5, 905, top + 25)
    assert [region.kind for region in regions(page) if set(region.lines) & set(row)] == [kind]


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (("1. J. Smith, On cats, Nature 12 (1997)", "2. A. Miller, Dogs (2001), and more", "and on dogs"), "reference"),
        (("On these days: 11.09.2018; 14.09.2018;", "19.09.2018; 24.09.2018; J. Smith", "and on 01.10.2018"), "text"),
        (("1. The name of a table is in small letters", "2. It has no digits at its end", "3. Nor marks"), "list"),
        (("In 2025 we sold more than in 2024 and", "in 2023 on all markets, and have", "bought less"), "text"),
    ],
)
def test_list_of_literature_has_years_and_authors(texts: tuple[str, ...], kind: str) -> None:
    page = DrawnPage()
    for row, text in enumerate(texts):
        page.put(text, 100, 100 + PITCH * row, 700)
    page.found("reference", 90, 90, 810, 100 + PITCH * len(texts))
    assert [region.kind for region in regions(page)] == [kind]


def test_order_of_the_lines_does_not_matter() -> None:
    page = DrawnPage()
    page.prose(520, 300, 400, 12)
    page.prose(80, 300, 400, 12)
    page.put("A title", 200, 120, 600, 44)
    page.found("text", 80, 300, 480, 600)
    other = DrawnPage(page.lines[::-1], page.boxes)
    last = len(page.lines) - 1
    assert [(kind, [last - index for index in lines]) for kind, lines in kinds(other)] == kinds(page)


def test_page_of_3000_lines_is_parted_in_time() -> None:
    random = np.random.default_rng(1)
    page = DrawnPage()
    for index in range(3000):
        page.put("12 words", 20 + 240 * (index % 4), 10 + 1.8 * (index // 4), 200 * random.uniform(0.5, 1), 1.5)
    for x in range(4):
        page.found("text", 20 + 240 * x, 10, 220 + 240 * x, 700).found("table", 20 + 240 * x, 800, 220 + 240 * x, 900)
    start = time.process_time()
    regions(page)
    assert time.process_time() - start < 2
