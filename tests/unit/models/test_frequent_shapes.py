"""Which shapes get nets of their own."""

from models.runtime.frequent_shapes import FrequentShapes

A, B, C = (1, 64, 64, 3), (1, 64, 128, 3), (1, 128, 128, 3)


def note(shapes: FrequentShapes, shape: tuple[int, ...], times: int) -> bool:
    return [shapes.note(shape) for _ in range(times)][-1]


def test_shape_is_kept_after_a_sixteenth_of_the_window() -> None:
    shapes = FrequentShapes(2)
    assert not note(shapes, A, 15)
    assert shapes.note(A)
    shapes.keep(A)
    assert not shapes.note(A), "it is kept already"


def test_shapes_that_hardly_come_again_are_never_kept() -> None:
    shapes = FrequentShapes(2)
    assert not any(shapes.note((1, 32, 8 * (run % 40), 3)) for run in range(2000)), "each has a fortieth"


def test_only_much_more_work_replaces_one() -> None:
    shapes = FrequentShapes(1)
    note(shapes, A, 40)
    assert shapes.keep(A) is None
    assert not note(shapes, B, 40), "twice the pixels as often: not more than twice the work"
    assert shapes.note(B)
    assert shapes.keep(B) == A


def test_least_work_is_dropped() -> None:
    shapes = FrequentShapes(2)
    note(shapes, A, 60)
    note(shapes, C, 20)
    assert (shapes.keep(A), shapes.keep(C)) == (None, None)
    note(shapes, B, 100)
    assert shapes.keep(B) == A, "60 small ones are less work than 20 large ones"


def test_what_was_long_ago_is_forgotten() -> None:
    shapes = FrequentShapes(1)
    note(shapes, A, 15)
    for run in range(300):
        shapes.note((1, 32, 8 * run, 3))
    assert not shapes.note(A)


def test_none_are_kept_where_none_may_be() -> None:
    assert not note(FrequentShapes(0), A, 200)
