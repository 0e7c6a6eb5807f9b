"""Rows from the top, each from the left; cells of several lines; text that runs another way."""

import time

import numpy as np
import numpy.typing as npt
import pytest

from models.reading_order import reading_order
from tests.unit.models.pages_of_lines import LinesOfPage

Floats = npt.NDArray[np.float32]


def box(left: float, top: float, width: float = 40, height: float = 20) -> list[list[float]]:
    return [[left, top], [left + width, top], [left + width, top + height], [left, top + height]]


def order_of(*boxes: list[list[float]]) -> list[int]:
    return [int(index) for index in reading_order(np.array(boxes, dtype=np.float32))]


def test_no_quads_have_no_order() -> None:
    order = reading_order(np.empty((0, 4, 2), dtype=np.float32))
    assert order.shape == (0,)
    assert order.dtype == np.intp


@pytest.mark.parametrize(
    ("boxes", "expected", "reason"),
    [
        ([box(10, 10)], [0], "one"),
        ([box(10, 50), box(10, 10)], [1, 0], "rows from the top"),
        ([box(200, 10), box(100, 10), box(10, 10)], [2, 1, 0], "a row from the left"),
        ([box(200, 8), box(10, 12), box(10, 40)], [1, 0, 2], "a little higher is still the same row"),
        ([box(200, 10), box(10, 19), box(10, 50)], [1, 0, 2], "more than half of the height is shared"),
        ([box(200, 10), box(10, 21)], [0, 1], "less than half of the height is shared"),
        ([box(200, 10, height=40), box(10, 25, height=16)], [1, 0], "small print beside a headline"),
        ([box(10, 10), box(10, 30), box(10, 50)], [0, 1, 2], "rows that touch"),
        ([box(100, 10), box(100, 10)], [0, 1], "twice the same"),
        ([box(12, 10, 100), box(10, 12, 100)], [0, 1], "one over the other, from the top"),
        ([box(10, 10), box(45, 9), box(80, 11)], [0, 1, 2], "neighbors whose quads overlap"),
    ],
)
def test_order(boxes: list[list[list[float]]], expected: list[int], reason: str) -> None:
    assert order_of(*boxes) == expected, reason


@pytest.mark.parametrize(
    ("lines", "lower", "away"), [(2, 0, 10), (3, 0, -5), (3, 10, 10), (4, 0, 25)], ids=["two", "touches", "low", "four"]
)
def test_initial_comes_before_its_paragraph(lines: int, lower: int, away: int) -> None:
    initial = box(10, 12 + lower, 60, 30 * lines - 10)
    beside = [box(70 + away, 10 + 30 * line, 300) for line in range(lines)]
    below = [box(10, 10 + 30 * line, 360) for line in range(lines, lines + 3)]
    assert order_of(initial, *beside, *below) == list(range(lines + 4))


@pytest.mark.parametrize("slope", [-0.04, -0.02, 0.02, 0.04])
def test_slanted_rows_are_followed(slope: float) -> None:
    # Three rows of ten words: at both ends a row is 9 px off its middle, almost half of its height.
    rows = [[box(50 * column, 40 * row + slope * 50 * column) for column in range(10)] for row in range(3)]
    assert order_of(*(word for row in rows for word in row)) == list(range(30))


def test_slanted_quads_stand_by_their_extent() -> None:
    slanted = [[100.0, 20.0], [200.0, 10.0], [202.0, 30.0], [102.0, 40.0]]
    assert order_of(slanted, box(10, 15), box(10, 60)) == [1, 0, 2]


def random_page(seed: int) -> Floats:
    random = np.random.default_rng(seed)
    # Few distinct places, so that many quads tie.
    places = random.integers(0, 6, (40, 2)) * 20
    sizes = random.integers(1, 4, (40, 2)) * 20
    return np.array([box(*place, *size) for place, size in zip(places, sizes, strict=True)], dtype=np.float32)


@pytest.mark.parametrize("seed", range(30))
def test_order_does_not_depend_on_the_order_in_which_quads_were_found(seed: int) -> None:
    points = random_page(seed)
    shuffled = points[np.random.default_rng(seed + 1000).permutation(len(points))]
    np.testing.assert_array_equal(shuffled[reading_order(shuffled)], points[reading_order(points)])


@pytest.mark.parametrize("seed", range(5))
def test_every_quad_comes_once(seed: int) -> None:
    assert sorted(reading_order(random_page(seed)).tolist()) == list(range(40))


def test_rows_of_a_page_taken_askew_are_followed_over_their_whole_length() -> None:
    # 12 rows of 5 lines, 40 px apart, turned by 8 degrees: a row falls by almost two rows over its length
    turn = np.deg2rad(8)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    quads = [
        np.array([[x, y], [x + 90, y], [x + 90, y + 24], [x, y + 24]]) @ rotation
        for y in range(0, 480, 40)
        for x in range(0, 500, 100)
    ]
    points = np.array(quads, dtype=np.float32)
    shuffled = np.random.default_rng(5).permutation(len(points))
    np.testing.assert_array_equal(shuffled[reading_order(points[shuffled])], np.arange(len(points)))


@pytest.mark.parametrize("seed", range(30))
def test_of_lines_above_each_other_the_upper_comes_first(seed: int) -> None:
    random = np.random.default_rng(seed)
    # Lines that overlap from side to side do so by 50 px or more; quads of neighbors in a row overlap by less.
    places = zip(*(random.integers(*limits, 60) for limits in ((0, 8), (0, 400), (1, 5), (15, 60))), strict=True)
    points = np.array([box(50 * x, y, 50 * width, height) for x, y, width, height in places], dtype=np.float32)
    box_of = [(quad[:, 0].min(), quad[:, 0].max(), quad[:, 1].min() + quad[:, 1].max()) for quad in points]
    order = reading_order(points).tolist()
    for place, index in enumerate(order):
        left, right, middle = box_of[index]
        for later in order[place + 1 :]:
            assert middle <= box_of[later][2] or min(right, box_of[later][1]) <= max(left, box_of[later][0])


@pytest.mark.parametrize("height", [20, 28, 34])
@pytest.mark.parametrize("pitch", [22, 26])
@pytest.mark.parametrize("indent", [-6, 0, 12])
def test_cells_of_several_lines_are_read_whole(height: int, pitch: int, indent: int) -> None:
    page = LinesOfPage()
    for top in (40, 120, 200):
        page.put(100, top, 240, 20).put(100 + indent, top + pitch, 200, 20)
        middle = top + (20 + pitch) / 2
        page.put(600, middle - height / 2, 20, height).put(800, middle - height / 2 - 1, 60, height)
    assert reading_order(page.points()).tolist() == list(range(12))


def test_head_of_a_table_with_cells_of_one_and_of_two_lines() -> None:
    page = LinesOfPage().put(10, 40, 60)
    page.put(200, 27, 60).put(198, 54, 90).put(400, 28, 90).put(401, 53, 60).put(600, 41, 70)
    assert reading_order(page.points()).tolist() == list(range(6))


def test_lists_whose_rows_are_half_a_line_apart_are_read_in_rows() -> None:
    page = LinesOfPage()
    for row in range(8):
        page.put(10, 26 * row, 200).put(400, 26 * row + 11, 50)
    assert reading_order(page.points()).tolist() == list(range(16))


@pytest.mark.parametrize("degrees", [0, 3, -3])
@pytest.mark.parametrize(("left", "is_up"), [(760, False), (760, True), (4, True)])
def test_stamp_up_the_side_of_a_page_is_read_apart(left: int, is_up: bool, degrees: float) -> None:
    page = LinesOfPage()
    page.text(60, 40, 680, 12)
    for top in (300, 200) if is_up else (200, 300):
        right, bottom = left + 30, top + 90
        down: list[list[float]] = [[right, top], [right, bottom], [left, bottom], [left, top]]
        page.quads.append(down[2:] + down[:2] if is_up else down)
    assert reading_order(page.points(degrees)).tolist() == list(range(14))


def test_head_and_number_of_a_page_are_not_among_the_rows_of_its_turned_table() -> None:
    page = LinesOfPage()
    for row in range(6):
        for left in (300, 500, 700):
            page.put(left, 100 + 60 * row, 80)
    page.put(80, 250, 24, 26)
    page.quads.append([[1000, 120], [1000, 320], [976, 320], [976, 120]])
    assert reading_order(page.points()).tolist() == list(range(20))


def test_first_column_of_digits_belongs_to_its_table_beside_a_stamp() -> None:
    page = LinesOfPage()
    for row in range(6):
        page.put(80, 100 + 60 * row, 14)
        for left in (300, 500, 700):
            page.put(left, 100 + 60 * row, 80)
    page.quads.append([[1000, 120], [1000, 320], [976, 320], [976, 120]])
    assert reading_order(page.points()).tolist() == list(range(25))


def test_turned_headings_belong_to_their_table() -> None:
    page = LinesOfPage().put(10, 70, 100)
    for left in (200, 260, 320):
        page.quads.append([[left, 100], [left, 20], [left + 24, 20], [left + 24, 100]])
    for row in range(4):
        page.put(10, 120 + 32 * row, 100)
        for left in (190, 250, 310):
            page.put(left, 120 + 32 * row, 50)
    assert reading_order(page.points()).tolist() == list(range(20))


def receipt(degrees: float) -> Floats:
    page = LinesOfPage()
    for row in range(6):
        page.put(20, 40 * row, 150).put(300, 40 * row, 14 if row == 3 else 60)
    return page.points(degrees)


@pytest.mark.parametrize("degrees", [90, -90])
@pytest.mark.parametrize("offset", [(600, 300), (100, 700)])
def test_receipt_that_lies_sideways_is_read_after_the_other_in_its_own_rows(
    degrees: float, offset: tuple[int, int]
) -> None:
    sideways = receipt(degrees)
    points = np.concatenate([receipt(0), sideways - sideways.min(axis=(0, 1)) + offset], dtype=np.float32)
    assert reading_order(points).tolist() == list(range(24))


@pytest.mark.parametrize("degrees", [90, -90, 40, 60, -60, 75, -75, 180])
def test_lines_that_run_any_way_are_read_in_rows(degrees: float) -> None:
    assert reading_order(receipt(degrees)).tolist() == list(range(12))


def test_columns_of_vertical_writing_come_from_the_right_between_heading_and_foot() -> None:
    page = LinesOfPage().put(300, 20, 300, 40)
    for right in range(700, 100, -50):
        page.quads.append([[right, 100], [right, 600], [right - 32, 600], [right - 32, 100]])
    page.put(380, 660, 60)
    assert reading_order(page.points()).tolist() == list(range(14))


def test_thousands_of_lines_at_one_place_are_ordered_in_time() -> None:
    page = LinesOfPage()
    for _ in range(3000):
        page.put(100, 100, 300)
    start = time.process_time()
    assert sorted(reading_order(page.points()).tolist()) == list(range(3000))
    assert time.process_time() - start < 5  # it took minutes
