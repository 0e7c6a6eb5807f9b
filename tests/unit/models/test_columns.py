"""Columns in the reading order; and what looks like columns and is read row by row."""

import time

import numpy as np
import pytest

from models.reading_order import reading_order, regions
from tests.unit.models.pages_of_lines import PITCH, LinesOfPage

SEEDS = pytest.mark.parametrize("seed", range(4))


def assert_read_as_put_down(page: LinesOfPage, degrees: float = 0, seed: int = 0) -> None:
    points = page.points(degrees)
    shuffled = np.random.default_rng(seed).permutation(len(points))
    np.testing.assert_array_equal(shuffled[reading_order(points[shuffled])], np.arange(len(points)))


def two_columns(offset: float = 0, gap: float = 60) -> LinesOfPage:
    """A title across, two columns, the number of the page beneath."""
    page = LinesOfPage().put(250, 40, 500, 50)
    page.text(50, 140, 420, 22, seed=1)
    page.text(470 + gap, 140 + offset, 420, 20, seed=2)
    return page.put(480, 900, 40)


@pytest.mark.parametrize("offset", [0, 9, 16])
@pytest.mark.parametrize("gap", [15, 60])
@SEEDS
def test_two_columns_are_read_one_after_the_other(offset: float, gap: float, seed: int) -> None:
    assert_read_as_put_down(two_columns(offset, gap), seed=seed)


@pytest.mark.parametrize("degrees", [-7, -3, 2, 5])
def test_photograph_taken_askew_is_read_as_the_page(degrees: float) -> None:
    assert_read_as_put_down(two_columns(9), degrees)


@SEEDS
def test_three_columns(seed: int) -> None:
    page = LinesOfPage().put(60, 20, 880, 44)
    for column in range(3):
        page.text(60 + 310 * column, 120 + 5 * column, 270, 24, seed=column)
    assert_read_as_put_down(page, seed=seed)


def test_heading_across_two_of_three_columns_comes_before_these() -> None:
    page = LinesOfPage().put(60, 20, 900, 44)
    page.put(60, 110, 560, 36)
    page.text(60, 180, 270, 15, seed=1)
    page.text(370, 180, 270, 15, seed=2)
    page.text(690, 105, 270, 18, seed=3)
    assert_read_as_put_down(page)


def test_heading_between_two_parts_of_a_page() -> None:
    page = LinesOfPage()
    page.text(50, 40, 400, 8, seed=1)
    page.text(510, 40, 400, 8, seed=2)
    page.put(50, 340, 300, 40)  # only over the left column, but what follows is beneath both
    page.put(50, 400, 860)
    page.text(50, 460, 400, 9, seed=3)
    page.text(510, 460, 400, 8, seed=4)
    assert_read_as_put_down(page)


def test_head_of_a_page_is_no_part_of_its_columns() -> None:
    page = LinesOfPage().put(50, 20, 200).put(850, 20, 60)
    page.text(50, 130, 400, 12, seed=1)
    page.text(510, 130, 400, 12, seed=2)
    assert_read_as_put_down(page)


def test_headings_at_the_top_of_columns_belong_to_them() -> None:
    page = LinesOfPage().put(50, 40, 150, 28)
    page.text(50, 90, 400, 12, seed=1)
    page.put(510, 40, 220, 28)
    page.text(510, 90, 400, 12, seed=2)
    assert_read_as_put_down(page)


def test_left_column_may_be_longer() -> None:
    page = LinesOfPage()
    page.text(50, 40, 400, 25, seed=1)
    page.text(510, 40, 400, 6, seed=2)
    assert_read_as_put_down(page)


def justified(page: LinesOfPage, left: float, width: float, rows: int, seed: int) -> None:
    """Words that a detector has found apart: two to five a line, the outer ones at the column's edges."""
    random = np.random.default_rng(seed)
    for row in range(rows):
        count = int(random.integers(2, 6))
        share = random.uniform(1, 3, count)
        words = share / share.sum() * random.uniform(0.7, 0.95) * width
        gap = (width - words.sum()) / (count - 1)
        for start, word in zip(left + np.cumsum(words + gap) - words - gap, words, strict=True):
            page.put(start - 4, 100 + row * PITCH, word + 8)


@pytest.mark.parametrize("columns", [2, 3, 5])
@SEEDS
def test_gaps_between_justified_words_may_be_wider_than_the_gutter(columns: int, seed: int) -> None:
    page = LinesOfPage()
    for column in range(columns):
        justified(page, 50 + column * 265, 240, 30, seed * 10 + column)
    assert_read_as_put_down(page, seed=seed)


def test_cells_at_both_edges_of_a_table_are_no_justified_text() -> None:
    page = LinesOfPage()
    random = np.random.default_rng(5)
    for row in range(20):
        for left in (50, 360):
            page.put(left, 100 + row * PITCH, random.uniform(60, 150))
            long = random.uniform(30, 60)
            page.put(left + 285 - long, 100 + row * PITCH, long)
    assert_read_as_put_down(page)


def test_short_column_close_to_the_next_one() -> None:
    page = LinesOfPage()
    page.text(50, 40, 300, 8, seed=1)
    page.text(360, 40, 300, 25, seed=2)
    page.text(720, 40, 300, 25, seed=3)
    assert_read_as_put_down(page)


def test_receipt_is_read_row_by_row() -> None:
    random = np.random.default_rng(3)
    page = LinesOfPage().put(120, 10, 260, 40).put(150, 60, 200)
    for row in range(14):
        page.put(20, 120 + 30 * row, random.uniform(120, 300)).put(400, 120 + 30 * row, random.uniform(60, 90))
    assert_read_as_put_down(page)


def test_table_is_read_row_by_row() -> None:
    random = np.random.default_rng(5)
    page = LinesOfPage()
    for row in range(20):
        for column in range(5):
            page.put(40 + 200 * column, 40 + 36 * row, random.uniform(40, 150))
    assert_read_as_put_down(page)


def test_form_is_read_row_by_row() -> None:
    page = LinesOfPage()
    for row, (label, value) in enumerate([(70, 220), (110, 130), (90, 300), (160, 90), (60, 240), (130, 180)]):
        page.put(40, 40 + 44 * row, label).put(260, 40 + 44 * row, value)
        page.put(620, 40 + 44 * row, label - 20).put(800, 40 + 44 * row, value / 2)
    assert_read_as_put_down(page)


def test_contents_are_read_row_by_row() -> None:
    random = np.random.default_rng(7)
    page = LinesOfPage()
    for row in range(25):
        page.put(60, 40 + 34 * row, random.uniform(200, 560)).put(860, 40 + 34 * row, random.choice([14, 28]))
    assert_read_as_put_down(page)


def test_letter_with_its_date_at_the_right() -> None:
    page = LinesOfPage().put(60, 60, 220).put(700, 60, 180)
    for row, width in enumerate([260, 180, 240], 1):
        page.put(60, 60 + 32 * row, width)
    page.put(60, 260, 150)
    page.text(60, 320, 820, 18)
    assert_read_as_put_down(page)


def newspaper() -> LinesOfPage:
    page = LinesOfPage()
    for column in range(8):
        for row in range(1000):
            page.put(400 * column, 28 * row + 3 * column, 360 if row % 7 else 130)
    return page


def test_newspaper_of_8000_lines() -> None:
    assert_read_as_put_down(newspaper())


@pytest.mark.parametrize("kind", ["newspaper", "table", "specks"])
def test_large_pages_are_ordered_at_once(kind: str) -> None:
    # 30 to 90 ms of CPU here; a method that compares all pairs takes minutes.
    random = np.random.default_rng(1)
    page = LinesOfPage()
    if kind == "newspaper":
        page = newspaper()
    elif kind == "table":
        for cell in range(8000):
            page.put(300 * (cell % 40), 30 * (cell // 40), random.uniform(100, 260))
    else:
        for left, top, width, height in random.random((8000, 4)).tolist():
            page.put(10_000 * left, 10_000 * top, 5 + 60 * width, 5 + 60 * height)
    points = page.points()
    started = time.process_time()
    order = reading_order(points)
    assert time.process_time() - started < 3
    np.testing.assert_array_equal(np.sort(order), np.arange(8000))


def test_degenerate_quads_are_ordered_too() -> None:
    points = np.zeros((40, 4, 2), dtype=np.float32)
    points[20:, :, 0] = 1e9
    assert sorted(index for region in regions(points) for row in region.rows for index in row) == list(range(40))
