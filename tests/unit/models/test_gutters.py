"""Quads over the gutter between two columns."""

import numpy as np
import numpy.typing as npt
import pytest

from models.detection.gutters import cut_at_gutters
from models.reading_order import reading_order

Pixels = npt.NDArray[np.uint8]
Quads = npt.NDArray[np.float32]
Span = tuple[int, int]

HEIGHT, PITCH = 24, 28


def words(page: Pixels, left: int, right: int, top: int, random: np.random.Generator) -> None:
    """A line of words, set flush at both ends."""
    x = left
    while x < right:
        width = int(random.integers(12, 70))
        end = right if right - x - width < 40 else x + width
        page[top + 8 : top + 16, x:end] = 30
        x = end + int(random.integers(8, 20))


def page_of(rows: int, columns: list[Span], seed: int = 0) -> Pixels:
    random = np.random.default_rng(seed)
    page = np.full((40 + PITCH * rows, 1000, 3), 240, dtype=np.uint8)
    for row in range(rows):
        for left, right in columns:
            words(page, left, right, 20 + PITCH * row, random)
    return page


def quads(*spans: tuple[int, int, int]) -> Quads:
    """(row, left, right) each; quads are somewhat larger than their text."""
    return np.array(
        [
            [[x0 - 4, y], [x1 + 4, y], [x1 + 4, y + HEIGHT], [x0 - 4, y + HEIGHT]]
            for row, x0, x1 in spans
            for y in [20 + PITCH * row]
        ],
        dtype=np.float32,
    )


def cut(page: Pixels, points: Quads) -> list[tuple[int, int, int]]:
    """Row, left and right of each quad, in reading order."""
    found, scores = cut_at_gutters(page, points, np.linspace(0.5, 1, len(points), dtype=np.float32), (1.0, 1.0))
    assert len(scores) == len(found)
    order = reading_order(found)
    return [(round((y - 20) / PITCH), round(x0), round(x1)) for (x0, y), (x1, _) in found[order][:, :2].tolist()]


COLUMNS = [(40, 330), (354, 644), (668, 958)]


@pytest.mark.parametrize("seed", range(4))
def test_rows_of_a_newspaper_are_cut_into_its_columns(seed: int) -> None:
    merged = [(row, 40, 958) for row in range(12)]
    found = cut(page_of(12, COLUMNS, seed), quads(*merged))
    assert [row for row, _, _ in found] == list(range(12)) * 3
    for number, (_, left, right) in enumerate(found):
        np.testing.assert_allclose((left, right), COLUMNS[number // 12], atol=8)


@pytest.mark.parametrize("row", [0, 5, 11])
def test_one_row_that_was_not_parted_is_cut(row: int) -> None:
    spans = [(each, left, right) for each in range(12) if each != row for left, right in COLUMNS]
    # The detector parted it, but in the middle of the gutter, and its quads overlap there.
    found = cut(page_of(12, COLUMNS), quads(*spans, (row, 40, 343), (row, 341, 958)))
    assert [each for each, _, _ in found] == list(range(12)) * 3


def test_last_row_that_was_not_parted_is_cut_beside_a_narrow_gutter() -> None:
    columns = [(40, 330), (346, 636), (652, 942)]
    # The quads of both columns almost fill the gutter.
    spans = [(each, left - 3, right + 3) for each in range(11) for left, right in columns]
    found = cut(page_of(12, columns), quads(*spans, (11, 40, 942)))
    assert [each for each, _, _ in found] == list(range(12)) * 3


def test_short_quad_that_reaches_over_a_gutter_ends_there() -> None:
    page = page_of(12, COLUMNS)
    page[48 + 8 : 48 + 16, 230:270] = 240
    spans = [(each, left, right) for each in range(11) for left, right in COLUMNS if (each, left) != (1, 40)]
    found = cut(page, quads(*spans, (1, 40, 230), (1, 270, 350), (11, 40, 958)))
    assert [each for each, _, _ in found][:13] == [0, 1, *range(1, 12)]
    assert found[2][2] < 346


def test_single_column_of_justified_text_is_not_cut() -> None:
    spans = [(row, 40, 958) for row in range(20)]
    assert len(cut(page_of(20, [(40, 958)]), quads(*spans))) == 20


def test_rows_of_a_table_are_not_cut() -> None:
    page = np.full((640, 1000, 3), 240, dtype=np.uint8)
    random = np.random.default_rng(3)
    for row in range(20):
        for left in (40, 300, 560, 820):
            words(page, left, left + int(random.integers(40, 140)), 20 + PITCH * row, random)
    points = quads(*((row, 40, 920) for row in range(20)))
    assert len(cut(page, points)) == 20


def test_page_without_lines_and_line_without_text() -> None:
    page = np.full((100, 1000, 3), 240, dtype=np.uint8)
    assert cut(page, np.empty((0, 4, 2), np.float32)) == []
    assert len(cut(page, quads((0, 40, 900), (1, 40, 900)))) == 2


def test_quads_are_those_of_the_page_at_any_size_of_its_pixels() -> None:
    points = quads(*((row, 40, 958) for row in range(12)))
    scores = np.ones(12, np.float32)
    page = page_of(12, COLUMNS)
    alone, _ = cut_at_gutters(page, points, scores, (1.0, 1.0))
    half, _ = cut_at_gutters(np.ascontiguousarray(page[::2, ::2]), points, scores, (0.5, 0.5))
    assert len(half) == len(alone) == 36
    np.testing.assert_allclose(half, alone, atol=4)
