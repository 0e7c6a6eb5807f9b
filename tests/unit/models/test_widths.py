"""The table of widths at which lines are read."""

import numpy as np
import pytest

from models.recognition.widths import LineWidths, common_shapes, width_table

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
    assert LineWidths(TABLE).bucket(columns) == TABLE[index], reason


@pytest.mark.parametrize(
    ("columns", "bucket", "reason"),
    [
        (141, 120, "120 / 0.85, just so"),
        (142, 152, "a column more: padded"),
        (120, 120, "as it is, though narrower would do"),
        (113, 120, "too wide for the least"),
        (4818, 4096, "the widest takes so much"),
    ],
)
def test_documents_lines_are_made_narrower_by_at_most_15_percent(columns: int, bucket: int, reason: str) -> None:
    widths = LineWidths.of_page(TABLE, 40)
    assert widths.bucket(columns) == bucket, reason
    assert widths.fitting(columns) <= bucket


@pytest.mark.parametrize(("lines", "least"), [(0, 192), (12, 192), (13, 96), (500, 96)])
def test_pages_of_few_lines_have_no_narrow_widths(lines: int, least: int) -> None:
    table = LineWidths.of_page(TABLE, lines).table
    assert table[0] == least
    assert table == TABLE[TABLE.index(least) :]


@pytest.mark.parametrize("columns", [96, 97, 121, 193, 500, 4096])
def test_lines_of_scenes_are_never_made_narrower(columns: int) -> None:
    assert LineWidths.of_page(TABLE, 12).bucket(columns) >= columns
