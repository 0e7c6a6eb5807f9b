"""Growth from windows of samples, pictures of mixed sizes, the file of a soak."""

import io
import itertools
import math
from pathlib import Path

import pytest
from PIL import Image

from loadtest.data.pictures import Picture
from loadtest.errors import LoadtestError
from loadtest.soak import MemorySample, Windows, growth_by_role, read_record, total_growth
from loadtest.soak.commands import soak_table
from loadtest.soak.pictures import FACTORS, MAX_PIXELS, mixed_order, scaled
from tests.unit.loadtest.soak_records import MB, WINDOWS, record, sample


def picture(width: int, height: int, image_format: str, mode: str = "RGB") -> Picture:
    out = io.BytesIO()
    Image.new(mode, (width, height), 0).save(out, image_format)
    return Picture(f"a.{image_format.lower()}", out.getvalue())


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_growth_is_between_the_medians_of_the_windows() -> None:
    # One sample in each window is taken amid a large page, and what comes before the first window does not count.
    sizes = {5: 10, 40: 100, 45: 900, 50: 100, 55: 100, 60: 104, 100: 500, 185: 110, 190: 110, 195: 900, 200: 110}
    grown = total_growth([sample(images, detection=size) for images, size in sizes.items()], WINDOWS)
    assert (grown.early_bytes, grown.late_bytes) == (100 * MB, 110 * MB)
    assert grown.percent == pytest.approx(10.0)


def test_memory_that_returns_is_no_growth() -> None:
    sizes = [100, 130, 90, 120, 100]
    samples = [sample(10 * number, gcs=sizes[number % 5]) for number in range(1, 31)]
    assert total_growth(samples, Windows(100, 100)).percent == 0.0


def test_roles_that_come_and_go_are_counted_as_nothing_meanwhile() -> None:
    early = [sample(images, recognition=100, idle=7) for images in (40, 50, 60)]
    late = [sample(images, recognition=100, haproxy=20) for images in (190, 195, 200)]
    roles = growth_by_role([*early, *late], WINDOWS)
    assert [growth.role for growth in roles] == ["recognition", "haproxy", "idle"]
    found = {growth.role: growth for growth in roles}
    assert found["recognition"].percent == 0.0
    assert found["idle"].percent == -100.0
    assert (found["haproxy"].percent, found["haproxy"].late_bytes) == (None, 20 * MB)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([], "0 images tell no growth; from image 50 on it takes 80"),
        (range(10, 80, 5), "75 images tell no growth"),
        ((40, 50, 60, 200), "hold 3 and 1 samples of memory"),
        ((190, 195, 200), "hold 0 and 3 samples of memory"),
    ],
)
def test_too_short_a_run_tells_nothing(images: list[int], message: str) -> None:
    with pytest.raises(LoadtestError, match=message):
        total_growth([sample(number, gcs=1) for number in images], WINDOWS)


def test_table_has_roles_and_their_sum() -> None:
    early = [sample(images, detection=100, gcs=50) for images in (40, 50, 60)]
    late = [sample(images, detection=120, gcs=50) for images in (190, 195, 200)]
    late = [MemorySample(s.images, s.elapsed_s, s.bytes_by_role, {"detection": 2, "gcs": 1}) for s in late]
    lines = soak_table(record([*early, *late])).splitlines()
    assert lines[1] == "200 images of mixed sizes, 8 clients, 100 s; failed: timeout 1"
    assert lines[4:] == [
        "| role | MB at 50 | MB at 200 | growth | processes |",
        "|---|---|---|---|---|",
        "| detection | 100 | 120 | +20.0 % | 1 -> 2 |",
        "| gcs | 50 | 50 | +0.0 % | 1 |",
        "| all | 150 | 170 | +13.3 % | 2 -> 3 |",
    ]


def test_file_holds_all_of_a_soak(tmp_path: Path) -> None:
    written = record([sample(10, gcs=5), sample(20, gcs=6, raylet=1)])
    written.write(tmp_path / "soak.json")
    assert read_record(tmp_path / "soak.json") == written
    (tmp_path / "soak.json").write_text('{"kind": "bench"}', encoding="utf-8")
    with pytest.raises(LoadtestError, match=r"holds no figures of python -m loadtest soak: .*its kind is 'bench'"):
        read_record(tmp_path / "soak.json")


def test_order_holds_every_picture_in_each_round_and_follows_the_seed() -> None:
    first = list(itertools.islice(mixed_order(40, seed=3), 80))
    assert first == list(itertools.islice(mixed_order(40, seed=3), 80))
    assert first != list(itertools.islice(mixed_order(40, seed=4), 80))
    assert sorted(index for index, _ in first[:40]) == sorted(index for index, _ in first[40:]) == list(range(40))
    assert first[:40] != first[40:]


def test_half_of_the_pictures_are_scaled_over_the_whole_range() -> None:
    factors = [factor for _, factor in itertools.islice(mixed_order(10, seed=1), 2000)]
    chosen = sorted(factor for factor in factors if factor is not None)
    assert 900 < len(chosen) < 1100
    assert FACTORS[0] <= chosen[0] < 0.32
    assert 1.9 < chosen[-1] <= FACTORS[1]
    assert chosen[len(chosen) // 2] == pytest.approx(math.sqrt(FACTORS[0] * FACTORS[1]), rel=0.15)


@pytest.mark.parametrize(("image_format", "kept"), [("JPEG", "JPEG"), ("PNG", "PNG"), ("WEBP", "PNG")])
def test_copy_is_scaled_and_keeps_to_jpeg_or_png(image_format: str, kept: str) -> None:
    copy = scaled(picture(200, 100, image_format), 0.5)
    assert opened(copy.content).size == (100, 50)
    assert opened(copy.content).format == kept
    assert copy.content_type == f"image/{kept.lower()}"


def test_copy_is_no_larger_than_the_service_takes() -> None:
    copy = opened(scaled(picture(5000, 4000, "JPEG", "L"), 2.0).content)
    assert copy.width * copy.height <= MAX_PIXELS
    assert copy.width / copy.height == pytest.approx(1.25, rel=0.001)


def test_what_pillow_cannot_read_is_sent_as_it_is() -> None:
    odd = Picture("a.xyz", b"no picture")
    assert scaled(odd, 0.5) is odd
