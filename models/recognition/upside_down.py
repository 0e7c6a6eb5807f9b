"""Finds the doubtful lines of a page that are upside down, turns them, and reads them again."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from models.direction import LineDirection
from models.recognition.crops import LineCrop
from models.recognition.ctc import LineText
from models.steps import NetInputs, Steps

__all__ = ["turn_doubtful_lines"]

Floats = npt.NDArray[np.float32]

# Of lines read upside down, 84 to 94 % have a lower confidence; of those read the right way up, 3 to 5 % do.
_DOUBTFUL = 0.85
# Text that seems to run downwards on an upright page is rare, and runs upwards as often.
_DOUBTFUL_SIDEWAYS = 0.95
# In log odds. To read a line again costs several times as much as to judge it.
_ON_ITS_HEAD = -3.0
# A line that was indeed upside down is then read as surely as others. If a line is hard to read either way, either way
# may win.
_SURE = 0.9
# In heights of a line. Characters are rarely wider: if a line has so few of them, most of it was not read.
_WIDEST_CHARACTER = 3.0
# So many lines that were turned, and such a share of all that ran down, tell that the others run up too.
_FEWEST_TURNED, _MOST_SHARE = 3, 0.67
# A page of junk has hundreds of doubtful lines, and nothing is won there.
_MOST_LINES = 100


def turn_doubtful_lines(
    points: Floats,
    upright: Floats,
    crops: Sequence[LineCrop],
    texts: Sequence[LineText],
    crop: Callable[[Floats], LineCrop],
    direction: LineDirection,
) -> Steps[tuple[Floats, list[LineCrop], list[LineText]]]:
    """Find lines that were read upside down, and read them again.

    Args:
        points: (K, 4, 2) float32, quads in pixels of the page as stored.
        upright: The same quads in pixels of the upright page.
        crops: K crops, in the same order.
        texts: K texts, in the same order.
        crop: Cuts out the line of a quad.
        direction: Makes the inputs of the net `direction`, which judges the doubtful lines.

    Returns:
        Quads in pixels of the page as stored, crops and texts. A line is turned if that is read surely, and more
        surely than before. If most lines that ran down were turned, the others are if more of them is then read.
    """
    doubtful = _doubtful(upright, crops, texts)
    if not doubtful:
        return points, list(crops), list(texts)
    inputs = [direction.fitted(crops[index].line) for index in doubtful]
    odds: Sequence[float] = yield NetInputs("direction", inputs)
    on_head = [index for index, odds_of_line in zip(doubtful, odds, strict=True) if odds_of_line < _ON_ITS_HEAD]
    points, crops, texts = points.copy(), list(crops), list(texts)
    if not on_head:
        return points, crops, texts
    is_turned = np.zeros(len(points), dtype=np.bool_)
    # Lines between others that run up do so too, such as a short number that was read surely on its head.
    for least in (_SURE, 0.0):
        indices = on_head if least else _against_most(upright, is_turned)
        if not indices:
            break
        turned = [np.roll(points[index], 2, axis=0) for index in indices]
        turned_crops = [crop(quad) for quad in turned]
        again: Sequence[LineText] = yield NetInputs("recognition", [line.pixels for line in turned_crops])
        for index, quad, line, text in zip(indices, turned, turned_crops, again, strict=True):
            if text.confidence >= least and _characters_right(text) > _characters_right(texts[index]):
                points[index], crops[index], texts[index] = quad, line, text
                is_turned[index] = True
    return points, crops, texts


def _against_most(upright: Floats, is_turned: npt.NDArray[np.bool_]) -> list[int]:
    """The lines that run down the upright page if most lines that did were turned."""
    run = upright[:, 1] - upright[:, 0]
    is_down = run[:, 1] > np.abs(run[:, 0])
    others = np.flatnonzero(is_down & ~is_turned)
    count = int((is_down & is_turned).sum())
    return others.tolist() if count >= max(_FEWEST_TURNED, _MOST_SHARE * (count + len(others))) else []


def _doubtful(upright: Floats, crops: Sequence[LineCrop], texts: Sequence[LineText]) -> list[int]:
    run = upright[:, 1] - upright[:, 0]
    is_sideways = np.abs(run[:, 1]) > np.abs(run[:, 0])
    found = []
    for index, (line, text) in enumerate(zip(crops, texts, strict=True)):
        count = len(text.text)
        least = _DOUBTFUL_SIDEWAYS if is_sideways[index] else _DOUBTFUL
        if max(count, 1) * _WIDEST_CHARACTER * line.pixels.shape[0] < line.columns or (
            count > 1 and text.confidence < least
        ):
            found.append(index)
    if len(found) <= _MOST_LINES:
        return found
    return sorted(sorted(found, key=lambda index: -crops[index].columns)[:_MOST_LINES])


def _characters_right(text: LineText) -> float:
    """The expected number of right characters, which is more for a whole line than for a sure scrap of it."""
    return text.confidence * len(text.text)
