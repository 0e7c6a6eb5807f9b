"""At which size a page is looked at, and whether once is enough.

Most of a page's text is found as well on a smaller input, which costs a third. Where it is not, the height of the lines
that the first look does find tells. Documents, with many lines, and scenes, with few, are judged apart.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.detection.page_or_scene import is_paper
from models.detection.resize import DetectionInput, first_size, full_size, resize_page
from models.manifests.manifest import DetectionManifest
from models.upright import upright_size

__all__ = ["LineHeights", "first_look", "may_miss_text", "second_look"]

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

# Of print too small for an input only few lines are found, on a page of mixed sizes a hundredth of all: so low lines
# are counted, and not their share. On paper one or two are dashes and dots.
_LOW_LINES_ON_PAPER = 3
# With fewer lines there is no telling how high the text is, nor whether there is more. Most scenes have no more.
_FEWEST_LINES_ON_PAPER = 6
# A second look at hardly more pixels finds hardly more.
_LEAST_GAIN = 1.2
# Below this share of the page's size, ordinary print falls under the height that the net reads: lines of 8 points at
# 600 dpi. Nothing of it may be found at all, so that no height gives it away.
_VANISHING_SCALE = 0.2


@dataclass(frozen=True, slots=True)
class LineHeights:
    """How high the lines are that one look found.

    Args:
        count: How many there are.
        small_px: Height of the lowest, on paper of the third-lowest, in pixels of the input; infinite where there are
            fewer.
    """

    count: int
    small_px: float

    @classmethod
    def of(cls, points: Floats, prepared: DetectionInput) -> "LineHeights":
        """Measure quads.

        Args:
            points: (K, 4, 2) float32, pixels of the page turned as the input is.
            prepared: The input that they were found on.
        """
        low_lines = _LOW_LINES_ON_PAPER if prepared.is_paper else 1
        if len(points) < low_lines:
            return cls(len(points), math.inf)
        scale = np.divide(prepared.size, prepared.page_size)
        sides = np.linalg.norm((points - np.roll(points, 1, axis=1)) * scale, axis=2)
        return cls(len(points), float(np.sort(sides.min(axis=1))[low_lines - 1]))


def first_look(
    pixels: Pixels, number: int, manifest: DetectionManifest, *, is_thorough: bool = False
) -> DetectionInput:
    """The input for a page of which nothing is known yet.

    Args:
        pixels: (height, width, 3) uint8 RGB. Read only.
        number: The page's number, for warnings.
        manifest: See `first_size` and `full_size`.
        is_thorough: Whether to begin at the full size.
    """
    height, width = pixels.shape[:2]
    on_paper = is_paper(pixels)
    size = full_size(width, height, manifest)
    if not is_thorough:
        size = first_size(width, height, manifest, is_paper=on_paper)
    return resize_page(pixels, number, size, is_paper=on_paper)


def second_look(
    pixels: Pixels, prepared: DetectionInput, heights: LineHeights, small_line_px: float, manifest: DetectionManifest
) -> DetectionInput | None:
    """A larger input, for a page on which the first look may have missed text.

    Args:
        pixels: (height, width, 3) uint8 RGB, the page as stored. Read only.
        prepared: What was looked at first.
        heights: Of the lines that it showed.
        small_line_px: Height under which lines are easily missed, in pixels of the input.
        manifest: See `full_size`.

    Returns:
        The input whose lines count in place of the first's; None where the first look is good, or already was at the
        full size.
    """
    size = full_size(*prepared.page_size, manifest)  # of the upright page
    if not _is_gain(prepared.size, size):
        return None
    fewest = _FEWEST_LINES_ON_PAPER if prepared.is_paper else 1
    if heights.small_px >= small_line_px and (heights.count >= fewest or prepared.scale >= 1):
        return None
    size_as_stored = upright_size(size, prepared.rotation)
    larger = resize_page(pixels, prepared.number, size_as_stored, is_paper=prepared.is_paper)
    return larger.turned(prepared.rotation)


def may_miss_text(prepared: DetectionInput, heights: LineHeights, small_line_px: float) -> bool:
    """Whether a page was scaled down so far that text on it may have been missed.

    Args:
        prepared: What was looked at.
        heights: Of the lines that it showed.
        small_line_px: As in `second_look`.
    """
    if not _is_gain(prepared.size, prepared.page_size):
        return False
    return heights.small_px < small_line_px or prepared.scale < _VANISHING_SCALE


def _is_gain(size: tuple[int, int], larger: tuple[int, int]) -> bool:
    return larger[0] * larger[1] > _LEAST_GAIN * size[0] * size[1]
