"""Which shapes get nets of their own."""

from models.runtime.frequent_shapes import FrequentShapes

# 1, 1.5 and 2 million values: the window holds 120 million.
A, B, C = (1, 500, 1000, 2), (1, 500, 1500, 2), (1, 1000, 1000, 2)


def note(shapes: FrequentShapes, shape: tuple[int, ...], times: int) -> bool:
    return [shapes.note(shape) for _ in range(times)][-1]


def test_shape_is_kept_after_a_fifth_of_the_window() -> None:
    shapes = FrequentShapes(2)
    assert not note(shapes, A, 23)
    assert shapes.note(A)
    shapes.keep(A)
    assert not shapes.note(A), "it is kept already"


def test_small_shapes_need_more_runs() -> None:
    shapes = FrequentShapes(2)
    assert not note(shapes, (1, 48, 800, 3), 208)
    assert shapes.note((1, 48, 800, 3))


def test_shapes_that_hardly_come_again_are_never_kept() -> None:
    shapes = FrequentShapes(2)
    assert not any(shapes.note((1, 500, 1000 + run % 6, 2)) for run in range(1000)), "each has a sixth"


def test_only_much_more_work_replaces_one() -> None:
    shapes = FrequentShapes(1)
    note(shapes, A, 30)
    assert shapes.keep(A) is None
    assert not note(shapes, C, 30), "twice the work, and no more"
    assert shapes.note(C)
    assert shapes.keep(C) == A


def test_least_work_is_dropped() -> None:
    shapes = FrequentShapes(2)
    note(shapes, A, 30)
    note(shapes, C, 20)
    assert (shapes.keep(A), shapes.keep(C)) == (None, None)
    assert not note(shapes, B, 33), "61 against 30 and 40 million, of which the oldest 14 are forgotten"
    note(shapes, B, 20)
    assert shapes.keep(B) == A


def test_what_was_long_ago_is_forgotten() -> None:
    shapes = FrequentShapes(1)
    note(shapes, A, 23)
    for run in range(200):
        shapes.note((1, 500, 1000 + run, 2))
    assert not shapes.note(A)


def test_none_are_kept_where_none_may_be() -> None:
    assert not note(FrequentShapes(0), A, 200)
