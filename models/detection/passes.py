"""Chooses the size at which a page goes through the detector, and whether one pass is enough.

On most pages a smaller input, which costs a third, shows all of the text. If it does not, the height of the lines that
the first pass does find reveals it. Documents have many lines and scenes have few, so each is judged in its own way.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.detection.resize import DetectionInput, first_size, full_size, resize_page
from models.manifests.manifest import DetectionManifest
from models.upright import upright_size

__all__ = ["LineHeights", "first_pass", "may_miss_text", "second_pass"]

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

# If print is too small for an input, few of its lines are found: on a page of mixed sizes a hundredth of all. So the
# number of low lines counts, not their share. In a document, one or two low lines are dashes and dots.
_LOW_LINES_OF_A_DOCUMENT = 3
# Fewer lines do not tell how high the text is, nor whether there is more of it. Most scenes have fewer.
_FEWEST_LINES_OF_A_DOCUMENT = 6
# A second pass on hardly more pixels finds hardly more.
_LEAST_GAIN = 1.2
# A line that runs downwards is higher than wide so many times. What is less so is a character, such as a 1.
_SHORTEST_COLUMN = 5.0
# Below this share of the page's size, ordinary print (8 points at 600 dpi) is lower than the net can detect. The pass
# may find none of it, and then no line's height shows that text is missing.
_VANISHING_SCALE = 0.2


@dataclass(frozen=True, slots=True)
class LineHeights:
    """The heights of the lines that one pass found.

    Args:
        count: Number of lines.
        small_px: Height of the lowest line, in a document of the third-lowest, in pixels of the input; infinite if
            there are fewer lines.
    """

    count: int
    small_px: float

    @classmethod
    def of(cls, points: Floats, prepared: DetectionInput) -> "LineHeights":
        """Measure quads.

        Args:
            points: (K, 4, 2) float32, pixels of the page turned as the input is.
            prepared: The input that the quads were found on.
        """
        low_lines = _LOW_LINES_OF_A_DOCUMENT if prepared.is_document else 1
        if len(points) < low_lines:
            return cls(len(points), math.inf)
        scale = np.divide(prepared.size, prepared.page_size)
        sides = np.linalg.norm((points - np.roll(points, 1, axis=1)) * scale, axis=2)
        wide, high = (np.ptp(points, axis=1) * scale).T
        is_character = (wide < high) & (high < _SHORTEST_COLUMN * wide)
        heights = np.where(is_character, high, sides.min(axis=1))
        return cls(len(points), float(np.sort(heights)[low_lines - 1]))


def first_pass(
    pixels: Pixels, number: int, manifest: DetectionManifest, *, is_document: bool, is_thorough: bool = False
) -> DetectionInput:
    """Make the input for a page's first pass.

    Args:
        pixels: (height, width, 3) uint8 RGB. Read only.
        number: The page's number, for warnings.
        manifest: Sizes of the detector's inputs.
        is_document: Whether the page is a document, and not a scene.
        is_thorough: Whether to begin at the full size.
    """
    height, width = pixels.shape[:2]
    size = full_size(width, height, manifest)
    if not is_thorough:
        size = first_size(width, height, manifest, is_document=is_document)
    return resize_page(pixels, number, size, is_document=is_document)


def second_pass(
    pixels: Pixels, prepared: DetectionInput, heights: LineHeights, small_line_px: float, manifest: DetectionManifest
) -> DetectionInput | None:
    """Make a larger input if the first pass may have missed text.

    Args:
        pixels: (height, width, 3) uint8 RGB, the page as stored. Read only.
        prepared: The input of the first pass.
        heights: Heights of the lines that the first pass found.
        small_line_px: Height under which lines are easily missed, in pixels of the input.
        manifest: Sizes of the detector's inputs.

    Returns:
        The input whose lines replace the first pass's; None if the first pass is good, or was at the full size already.
    """
    size = full_size(*prepared.page_size, manifest)  # of the upright page
    if not _is_gain(prepared.size, size):
        return None
    fewest = _FEWEST_LINES_OF_A_DOCUMENT if prepared.is_document else 1
    if heights.small_px >= small_line_px and (heights.count >= fewest or prepared.scale >= 1):
        return None
    size_as_stored = upright_size(size, prepared.rotation)
    larger = resize_page(pixels, prepared.number, size_as_stored, is_document=prepared.is_document)
    return larger.turned(prepared.rotation)


def may_miss_text(prepared: DetectionInput, heights: LineHeights, small_line_px: float) -> bool:
    """Whether a page was scaled down so far that text on it may have been missed.

    Args:
        prepared: The input of the last pass.
        heights: Heights of the lines that the last pass found.
        small_line_px: Height under which lines are easily missed, in pixels of the input.
    """
    if not _is_gain(prepared.size, prepared.page_size):
        return False
    return heights.small_px < small_line_px or prepared.scale < _VANISHING_SCALE


def _is_gain(size: tuple[int, int], larger: tuple[int, int]) -> bool:
    return larger[0] * larger[1] > _LEAST_GAIN * size[0] * size[1]
