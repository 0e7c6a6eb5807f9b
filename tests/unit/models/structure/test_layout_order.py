"""The order of a page's blocks."""

import time

import numpy as np
import pytest

from models.structure.layout.order import block_order

LINE = 20.0
Box = tuple[float, float, float, float]

TWO_COLUMNS: list[Box] = [(0, 0, 300, 200), (0, 210, 300, 500), (330, 0, 630, 120), (330, 130, 630, 500)]


def order(*boxes: Box) -> list[int]:
    return block_order(np.array(boxes, dtype=np.float64), LINE)


def test_no_block_and_one_block() -> None:
    assert block_order(np.empty((0, 4)), LINE) == []
    assert order((0, 0, 10, 10)) == [0]


def test_columns_are_read_one_after_the_other() -> None:
    assert order(*TWO_COLUMNS) == [0, 1, 2, 3]


def test_block_across_columns_parts_what_is_above_from_what_is_below() -> None:
    above: list[Box] = [(330, 0, 630, 100), (0, 0, 300, 100)]
    below: list[Box] = [(330, 200, 630, 300), (0, 200, 300, 300)]
    assert order(*above, (0, 120, 630, 180), *below) == [1, 0, 2, 4, 3]


def test_three_columns_under_a_title() -> None:
    columns: list[Box] = [(220.0 * column, 100, 220.0 * column + 200, 600) for column in (2, 0, 1)]
    assert order(*columns, (100, 0, 500, 60)) == [3, 1, 2, 0]


def test_sidebar_is_not_woven_into_the_text_beside_it() -> None:
    text: list[Box] = [(200, 60.0 * row, 700, 60.0 * row + 50) for row in range(8)]
    assert order(*text, (0, 130, 160, 200), (0, 210, 160, 300)) == [8, 9, *range(8)]


def test_date_far_above_the_right_column_comes_first() -> None:
    assert order((0, 100, 300, 500), (330, 100, 630, 500), (500, 0, 630, 20)) == [2, 0, 1]


def test_quads_that_reach_into_the_gutter_do_not_close_it() -> None:
    assert order((0, 0, 306, 200), (0, 210, 303, 500), (302, 0, 630, 300), (304, 310, 630, 500)) == [0, 1, 2, 3]


def test_order_does_not_depend_on_the_order_given() -> None:
    boxes = np.array([*TWO_COLUMNS, (0, -100, 630, -20), (100, 600, 200, 640)])
    first = boxes[block_order(boxes, LINE)]
    turned = boxes[::-1]
    assert np.array_equal(first, turned[block_order(turned, LINE)])


@pytest.mark.parametrize("count", [250, 3000])
def test_any_number_of_blocks_anywhere_is_ordered_in_time(count: int) -> None:
    random = np.random.default_rng(1)
    corners = random.uniform(0, 2000, (count, 2))
    boxes = np.concatenate([corners, corners + random.uniform(1, 150, (count, 2))], axis=1)
    start = time.process_time()
    assert sorted(block_order(boxes, LINE)) == list(range(count))
    assert time.process_time() - start < 2


def test_block_narrower_than_the_reach_of_quads_is_ordered() -> None:
    assert sorted(order(*[(float(x), 0.0, x + 1.0, 100.0) for x in range(30)])) == list(range(30))
