"""Measures the ink of a line: how far apart its characters stand."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.recognition.ctc import LineText
from models.recognition.words import relative_width

__all__ = ["Gaps", "empty_columns", "gaps_of", "ink_of"]

Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]

# A row with this share of ink is a rule or an underline. Its ink does not belong to a character.
_RULE = 0.8
# Columns with so few pixels of ink are empty: specks, and what the lines above and below leave in the crop.
_SPECKS_PX = 1
# Rows at the top and the bottom of a crop that belong to the lines above and below.
_MARGIN_PX = 4
# So many pairs of letters or digits tell a line's usual gap better than all of its pairs do.
_ENOUGH_PAIRS = 3


@dataclass(frozen=True, slots=True)
class Gaps:
    """What lies between the neighbors of a line, spaces left out.

    Args:
        before: (N,) indices into the text's characters, of the left one of each pair of neighbors.
        has_space: (N,) whether a space was read between them.
        empty: (N,) the widest run of columns without ink between their middles, in columns of the crop.
        middle: (N,) the middle of that run, as a share of the crop's width with its padding.
        usual: The median of `empty` where no space was read.
        unit: The width of a usual Latin letter of this line, in columns.
    """

    before: npt.NDArray[np.intp]
    has_space: npt.NDArray[np.bool_]
    empty: Floats
    middle: Floats
    usual: float
    unit: float


def gaps_of(line: Pixels, columns: int, text: LineText) -> Gaps | None:
    """Measure the gaps of a line.

    Args:
        line: (H, W, 3) uint8 RGB, the line without padding. Read only.
        columns: Width of the crop with its padding, to which the text's positions refer.
        text: The text that was read.

    Returns:
        The gaps; None if the line has no two neighbors without a space between them.
    """
    own = np.flatnonzero([not character.isspace() for character in text.characters])
    has_space = np.diff(own) > 1
    if has_space.all():
        return None
    place = np.array(text.positions)[own] * columns
    width = np.fromiter((relative_width(text.characters[index]) for index in own), np.float64, len(own))
    unit = np.diff(place)[~has_space].sum() / ((width[1:] + width[:-1]) / 2)[~has_space].sum()
    empty, middle = _widest_runs(empty_columns(line), place)
    is_plain = np.fromiter((text.characters[index].isalnum() for index in own), np.bool_, len(own))
    plain = ~has_space & is_plain[1:] & is_plain[:-1]
    usual = np.median(empty[plain if plain.sum() >= _ENOUGH_PAIRS else ~has_space])
    return Gaps(own[:-1], has_space, empty, middle / columns, float(usual), max(float(unit), 1.0))


def empty_columns(line: Pixels) -> npt.NDArray[np.bool_]:
    """The columns of a line without ink."""
    return np.asarray(ink_of(line).sum(axis=0) <= _SPECKS_PX)


def ink_of(line: Pixels) -> Pixels:
    """The ink of a line, 1 or 0: whatever it has less of, dark or light (Otsu, 1979), without rules and margins."""
    _, ink = cv2.threshold(cv2.cvtColor(line, cv2.COLOR_RGB2GRAY), 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    share = cv2.reduce(ink, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0] / line.shape[1]
    if share.mean() > 0.5:
        ink, share = 1 - ink, 1 - share
    return np.asarray(ink[_MARGIN_PX:-_MARGIN_PX][share[_MARGIN_PX:-_MARGIN_PX] < _RULE])


def _widest_runs(empty: npt.NDArray[np.bool_], place: Floats) -> tuple[Floats, Floats]:
    """The length and the middle of the widest run of empty columns between each two neighboring places."""
    cuts = np.clip(place.astype(np.intp), 0, len(empty))
    begins = empty.copy()
    begins[1:] &= ~empty[:-1]
    begins[cuts[cuts < len(empty)]] |= empty[cuts[cuts < len(empty)]]
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(empty))
    filled = np.concatenate([[0], np.cumsum(empty)])
    lengths = filled[ends] - filled[starts]
    pair = np.searchsorted(cuts, starts, side="right") - 1
    inside = (pair >= 0) & (pair < len(place) - 1)
    order = np.flatnonzero(inside)[np.argsort(lengths[inside], kind="stable")]
    widest, middle = np.zeros((2, len(place) - 1))
    middle[:] = (place[1:] + place[:-1]) / 2
    widest[pair[order]] = lengths[order]  # the last one written is the longest
    middle[pair[order]] = starts[order] + lengths[order] / 2
    return widest, middle
