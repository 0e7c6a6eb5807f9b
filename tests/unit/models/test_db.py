"""Quads out of probability maps that are drawn with known geometry."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from models.detection.db import DbThresholds, db_quads
from models.errors import ModelOutputError
from models.manifests import load_manifest
from models.settings import DetectionOptions

Floats = npt.NDArray[np.float32]

MAP_SIZE = (300, 200)  # width, height
THRESHOLDS = DbThresholds(threshold=0.3, box_threshold=0.5, unclip_ratio=1.6)
TIGHT = DbThresholds(threshold=0.3, box_threshold=0.5, unclip_ratio=1e-6)


def empty_map() -> Floats:
    return np.zeros(MAP_SIZE[::-1], dtype=np.float32)


def filled(left: int, top: int, right: int, bottom: int, probability: float = 1.0) -> Floats:
    """A map with one level region: columns left..right - 1, rows top..bottom - 1."""
    result = empty_map()
    result[top:bottom, left:right] = probability
    return result


def rotated(center: tuple[float, float], length: float, thickness: float, degrees: float) -> Floats:
    """A map with one region whose long axis is turned clockwise, as seen, from the horizontal."""
    y, x = np.mgrid[: MAP_SIZE[1], : MAP_SIZE[0]] + 0.5
    along, down = directions(degrees)
    offset = np.stack([x - center[0], y - center[1]], axis=-1)
    inside = (np.abs(offset @ along) <= length / 2) & (np.abs(offset @ down) <= thickness / 2)
    return inside.astype(np.float32)


def directions(degrees: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    radians = np.deg2rad(degrees)
    return np.array([np.cos(radians), np.sin(radians)]), np.array([-np.sin(radians), np.cos(radians)])


def corners(center: tuple[float, float], length: float, thickness: float, degrees: float) -> npt.NDArray[np.float64]:
    """Top left, top right, bottom right, bottom left of text that runs in a direction."""
    along, down = directions(degrees)
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return np.array([center + along * length / 2 * a + down * thickness / 2 * d for a, d in signs])


def by_position(quads: Floats) -> list[list[float]]:
    return sorted(quads.reshape(-1, 8).tolist())


def test_empty_map_has_no_quads() -> None:
    points, scores = db_quads(empty_map(), MAP_SIZE, THRESHOLDS)
    assert (points.shape, scores.shape) == ((0, 4, 2), (0,))
    assert points.dtype == scores.dtype == np.float32


def test_nan_is_refused() -> None:
    probability = filled(50, 50, 150, 70)
    probability[0, 0] = np.nan
    with pytest.raises(ModelOutputError, match=r"\(200, 300\) with NaN"):
        db_quads(probability, MAP_SIZE, THRESHOLDS)


@pytest.mark.parametrize("shape", [(), (300,), (1, 200, 300)])
def test_other_than_two_dimensions_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelOutputError, match="instead of a probability map"):
        db_quads(np.zeros(shape, dtype=np.float32), MAP_SIZE, THRESHOLDS)


def test_level_region_gives_its_edges_to_the_pixel() -> None:
    (quad,), (score,) = db_quads(filled(50, 60, 150, 80), MAP_SIZE, TIGHT)
    np.testing.assert_allclose(quad, [[50, 60], [150, 60], [150, 80], [50, 80]], atol=1e-3)
    assert 0.9 < score <= 1


@pytest.mark.parametrize("ratio", [0.5, 1.0, 1.6, 2.5])
def test_unclipping_grows_each_side_by_area_times_ratio_over_perimeter(ratio: float) -> None:
    (quad,), _ = db_quads(filled(100, 90, 200, 110), MAP_SIZE, DbThresholds(0.3, 0.5, ratio))
    distance = 100 * 20 * ratio / (2 * (100 + 20))
    left, top, right, bottom = 100 - distance, 90 - distance, 200 + distance, 110 + distance
    np.testing.assert_allclose(quad, [[left, top], [right, top], [right, bottom], [left, bottom]], atol=1e-3)


@pytest.mark.parametrize("degrees", [-80, -70, -60, -45, -30, -10, -3, 0, 3, 10, 30, 45, 60, 70, 80])
def test_slanted_text_starts_at_its_own_top_left(degrees: float) -> None:
    (quad,), _ = db_quads(rotated((150, 100), 120, 20, degrees), MAP_SIZE, TIGHT)
    np.testing.assert_allclose(quad, corners((150, 100), 120, 20, degrees), atol=2)


@pytest.mark.parametrize("degrees", [85, 88, 90, 92, 95])
def test_text_along_the_vertical_runs_down_from_its_top_right(degrees: float) -> None:
    (quad,), _ = db_quads(rotated((150, 100), 120, 20, degrees), MAP_SIZE, TIGHT)
    np.testing.assert_allclose(quad, corners((150, 100), 120, 20, degrees), atol=2)
    assert quad[0, 0] > quad[3, 0]
    assert quad[0, 1] < quad[1, 1]


@pytest.mark.parametrize("degrees", range(-44, 45, 4))
@pytest.mark.parametrize(("length", "thickness"), [(50, 38), (40, 40), (40, 52)])
def test_one_letter_is_never_read_backwards(length: int, thickness: int, degrees: int) -> None:
    # A letter higher than wide and turned by 40 degrees was once read from its bottom right.
    (quad,), _ = db_quads(rotated((150, 100), length, thickness, degrees), MAP_SIZE, TIGHT)
    assert quad[1, 0] > quad[0, 0]
    assert quad[3, 1] > quad[0, 1]


@pytest.mark.parametrize(("height", "is_vertical"), [(44, False), (60, True)])
def test_only_a_region_much_higher_than_wide_is_vertical_text(height: int, is_vertical: bool) -> None:
    (quad,), _ = db_quads(filled(100, 50, 130, 50 + height), MAP_SIZE, TIGHT)
    assert (quad[0, 0] > quad[3, 0]) == is_vertical


def test_map_is_stretched_to_the_page_by_each_axis() -> None:
    (quad,), _ = db_quads(filled(50, 60, 150, 80), (MAP_SIZE[0] * 2, MAP_SIZE[1] * 5), TIGHT)
    np.testing.assert_allclose(quad, [[100, 300], [300, 300], [300, 400], [100, 400]], atol=2e-3)


@pytest.mark.parametrize(
    ("region", "edges"),
    [
        ((0, 0, 80, 20), {"left": 0.0, "top": 0.0}),
        ((220, 180, 300, 200), {"right": 300.0, "bottom": 200.0}),
    ],
)
def test_quad_ends_at_the_page_edge(region: tuple[int, int, int, int], edges: dict[str, float]) -> None:
    (quad,), _ = db_quads(filled(*region), MAP_SIZE, THRESHOLDS)
    found = dict(zip(("left", "top", "right", "bottom"), (*quad.min(axis=0), *quad.max(axis=0)), strict=True))
    assert {name: float(found[name]) for name in edges} == edges


def test_pixel_at_the_threshold_is_not_text() -> None:
    probability = filled(50, 60, 150, 80, 0.3)
    assert len(db_quads(probability, MAP_SIZE, DbThresholds(0.3, 0.1, 1.6))[0]) == 0
    assert len(db_quads(probability, MAP_SIZE, DbThresholds(0.29, 0.1, 1.6))[0]) == 1


@pytest.mark.parametrize(("box_threshold", "count"), [(0.5, 1), (0.7, 0)])
def test_quad_below_the_box_threshold_is_dropped(box_threshold: float, count: int) -> None:
    points, scores = db_quads(filled(50, 60, 150, 80, 0.6), MAP_SIZE, DbThresholds(0.3, box_threshold, 1.6))
    assert len(points) == len(scores) == count


def test_specks_are_noise() -> None:
    probability = empty_map()
    probability[20:22, 20:200] = 1  # a hairline
    probability[100, 100] = 1
    assert len(db_quads(probability, MAP_SIZE, THRESHOLDS)[0]) == 0


def test_frame_around_nothing_is_not_text() -> None:
    probability = filled(40, 40, 240, 160)
    probability[44:156, 44:236] = 0
    assert len(db_quads(probability, MAP_SIZE, THRESHOLDS)[0]) == 0


def test_regions_do_not_influence_each_other() -> None:
    maps = [filled(20, 20, 120, 40), rotated((200, 60), 80, 16, 15), rotated((80, 140), 90, 20, -20)]
    alone = np.concatenate([db_quads(one, MAP_SIZE, THRESHOLDS)[0] for one in maps])
    together, _ = db_quads(np.max(maps, axis=0), MAP_SIZE, THRESHOLDS)
    assert by_position(together) == by_position(alone)


def test_lines_that_a_stamp_joins_keep_their_thin_parts() -> None:
    page = empty_map()
    for top in (20, 45, 70, 95, 120):
        page[top : top + 8, 20:280] = 1
    page[60:138, 140:160] = 1  # joins three lines
    points, _ = db_quads(page, MAP_SIZE, TIGHT)
    found = sorted((round(float(quad[:, 1].min())), round(float(quad[:, 0].min()))) for quad in points)
    assert [left for _, left in found[:2]] == [20, 20], "the two lines outside of it"
    assert len(found) == 2 + 3 * 2
    for top in (70, 95, 120):
        left, right = (quad for quad in points if abs(quad[:, 1].min() - top) < 2)
        ends = sorted([(quad[:, 0].min(), quad[:, 0].max()) for quad in (left, right)])
        assert ends[0][0] == pytest.approx(20, abs=2)
        assert ends[0][1] == pytest.approx(140, abs=4)
        assert ends[1][0] == pytest.approx(160, abs=4)
        assert ends[1][1] == pytest.approx(280, abs=2)


def test_region_that_looks_like_no_lines_is_dropped_whole() -> None:
    page = filled(20, 20, 280, 28)
    page[60:190, 60:63] = page[60:190, 200:203] = page[60:63, 60:203] = page[187:190, 60:203] = 1  # a frame
    assert len(db_quads(page, MAP_SIZE, THRESHOLDS)[0]) == 1


def test_map_is_not_written_to() -> None:
    probability = filled(50, 60, 150, 80)
    probability.flags.writeable = False
    assert len(db_quads(probability, MAP_SIZE, THRESHOLDS)[0]) == 1


@pytest.mark.parametrize("seed", range(100))
def test_random_region_gives_one_clockwise_quad_in_its_place(seed: int) -> None:
    random = np.random.default_rng(seed)
    center = (float(random.uniform(100, 200)), float(random.uniform(80, 120)))
    length, thickness = float(random.uniform(40, 110)), float(random.uniform(8, 30))
    probability = rotated(center, length, thickness, float(random.uniform(-90, 90)))
    page_size = (int(random.integers(100, 3000)), int(random.integers(100, 3000)))
    (quad,), (score,) = db_quads(probability, page_size, TIGHT)
    assert 0.5 <= score <= 1
    assert (quad >= 0).all()
    assert (quad <= page_size).all()
    on_map = quad * np.array(MAP_SIZE) / page_size
    np.testing.assert_allclose(on_map.mean(axis=0), center, atol=1.5)
    x, y = on_map.T
    # The shoelace formula: positive is clockwise where y points down. One pixel each way is lost in rasterizing.
    area = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)
    assert (length - 2) * (thickness - 2) <= area <= (length + 2) * (thickness + 2)


def test_options_of_a_request_replace_the_manifest_values_one_by_one() -> None:
    manifest = load_manifest("ppocrv6-small").detection
    default = DbThresholds(manifest.threshold, manifest.box_threshold, manifest.unclip_ratio)
    assert DbThresholds.of(manifest, DetectionOptions()) == default
    # 0 is a value, not "not set"
    assert DbThresholds.of(manifest, DetectionOptions(threshold=0, box_threshold=0.9)) == DbThresholds(
        0, 0.9, manifest.unclip_ratio
    )
    assert DbThresholds.of(manifest, DetectionOptions(unclip_ratio=2)).unclip_ratio == 2


@pytest.mark.parametrize(("probability", "count"), [(0.9, 1), (0.4, 0)])
def test_lone_character_is_judged_by_its_own_pixels(probability: float, count: int) -> None:
    # Of a digit at 960 pixels a page, little more than the faint edge of its region is left.
    character = filled(100, 50, 105, 59, 0.1)
    character[52:57, 101:104] = 0.35
    character[52:57, 102] = probability
    assert len(db_quads(character, MAP_SIZE, replace(THRESHOLDS, lone_character_px=120))[0]) == count
    assert len(db_quads(character, MAP_SIZE, THRESHOLDS)[0]) == 0
