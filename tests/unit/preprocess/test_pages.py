"""Documents of several pages: pages of a TIFF, frames of animations, pictures of a HEIC file."""

import struct
import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image, ImageDraw

from deployments.document import Document
from deployments.preprocess.decode import PageDecoder
from deployments.preprocess.formats.avif import coded_pixels
from deployments.preprocess.formats.tiff import tiff_pages
from deployments.settings import PreprocessLimits
from models.errors import SourceNotFound, TooLarge, Undecodable
from models.page import Page
from tests.unit.preprocess.heic import HEIC_OF_TWO, HEIC_TURNED
from tests.unit.preprocess.pictures import codes, drawing, encoded, mean_difference, rgb

NEW_SUBFILE_TYPE, SUBFILE_TYPE = 254, 255


def decoder() -> PageDecoder:
    return PageDecoder(PreprocessLimits())


def pages_of(data: bytes) -> list[Page]:
    document = Document(data)
    count = decoder().inspect(document).page_count
    pages = [decoder().page(document, number) for number in range(1, count + 1)]
    assert [page.page_count for page in pages] == [count] * count
    assert [page.number for page in pages] == list(range(1, count + 1))
    return pages


def numbered(number: int, size: tuple[int, int] = (60, 40)) -> Image.Image:
    """A picture unlike any with another number."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((0, 0, 5 * number, 20), fill=(0, 40 * number, 90))
    return image


def several(picture_format: str, frames: Sequence[Image.Image], **options: object) -> bytes:
    return encoded(frames[0], picture_format, save_all=True, append_images=frames[1:], **options)


def tiff_of(*tags: dict[int, int]) -> bytes:
    """A TIFF of numbered pictures, each with such tags."""
    images = [numbered(number) for number in range(1, len(tags) + 1)]
    for image, own in zip(images, tags, strict=True):
        image.encoderinfo = {"tiffinfo": own}
    return several("TIFF", images, tiffinfo=tags[0])


def directory_offsets(data: bytes) -> list[int]:
    """Offsets of the directories of a little-endian TIFF."""
    offsets = [struct.unpack_from("<I", data, 4)[0]]
    while True:
        following = struct.unpack_from("<I", data, next_field(data, offsets[-1]))[0]
        if not following:
            return offsets
        offsets.append(following)


def next_field(data: bytes, offset: int) -> int:
    return int(offset + 2 + 12 * struct.unpack_from("<H", data, offset)[0])


def patched(data: bytes, offset: int, value: int) -> bytes:
    return data[:offset] + struct.pack("<I", value) + data[offset + 4 :]


@pytest.mark.parametrize("options", [{}, {"big_tiff": True}, {"compression": "tiff_lzw"}], ids=str)
def test_each_page_of_a_tiff_is_read(options: dict[str, object]) -> None:
    images = [numbered(1), numbered(2, (30, 70)), numbered(3).convert("L"), numbered(4).convert("1")]
    pages = pages_of(several("TIFF", images, **options))
    assert len(pages) == 4
    for page, image in zip(pages, images, strict=True):
        assert np.array_equal(page.pixels, rgb(image))
        assert page.warnings == ()


@pytest.mark.parametrize(
    ("types", "numbers"),
    [
        ([{NEW_SUBFILE_TYPE: 0}, {NEW_SUBFILE_TYPE: 1}, {NEW_SUBFILE_TYPE: 2}], [1, 3]),
        ([{NEW_SUBFILE_TYPE: 1}, {NEW_SUBFILE_TYPE: 0}, {NEW_SUBFILE_TYPE: 4}], [2]),
        ([{NEW_SUBFILE_TYPE: 3}, {}, {NEW_SUBFILE_TYPE: 5}], [2]),
        ([{SUBFILE_TYPE: 2}, {SUBFILE_TYPE: 1}, {SUBFILE_TYPE: 3}], [2, 3]),
        ([{NEW_SUBFILE_TYPE: 1}, {NEW_SUBFILE_TYPE: 1}], [1, 2]),
    ],
    ids=["thumbnail", "thumbnail-first-and-mask", "several-bits", "old-tag", "nothing-else"],
)
def test_thumbnails_and_masks_are_no_pages(types: list[dict[int, int]], numbers: list[int]) -> None:
    pages = pages_of(tiff_of(*types))
    assert len(pages) == len(numbers)
    for page, number in zip(pages, numbers, strict=True):
        assert np.array_equal(page.pixels, rgb(numbered(number)))


def test_loop_of_directories_ends() -> None:
    data = tiff_of({}, {}, {})
    offsets = directory_offsets(data)
    looped = patched(data, next_field(data, offsets[2]), offsets[1])
    assert len(pages_of(looped)) == 3


def test_chain_that_is_cut_off_is_told_on_the_last_page() -> None:
    data = tiff_of({}, {}, {})
    pages = pages_of(patched(data, next_field(data, directory_offsets(data)[1]), len(data) + 1000))
    assert [codes(page) for page in pages] == [[], ["truncated"]]
    assert pages[1].warnings[0].message.startswith("the TIFF document is cut off behind page 2")


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("damaged", [1, 2, 3])
def test_damaged_page_does_no_harm_to_the_others(damaged: int) -> None:
    data = tiff_of({}, {}, {})
    start = directory_offsets(data)[damaged - 1] + 2
    end = next_field(data, start - 2)
    document = Document(data[:start] + b"\xee" * (end - start) + data[end:])
    assert decoder().inspect(document).page_count == 3
    for number in (1, 2, 3):
        if number == damaged:
            with pytest.raises(Undecodable):
                decoder().page(document, number)
        else:
            assert np.array_equal(decoder().page(document, number).pixels, rgb(numbered(number)))


def test_countless_directories_are_refused() -> None:
    # Empty directories of six bytes, each pointing to the next.
    offsets = range(8, 8 + 6 * 120_000, 6)
    chain = b"".join(struct.pack("<HI", 0, offset + 6) for offset in offsets)
    with pytest.raises(TooLarge, match="more than 100,000 pages"):
        decoder().inspect(Document(b"II*\0" + struct.pack("<I", 8) + chain))


@pytest.mark.parametrize("number", [0, -1, 3])
def test_page_that_there_is_not(number: int) -> None:
    with pytest.raises(SourceNotFound, match=f"page {number} does not exist: the document has 2 pages"):
        decoder().page(Document(tiff_of({}, {})), number)


ANIMATIONS = [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("AVIF", {"quality": 95})]


@pytest.mark.parametrize(("picture_format", "options"), ANIMATIONS)
def test_each_frame_of_an_animation_is_a_page(picture_format: str, options: dict[str, object]) -> None:
    images = [drawing(), numbered(2), numbered(4)]
    pages = pages_of(several(picture_format, images, **options))
    assert [codes(page) for page in pages] == [[], [], []]
    for page, image in zip(pages, images, strict=True):
        assert mean_difference(page, rgb(image)) < 3.0


@pytest.mark.parametrize(("picture_format", "options"), ANIMATIONS)
def test_frame_that_shows_nothing_new_has_no_lines(picture_format: str, options: dict[str, object]) -> None:
    almost = numbered(1)
    almost.putpixel((50, 30), (240, 240, 240))
    pages = pages_of(several(picture_format, [numbered(1), almost, numbered(3)], **options, duration=[100, 200, 300]))
    assert [codes(page) for page in pages] == [[], ["repeated_frame"], []]
    assert [page.text_layer for page in pages] == [None, (), None]
    assert (pages[1].width, pages[1].height) == (60, 40)
    assert pages[1].pixels.shape == (0, 0, 3)


def test_what_fades_in_slowly_is_read() -> None:
    frames = []
    for level in range(255, 0, -20):
        frames.append(Image.new("L", (60, 40), 255))
        ImageDraw.Draw(frames[-1]).rectangle((10, 10, 40, 20), fill=level)
    pages = pages_of(several("WEBP", frames, lossless=True))
    new = [page for page in pages if page.text_layer is None]
    assert 2 <= len(new) < len(frames)
    assert new[-1].pixels.min() < 32 + 20


def test_still_picture_of_an_apng_is_a_page() -> None:
    pages = pages_of(several("PNG", [numbered(1), numbered(2), numbered(3)], default_image=True))
    for page, number in zip(pages, (1, 2, 3), strict=True):
        assert np.array_equal(page.pixels, rgb(numbered(number)))


def test_frames_of_an_apng_are_counted_not_believed() -> None:
    data = several("PNG", [numbered(1), numbered(2)])
    where = data.index(b"acTL") + 4
    chunk = b"acTL" + struct.pack(">II", 2_000_000_000, 0)
    claimed = data[: where - 4] + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[where + 12 :]
    assert decoder().inspect(Document(claimed)).page_count == 2


def test_frame_far_into_an_animation_is_refused() -> None:
    data = several("GIF", [numbered(number) for number in range(4)])
    document = Document(data[:6] + struct.pack("<HH", 8000, 8000) + data[10:])
    assert decoder().inspect(document).page_count == 4
    with pytest.raises(TooLarge, match="frame 4 of the GIF animation of 8000 x 8000 pixels"):
        decoder().page(document, 4)


def test_gif_frame_that_reaches_over_the_canvas_is_checked_before_it_is_decoded() -> None:
    data = several("GIF", [numbered(1), numbered(2)])
    second = data.rindex(b",\0\0\0\0")
    grown = data[: second + 5] + struct.pack("<HH", 65_000, 65_000) + data[second + 9 :]
    assert decoder().page(Document(grown), 1).width == 60
    with pytest.raises(TooLarge, match="65000 x 65000"):
        decoder().page(Document(grown), 2)


def test_gif_in_countless_blocks_is_refused() -> None:
    data = encoded(numbered(1), "GIF")
    comments = b"!\xfe" + b"\x01x" * 4_000_000 + b"\0"
    with pytest.raises(Undecodable, match="3,000,000 blocks"):
        decoder().page(Document(data[:-1] + comments + b";"), 1)


def test_webp_canvas_is_checked_before_it_is_allocated() -> None:
    data = bytearray(several("WEBP", [numbered(1), numbered(2)]))
    data[24:30] = b"\xff\xff\xff" * 2
    with pytest.raises(TooLarge, match="16777216 x 16777216"):
        decoder().inspect(Document(bytes(data)))


def test_further_pictures_of_a_camera_are_no_pages() -> None:
    pages = pages_of(several("MPO", [drawing(), numbered(2, (20, 10))]))
    assert len(pages) == 1
    assert pages[0].warnings == ()


def test_heic_is_turned_once() -> None:
    [page] = pages_of(HEIC_TURNED)
    assert page.pixels.shape == (64, 48, 3)
    # The black corner has gone from the top left to the top right.
    assert page.pixels[2, 45].max() < 30
    assert page.pixels[2, 2].min() > 225
    assert page.pixels.flags.c_contiguous
    assert not page.pixels.flags.writeable


def test_each_picture_of_a_heic_is_a_page() -> None:
    pages = pages_of(HEIC_OF_TWO)
    assert [page.pixels.shape for page in pages] == [(48, 64, 3), (48, 48, 3)]
    assert pages[0].pixels[2, 2].max() < 30
    assert np.abs(pages[1].pixels[2, 2].astype(int) - [0, 160, 0]).max() < 20


@pytest.mark.parametrize("end", [40, 300, 600])
def test_damaged_heic_is_undecodable(end: int) -> None:
    with pytest.raises(Undecodable):
        decoder().page(Document(HEIC_TURNED[:end]), 1)


def test_heic_with_metadata_of_a_strange_type_is_read() -> None:
    # pi_heif 1.4 ended the process over it.
    [page] = pages_of(HEIC_TURNED.replace(b"Exif", b"\x80xif", 1))
    assert page.pixels.shape == (64, 48, 3)


def test_heic_that_belies_its_size_is_refused_by_libheif() -> None:
    where = HEIC_OF_TWO.index(b"ispe") + 8
    size = struct.pack(">II", 8, 8)
    with pytest.raises(Undecodable) as caught:
        decoder().page(Document(HEIC_OF_TWO[:where] + size + HEIC_OF_TWO[where + 8 :]), 1)
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("frames", [1, 3])
def test_avif_that_belies_its_size_is_refused(frames: int) -> None:
    images = [Image.new("RGB", (1200, 1000), (number, 200, 99)) for number in range(frames)]
    data = several("AVIF", images) if frames > 1 else encoded(images[0], "AVIF")
    assert coded_pixels(data) == 1_200_000
    where = data.index(b"ispe") + 8
    sequence = data.find(b"tkhd")
    belied = data[:where] + struct.pack(">II", 64, 64) + data[where + 8 :]
    if sequence > 0:
        size = belied.index(struct.pack(">II", 1200 << 16, 1000 << 16))
        belied = belied[:size] + struct.pack(">II", 64 << 16, 64 << 16) + belied[size + 8 :]
    with pytest.raises(Undecodable, match="two different sizes"):
        decoder().page(Document(belied), 1)


def test_first_directory_of_a_damaged_tiff_counts() -> None:
    assert tiff_pages(b"II*\0\xff\xff\xff\x7f").offsets == (0x7FFFFFFF,)
