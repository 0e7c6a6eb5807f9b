"""The parts of the detector that need no net."""

import numpy as np

from models.detection import TextDetector
from models.detection.resize import DetectionInput
from models.manifests import load_manifest
from models.page import Page, Quads
from models.settings import DetectionOptions
from tests.bar_net import BarNet


def test_specks_beyond_the_most_lines_are_dropped_with_a_warning() -> None:
    detector = TextDetector(BarNet(), load_manifest("ppocrv6-small").detection)
    probability = np.zeros((320, 320), np.float32)
    for index in range(100):
        row, column = divmod(index, 10)
        probability[32 * row : 32 * row + 8, 32 * column : 32 * column + 20] = 0.6 + index / 1000
    prepared = DetectionInput(np.zeros((320, 320, 3), np.uint8), (320, 320), 4, is_document=True)
    everything = detector.quads(probability, prepared, DetectionOptions())
    assert (len(everything), everything.warnings) == (100, ())
    kept = detector.quads(probability, prepared, DetectionOptions(max_lines=7))
    assert len(kept) == 7
    assert kept.scores.min() >= np.sort(everything.scores)[-7]
    (warning,) = kept.warnings
    assert (warning.code, warning.page) == ("too_many_lines", 4)
    assert "100 lines" in warning.message


def _page_of_bars(height: int, count: int = 20) -> Page:
    """A4 at 300 dpi, with black bars in place of lines."""
    pixels = np.full((3508, 2480, 3), 255, np.uint8)
    for index in range(count):
        pixels[150 * index + 100 : 150 * index + 100 + height, 200:1800] = 0
    return Page(pixels, number=4)


def _detected(page: Page, options: DetectionOptions) -> tuple[list[tuple[int, ...]], Quads]:
    net = BarNet()
    quads = TextDetector(net, load_manifest("ppocrv6-small").detection).detect(page, options)
    return net.sizes, quads


def test_page_of_large_print_takes_one_pass() -> None:
    sizes, quads = _detected(_page_of_bars(30), DetectionOptions())
    assert sizes == [(768, 1024)]
    assert (len(quads), quads.warnings) == (20, ())


def test_page_of_small_print_takes_a_second_pass_and_only_that_counts() -> None:
    sizes, quads = _detected(_page_of_bars(14), DetectionOptions())
    assert sizes == [(768, 1024), (1408, 1984)]
    assert len(quads) == 20
    # The bars grown by 2.6, as lines are, to within one step of the map (4.6 pixels here, 9.5 at the first pass).
    heights = quads.points[:, 3, 1] - quads.points[:, 0, 1]
    assert np.abs(heights - 2.6 * 14).max() < 5
    assert quads.warnings == ()


def test_page_whose_print_is_small_at_its_full_size_is_searched_in_tiles() -> None:
    sizes, quads = _detected(_page_of_bars(7), DetectionOptions())
    assert sizes == [(768, 1024), (1408, 1984), *[(1024, 1280)] * 9]
    assert len(quads) == 20
    heights = quads.points[:, 3, 1] - quads.points[:, 0, 1]
    assert np.abs(heights - 2.6 * 7).max() < 3
    assert quads.warnings == ()


def test_empty_page_takes_a_second_pass_without_a_warning() -> None:
    sizes, quads = _detected(_page_of_bars(0), DetectionOptions())
    assert len(sizes) == 2
    assert (len(quads), quads.warnings) == (0, ())


def test_small_print_is_known_whatever_the_unclip_ratio() -> None:
    for height, passes in ((30, 1), (14, 2)):
        for ratio in (1.0, 1.6, 3.0):
            assert len(_detected(_page_of_bars(height), DetectionOptions(unclip_ratio=ratio))[0]) == passes
