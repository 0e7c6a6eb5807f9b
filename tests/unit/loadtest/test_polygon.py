"""Areas and overlaps with known values."""

import pytest

from loadtest.data.polygon import Point, area, convex_hull, covered_fraction, intersection_area

SQUARE: list[Point] = [(0, 0), (10, 0), (10, 10), (0, 10)]


def shifted(x: float, y: float) -> list[Point]:
    return [(px + x, py + y) for px, py in SQUARE]


@pytest.mark.parametrize("corners", [SQUARE, SQUARE[::-1], SQUARE[2:] + SQUARE[:2]], ids=["cw", "ccw", "rotated"])
def test_area_does_not_depend_on_direction(corners: list[Point]) -> None:
    assert area(corners) == 100


def test_hull_drops_inner_and_collinear_points() -> None:
    assert sorted(convex_hull([*SQUARE, (5, 5), (5, 0)])) == sorted(SQUARE)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param(SQUARE, 100, id="same"),
        pytest.param(shifted(5, 0), 50, id="half"),
        pytest.param(shifted(10, 0), 0, id="touching"),
        pytest.param(shifted(30, 30), 0, id="apart"),
        pytest.param([(2, 2), (4, 2), (4, 4), (2, 4)], 4, id="inside"),
        pytest.param([(5, -5), (15, 5), (5, 15), (-5, 5)], 100, id="diamond-around"),
        pytest.param([(5, 0), (10, 5), (5, 10), (0, 5)], 50, id="diamond-inside"),
        pytest.param([(0, 0), (10, 10), (10, 0), (0, 10)], 100, id="corners-in-crossed-order"),
        pytest.param([(0, 0), (10, 10)], 0, id="a-line"),
    ],
)
def test_intersection_area(other: list[Point], expected: float) -> None:
    assert intersection_area(SQUARE, other) == pytest.approx(expected)
    assert intersection_area(other, SQUARE) == pytest.approx(expected)


def test_covered_fraction_adds_covers_up() -> None:
    assert covered_fraction(SQUARE, [shifted(8, 0), shifted(0, -7)]) == pytest.approx(0.5)


def test_covered_fraction_is_at_most_one() -> None:
    assert covered_fraction(SQUARE, [SQUARE, SQUARE]) == 1.0


def test_polygon_without_area_is_not_covered() -> None:
    assert covered_fraction([(1, 1), (2, 2), (3, 3), (1, 1)], [SQUARE]) == 0.0
