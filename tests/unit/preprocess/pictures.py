"""Pictures that the tests draw, and documents made of them."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from deployments.document import Document
from deployments.preprocess.decode import PageDecoder
from deployments.settings import PreprocessLimits
from models.page import Page

DATA = Path(__file__).parents[4] / "shared" / "data"

ORIENTATION_TAG = 0x0112


def drawing(width: int = 60, height: int = 40) -> Image.Image:
    """White paper with a gray ramp, color patches and a black corner, so that all eight orientations differ."""
    image = Image.new("RGB", (width, height), "white")
    image.paste(Image.linear_gradient("L").resize((width // 2, height // 2)), (0, height // 2))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 6, height // 8), fill="black")
    draw.rectangle((width // 2, 2, width - 3, height // 3), fill=(200, 30, 60))
    draw.rectangle((width // 2, height // 2, width - 3, height - 3), fill=(20, 120, 220))
    return image


def encoded(image: Image.Image, picture_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, picture_format, **options)
    return buffer.getvalue()


def rgb(image: Image.Image) -> npt.NDArray[np.uint8]:
    return np.asarray(image.convert("RGB"))


def decode(data: bytes, name: str | None = None) -> Page:
    return PageDecoder(PreprocessLimits()).page(Document(data, name), 1)


def decode_here(data: bytes) -> Page:
    """Decode in this process, which a test may have changed."""
    return PageDecoder(PreprocessLimits(), walled=frozenset()).page(Document(data), 1)


def codes(page: Page) -> list[str]:
    return [warning.code for warning in page.warnings]


def mean_difference(page: Page, expected: npt.NDArray[np.uint8]) -> float:
    assert page.pixels.shape == expected.shape
    return float(np.abs(page.pixels.astype(np.int16) - expected).mean())


def png(width: int, height: int, depth: int, color_type: int, rows: bytes) -> bytes:
    """A PNG of any depth, which Pillow does not write; `rows` come with their filter bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows, 1)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def tiff(width: int, height: int, data: bytes, tags: dict[int, int | list[int]]) -> bytes:
    """A little-endian TIFF with any tags (each SHORT below 65536, else LONG); the pixels stand at byte 8."""
    entries, extra = [], b""
    all_tags = {256: width, 257: height, **tags}
    directory = 8 + len(data)
    extra_offset = directory + 2 + 12 * len(all_tags) + 4
    for tag, value in sorted(all_tags.items()):
        values = value if isinstance(value, list) else [value]
        code, kind = ("I", 4) if max(values) > 0xFFFF else ("H", 3)
        body = struct.pack(f"<{len(values)}{code}", *values)
        if len(body) > 4:
            offset = extra_offset + len(extra)
            extra += body
            body = struct.pack("<I", offset)
        entries.append(struct.pack("<HHI", tag, kind, len(values)) + body.ljust(4, b"\0"))
    ifd = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return b"II*\0" + struct.pack("<I", directory) + data + ifd + extra


def run_length_bmp(width: int, height: int, rows: bytes) -> bytes:
    """A BMP of 8 bits a pixel in run-length coding, with a gray palette."""
    palette = b"".join(bytes((level, level, level, 0)) for level in range(256))
    offset = 14 + 40 + len(palette)
    file_header = b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset)
    return (
        file_header + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(rows), 0, 0, 256, 0) + palette + rows
    )
