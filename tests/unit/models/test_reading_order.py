"""Rows from the top, each from the left."""

import numpy as np
import numpy.typing as npt
import pytest

from models.reading_order import reading_order

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
        ([box(12, 10, 100), box(10, 12, 100)], [1, 0], "overlapping ones, by the left edge"),
    ],
)
def test_order(boxes: list[list[list[float]]], expected: list[int], reason: str) -> None:
    assert order_of(*boxes) == expected, reason


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
