"""Merges the lines of two overlapping strips of a page at the seam between them."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.detection.db import reading_quads
from models.detection.tiling.overlaps import areas_of, overlaps_of

__all__ = ["FoundLines", "joined_at_seam"]

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

# A quad shows nothing new if other quads cover this share of it.
_SAME = 0.5
# Two pieces are one line if they run the same way within 10 degrees, the middle of the shorter one lies on the longer
# one, and they are about equally thick. A piece that is hardly longer than thick has no direction of its own.
_SAME_DIRECTION = np.cos(np.deg2rad(10))
_TELLING_ASPECT = 2.0
_ASIDE = 0.5
_THICKNESS_RATIO = 0.5
# A line that comes this near to an edge of a strip may go on beyond it.
_EDGE_PX = 1.0


@dataclass(frozen=True, slots=True)
class FoundLines:
    """Quads of a page, in pixels of the page at some scale.

    Args:
        points: (K, 4, 2) float32, clockwise from the text's top left.
        scores: (K,) float32 in [0, 1].
    """

    points: Floats
    scores: Floats

    @classmethod
    def none(cls) -> "FoundLines":
        """Lines of a page that has none."""
        return cls(np.empty((0, 4, 2), np.float32), np.empty(0, np.float32))

    def __len__(self) -> int:
        return len(self.points)

    def only(self, which: npt.NDArray[np.generic]) -> "FoundLines":
        """The lines at these indices or flags."""
        return FoundLines(self.points[which], self.scores[which])

    def also(self, others: "FoundLines") -> "FoundLines":
        """These lines, followed by others."""
        return FoundLines(np.concatenate([self.points, others.points]), np.concatenate([self.scores, others.scores]))


def joined_at_seam(upper: FoundLines, lower: FoundLines, top: float, bottom: float) -> FoundLines:
    """Merge the lines of two overlapping strips, so that each line comes once and whole.

    A line that one strip shows whole is taken from that strip. If both show it whole, it is taken from the strip in
    whose half of the overlap its middle lies. If both cut it, its two pieces are merged.

    Args:
        upper: All lines of the upper strip, and of the strips above it.
        lower: All lines of the lower strip.
        top: Where the lower strip begins, in the same pixels.
        bottom: Where the upper strip ends, in the same pixels.

    Returns:
        The lines of both.
    """
    in_upper, in_lower = upper.points[..., 1].max(axis=1) > top, lower.points[..., 1].min(axis=1) < bottom
    both = upper.only(in_upper).also(lower.only(in_lower))
    of_lower = np.arange(len(both)) >= in_upper.sum()
    middle = both.points[..., 1].mean(axis=1)
    is_own = of_lower == (middle >= (top + bottom) / 2)
    is_cut = np.where(
        of_lower,
        both.points[..., 1].min(axis=1) <= top + _EDGE_PX,
        both.points[..., 1].max(axis=1) >= bottom - _EDGE_PX,
    )
    is_left = _without_doubles(both, of_lower, is_own, is_whole=~is_cut)
    both, of_lower, is_own, is_cut = both.only(is_left), of_lower[is_left], is_own[is_left], is_cut[is_left]
    is_left = _join_pieces(both, is_cut & ~of_lower, is_cut & of_lower)
    both, of_lower, is_own = both.only(is_left), of_lower[is_left], is_own[is_left]
    is_left = _without_doubles(both, of_lower, is_own, is_whole=np.ones(len(both), bool))
    return upper.only(~in_upper).also(both.only(is_left)).also(lower.only(~in_lower))


def _without_doubles(lines: FoundLines, of_lower: Flags, is_own: Flags, is_whole: Flags) -> Flags:
    """Flag the lines that are left when each line that both strips show is taken from one of them.

    Args:
        lines: The lines of both strips.
        of_lower: Flags of the lower strip's lines.
        is_own: Flags of lines whose middle lies in their own strip's half.
        is_whole: Flags of lines that may replace another.
    """
    areas = areas_of(lines.points)
    pairs = overlaps_of(lines.points, lines.points)
    shared: list[dict[int, float]] = [{} for _ in range(len(lines))]
    of_both = of_lower[pairs.first] != of_lower[pairs.second]
    for one, other, area in zip(pairs.first[of_both], pairs.second[of_both], pairs.area[of_both], strict=True):
        shared[one][int(other)] = float(area)
    is_left = np.zeros(len(lines), bool)
    # Whole lines come first, own before others, large before small; then by place, for the same result each time.
    for index in np.lexsort((*lines.points.reshape(-1, 8).T, -areas, ~is_own, ~is_whole)):
        rivals = {other: area for other, area in shared[index].items() if is_left[other] and is_whole[other]}
        is_left[index] = sum(rivals.values()) < _SAME * areas[index]
        if is_left[index] and is_whole[index]:
            # These are parts of this line. One of them was taken because its own middle lies in its strip's half.
            for other, area in rivals.items():
                is_left[other] = area < _SAME * areas[other]
    return is_left


def _join_pieces(lines: FoundLines, above: Flags, below: Flags) -> Flags:
    """Merge each two pieces of a line into the upper one, in place. Returns flags of the lines that are left."""
    uppers, lowers = np.flatnonzero(above), np.flatnonzero(below)
    is_left = np.ones(len(lines), bool)
    # Both strips show the part between the edges that cut the line, so pieces of one line lie over each other there.
    pairs = overlaps_of(lines.points[uppers], lines.points[lowers])
    for pair in np.lexsort((pairs.second, pairs.first, -pairs.area)):
        one, other = uppers[pairs.first[pair]], lowers[pairs.second[pair]]
        if not is_left[other] or (line := _continued(lines.points[one], lines.points[other])) is None:
            continue
        weights = areas_of(lines.points[[one, other]])
        lines.scores[one] = np.average(lines.scores[[one, other]], weights=weights)
        lines.points[one] = line
        is_left[other] = False
    return is_left


def _continued(one: Floats, other: Floats) -> Floats | None:
    """The line whose two pieces these quads are; None if they are not pieces of one line."""
    run, other_run = _longest_side(one), _longest_side(other)
    if np.linalg.norm(run) < np.linalg.norm(other_run):
        one, other, run, other_run = other, one, other_run, run
    along = run / np.linalg.norm(run)
    across = np.array([-along[1], along[0]], np.float32)
    thickness, other_thickness = float(np.ptp(one @ across)), float(np.ptp(other @ across))
    has_direction = np.linalg.norm(other_run) >= _TELLING_ASPECT * other_thickness
    if has_direction and abs(other_run @ along) < _SAME_DIRECTION * np.linalg.norm(other_run):
        return None
    if not _THICKNESS_RATIO <= other_thickness / thickness <= 1 / _THICKNESS_RATIO:
        return None
    if abs((other.mean(axis=0) - one.mean(axis=0)) @ across) > _ASIDE * thickness:
        return None
    center, size, angle = cv2.minAreaRect(np.concatenate([one, other]))
    return np.asarray(reading_quads(np.array([[*center, *size, angle]], np.float64))[0], dtype=np.float32)


def _longest_side(points: Floats) -> Floats:
    sides = np.roll(points, -1, axis=0) - points
    longest: Floats = sides[np.argmax(np.linalg.norm(sides, axis=1))]
    return longest
