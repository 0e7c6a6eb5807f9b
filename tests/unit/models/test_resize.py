"""The sizes at which the detector sees a page."""

import numpy as np
import pytest

from models.detection.resize import first_size, full_size, resize_page
from models.manifests import load_manifest

# Multiples of 32, shortest side 736, longest 2000, longest at the first pass 960.
MANIFEST = load_manifest("ppocrv6-small").detection


def page(width: int, height: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("size", "expected", "reason"),
    [
        ((736, 736), (736, 736), "exact"),
        ((1600, 1216), (1600, 1216), "exact, larger than the shortest side"),
        ((800, 1000), (800, 992), "only to the nearest multiple"),
        ((463, 1013), (736, 1600), "enlarged until the shortest side is 736"),
        ((368, 368), (736, 736), "enlarged by two"),
        ((1, 1), (736, 736), "tiny"),
        ((200, 1000), (384, 1984), "the greatest longest side wins over the least shortest one"),
        ((4000, 3000), (1984, 1504), "scaled down until the longest side is 2000"),
        ((20000, 10000), (1984, 992), "huge"),
        ((60000, 1), (1984, 32), "a strip: never less than one multiple"),
        ((1, 60000), (32, 1984), "an upright strip"),
    ],
)
def test_full_size(size: tuple[int, int], expected: tuple[int, int], reason: str) -> None:
    assert full_size(*size, MANIFEST) == expected, reason


@pytest.mark.parametrize(
    ("size", "expected", "reason"),
    [
        ((700, 700), (736, 736), "a square has more pixels at 960 than it needs"),
        ((1240, 1754), (704, 960), "A4 at 150 dpi"),
        ((2480, 3508), (768, 1024), "A4 at 300 dpi: three tenths"),
        ((4960, 7016), (1408, 1984), "A4 at 600 dpi: in full"),
        ((463, 1013), (448, 960), "a narrow receipt is not enlarged"),
        ((754, 1000), (704, 960), "a form, little smaller than itself"),
        ((20, 20), (736, 736), "a stamp: not larger than its full size"),
        ((60000, 1), (1984, 32), "a strip"),
    ],
)
def test_first_size(size: tuple[int, int], expected: tuple[int, int], reason: str) -> None:
    assert first_size(*size, MANIFEST, is_document=True) == expected, reason


@pytest.mark.parametrize("seed", range(50))
def test_sides_are_multiples_within_the_limit(seed: int) -> None:
    width, height = (int(side) for side in 10 ** np.random.default_rng(seed).uniform(0, 4.5, 2))
    full, first = full_size(width, height, MANIFEST), first_size(width, height, MANIFEST, is_document=bool(seed % 2))
    for side in (*full, *first):
        assert side % MANIFEST.size_multiple_px == 0
        assert MANIFEST.size_multiple_px <= side <= MANIFEST.longest_side_px + MANIFEST.size_multiple_px / 2
    assert first[0] * first[1] <= full[0] * full[1]


def test_page_of_the_right_size_is_not_copied() -> None:
    pixels = page(736, 768)
    assert np.shares_memory(resize_page(pixels, 1, (736, 768), is_document=True).pixels, pixels)


def test_read_only_page_is_scaled() -> None:
    pixels = page(100, 60)
    pixels.flags.writeable = False
    prepared = resize_page(pixels, 1, (1216, 736), is_document=True)
    assert prepared.pixels.shape == (736, 1216, 3)
    assert prepared.pixels.dtype == np.uint8
    assert prepared.page_size == (100, 60)
    assert prepared.size == (1216, 736)
    assert prepared.scale == 12.16  # the height's is 12.27


def test_scaling_far_down_loses_no_hairline() -> None:
    pixels = np.full((8000, 400, 3), 255, dtype=np.uint8)
    pixels[::16] = 0
    rows = resize_page(pixels, 1, (96, 1984), is_document=True).pixels[:, 0, 0].astype(np.int64)
    # A fourth of the size: each black row darkens one row or two by a fourth of 255 in all. Linear interpolation
    # looks at every other row and would lose half of them.
    darkness = (255 - rows).sum() / 255 * 8000 / len(rows)
    assert abs(darkness - 500) < 10
    assert np.diff(np.flatnonzero(rows < 255)).max() <= 5
