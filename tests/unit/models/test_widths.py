"""The table of widths at which lines are read."""

import numpy as np
import pytest

from models.recognition.widths import bucket_width, width_table


@pytest.mark.parametrize("multiple", [1, 4, 8, 24, 32, 64])
def test_every_width_is_a_multiple(multiple: int) -> None:
    table = width_table(multiple)
    assert [width for width in table if width % multiple] == []
    assert 96 <= table[0] < 96 + multiple
    assert 4096 <= table[-1] < 4096 + multiple


def test_steps_are_one_multiple_or_a_twentieth() -> None:
    table = np.array(width_table(8))
    steps = np.diff(table)
    assert (steps > 0).all()
    assert (steps <= np.maximum(8, table[:-1] * 0.05 + 4)).all()


def test_shapes_are_few() -> None:
    assert len(width_table(8)) == 77


@pytest.mark.parametrize(
    ("columns", "width", "reason"),
    [
        (1, 96, "narrower than the least"),
        (96, 96, "exactly the least"),
        (97, 104, "one more"),
        (104, 104, "exactly the second"),
        (4095, 4096, "almost the greatest"),
        (4096, 4096, "exactly the greatest"),
        (4097, 4096, "wider than the greatest: to be squeezed"),
    ],
)
def test_bucket(columns: int, width: int, reason: str) -> None:
    assert bucket_width(columns, width_table(8)) == width, reason
