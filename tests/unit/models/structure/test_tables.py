"""Tables of drawn pages: which are found, and what is in their cells."""

import time

import cv2
import numpy as np
import pytest

from models.structure.result import Region, RegionKind
from tests.unit.models.structure.table_pages import FONT, TablePage, texts_of

VALUES = [
    ["Country", "Area", "People", "Share"],
    ["Austria", "83,879", "9.1", "12.5%"],
    ["Belgium", "30,689", "11.7", "16.1%"],
    ["Croatia", "56,594", "3.9", "5.4%"],
    ["Denmark", "42,933", "5.9", "8.1%"],
    ["Estonia", "45,339", "1.4", "1.9%"],
]
LEFTS = [110.0, 310.0, 510.0, 710.0]
XS = [100.0, 300.0, 500.0, 700.0, 900.0]
PROSE = (
    "The committee met in the spring and again late in the year.",
    "It heard reports on roads, schools and the harbor, and then",
    "turned to the question that had been left open for so long.",
    "Nobody was surprised that the members could not agree on it,",
    "since each of them had brought a plan of their own to town.",
)


def _ruled() -> TablePage:
    page = TablePage().rows(LEFTS, 210, 40, VALUES)
    return page.grid(XS, [200.0 + 40 * row for row in range(7)])


def test_ruled_table_is_read_cell_by_cell() -> None:
    (table,), warnings = _ruled().read()

    assert texts_of(table) == VALUES
    assert table.is_ruled
    assert warnings == ()
    np.testing.assert_allclose(table.polygon, [(100, 200), (900, 200), (900, 440), (100, 440)], atol=4)


def _box(left: float, top: float, width: float, height: float) -> np.ndarray:
    return np.array([[left, top], [left + width, top], [left + width, top + height], [left, top + height]], np.float64)


def _turn(degrees: float) -> np.ndarray:
    return np.vstack([cv2.getRotationMatrix2D((500, 500), -degrees, 1.0), [0, 0, 1]])


def _photograph() -> np.ndarray:
    page = np.array([[0, 0], [1000, 0], [1000, 1000], [0, 1000]], np.float32)
    taken = np.array([[60, 40], [950, 70], [980, 960], [20, 930]], np.float32)
    return cv2.getPerspectiveTransform(page, taken).astype(np.float64)


@pytest.mark.parametrize("matrix", [_turn(2.5), _turn(-4), _photograph()], ids=["turned", "turned back", "photograph"])
def test_table_askew_is_read_the_same(matrix: np.ndarray) -> None:
    # Running text above tells how the page lies, as on most pages.
    page = _ruled()
    for number, row in enumerate((*PROSE, *PROSE)):
        page.text(110, 500 + 36 * number, row)
    (table,), _ = page.read(matrix)

    assert texts_of(table) == VALUES
    corners = cv2.perspectiveTransform(np.array([[[100, 200], [900, 200], [900, 440], [100, 440.0]]]), matrix)[0]
    np.testing.assert_allclose(table.polygon, corners, atol=8)


def test_cells_that_no_rule_parts_are_one() -> None:
    page = (
        TablePage().text(420, 210, "Title").rows(LEFTS[:3], 250, 40, [["A", "B", "C"], ["D", "", "F"], ["G", "", "I"]])
    )
    page.text(310, 310, "tall")
    page.rule(100, 200, 700, 200).rule(100, 240, 700, 240).rule(100, 280, 700, 280).rule(100, 360, 700, 360)
    page.rule(100, 320, 300, 320).rule(500, 320, 700, 320)
    page.rule(100, 200, 100, 360).rule(700, 200, 700, 360).rule(300, 240, 300, 360).rule(500, 240, 500, 360)
    (table,), _ = page.read()

    places = [
        (c.row, c.column, c.row_span, c.column_span, c.text) for c in table.cells if max(c.row_span, c.column_span) > 1
    ]
    assert places == [(0, 0, 1, 3, "Title"), (2, 1, 2, 1, "tall")]
    assert sum(cell.row_span * cell.column_span for cell in table.cells) == table.rows * table.columns == 12


def test_table_without_rules_is_found_by_its_gaps() -> None:
    (table,), _ = TablePage().rows(LEFTS, 210, 40, VALUES).read()

    assert texts_of(table) == VALUES
    assert not table.is_ruled
    assert [cell.text for cell in table.cells if cell.is_header] == VALUES[0]


def test_headings_over_a_rule_span_its_columns() -> None:
    page = TablePage().text(580, 170, "Measured").rule(500, 200, 880, 200)
    page.rule(100, 160, 900, 160).rows(LEFTS, 210, 40, VALUES).rule(100, 244, 900, 244).rule(100, 450, 900, 450)
    (table,), _ = page.read()

    (heading,) = (cell for cell in table.cells if cell.text == "Measured")
    assert (heading.column, heading.column_span, heading.is_header) == (2, 2, True)
    assert texts_of(table)[1:] == VALUES


def test_headings_that_are_near_to_each_other_stand_over_their_own_columns() -> None:
    page = TablePage().rule(100, 160, 900, 160).text(110, 165, "Article")
    page.text(500, 165, "Unit price").text(500 + FONT.getlength("Unit price") + 10, 165, "Whole price")
    rows = [["Paint", "9.80", "828.10"], ["Brushes", "75.00", "450.00"], ["Ladder", "35.00", "35.00"]]
    page.rule(100, 195, 900, 195).rows([110, 530, 660], 210, 40, rows).rule(100, 340, 900, 340)
    (table,), _ = page.read()

    assert texts_of(table) == [["Article", "Unit price", "Whole price"], *rows]


def test_long_label_over_a_gap_stays_whole() -> None:
    rows = [["Oats", "1.2"], ["Wheat of all kinds and colours", "3.4"], ["Rye", "5.6"], ["Maize", "7.8"]]
    page = TablePage().rule(100, 195, 900, 195).rows([110, 800], 210, 40, rows).rule(100, 380, 900, 380)
    (table,), _ = page.read()

    assert texts_of(table) == rows


def test_headings_of_two_rows_beside_a_high_one() -> None:
    page = TablePage().rule(100, 200, 700, 200).rule(300, 240, 700, 240).rule(100, 280, 700, 280)
    page.rule(100, 320, 700, 320).rule(100, 360, 700, 360).rule(300, 200, 300, 360).rule(500, 240, 500, 360)
    page.rule(100, 200, 100, 360).rule(700, 200, 700, 360).text(110, 230, "Time").text(450, 210, "Day")
    page.rows([310, 510], 250, 40, [["Monday", "Tuesday"]])
    page.rows([110, 310, 510], 290, 40, [["nine", "Maths", "Irish"], ["ten", "Art", "Music"]])
    (table,), _ = page.read()

    assert {cell.text for cell in table.cells if cell.is_header} == {"Time", "Day", "Monday", "Tuesday"}


def test_line_across_a_rule_is_split_at_its_words() -> None:
    page = TablePage().grid(XS[:3], [200.0, 240.0, 280.0, 320.0])
    page.text(110, 210, "Name").text(310, 210, "Value").text(236, 250, "north 4711").rows(
        [110, 310], 290, 40, [["south", "12"]]
    )
    (table,), _ = page.read()

    assert texts_of(table) == [["Name", "Value"], ["north", "4711"], ["south", "12"]]
    (north,) = (cell for cell in table.cells if cell.text == "north")
    (value,) = (cell for cell in table.cells if cell.text == "4711")
    assert [(span.line, span.start, span.end) for span in (*north.words, *value.words)] == [(2, 0, 1), (2, 1, 2)]


def test_white_rules_on_shaded_cells_part_them() -> None:
    page = TablePage()
    page.draw.rectangle((100, 200, 900, 440), fill="#4060a0")
    for x in XS[1:-1]:
        page.rule(x, 200, x, 440, fill="white", width=3)
    for y in range(240, 440, 40):
        page.rule(100, y, 900, y, fill="white", width=3)
    for number, row in enumerate(VALUES):
        for left, text in zip(LEFTS, row, strict=True):
            page.text(left, 208 + 40 * number, text, fill="white")
    (table,), _ = page.read()

    assert texts_of(table) == VALUES


def test_two_tables_of_one_page_stay_apart() -> None:
    page = TablePage().rows(LEFTS, 60, 40, VALUES)
    for number, row in enumerate(PROSE):
        page.text(100, 420 + 32 * number, row)
    page.rows(LEFTS, 680, 40, VALUES[:4])
    tables, _ = page.read()

    assert [texts_of(table) for table in tables] == [VALUES, VALUES[:4]]


def test_prose_is_no_table() -> None:
    page = TablePage(1500)
    for number in range(20):
        page.text(60, 60 + 32 * number, PROSE[number % 5]).text(780, 60 + 32 * number, PROSE[(number + 2) % 5])
    assert page.read() == ((), ())


def test_numbered_list_is_no_table() -> None:
    page = TablePage()
    for number, row in enumerate(PROSE * 2):
        page.text(60, 100 + 36 * number, f"{number + 1}.").text(120, 100 + 36 * number, row)
    assert page.read() == ((), ())


def test_frame_around_prose_is_no_table() -> None:
    page = TablePage().grid([40.0, 960.0], [80.0, 130.0, 400.0]).text(300, 92, "A notice to all readers")
    for number, row in enumerate(PROSE):
        page.text(100, 160 + 36 * number, row)
    assert page.read() == ((), ())


def test_chart_is_no_table() -> None:
    page = TablePage().grid([100.0, 900.0], [100.0, 300.0, 500.0, 700.0])
    for number, height in enumerate((150, 420, 300, 520, 80, 350)):
        page.draw.rectangle((150 + 120 * number, 700 - height, 175 + 120 * number, 700), outline="black", width=2)
        page.text(145 + 120 * number, 710, f"20{10 + number}")
    for y, label in ((90, "30"), (290, "20"), (490, "10")):
        page.text(60, y, label)
    assert page.read() == ((), ())


def test_page_without_text_has_no_table() -> None:
    assert TablePage().grid(XS, [200.0, 300.0, 400.0]).read() == ((), ())


def test_table_of_too_many_cells_is_left_out_with_a_warning() -> None:
    page = TablePage(2600, 2600)
    page.grid([20.0 + 25 * number for number in range(103)], [20.0 + 25 * number for number in range(103)])
    for number in range(100):
        page.lines.append([("1", _box(22.0 + 25 * number, 47, 18, 20))])
    tables, warnings = page.read()

    assert tables == ()
    assert [warning.code for warning in warnings] == ["table_too_large"]


def test_page_full_of_marks_is_read_in_bounded_time() -> None:
    random = np.random.default_rng(1)
    page = TablePage(2000, 2000)
    for left, top in random.integers(0, 1980, (3000, 2)).tolist():
        page.lines.append([("x", _box(left, top, 12, 16))])
        page.rule(left, top, left + 60, top, width=1).rule(left, top, left, top + 60, width=1)
    start = time.process_time()
    _, warnings = page.read()

    assert time.process_time() - start < 5
    assert "too_many_rules" in [warning.code for warning in warnings]


def test_sign_of_a_currency_belongs_to_its_amount() -> None:
    page = TablePage()
    page.rows([110, 500, 720], 210, 40, [["Item", "2023", "2024"], ["Sales", "", ""], ["Costs", "1,200", "1,450"]])
    for left, amount in ((470, "3,100"), (690, "3,900")):
        page.text(left, 250, "$").text(left + 40, 250, amount)
    page.rows([110, 500, 720], 330, 40, [["Taxes", "120", "145"], ["Profit", "1,780", "2,305"]])
    (table,), _ = page.read()

    assert texts_of(table)[1] == ["Sales", "$ 3,100", "$ 3,900"]
    assert table.columns == 3


def _gaps() -> TablePage:
    return TablePage().rows(LEFTS, 210, 40, VALUES)


@pytest.mark.parametrize(
    ("caption", "count"),
    [
        ("Figure 3: Share of countries", 0),
        ("Fig. 2-1 Share", 0),
        ("\u56fe1 \u56fd\u5bb6", 0),
        ("Figure 3 shows the share of countries", 1),
        ("Table 3: Share of countries", 1),
    ],
)
def test_grid_above_the_caption_of_a_figure_is_a_drawing(caption: str, count: int) -> None:
    tables, _ = _gaps().text(110, 460, caption).read()

    assert len(tables) == count


def test_columns_of_running_text_are_no_table() -> None:
    texts = [row[:30] for row in (*PROSE, *PROSE)]
    page = TablePage().rows([50.0, 520.0], 100, 36, [[text, text] for text in texts])
    for y in (90, 280, 460):  # rules between articles
        page.rule(50, y, 960, y)

    assert page.read()[0] == ()


def _region(lines: list[int], kind: RegionKind = "text") -> Region:
    return Region(kind, ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)), 0.9, tuple(lines))


def test_paragraph_beside_a_table_is_not_in_it() -> None:
    page = TablePage(1300)
    prose = [
        "the committee met in the spring",
        "and again late in the year, when",
        "it heard reports on all roads,",
    ] * 2
    for number, (text, row) in enumerate(zip(prose, VALUES, strict=True)):
        page.text(50, 210 + 40 * number, text)
        page.rows([540.0, 740.0, 940.0, 1140.0], 210 + 40 * number, 40, [row])
    of_prose = [number for number, line in enumerate(page.lines) if line[0][0][0].islower()]
    (table,), _ = page.read(regions=(_region(of_prose),))

    assert texts_of(table) == VALUES


def test_column_of_cells_that_looks_like_a_paragraph_stays_in_its_table() -> None:
    page = TablePage()
    labels = ["Projection of the average growth rate 2010"] * 5
    page.rows([100.0, 800.0], 210, 40, [[label, f"{number}.5%"] for number, label in enumerate(labels, 1)])
    (table,), _ = page.read(regions=(_region([0, 2, 4, 6, 8]),))

    assert (table.rows, table.columns) == (5, 2)


def test_formulas_and_their_numbers_are_no_table() -> None:
    formulas = [["x = a + b", "(13)"], ["y = a - b + c", "(14)"], ["z = x y", "(15)"], ["u = z / c", "(16)"]]
    page = TablePage().rows([100.0, 860.0], 210, 60, formulas)

    assert page.read()[0] == ()

    page = TablePage().rows([100.0, 860.0], 210, 60, [[text, number.replace("15", "45")] for text, number in formulas])

    assert len(page.read()[0]) == 1


def test_picture_whose_lines_are_a_table_is_a_table() -> None:
    page = _ruled().text(110, 600, "a cat").text(110, 640, "a dog")
    count = len(VALUES) * len(VALUES[0])
    structure, _ = page.built(
        regions=(_region([*range(count)], "figure"), _region([count, count + 1], "figure"), _region([], "figure"))
    )

    assert [region.kind for region in structure.regions] == ["table", "figure", "figure"]
    assert len(structure.tables) == 1
