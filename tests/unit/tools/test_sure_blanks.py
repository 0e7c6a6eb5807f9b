"""What is learned from time steps: most blanks are found, and no step that the text depends on is among them."""

import numpy as np
import pytest

from models.manifests.manifest import SureBlanks
from tools.int8.sure_blanks import learned

BLANK, LETTER = 0, 7


def learned_from(lines: list[list[tuple[int, float]]], *, spaces_above: float = np.inf) -> SureBlanks:
    """Learn from lines of (class, feature); the net nearly reads a space at blanks with a feature above a value."""
    features = [np.array([[value, 1.0] for _, value in line], np.float32) for line in lines]
    classes = [np.array([chosen for chosen, _ in line]) for line in lines]
    of_blank = [np.where(chosen == BLANK, 1.0, 0.0).astype(np.float32) for chosen in classes]
    of_space = [np.where(values[:, 0] > spaces_above, 0.004, 0.0).astype(np.float32) for values in features]
    return learned(features, classes, of_blank, of_space, BLANK)


def is_sure(found: SureBlanks, feature: float) -> bool:
    return float(np.dot(found.weights, [feature, 1.0]) + found.bias) > 0


def blanks(random: np.random.Generator, count: int = 200) -> list[tuple[int, float]]:
    return [(BLANK, float(value)) for value in random.normal(5, 0.5, count)]


def letters(random: np.random.Generator, count: int = 100) -> list[tuple[int, float]]:
    """Letters that differ, so that each has one step."""
    return [(LETTER + index % 2, float(value)) for index, value in enumerate(random.normal(0, 0.5, count))]


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(1)


def test_blanks_are_told_from_letters(random: np.random.Generator) -> None:
    found = learned_from([blanks(random) + letters(random)])
    assert found.number == BLANK
    assert is_sure(found, 5)
    assert not is_sure(found, 0)


@pytest.mark.parametrize(
    ("odd", "is_kept"),
    [
        pytest.param([(LETTER, 5.0)], True, id="the only step of a letter, which would be lost"),
        pytest.param([(LETTER, 0.0), (LETTER, 5.0)], False, id="the last step of a letter that has another"),
        pytest.param([(LETTER, 0.0), (LETTER, 5.0), (LETTER, 0.0)], True, id="a step within, which doubles the letter"),
    ],
)
def test_steps_that_the_text_depends_on_are_no_blanks(
    random: np.random.Generator, odd: list[tuple[int, float]], is_kept: bool
) -> None:
    found = learned_from([blanks(random) + letters(random), [(BLANK, 5.0), *odd, (BLANK, 5.0)]])
    assert is_sure(found, 5.0) is not is_kept


def test_steps_that_may_be_spaces_are_no_blanks(random: np.random.Generator) -> None:
    lines = [blanks(random) + letters(random)]
    assert is_sure(learned_from(lines), 5)
    assert not is_sure(learned_from(lines, spaces_above=5), 5)
