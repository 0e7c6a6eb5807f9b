"""Finds out how a page is turned, by the shapes of its lines and a sample of them that a classifier judges."""

from collections.abc import Sequence
from statistics import mean

import numpy as np
import numpy.typing as npt

from models.direction.line_direction import LineDirection
from models.steps import NetInputs, Steps

__all__ = ["find_rotation"]

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

# In documents turned by 90 degrees, at least 94 % of the lines, by length, run downwards; in upright ones at most 6 %.
_SIDEWAYS_SHARE = 0.67
# A quad so many times as long as thick tells which way its text runs.
_TELLING_ASPECT = 1.5
# If so many lines agree that a page is upright, it is.
_FIRST_LINES = 3
_MOST_LINES = 9
# The few words of a scene may stand any way and are hard to judge. With this, none of 100 scenes was turned by mistake.
_FEWEST_LINES_OF_A_SCENE = 6
# More lines are judged on a page that is sideways or written downwards, since such a page is rare.
_MOST_SIDEWAYS_LINES = 18
# In log odds, summed over the lines. None of 130 pages, nor of 20 samples of one to five lines of each, had so much
# against the right answer.
_SURE = 10.0
# Mean log odds of the surest third of the lines. In a script that the classifier does not know, many lines may be
# judged wrong, but hardly one clearly. One of 125 documents upside down had less; none of 15 upright pages of Thai had
# more.
_CLEARLY_UPSIDE_DOWN = 6.5
# Sideways lines are found worse, and no upright page can be spoiled here. The mean of all lines was 2.3 or more on 230
# pages.
_CLEARLY_SIDEWAYS = 2.0
# Mean log odds of the lines of vertical writing, and of its characters put side by side: both are clearer than in most
# sideways rows. None of 218 sideways pages had both, and all but one of 80 pages of vertical writing did.
_LINES_OF_VERTICAL_WRITING = 10.0
_CHARACTERS_OF_VERTICAL_WRITING = 4.0
# A quad is grown beyond its line's characters, which are about as high as wide.
_CHARACTER_PITCH = 0.8


def find_rotation(pixels: Pixels, points: Floats, direction: LineDirection, *, is_document: bool) -> Steps[int]:
    """Find out how a page is turned. The net `direction` is to answer each line as `LineDirection.infer` does.

    A page whose rotation is not sure is left as it is.

    Args:
        pixels: (height, width, 3) uint8 RGB, the page as stored. Read only.
        points: (K, 4, 2) float32, page pixels, quads of `db_quads`, whose lines run to the right or down.
        direction: Makes the net's inputs.
        is_document: Whether the page shows a document, and not a scene.

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
    # The longest come first. The order of equally long lines depends on nothing but the lines themselves.
    by_length = np.lexsort((*points.reshape(-1, 8).T, -length))
    most = _MOST_SIDEWAYS_LINES if turned_sideways else _MOST_LINES
    quads = [points[index] for index in by_length if is_judged[index]][:most]
    if len(quads) < (1 if is_document else _FEWEST_LINES_OF_A_SCENE):
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
    # Oblique lines of 45 to 90 degrees may run up to the right.
    quads = [quad if quad[1, 1] >= quad[0, 1] else np.roll(quad, 2, axis=0) for quad in quads]
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
    """Log odds that lines are the right way up, from each line and its turned copy; this cancels the net's bias."""
    return [(odds - odds_turned) / 2 for odds, odds_turned in zip(answers, turned, strict=True)]


def _inputs(lines: Sequence[Pixels], direction: LineDirection) -> NetInputs:
    return NetInputs("direction", [direction.fitted(line) for line in lines])


def _side_by_side(line: Pixels) -> Pixels:
    """Put the characters of a vertical line, which was straightened to run to the right, upright side by side."""
    height, width = line.shape[:2]
    count = max(1, round(width / (_CHARACTER_PITCH * height)))
    starts = np.linspace(0, width, count, endpoint=False).astype(int)
    pitch = max(1, width // count)
    return np.concatenate([np.rot90(line[:, start : start + pitch], -1) for start in starts], axis=1)
