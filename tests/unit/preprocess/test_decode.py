import numpy as np
import pytest
from PIL import Image, ImageOps

from deployments.document import Document
from deployments.preprocess.decode import DocumentInfo, PageDecoder
from deployments.preprocess.formats.signatures import ImageFormat
from deployments.settings import PreprocessLimits
from models.errors import SourceNotFound, TooLarge
from tests.unit.preprocess.pictures import ORIENTATION_TAG, codes, decode, drawing, encoded, mean_difference, png, rgb


@pytest.mark.parametrize("picture_format", ["PNG", "BMP", "TIFF", "PPM", "PCX", "TGA", "JPEG2000"])
def test_lossless_picture_is_read_exactly(picture_format: str) -> None:
    page = decode(encoded(drawing(), picture_format))
    assert np.array_equal(page.pixels, rgb(drawing()))
    assert page.pixels.flags.c_contiguous
    assert not page.pixels.flags.writeable
    assert (page.number, page.rotation, page.warnings) == (1, 0, ())


@pytest.mark.parametrize(("picture_format", "limit"), [("JPEG", 4.0), ("WEBP", 4.0), ("GIF", 1.0), ("AVIF", 4.0)])
def test_lossy_picture_is_read_closely(picture_format: str, limit: float) -> None:
    quality = {} if picture_format == "GIF" else {"quality": 95}
    page = decode(encoded(drawing(), picture_format, **quality))
    assert mean_difference(page, rgb(drawing())) < limit


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("picture_format", "limit"),
    [("JPEG", 4.0), ("PNG", 0.0), ("WEBP", 0.0), ("TIFF", 0.0), ("AVIF", 4.0)],
    ids=lambda value: str(value),
)
def test_exif_orientation_is_applied(picture_format: str, limit: float, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    stored = drawing()
    options = {"lossless": True} if picture_format == "WEBP" else {"quality": 95} if limit else {}
    page = decode(encoded(stored, picture_format, exif=exif, **options))
    stored.getexif()[ORIENTATION_TAG] = orientation
    assert mean_difference(page, rgb(ImageOps.exif_transpose(stored))) <= limit
    assert page.pixels.flags.c_contiguous
    assert page.warnings == ()


def test_senseless_orientation_is_ignored() -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 99
    assert np.array_equal(decode(encoded(drawing(), "PNG", exif=exif)).pixels, rgb(drawing()))


@pytest.mark.parametrize("size", [(60_000, 1), (1, 60_000), (1, 1), (30_000, 16)], ids=str)
def test_degenerate_size_is_read(size: tuple[int, int]) -> None:
    page = decode(encoded(Image.new("L", size, 7), "PNG"))
    assert (page.width, page.height) == size
    assert page.pixels.min() == page.pixels.max() == 7


def test_large_picture_is_converted_in_bands_without_seams() -> None:
    levels = np.arange(3000 * 1000, dtype=np.uint32).reshape(3000, 1000)
    stored = np.dstack([levels % 251, levels // 1000 % 256, levels % 7]).astype(np.uint8)
    assert np.array_equal(decode(encoded(Image.fromarray(stored), "PNG", compress_level=1)).pixels, stored)


def test_inspect_reads_the_header_only() -> None:
    cut_before_the_pixels = encoded(drawing(), "PNG")[:60]
    info = PageDecoder(PreprocessLimits()).inspect(Document(cut_before_the_pixels))
    assert info == DocumentInfo(ImageFormat.PNG, page_count=1)


@pytest.mark.parametrize("number", [0, 2, -1])
def test_other_page_numbers_do_not_exist(number: int) -> None:
    with pytest.raises(SourceNotFound, match=f"page {number} does not exist"):
        PageDecoder(PreprocessLimits()).page(Document(encoded(drawing(), "PNG")), number)


def test_pixel_limit_is_checked_before_decoding() -> None:
    header_only = png(30_000, 20_000, 8, 0, b"")
    with pytest.raises(TooLarge, match=r"30000 x 20000 = 600\.0 million pixels, more than the limit of 150\.0 million"):
        PageDecoder(PreprocessLimits()).inspect(Document(header_only))


def test_picture_at_the_pixel_limit_is_read() -> None:
    decoder = PageDecoder(PreprocessLimits(max_pixels=1_000_000))
    at_limit = Document(encoded(Image.new("L", (1000, 1000)), "PNG"))
    assert decoder.page(at_limit, 1).width == 1000
    with pytest.raises(TooLarge):
        decoder.page(Document(encoded(Image.new("L", (1000, 1001)), "PNG")), 1)


def test_costly_kind_is_refused_by_memory() -> None:
    decoder = PageDecoder(PreprocessLimits(max_decode_bytes=50_000_000))
    picture = Image.new("RGB", (3000, 2000), "white")
    assert decoder.page(Document(encoded(picture, "JPEG")), 1).width == 3000
    with pytest.raises(TooLarge, match="would take 60 MB of memory, more than the limit of 50 MB"):
        decoder.page(Document(encoded(picture, "JPEG", progressive=True, subsampling=0)), 1)


def test_scans_of_a_thumbnail_do_not_count() -> None:
    decoder = PageDecoder(PreprocessLimits(max_decode_bytes=50_000_000))
    thumbnail = encoded(drawing(), "JPEG", progressive=True)
    picture = encoded(Image.new("RGB", (3000, 2000), "white"), "JPEG", comment=thumbnail)
    assert decoder.page(Document(picture + thumbnail), 1).width == 3000


def test_wrong_extension_is_read_with_a_warning() -> None:
    page = decode(encoded(drawing(), "PNG"), "scan.jpg")
    assert codes(page) == ["extension_mismatch"]
    assert page.warnings[0].message == "the document was read as PNG, although its name is 'scan.jpg'"
    assert np.array_equal(page.pixels, rgb(drawing()))
