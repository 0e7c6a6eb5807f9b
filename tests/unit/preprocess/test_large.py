"""Large pictures are decoded in ways that save memory, to the same pixels. The tests let small ones count as large."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from deployments.preprocess.picture import large, loading, tiff_bands
from deployments.preprocess.picture.tiff_bands import band_rows
from models.errors import Undecodable
from tests.unit.preprocess.pictures import ORIENTATION_TAG, codes, decode_here, drawing, encoded, png, rgb, tiff


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Let every picture count as large. The list tells of each one whether it was decoded at once."""
    done: list[bool] = []

    def watched(data: bytes, size: tuple[int, int]) -> object:
        pixels = large.decoded_at_once(data, size)
        done.append(pixels is not None)
        return pixels

    monkeypatch.setattr(large, "_LEAST_PIXELS", 1)
    monkeypatch.setattr(loading, "decoded_at_once", watched)
    return done


@pytest.fixture
def in_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every picture count as large, and bands be a few rows."""
    monkeypatch.setattr(tiff_bands, "_LEAST_PIXELS", 1)
    monkeypatch.setattr(tiff_bands, "_BAND_PIXELS", 3000)


def photo(mode: str = "RGB") -> Image.Image:
    """Smooth color, hard edges and noise, of an odd size."""
    levels = np.random.default_rng(0)
    smooth = Image.fromarray(levels.integers(0, 256, (9, 11, 3), dtype=np.uint8)).resize((301, 203))
    smooth.paste(drawing(), (20, 30))
    smooth.paste(Image.fromarray(levels.integers(0, 256, (40, 90, 3), dtype=np.uint8)), (200, 100))
    return smooth.convert(mode)


JPEGS: dict[str, dict[str, object]] = {
    "420": {"quality": 80},
    "422": {"quality": 80, "subsampling": 1},
    "444": {"quality": 60, "subsampling": 0},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_rows": 1},
}


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("kind", JPEGS)
def test_jpeg_has_the_same_pixels_either_way(kind: str, mode: str, at_once: list[bool]) -> None:
    data = encoded(photo(mode), "JPEG", **JPEGS[kind])
    page = decode_here(data)
    assert at_once == [True]
    assert np.array_equal(page.pixels, rgb(Image.open(io.BytesIO(data))))
    assert page.warnings == ()
    assert page.pixels.flags.c_contiguous


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_png_has_the_same_pixels_either_way(mode: str, at_once: list[bool]) -> None:
    page = decode_here(encoded(photo(mode), "PNG"))
    assert at_once == [True]
    assert np.array_equal(page.pixels, rgb(photo(mode)))


def test_sixteen_bit_color_png_has_the_same_pixels_either_way(
    at_once: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.random.default_rng(0).integers(0, 65536, (20, 3 * 30), dtype=np.uint16).astype(">u2")
    data = png(30, 20, 16, 2, b"".join(b"\0" + row.tobytes() for row in values))
    page = decode_here(data)
    assert at_once == [True]
    monkeypatch.setattr(large, "_LEAST_PIXELS", 10**9)
    assert np.array_equal(page.pixels, decode_here(data).pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("picture_format", ["JPEG", "PNG"])
def test_orientation_is_applied_either_way(
    picture_format: str, orientation: int, at_once: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    data = encoded(photo(), picture_format, exif=exif)
    page = decode_here(data)
    assert at_once == [True]
    monkeypatch.setattr(large, "_LEAST_PIXELS", 10**9)
    assert np.array_equal(page.pixels, decode_here(data).pixels)


def test_exif_behind_the_pixels_of_a_png_counts(at_once: list[bool]) -> None:
    body = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    chunk = b"eXIf" + body
    data = encoded(photo(), "PNG")
    end = data.rindex(b"IEND") - 4
    late = len(body).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    page = decode_here(data[:end] + late + data[end:])
    assert at_once == [True]
    assert (page.width, page.height) == (203, 301)


@pytest.mark.parametrize(
    ("image", "picture_format"),
    [
        (photo("CMYK"), "JPEG"),
        (photo("RGBA"), "PNG"),
        (photo("P"), "PNG"),
        (photo("1"), "PNG"),
        (photo("L").convert("I;16"), "PNG"),
        (photo(), "WEBP"),
    ],
    ids=["cmyk", "alpha", "palette", "1-bit", "16-bit", "webp"],
)
def test_other_kinds_stay_with_pillow(image: Image.Image, picture_format: str, at_once: list[bool]) -> None:
    assert (decode_here(encoded(image, picture_format)).width, at_once) == (301, [])


def test_color_key_stays_with_pillow(at_once: list[bool]) -> None:
    decode_here(encoded(photo(), "PNG", transparency=(1, 2, 3)))
    assert at_once == []


@pytest.mark.parametrize(("picture_format", "white_from"), [("JPEG", None), ("PNG", -60)])
def test_cut_off_picture_is_read_in_part_and_told(
    picture_format: str, white_from: int | None, at_once: list[bool]
) -> None:
    data = encoded(photo(), picture_format)
    page = decode_here(data[: len(data) // 2])
    assert codes(page) == ["truncated"]
    assert np.corrcoef(page.pixels[:60].ravel(), rgb(photo())[:60].ravel())[0, 1] > 0.95
    if white_from is not None:
        assert page.pixels[white_from:].min() == 255


def test_cut_off_picture_too_large_to_be_saved_is_undecodable(
    at_once: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def needed(image: ImageFile, how: object) -> int:
        return 0 if getattr(how, "is_at_once", False) else 10**12

    monkeypatch.setattr("deployments.preprocess.picture.header.decode_bytes", needed)
    data = encoded(photo(), "PNG")
    with pytest.raises(Undecodable, match="too large for a part of it to be saved"):
        decode_here(data[: len(data) // 2])


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8 nothing", encoded(photo(), "PNG")[:200]], ids=["empty", "head", "png"]
)
def test_nothing_of_the_memory_before_shows(data: bytes) -> None:
    assert large.decoded_at_once(data, (301, 203)) is None


def test_picture_of_another_size_than_the_header_said_is_not_taken() -> None:
    assert large.decoded_at_once(encoded(photo(), "PNG"), (300, 203)) is None


TIFF_KINDS = [
    (mode, compression)
    for mode in ("RGB", "L", "1", "P", "CMYK", "I;16")
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits")
] + [("RGB", "jpeg"), ("L", "jpeg"), ("CMYK", "jpeg"), ("1", "group4")]


def tiff_image(mode: str) -> Image.Image:
    return photo("L").convert("I;16") if mode == "I;16" else photo(mode)


@pytest.mark.parametrize(("mode", "compression"), TIFF_KINDS)
def test_tiff_in_bands_has_the_same_pixels(mode: str, compression: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for options in ({}, {"big_tiff": True}):
        tags = {278: 16}
        data = encoded(tiff_image(mode), "TIFF", compression=compression, tiffinfo=tags, strip_size=1, **options)
        whole = decode_here(data)
        with monkeypatch.context() as patch:
            patch.setattr(tiff_bands, "_LEAST_PIXELS", 1)
            patch.setattr(tiff_bands, "_BAND_PIXELS", 3000)
            assert band_rows(TiffImageFile(io.BytesIO(data))) in range(1, 100)
            assert np.array_equal(decode_here(data).pixels, whole.pixels)


def test_tiles_in_bands_have_the_same_pixels(in_bands: None) -> None:
    stored = np.asarray(photo("L"))[:200, :300]
    padded = np.zeros((208, 320), np.uint8)
    padded[:200, :300] = stored
    tiles = [padded[y : y + 16, x : x + 64].tobytes() for y in range(0, 208, 16) for x in range(0, 320, 64)]
    coded = [zlib.compress(tile) for tile in tiles]
    offsets = [8 + sum(map(len, coded[:number])) for number in range(len(coded))]
    tags: dict[int, int | list[int]] = {258: 8, 259: 8, 262: 1, 277: 1, 322: 64, 323: 16, 324: offsets}
    data = tiff(300, 200, b"".join(coded), {**tags, 325: [len(tile) for tile in coded]})
    assert band_rows(TiffImageFile(io.BytesIO(data))) == 16
    assert np.array_equal(decode_here(data).pixels[..., 0], stored)


def test_damaged_strip_leaves_the_others(in_bands: None) -> None:
    data = bytearray(encoded(photo(), "TIFF", compression="tiff_adobe_deflate", tiffinfo={278: 16}, strip_size=1))
    offsets = TiffImageFile(io.BytesIO(data)).tag_v2[273]
    data[offsets[5] : offsets[5] + 20] = b"\xff" * 20
    page = decode_here(bytes(data))
    assert codes(page) == ["truncated"]
    assert (page.pixels[80:96] == 255).all()
    assert np.array_equal(page.pixels[:80], rgb(photo())[:80])
    assert np.array_equal(page.pixels[96:], rgb(photo())[96:])


def test_tiff_with_every_strip_damaged_is_undecodable(in_bands: None) -> None:
    data = bytearray(encoded(photo(), "TIFF", compression="tiff_adobe_deflate", tiffinfo={278: 16}, strip_size=1))
    for offset in TiffImageFile(io.BytesIO(data)).tag_v2[273]:
        data[offset : offset + 20] = b"\xff" * 20
    with pytest.raises(Undecodable):
        decode_here(bytes(data))
