"""Searching huge pages in tiles: nothing lost at the seams, nothing found twice."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from models.detection import TextDetector
from models.detection.db import DbThresholds
from models.detection.tiling.tile_grid import TileAxis, TileGrid, is_blank
from models.detection.tiling.tiles import TileSearch, tile_steps
from models.manifests import load_manifest
from models.page import Page, Quads
from models.settings import DetectionOptions
from models.steps import NetInputs, run_steps
from models.upright import upright_pixels
from tests.bar_net import BarNet

MANIFEST = load_manifest("ppocrv6-small").detection
WIDTH, HEIGHT = 6000, 5000
# In the pass before the tiles, at a third of the size, they are 10 pixels high as grown, and low; at two thirds not.
LOW = 12

Pixels = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]


def page_of(boxes: Sequence[Box], size: tuple[int, int] = (WIDTH, HEIGHT)) -> Pixels:
    pixels = np.full((size[1], size[0], 3), 255, np.uint8)
    for left, top, right, bottom in boxes:
        pixels[top:bottom, left:right] = 0
    return pixels


def detected(pixels: Pixels, options: DetectionOptions | None = None) -> tuple[list[tuple[int, ...]], Quads]:
    net = BarNet()
    return net.sizes, TextDetector(net, MANIFEST).detect(Page(pixels), options or DetectionOptions())


def grown(box: Box) -> list[float]:
    """How the net's kernel of a bar becomes a quad: both sides grown by as much."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    distance = width * height * MANIFEST.unclip_ratio / (2 * (width + height))
    return [left - distance, top - distance, right + distance, bottom + distance]


def boxes_of(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)


def assert_each_once(quads: Quads, boxes: Sequence[Box], within: float = 6.0) -> None:
    found = boxes_of(quads.points)
    expected = np.clip([grown(box) for box in boxes], 0, None)
    apart = np.abs(found[None] - expected[:, None]).max(axis=2)
    assert (apart.min(axis=1) <= within).all(), "a bar was lost, cut or grown"
    assert len(found) == len(boxes), "a bar was found twice"


def test_each_of_many_low_lines_is_found_once() -> None:
    # 47 rows of pitch 101 and columns of pitch 490: at every distance from the seams.
    boxes = [(x, y, x + 400, y + LOW) for y in range(60, 4900, 101) for x in range(40 + y % 90, 5500, 490)]
    sizes, quads = detected(page_of(boxes))
    assert_each_once(quads, boxes)
    assert quads.warnings == ()
    assert sizes[:2] == [(1792, 1472), (1984, 1664)]
    assert set(sizes[2:]) == {(1152, 1280)}  # two thirds of the page: more is not needed


@pytest.mark.parametrize(
    "box",
    [(20, 2500, 5980, 2500 + LOW), (3000, 20, 3000 + LOW, 4980), (1800, 1200, 2300, 1200 + LOW)],
    ids=["along all tiles of a row", "across all rows", "a short one"],
)
def test_line_across_tiles_is_one(box: Box) -> None:
    low = [(x, 300 * y, x + 200, 300 * y + LOW) for y in range(1, 16) for x in (100, 4500)]
    boxes = [box, *(other for other in low if not box[1] - 100 < other[1] < box[3] + 100 or box[3] - box[1] > 99)]
    _, quads = detected(page_of(boxes))
    assert_each_once(quads, boxes)


@pytest.mark.parametrize("slope_degrees", [1, 3, 30, 60])
def test_sloping_line_across_tiles_is_one(slope_degrees: float) -> None:
    pixels = page_of([(200 + 900 * i, 200 * j, 500 + 900 * i, 200 * j + LOW) for i in range(6) for j in (1, 24)])
    run = np.array([np.cos(np.deg2rad(slope_degrees)), np.sin(np.deg2rad(slope_degrees))])
    begin = np.array([300, 600])
    end = begin + run * min(5300 / run[0], 3800 / run[1])
    cv2.line(pixels, begin.tolist(), end.round().astype(int).tolist(), (0, 0, 0), LOW)
    _, quads = detected(pixels)
    assert len(quads) == 13
    sides = np.linalg.norm(quads.points[:, 1] - quads.points[:, 0], axis=1)
    line = quads.points[np.argmax(sides)]
    middle_line = np.array([line[0] + line[3], line[1] + line[2]]) / 2
    assert np.abs(middle_line - np.array([begin, end])).max() < 30
    assert 30 < np.linalg.norm(line[3] - line[0]) < 45


def test_large_line_among_small_ones_is_whole() -> None:
    large = [(300, 1700, 5500, 2000), (4000, 400, 5800, 560)]
    low = [(x, y, x + 400, y + LOW) for y in (*range(2600, 4800, 90), *range(900, 1300, 90)) for x in (100, 2300, 4100)]
    _, quads = detected(page_of(large + low))
    assert_each_once(quads, large + low, within=12)


def test_line_where_only_some_tiles_were_searched_again_is_whole() -> None:
    """A line that leaves the part of the page that has low lines."""
    low = [(x, y, x + 300, y + LOW) for y in range(300, 1500, 60) for x in (100, 500)]
    good = [(x, y, x + 1400, y + 40) for y in range(200, 4800, 150) for x in (1300, 2900, 4500)]
    _, quads = detected(page_of(low + good))
    assert_each_once(quads, low + good, within=10)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_tiles_of_a_turned_page_are_upright(rotation: int) -> None:
    boxes = [(x, y, x + 400, y + LOW) for y in range(60, 2900, 101) for x in range(40, 3500, 490)]
    upright = page_of(boxes, (4000, 3000))
    stored = upright_pixels(upright, -rotation % 360)
    results = []
    for pixels, turned_by in ((upright, 0), (stored, rotation)):
        net = BarNet()
        steps = tile_steps(pixels, *no_lines(), 0.25, search(turned_by))
        results.append(run_steps(steps, answers_of(net)))
    (points, scores), (turned_points, turned_scores) = results
    assert len(points) == len(boxes)
    np.testing.assert_array_equal(turned_points, points)
    np.testing.assert_array_equal(turned_scores, scores)


def search(rotation: int = 0, *, most_lines: int = 3000, is_document: bool = True) -> TileSearch:
    thresholds = DbThresholds.of(MANIFEST, DetectionOptions())
    return TileSearch(
        rotation, "detection", is_document, MANIFEST.size_multiple_px, thresholds, MANIFEST.small_line_px, most_lines
    )


def no_lines() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    return np.empty((0, 4, 2), np.float32), np.empty(0, np.float32)


def answers_of(net: BarNet) -> Callable[[NetInputs], list[npt.NDArray[np.generic]]]:
    def run_net(inputs: NetInputs) -> list[npt.NDArray[np.generic]]:
        assert 1 <= len(inputs.arrays) <= 4, "answers pile up"
        return [net.run(tile[None])[0][0, 0] for tile in inputs.arrays]

    return run_net


@pytest.mark.parametrize(("width", "height"), [(1000, 30_000), (30_000, 300), (12_001, 1283)])
def test_page_of_any_proportions(width: int, height: int) -> None:
    boxes = [(x, y, x + 90, y + LOW) for y in range(23, height - 40, 207) for x in range(31, width - 130, 331 + y % 7)]
    _, quads = detected(page_of(boxes, (width, height)))
    assert_each_once(quads, boxes)


def test_blank_tiles_are_not_searched() -> None:
    net = BarNet()
    pixels = page_of([(3600, 2600, 3900, 2600 + LOW)], (5000, 4000))
    points, _ = run_steps(tile_steps(pixels, *no_lines(), 0.25, search()), answers_of(net))
    assert len(points) == 1
    assert len(net.sizes) == 1  # of the six at half of the page's size, at which the line is found


@pytest.mark.parametrize(("contrast", "blank"), [(4, True), (5, False)])
def test_tile_with_faint_ink_anywhere_is_not_blank(contrast: int, blank: bool) -> None:
    tile = np.full((1152, 1280, 3), 200, np.uint8)
    assert is_blank(tile)
    tile[700, 900, 2] -= contrast
    assert is_blank(tile) is blank


def test_shade_alone_is_blank() -> None:
    shade = np.linspace(120, 220, 1280).astype(np.uint8)
    assert is_blank(np.broadcast_to(shade[None, :, None], (1280, 1280, 3)))


def test_specks_are_bounded_while_they_are_searched() -> None:
    pixels = np.full((3000, 3000, 3), 255, np.uint8)
    pixels.reshape(200, 15, 200, 15, 3)[:, :9, :, :9] = 0
    points, scores = run_steps(tile_steps(pixels, *no_lines(), 0.25, search(most_lines=500)), answers_of(BarNet()))
    assert len(points) == len(scores) == 4 * 500  # enough to tell that there are more


def test_most_lines_grow_with_the_page() -> None:
    boxes = [(x, y, x + 60, y + 20) for y in range(10, 5400, 50) for x in range(10, 5400, 100)]
    _, quads = detected(page_of(boxes, (5500, 5500)))
    assert len(boxes) > 5000
    assert len(quads) == 4538  # 3,000 for 20 megapixels, in proportion for 30.25
    assert [warning.code for warning in quads.warnings] == ["too_many_lines"]


@pytest.mark.parametrize("length", [1, 31, 1280, 1281, 2400, 2401, 9999, 30_000])
@pytest.mark.parametrize("scale", [0.3, 0.66, 1.0])
def test_tiles_cover_a_side_with_enough_in_common(length: int, scale: float) -> None:
    axis = TileAxis.of(length, scale, 32)
    ends = [start + axis.tile_px for start in axis.starts]
    assert axis.starts[0] == 0
    assert ends[-1] == axis.scaled_px
    assert axis.tile_px % 32 == 0
    assert axis.tile_px <= 1280
    assert all(end - start >= 160 for end, start in zip(ends[:-1], axis.starts[1:], strict=True))
    assert axis.on_page(0)[0] == 0
    assert axis.on_page(len(ends) - 1)[1] == length


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_tile_is_cut_out_upright(rotation: int) -> None:
    upright = np.random.default_rng(4).integers(0, 255, (2000, 3000, 3), dtype=np.uint8)
    stored = upright_pixels(upright, -rotation % 360)
    grid = TileGrid.of((3000, 2000), 1.0, 32)
    for row, top in enumerate(grid.rows.starts):
        for column, left in enumerate(grid.columns.starts):
            tile = grid.tile(stored, rotation, row, column)
            expected = upright[top : top + grid.rows.tile_px, left : left + grid.columns.tile_px]
            np.testing.assert_array_equal(tile, expected)
            assert tile.flags.c_contiguous
