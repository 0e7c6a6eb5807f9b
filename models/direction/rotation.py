"""Which way a page is turned: from the shapes of its lines, and from a sample of them that a classifier judges."""

from collections.abc import Sequence
from statistics import mean

import numpy as np
import numpy.typing as npt

from models.direction.line_direction import LineDirection
from models.steps import NetInputs, Steps

__all__ = ["find_rotation"]

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

# Of documents turned by 90 degrees at least 94 % of the lines, by length, run downwards, of upright ones at most 6 %.
_SIDEWAYS_SHARE = 0.67
# A shape that says which way its text runs.
_TELLING_ASPECT = 1.5
# So many lines say that a page is upright, where they agree.
_FIRST_LINES = 3
_MOST_LINES = 9
# The few words of a scene may stand any way, and are hard to judge: with this none of 100 scenes was turned by mistake.
_FEWEST_LINES_OF_A_SCENE = 6
# Of a page that is sideways, or written downwards, more are judged: it is rare.
_MOST_SIDEWAYS_LINES = 18
# In log odds, summed over the lines: none of 130 pages, nor of 20 samples of one to five lines of each, had so much
# against what was right.
_SURE = 10.0
# The surest third of the lines, in mean log odds: of a script that the classifier does not know many lines may be
# wrong, but hardly one clearly. Of 125 documents upside down one had less; of 15 upright pages of Thai none had more.
_CLEARLY_UPSIDE_DOWN = 6.5
# Sideways lines are found worse, and there is no upright page to spoil: in the mean of all, 230 pages had 2.3 and more.
_CLEARLY_SIDEWAYS = 2.0
# Vertical writing, in mean log odds of its lines: it is clearer than most sideways rows, and so are its characters when
# they stand side by side. None of 218 sideways pages had both, and of 80 pages of vertical writing one had not.
_LINES_OF_VERTICAL_WRITING = 10.0
_CHARACTERS_OF_VERTICAL_WRITING = 4.0
# A quad is grown beyond its line's characters, which are about as high as wide.
_CHARACTER_PITCH = 0.8


def find_rotation(pixels: Pixels, points: Floats, direction: LineDirection, *, is_paper: bool) -> Steps[int]:
    """Find out how a page is turned. An answer of the net is `LineDirection.infer`'s for one line.

    A page of which that is not sure is left as it is.

    Args:
        pixels: (height, width, 3) uint8 RGB, the page as stored. Read only.
        points: (K, 4, 2) float32, page pixels, as from `db_quads`: lines run to the right or downwards.
        direction: Makes the net's inputs.
        is_paper: Whether the page shows a document, and not a scene.

    Returns:
        Degrees (0, 90, 180, 270) clockwise that turn it upright.
    """
    run, across = points[:, 1] - points[:, 0], points[:, 3] - points[:, 0]
    length, thickness = np.linalg.norm(run, axis=1), np.linalg.norm(across, axis=1)
    is_telling = length >= _TELLING_ASPECT * thickness
    is_sideways = np.abs(run[:, 1]) > np.abs(run[:, 0])
    all_px = float(length[is_telling].sum())
    turned_sideways = all_px > 0 and float(length[is_telling & is_sideways].sum()) > _SIDEWAYS_SHARE * all_px
    is_judged = is_telling & (is_sideways == turned_sideways)
    # Longest first, the order of what is equally long depending on nothing but the lines themselves.
    by_length = np.lexsort((*points.reshape(-1, 8).T, -length))
    most = _MOST_SIDEWAYS_LINES if turned_sideways else _MOST_LINES
    quads = [points[index] for index in by_length if is_judged[index]][:most]
    if len(quads) < (1 if is_paper else _FEWEST_LINES_OF_A_SCENE):
        return 0
    if turned_sideways:
        return (yield from _sideways(pixels, quads, direction))
    first = [direction.line(pixels, quad) for quad in quads[:_FIRST_LINES]]
    answers: Sequence[float] = yield _inputs(first, direction)
    if min(answers) > 0 and sum(answers) >= _SURE:
        return 0
    turned: Sequence[float] = yield _inputs([line[::-1, ::-1] for line in first], direction)
    odds = _without_bias(answers, turned)
    if sum(odds) >= _SURE:
        return 0
    if others := [direction.line(pixels, quad) for quad in quads[_FIRST_LINES:]]:
        odds += yield from _odds_both_ways(others, direction)
    surest = sorted(odds)[: max(1, round(len(odds) / 3))]
    return 180 if sum(odds) <= -_SURE and mean(surest) <= -_CLEARLY_UPSIDE_DOWN else 0


def _sideways(pixels: Pixels, quads: Sequence[Floats], direction: LineDirection) -> Steps[int]:
    lines = [direction.line(pixels, quad) for quad in quads]
    odds = yield from _odds_both_ways(lines, direction)
    if abs(sum(odds)) < _SURE or abs(mean(odds)) < _CLEARLY_SIDEWAYS:
        return 0
    runs_down = sum(odds) > 0
    if abs(mean(odds)) >= _LINES_OF_VERTICAL_WRITING:
        rows = [_side_by_side(line) for line in lines[:_MOST_LINES]]
        of_characters = mean((yield from _odds_both_ways(rows, direction)))
        if abs(of_characters) >= _CHARACTERS_OF_VERTICAL_WRITING and (of_characters > 0) == runs_down:
            return 0 if runs_down else 180
    return 270 if runs_down else 90


def _odds_both_ways(lines: Sequence[Pixels], direction: LineDirection) -> Steps[list[float]]:
    answers: Sequence[float] = yield _inputs([*lines, *(line[::-1, ::-1] for line in lines)], direction)
    return _without_bias(answers[: len(lines)], answers[len(lines) :])


def _without_bias(answers: Sequence[float], turned: Sequence[float]) -> list[float]:
    """Log odds that lines are the right way up, from each and from each turned: what the net always prefers is out."""
    return [(odds - odds_turned) / 2 for odds, odds_turned in zip(answers, turned, strict=True)]


def _inputs(lines: Sequence[Pixels], direction: LineDirection) -> NetInputs:
    return NetInputs("direction", [direction.fitted(line) for line in lines])


def _side_by_side(line: Pixels) -> Pixels:
    """The characters of a column, whose line was straightened to run to the right, as a row with them as they stand."""
    height, width = line.shape[:2]
    count = max(1, round(width / (_CHARACTER_PITCH * height)))
    starts = np.linspace(0, width, count, endpoint=False).astype(int)
    pitch = max(1, width // count)
    return np.concatenate([np.rot90(line[:, start : start + pitch], -1) for start in starts], axis=1)
