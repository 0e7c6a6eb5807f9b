"""The size at which a page goes through the detector, and when one pass is not enough."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from models.detection.page_or_scene import is_document
from models.detection.passes import LineHeights, first_pass, may_miss_text, second_pass
from models.detection.resize import DetectionInput
from models.manifests import load_manifest

MANIFEST = load_manifest("ppocrv6-small").detection
SMALL_PX = MANIFEST.small_line_px
FINE, SMALL, FEW = LineHeights(6, SMALL_PX), LineHeights(3, SMALL_PX - 0.1), LineHeights(5, 99)
NONE = LineHeights(0, math.inf)


def document(width: int, height: int) -> npt.NDArray[np.uint8]:
    return np.full((height, width, 3), 255, dtype=np.uint8)


def scene(width: int, height: int) -> npt.NDArray[np.uint8]:
    """Dark but for a lamp."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 5] = 255
    return pixels


def prepared_input(page: tuple[int, int], size: tuple[int, int], *, is_document: bool = True) -> DetectionInput:
    return DetectionInput(np.zeros((size[1], size[0], 3), np.uint8), page, 7, is_document)


def quads(*heights: float, width: float = 200) -> npt.NDArray[np.float32]:
    """Level lines of these heights, in page pixels."""
    return np.array([[[9, 9], [9 + width, 9], [9 + width, 9 + h], [9, 9 + h]] for h in heights], np.float32)


@pytest.mark.parametrize(
    ("pixels", "size", "reason"),
    [
        (document(1240, 1754), (704, 960), "a document"),
        (scene(1280, 720), (960, 544), "a scene: nearer to its own proportions"),
        (document(700, 700), (736, 736), "a document whose full size is smaller"),
    ],
)
def test_first_pass(pixels: npt.NDArray[np.uint8], size: tuple[int, int], reason: str) -> None:
    prepared = first_pass(pixels, 7, MANIFEST, is_document=is_document(pixels))
    assert prepared.size == size, reason
    assert (prepared.page_size, prepared.number) == (pixels.shape[1::-1], 7)


def test_thorough_first_pass_is_at_the_full_size() -> None:
    assert first_pass(document(1240, 1754), 7, MANIFEST, is_document=True, is_thorough=True).size == (1248, 1760)


@pytest.mark.parametrize(
    ("page", "heights", "size", "reason"),
    [
        ((1240, 1754), FINE, None, "lines of a good height"),
        ((1240, 1754), SMALL, (1248, 1760), "small print"),
        ((1240, 1754), FEW, (1248, 1760), "hardly any line on a page made smaller"),
        ((400, 900), FEW, None, "hardly any line on a page made larger: nothing was lost"),
        ((400, 900), SMALL, (736, 1664), "small print on a small page"),
        ((754, 1000), SMALL, None, "a full size that is hardly larger"),
    ],
)
def test_second_pass(page: tuple[int, int], heights: LineHeights, size: tuple[int, int] | None, reason: str) -> None:
    prepared = first_pass(document(*page), 7, MANIFEST, is_document=True)
    again = second_pass(document(*page), prepared, heights, SMALL_PX, MANIFEST)
    assert (again and again.size) == size, reason
    assert again is None or (again.page_size, again.number) == (page, 7)


@pytest.mark.parametrize(
    ("heights", "size", "reason"),
    [
        (FEW, None, "scenes hold few lines"),
        (LineHeights(1, SMALL_PX - 0.1), (1312, 736), "a single small line"),
        (NONE, (1312, 736), "nothing"),
    ],
)
def test_second_pass_at_a_scene(heights: LineHeights, size: tuple[int, int] | None, reason: str) -> None:
    pixels = scene(1280, 720)
    first = first_pass(pixels, 7, MANIFEST, is_document=False)
    again = second_pass(pixels, first, heights, SMALL_PX, MANIFEST)
    assert (again and again.size) == size, reason


@pytest.mark.parametrize("heights", [FINE, SMALL, FEW])
def test_there_is_no_third_pass(heights: LineHeights) -> None:
    pixels = document(2480, 3508)
    again = second_pass(pixels, first_pass(pixels, 7, MANIFEST, is_document=True), SMALL, SMALL_PX, MANIFEST)
    assert again is not None
    assert second_pass(pixels, again, heights, SMALL_PX, MANIFEST) is None


@pytest.mark.parametrize(
    ("heights_px", "small_px", "reason"),
    [
        ((), math.inf, "an empty page"),
        ((80, 20), math.inf, "two lines"),
        ((80, 20, 60), 40, "the highest of three"),
        ((80, 20, 60, 30, 90, 100), 30, "two dashes do not count"),
        ((20, 20, 20, *[100] * 300), 10, "three small lines among hundreds do"),
    ],
)
def test_height_of_small_lines(heights_px: tuple[float, ...], small_px: float, reason: str) -> None:
    points = quads(*heights_px).reshape(-1, 4, 2)
    heights = LineHeights.of(points, prepared_input((2000, 2000), (1000, 1000)))
    assert heights == LineHeights(len(heights_px), small_px), reason


def test_lowest_line_of_a_scene_counts() -> None:
    page = prepared_input((2000, 2000), (1000, 1000), is_document=False)
    assert LineHeights.of(quads(80, 20, 60), page) == LineHeights(3, 10)
    assert LineHeights.of(quads().reshape(-1, 4, 2), page) == NONE


def test_narrow_character_is_as_high_as_it_is_long() -> None:
    page = prepared_input((2000, 2000), (1000, 1000))
    runs_down = np.roll(quads(20, 20, 20, width=8), -1, axis=1)
    assert LineHeights.of(runs_down, page).small_px == 10


def test_line_that_runs_downwards_is_as_high_as_it_is_thick() -> None:
    points = quads(400, 400, 400, width=30)
    assert LineHeights.of(points, prepared_input((2000, 1000), (1000, 1000))).small_px == 15


@pytest.mark.parametrize(
    ("page", "size", "heights", "missing", "reason"),
    [
        ((2480, 3508), (1408, 1984), SMALL, True, "small print on a page made smaller"),
        ((2480, 3508), (1408, 1984), FINE, False, "large print on a page made smaller"),
        ((2480, 3508), (672, 960), FINE, False, "the same, at the first pass"),
        ((2480, 3508), (1408, 1984), FEW, False, "an empty page"),
        ((20000, 10000), (1984, 992), FINE, True, "so small that ordinary print shows nothing"),
        ((754, 1000), (736, 960), SMALL, False, "small print, but hardly made smaller"),
        ((400, 900), (736, 1664), SMALL, False, "small print on a page made larger"),
    ],
)
def test_text_may_be_missing(
    page: tuple[int, int], size: tuple[int, int], heights: LineHeights, missing: bool, reason: str
) -> None:
    assert may_miss_text(prepared_input(page, size), heights, SMALL_PX) is missing, reason
