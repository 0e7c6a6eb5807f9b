import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from models.errors import TooLarge, Undecodable, UnsupportedType
from tests.unit.preprocess.pictures import (
    ORIENTATION_TAG,
    codes,
    decode,
    drawing,
    encoded,
    png,
    rgb,
    run_length_bmp,
    tiff,
)


def noisy(mode: str = "RGB") -> Image.Image:
    levels = np.random.default_rng(0).integers(0, 200, (200, 300, 3), dtype=np.uint8)
    return Image.fromarray(levels).convert(mode)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_cut_off_png_keeps_its_top_and_is_white_below(mode: str) -> None:
    data = encoded(noisy(mode), "PNG")
    page = decode(data[: len(data) // 2])
    assert np.array_equal(page.pixels[:80], rgb(noisy(mode))[:80])
    assert page.pixels[-80:].min() == 255
    assert codes(page) == ["truncated"]
    assert page.warnings[0].message.startswith("the PNG picture is cut off or damaged (")


@pytest.mark.parametrize("is_progressive", [False, True], ids=["baseline", "progressive"])
def test_cut_off_jpeg_is_read_in_part(is_progressive: bool) -> None:
    data = encoded(noisy("L"), "JPEG", quality=90, progressive=is_progressive)
    page = decode(data[: len(data) * 3 // 4])
    assert codes(page) == ["truncated"]
    whole = rgb(noisy("L")).astype(float)
    assert np.corrcoef(page.pixels[:80].ravel(), whole[:80].ravel())[0, 1] > 0.9


def test_cut_off_bmp_keeps_its_bottom() -> None:
    data = encoded(noisy(), "BMP")
    page = decode(data[: len(data) // 2])
    assert np.array_equal(page.pixels[-90:], rgb(noisy())[-90:])
    assert page.pixels[:90].min() == 255


@pytest.mark.parametrize("orientation", [3, 6])
def test_cut_off_tiff_is_turned_all_the_same(orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    data = encoded(noisy(), "TIFF", exif=exif)
    whole, page = decode(data), decode(data[: len(data) // 2])
    assert codes(page) == ["truncated"]
    assert page.pixels.shape == whole.pixels.shape
    read = np.s_[-90:] if orientation == 3 else np.s_[:, -90:]
    assert np.array_equal(page.pixels[read], whole.pixels[read])


@pytest.mark.parametrize("picture_format", ["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP"])
@pytest.mark.parametrize("length", [8, 20, 60])
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_picture_with_nothing_left_is_undecodable(picture_format: str, length: int) -> None:
    with pytest.raises((Undecodable, UnsupportedType)) as caught:
        decode(encoded(noisy(), picture_format)[:length])
    assert caught.value.http_status in (415, 422)


def test_bytes_behind_the_picture_are_ignored() -> None:
    page = decode(encoded(drawing(), "PNG") + b"garbage" * 100)
    assert np.array_equal(page.pixels, rgb(drawing()))
    assert page.warnings == ()


def test_run_length_bmp_is_read() -> None:
    page = decode(run_length_bmp(4, 2, b"\x04\x07\0\0\x04\x09\0\1"))
    assert page.pixels[:, 0, 0].tolist() == [9, 7]


def test_run_length_bmp_that_would_take_seconds_is_refused() -> None:
    # 2.4 kB, and 10 s in Pillow's decoder.
    with pytest.raises(TooLarge, match=r"limit for run-length BMP of 4\.0 million"):
        decode(run_length_bmp(60_000, 600, b"\x01\x05\0\0" * 600 + b"\0\1"))


def test_jpeg_of_countless_scans_is_refused() -> None:
    data = encoded(drawing(), "JPEG", progressive=True)
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    assert decode(data[:-2] + last_scan * 20 + data[-2:]).warnings == ()
    with pytest.raises(Undecodable, match="more than 50 scans"):
        decode(data[:-2] + last_scan * 200 + data[-2:])


def test_jpeg_of_countless_comments_between_scans_is_refused() -> None:
    data = encoded(drawing(), "JPEG", progressive=True)
    with pytest.raises(Undecodable, match="more than 50 scans"):
        decode(data[:-2] + b"\xff\xfe\x00\x02" * 10_000 + data[-2:])


def test_tiff_tile_larger_than_any_page_is_refused() -> None:
    tags: dict[int, int | list[int]] = {258: 8, 259: 8, 262: 1, 277: 1, 322: 65_520, 323: 65_520, 324: 8, 325: 4}
    with pytest.raises(TooLarge, match=r"100 x 100 .* would take 4293 MB"):
        decode(tiff(100, 100, bytes(4), tags))


def test_compressed_text_bomb_is_undecodable() -> None:
    body = b"bomb\0\0" + zlib.compress(bytes(200 << 20))
    chunk = struct.pack(">I", len(body)) + b"iCCP" + body + struct.pack(">I", zlib.crc32(b"iCCP" + body))
    picture = encoded(drawing(), "PNG")
    with pytest.raises(Undecodable):
        decode(picture[:33] + chunk + picture[33:])


def test_dng_is_unsupported() -> None:
    tags: dict[int, int | list[int]] = {258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: 4, 50706: [1, 4, 0, 0]}
    with pytest.raises(UnsupportedType, match=r"camera raw picture; .* export it as JPEG or PNG"):
        decode(tiff(4, 1, bytes(4), tags))


def test_memory_error_is_not_blamed_on_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_args: object) -> None:
        raise MemoryError

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile._open", exhausted)
    with pytest.raises(MemoryError):
        decode(png(1, 1, 8, 0, b"\0\0"))
