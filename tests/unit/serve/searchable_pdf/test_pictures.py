"""Pictures as searchable PDFs: their own bytes if PDF knows the format, else their pixels."""

import io
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image

from deployments.document import Document
from deployments.preprocess.decode import PageDecoder
from deployments.settings import PreprocessLimits
from serve.searchable_pdf.pictures import page_size
from tests.pictures import drawn_page
from tests.poppler import drawn, found_words, text_by_poppler
from tests.unit.serve.searchable_pdf.results import exported, line, page

PIXELS = drawn_page("first row", "second row", marker=(200, 30, 30))
HEIGHT, WIDTH = PIXELS.shape[:2]
WORDS = page(line("hello world", 60, 60), size=(WIDTH, HEIGHT))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def pictures_in(pdf: bytes) -> list[Image.Image]:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        found = [image for page in opened.pages for image in page.get_images().values()]
        return [pikepdf.PdfImage(image).as_pil_image() for image in found if isinstance(image, pikepdf.Stream)]


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_stays_jpeg(mode: str, progressive: bool, tmp_path: Path) -> None:
    data = encoded(Image.fromarray(PIXELS).convert(mode), "JPEG", progressive=progressive, dpi=(200, 200))
    pdf = exported(data, WORDS)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        (image,) = opened.pages[0].get_images().values()
        assert image.read_raw_bytes() == data
        assert [float(side) for side in opened.pages[0].mediabox] == [0, 0, WIDTH * 72 / 200, HEIGHT * 72 / 200]
    assert text_by_poppler(pdf, tmp_path).split() == ["hello", "world"]


@pytest.mark.parametrize(
    ("mode", "kind", "options"),
    [
        ("RGB", "PNG", {}),
        ("L", "PNG", {}),
        ("1", "PNG", {}),
        ("P", "PNG", {}),
        ("RGB", "BMP", {}),
        ("RGB", "WEBP", {"lossless": True}),
        ("1", "TIFF", {"compression": "group4"}),
        ("RGB", "TIFF", {"compression": "tiff_lzw"}),
        ("RGB", "TIFF", {"compression": "tiff_deflate", "tiffinfo": {274: 6}}),
    ],
)
def test_no_pixel_is_lost(mode: str, kind: str, options: dict[str, object], tmp_path: Path) -> None:
    image = Image.fromarray(PIXELS).convert(mode)
    document = Document(encoded(image, kind, **options))
    shown = PageDecoder(PreprocessLimits()).page(document, 1).pixels
    pdf = exported(document.data, page(line("hi you", 20, 60), size=(shown.shape[1], shown.shape[0])))
    (picture,) = pictures_in(pdf)
    assert np.array_equal(np.asarray(picture.convert("RGB")), shown)
    assert text_by_poppler(pdf, tmp_path).split() == ["hi", "you"]


def test_16_bits_stay() -> None:
    values = (np.arange(HEIGHT * WIDTH, dtype=np.uint32) % 65536).astype(np.uint16).reshape(HEIGHT, WIDTH)
    with pikepdf.open(io.BytesIO(exported(encoded(Image.fromarray(values), "PNG"), WORDS))) as pdf:
        (image,) = pdf.pages[0].get_images().values()
        assert image.BitsPerComponent == 16


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pages_are_upright_as_exif_asks(orientation: int, kind: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    # At this resolution a point is a pixel, so that PDFium's drawing can be compared.
    data = encoded(Image.fromarray(PIXELS), kind, exif=exif.tobytes(), dpi=(100, 100))
    shown = PageDecoder(PreprocessLimits()).page(Document(data), 1).pixels
    pdf = exported(data, page(line("hello world", 60, 60), size=(shown.shape[1], shown.shape[0])))
    # PDFium draws a row more if a size is a hair above a whole number.
    picture = drawn(pdf, scale=100 / 72)[: shown.shape[0], : shown.shape[1], ::-1]
    assert picture.shape == shown.shape
    assert np.abs(picture.astype(int) - shown).mean() < 6
    assert found_words(pdf, tmp_path)[0][0].overlap((60 * 0.72, 60 * 0.72, 160 * 0.72, 100 * 0.72)) > 0.97


def test_our_turn_is_shown_without_touching_pixels(tmp_path: Path) -> None:
    stored = np.ascontiguousarray(np.rot90(PIXELS))
    data = encoded(Image.fromarray(stored), "PNG", dpi=(100, 100))
    pdf = exported(data, page(line("hello world", 60, 60), size=(WIDTH, HEIGHT), rotation=90))
    (picture,) = pictures_in(pdf)
    assert np.array_equal(np.asarray(picture), stored)
    assert drawn(pdf, scale=100 / 72).shape[1] == WIDTH
    assert found_words(pdf, tmp_path)[0][0].overlap((60 * 0.72, 60 * 0.72, 160 * 0.72, 100 * 0.72)) > 0.97


def test_transparent_pictures_can_be_read(tmp_path: Path) -> None:
    image = Image.fromarray(PIXELS).convert("RGBA")
    image.putalpha(Image.fromarray((255 - PIXELS[:, :, 1]).astype(np.uint8)))
    pdf = exported(encoded(image, "PNG"), WORDS)
    assert drawn(pdf).min() < 80
    assert text_by_poppler(pdf, tmp_path).split() == ["hello", "world"]


def test_each_page_of_a_tiff_is_a_page(tmp_path: Path) -> None:
    image = Image.fromarray(PIXELS)
    data = encoded(image, "TIFF", save_all=True, append_images=[image.convert("1"), image.convert("L")])
    pdf = exported(data, WORDS, page(line("the last", 60, 60), number=3, size=(WIDTH, HEIGHT)))
    assert [words.split() for words in text_by_poppler(pdf, tmp_path).split("\f")[:3]] == [
        ["hello", "world"],
        [],
        ["the", "last"],
    ]


@pytest.mark.parametrize(
    ("size_px", "dpi", "size_pt"),
    [
        ((2480, 3508), (300, 300), (595.2, 841.92)),
        ((1728, 1100), (204, 98), (609.882, 808.163)),  # a fax
        ((4000, 3000), (72, 72), (841.89, 631.418)),  # a camera, which means nothing by it
        ((4000, 3000), (0, 0), (841.89, 631.418)),
        ((400, 900), (0, 0), (144, 324)),  # 200 dpi
        ((400, 900), (72_000, 72_000), (144, 324)),
        ((400, 900), (float("nan"), 300), (144, 324)),
        ((400, 900), (300, 9), (144, 324)),
        ((12_000, 12_000), (300, 300), (2880, 2880)),  # a map
        ((60_000, 100), (100, 100), (841.89, 3)),  # longer than a page can be
    ],
)
def test_size_of_the_page(size_px: tuple[int, int], dpi: tuple[float, float], size_pt: tuple[float, float]) -> None:
    assert page_size(*size_px, dpi) == pytest.approx(size_pt, abs=0.001)
