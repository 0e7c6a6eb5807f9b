"""Which lines of a page are read together."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from models.recognition.crops import line_groups


def lines(*columns: float) -> npt.NDArray[np.float32]:
    """Level quads that are so wide when scaled to 48 pixels of height."""
    quads = [[[0, 0], [width, 0], [width, 48], [0, 48]] for width in columns]
    return np.array(quads, np.float32).reshape(-1, 4, 2)


def test_lines_of_most_pages_are_one_group_in_their_own_order() -> None:
    (group,) = line_groups(lines(300, 96, 900, 200), 48, 4096)
    assert group.tolist() == [0, 1, 2, 3]
    assert line_groups(lines(), 48, 4096) == []


def test_many_lines_are_shared_out_by_length() -> None:
    columns = np.random.default_rng(1).integers(50, 1500, 8000).astype(float)
    groups = line_groups(lines(*columns), 48, 4096)
    assert sorted(np.concatenate(groups).tolist()) == list(range(8000))
    assert max(columns[group].sum() for group in groups) <= 200_000 + 1500
    assert all(columns[one].max() <= columns[other].min() for one, other in pairwise(groups))


def test_line_of_any_shape_has_a_bounded_share() -> None:
    quads = np.array([[[0, 0], [90_000, 0], [90_000, 0], [0, 0]], [[5, 5], [5, 5], [5, 5], [5, 5]]], np.float32)
    groups = line_groups(np.concatenate([quads, lines(100)]), 48, 4096, group_columns=5000)
    assert [group.tolist() for group in groups] == [[0, 1, 2]]
