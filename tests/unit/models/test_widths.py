"""The table of widths at which lines are read."""

import numpy as np
import pytest

from models.recognition.widths import bucket_width, common_shapes, width_table, widths_of_page

TABLE = width_table(8)


@pytest.mark.parametrize("multiple", [1, 4, 8, 24, 32, 64])
def test_every_width_is_a_multiple(multiple: int) -> None:
    table = width_table(multiple)
    assert [width for width in table if width % multiple] == []
    assert 96 <= table[0] < 96 + multiple
    assert 4096 <= table[-1] < 4096 + multiple


@pytest.mark.parametrize("multiple", [1, 4, 8, 24, 32, 64])
def test_steps_are_a_quarter_where_a_width_is_a_net_and_less_beyond(multiple: int) -> None:
    table = np.array(width_table(multiple))
    steps = np.diff(table)
    most = np.where(table[:-1] < common_shapes(multiple)[-1][1], 0.25, 0.08) * table[:-1]
    assert (steps > 0).all()
    assert (steps <= np.maximum(multiple, most + multiple / 2)).all()  # rounded to a multiple


def test_common_widths_are_the_first_of_the_table_and_few() -> None:
    common = [width for _, width in common_shapes(8)]
    assert tuple(common) == TABLE[: len(common)]
    assert 6 <= len(common) <= 14, "each is a net of 30 to 40 MB"
    assert common[-1] >= 320, "a line of 20 letters"


def test_only_short_lines_share_a_run() -> None:
    lines = [count for count, _ in common_shapes(8)]
    assert lines == sorted(lines, reverse=True)
    assert lines[0] > lines[-1] == 1


def test_shapes_are_few() -> None:
    assert len(TABLE) <= 48


@pytest.mark.parametrize(
    ("columns", "index", "reason"),
    [
        (1, 0, "narrower than the least"),
        (TABLE[0], 0, "exactly the least"),
        (TABLE[0] + 1, 1, "one more"),
        (TABLE[1], 1, "exactly the second"),
        (4095, -1, "almost the greatest"),
        (4096, -1, "exactly the greatest"),
        (4097, -1, "wider than the greatest: to be squeezed"),
    ],
)
def test_bucket(columns: int, index: int, reason: str) -> None:
    assert bucket_width(columns, TABLE) == TABLE[index], reason


@pytest.mark.parametrize(("lines", "least"), [(0, 192), (12, 192), (13, 96), (500, 96)])
def test_pages_of_few_lines_have_no_narrow_widths(lines: int, least: int) -> None:
    widths = widths_of_page(TABLE, lines)
    assert widths[0] == least
    assert widths == TABLE[-len(widths) :]


@pytest.mark.parametrize(("lines", "least"), [(0, 192), (1, 192), (12, 192), (13, 96), (500, 96)])
def test_few_lines_of_a_page_are_read_at_wider_widths(lines: int, least: int) -> None:
    widths = widths_of_page(TABLE, lines)
    assert widths[0] == least
    assert widths == TABLE[TABLE.index(least) :]
