import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from tests.unit.preprocess.pictures import codes, decode, drawing, encoded, mean_difference, png, rgb, tiff

BITS_PER_SAMPLE, COMPRESSION, PHOTOMETRIC, OFFSETS, SAMPLES, COUNTS, SAMPLE_FORMAT = 258, 259, 262, 273, 277, 279, 339


def gray_tiff(values: npt.NDArray[np.generic], *, bits: int, photometric: int = 1, sample_format: int = 1) -> bytes:
    height, width = values.shape
    data = values.tobytes()
    tags: dict[int, int | list[int]] = {
        BITS_PER_SAMPLE: bits,
        COMPRESSION: 1,
        PHOTOMETRIC: photometric,
        OFFSETS: 8,
        SAMPLES: 1,
        COUNTS: len(data),
        SAMPLE_FORMAT: sample_format,
    }
    return tiff(width, height, data, tags)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
@pytest.mark.parametrize("picture_format", ["PNG", "BMP", "TIFF"])
def test_mode_is_read_as_rgb(picture_format: str, mode: str) -> None:
    image = drawing().convert(mode)
    assert np.array_equal(decode(encoded(image, picture_format)).pixels, rgb(image))


def test_sixteen_bit_gray_png_is_scaled() -> None:
    values = np.array([[0, 256, 32768, 65279, 65535]], np.uint16)
    data = png(5, 1, 16, 0, b"\0" + values.astype(">u2").tobytes())
    assert decode(data).pixels[0, :, 0].tolist() == [0, 1, 128, 254, 255]


def test_sixteen_bit_color_png_is_scaled() -> None:
    values = np.array([[[0, 32768, 65535]]], np.uint16)
    assert decode(png(1, 1, 16, 2, b"\0" + values.astype(">u2").tobytes())).pixels.tolist() == [[[0, 128, 255]]]


@pytest.mark.parametrize(
    ("photometric", "expected"), [(1, [0, 128, 255]), (0, [255, 127, 0])], ids=["black0", "white0"]
)
def test_sixteen_bit_gray_tiff_is_scaled(photometric: int, expected: list[int]) -> None:
    data = gray_tiff(np.array([[0, 32768, 65535]], np.uint16), bits=16, photometric=photometric)
    assert decode(data).pixels[0, :, 2].tolist() == expected


@pytest.mark.parametrize(
    ("values", "expected", "warnings"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255], []),
        ([0.0, 127.0, 255.0], [0, 127, 255], []),
        ([0.0, 32768.0, 65535.0], [0, 128, 255], []),
        ([-10.0, 0.0, 10.0], [0, 128, 255], ["range_stretched"]),
        ([-3e38, 0.0, 3e38], [0, 128, 255], ["range_stretched"]),
        ([np.nan, 1.0, np.inf], [0, 255, 255], []),
        ([-5.0, -5.0, -5.0], [0, 0, 0], ["range_stretched"]),
    ],
    ids=["unit", "bytes", "words", "signed", "huge", "not-finite", "constant"],
)
def test_float_tiff_is_scaled_by_its_range(values: list[float], expected: list[int], warnings: list[str]) -> None:
    page = decode(gray_tiff(np.array([values], np.float32), bits=32, sample_format=3))
    assert page.pixels[0, :, 0].tolist() == expected
    assert codes(page) == warnings


def test_signed_sixteen_bit_tiff_is_scaled() -> None:
    page = decode(gray_tiff(np.array([[0, 100, 255]], np.int16), bits=16, sample_format=2))
    assert page.pixels[0, :, 0].tolist() == [0, 100, 255]


@pytest.mark.parametrize(
    ("picture_format", "options", "limit"), [("TIFF", {}, 0.0), ("JPEG", {"quality": 95}, 4.0)], ids=["tiff", "jpeg"]
)
def test_cmyk_is_read_as_rgb(picture_format: str, options: dict[str, int], limit: float) -> None:
    page = decode(encoded(drawing().convert("CMYK"), picture_format, **options))
    assert mean_difference(page, rgb(drawing())) <= limit


def test_lab_tiff_is_read_as_rgb() -> None:
    # CIELAB of black, white and sRGB red: (0, 0, 0), (100, 0, 0) and (53.2, 80.1, 67.2); L is stored times 2.55.
    stored = np.array([[[0, 128, 128], [255, 128, 128], [136, 208, 195]]], np.uint8)
    page = decode(encoded(Image.frombytes("LAB", (3, 1), stored.tobytes()), "TIFF"))
    assert np.abs(page.pixels[0].astype(int) - [[0, 0, 0], [255, 255, 255], [255, 0, 0]]).max() <= 3


@pytest.mark.parametrize("picture_format", ["PNG", "WEBP", "TIFF"])
def test_dark_ink_is_laid_on_white(picture_format: str) -> None:
    image = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    image.paste((10, 20, 30, 255), (5, 5, 15, 10))
    image.paste((0, 0, 0, 128), (5, 12, 15, 15))
    page = decode(encoded(image, picture_format, **({"lossless": True} if picture_format == "WEBP" else {})))
    assert page.pixels[0, 0].tolist() == [255, 255, 255]
    assert page.pixels[7, 7].tolist() == [10, 20, 30]
    assert page.pixels[13, 7].tolist() == [127, 127, 127]
    assert page.warnings == ()


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_white_ink_is_laid_on_black_with_a_warning(mode: str) -> None:
    image = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    image.paste((255, 255, 255, 255), (5, 5, 15, 10))
    page = decode(encoded(image.convert(mode), "PNG"))
    assert page.pixels[0, 0].tolist() == [0, 0, 0]
    assert page.pixels[7, 7].tolist() == [255, 255, 255]
    assert codes(page) == ["dark_background"]


def test_opaque_alpha_changes_nothing() -> None:
    page = decode(encoded(Image.new("RGBA", (9, 9), (250, 250, 250, 255)), "PNG"))
    assert page.pixels.min() == page.pixels.max() == 250
    assert page.warnings == ()


def test_wholly_transparent_picture_is_white() -> None:
    page = decode(encoded(Image.new("RGBA", (9, 9), (0, 0, 0, 0)), "PNG"))
    assert page.pixels.min() == 255


@pytest.mark.parametrize("picture_format", ["PNG", "GIF"])
def test_transparent_palette_entry_is_laid_on_white(picture_format: str) -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([255, 0, 0, 10, 20, 30])
    image.paste(1, (2, 2, 6, 6))
    page = decode(encoded(image, picture_format, transparency=0))
    assert page.pixels[0, 0].tolist() == [255, 255, 255]
    assert page.pixels[3, 3].tolist() == [10, 20, 30]


def test_color_key_is_laid_on_white() -> None:
    image = Image.new("RGB", (8, 8), (1, 2, 3))
    image.paste((90, 80, 70), (2, 2, 6, 6))
    page = decode(encoded(image, "PNG", transparency=(1, 2, 3)))
    assert page.pixels[0, 0].tolist() == [255, 255, 255]
    assert page.pixels[3, 3].tolist() == [90, 80, 70]
