"""Measures the memory of decoding, each case in a process of its own, since a peak only grows."""

import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

from PIL import Image

from deployments.document import Document
from deployments.preprocess.formats.sniff import sniff
from deployments.preprocess.picture.header import open_header
from deployments.preprocess.picture.memory import decode_bytes
from deployments.settings import PreprocessLimits
from tests.unit.preprocess.pictures import DATA, encoded, png, run_length_bmp, tiff

ROOT = Path(__file__).parents[3]

# The limit for any input.
MAX_EXTRA_BYTES = 500_000_000

# A4 at 600 dpi, which must be read in every mode.
A4 = (4961, 7016)

# Prints the outcome and the growth of the peak of resident memory of each document. Small pictures come first, since
# loading libraries is not part of a page's cost. Each document then has a fork, whose VmHWM begins at what it has;
# ru_maxrss would be inherited.
PROBE = """
import io, os, sys, warnings
from pathlib import Path
from PIL import Image
from deployments.preprocess.decode import PageDecoder
from deployments.document import Document
from deployments.settings import PreprocessLimits
from models.errors import RayocrError

warnings.simplefilter("ignore")

def peak_kib():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])

decoder = PageDecoder(PreprocessLimits(), walled=frozenset())
for picture_format in ("PNG", "JPEG", "WEBP", "TIFF"):
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, picture_format)
    decoder.page(Document(buffer.getvalue()), 1)
def measure(path):
    document = Document(Path(path).read_bytes())
    before = peak_kib()
    try:
        page = decoder.page(document, 1)
        outcome = f"{page.width}x{page.height}"
        del page
    except RayocrError as error:
        outcome = error.code
    print(outcome, (peak_kib() - before) * 1024, flush=True)

for path in sys.argv[1:]:
    if os.fork() == 0:
        measure(path)
        os._exit(0)
    os.wait()
"""


def measured(*paths: Path) -> list[tuple[str, int]]:
    """Outcome and extra peak memory, in bytes, of each document."""
    command = [sys.executable, "-c", PROBE, *map(str, paths)]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return [(outcome, int(extra)) for outcome, extra in map(str.split, output.stdout.splitlines())]


def blank_png(depth: int, color_type: int, bytes_per_pixel: int) -> bytes:
    width, height = A4
    return png(width, height, depth, color_type, bytes(height * (1 + width * bytes_per_pixel)))


def blank_tiff(bits: int, samples: int, photometric: int, sample_format: int, extra_samples: list[int]) -> bytes:
    width, height = A4
    data = zlib.compress(bytes(width * height * bits // 8 * samples), 1)
    tags: dict[int, int | list[int]] = {
        258: [bits] * samples,
        259: 8,
        262: photometric,
        273: 8,
        277: samples,
        278: height,
        279: len(data),
        339: [sample_format] * samples,
    }
    return tiff(width, height, data, {**tags, 338: extra_samples} if extra_samples else tags)


def palette_with_alpha() -> bytes:
    image = Image.new("P", A4, 0)
    image.putpalette([255, 255, 255, 0, 0, 0])
    return encoded(image, "PNG", compress_level=1, transparency=bytes([0, 200]))


LARGE: dict[str, Callable[[], bytes]] = {
    "png-16-bit-rgba": lambda: blank_png(16, 6, 8),
    "png-palette-alpha": palette_with_alpha,
    "jpeg-cmyk-progressive": lambda: encoded(Image.new("CMYK", A4), "JPEG", progressive=True),
    "jpeg-turned": lambda: encoded(Image.new("RGB", A4), "JPEG", exif=turned_exif()),
    "jpeg-rgb": lambda: encoded(Image.new("RGB", A4, "red"), "JPEG"),
    "jpeg-progressive": lambda: encoded(Image.new("RGB", A4, "red"), "JPEG", progressive=True),
    "png-rgb": lambda: blank_png(8, 2, 3),
    "png-16-bit-gray": lambda: blank_png(16, 0, 2),
    "jpeg-2000-gray": lambda: encoded(Image.new("L", A4, 9), "JPEG2000"),
    "tiff-strips": lambda: encoded(Image.new("RGB", A4, "red"), "TIFF", compression="tiff_lzw"),
    "tiff-g4": lambda: encoded(Image.new("1", A4, 1), "TIFF", compression="group4"),
    "webp-alpha": lambda: encoded(Image.new("RGBA", A4), "WEBP", lossless=True, quality=0, method=0),
    "tiff-float-one-strip": lambda: blank_tiff(32, 1, 1, 3, []),
    "tiff-16-bit-rgba-one-strip": lambda: blank_tiff(16, 4, 2, 1, [2]),
}


def turned_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def in_files(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def test_a4_at_600_dpi_is_read_within_its_estimate(tmp_path: Path) -> None:
    documents = {kind: make() for kind, make in LARGE.items()}
    outcomes = measured(*in_files(tmp_path, documents))
    assert {outcome for outcome, _ in outcomes} == {"4961x7016", "7016x4961"}
    room = {kind: room_for(data) - extra for (kind, data), (_, extra) in zip(documents.items(), outcomes, strict=True)}
    assert {kind: left for kind, left in room.items() if left <= 0} == {}


def room_for(data: bytes) -> int:
    """The most that a document may cost, in bytes: its estimate, and the limit for any input."""
    header = open_header(Document(data), sniff(Document(data)), PreprocessLimits())
    estimate = decode_bytes(header.image, header.how)
    # The estimate leaves out a band in up to four forms, and memory that the allocator keeps.
    return min(estimate + 40_000_000, MAX_EXTRA_BYTES)


TILE_OF_900_MEGAPIXELS: dict[int, int | list[int]] = {258: 8, 259: 8, 262: 1, 322: 30_000, 323: 30_000, 324: 8, 325: 4}

HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "png-header": (lambda: png(60_000, 60_000, 8, 2, b""), "too_large"),
    "jpeg-2000-header": (lambda: jpeg_2000(60_000, 60_000, 60_000), "too_large"),
    "jpeg-2000-one-tile": (lambda: jpeg_2000(12_000, 12_000, 12_000), "too_large"),
    "jpeg-2000-countless-tiles": (lambda: jpeg_2000(12_000, 12_000, 1), "too_large"),
    "jpeg-2000-two-sizes": (lambda: jpeg_2000_box(jpeg_2000(60_000, 60_000, 60_000)), "undecodable"),
    "netpbm-plain": (lambda: b"P2 3000 3000 255\n" + b"1 " * 100, "too_large"),
    "netpbm-header": (lambda: b"P5 60000 60000 255\n", "too_large"),
    "webp-canvas": (
        lambda: b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0" + b"\xff" * 6,
        "too_large",
    ),
    "gif-header": (
        lambda: b"GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\xff\xff\xff\xff\0\x08",
        "too_large",
    ),
    "bmp-run-length": (lambda: run_length_bmp(60_000, 600, b"\x01\x05\0\0" * 600), "too_large"),
    "tiff-tile": (lambda: tiff(100, 100, zlib.compress(bytes(400_000_000), 1), TILE_OF_900_MEGAPIXELS), "too_large"),
}


def jpeg_2000(width: int, height: int, tile: int) -> bytes:
    """A codestream of gray that ends behind its sizes."""
    sizes = struct.pack(">HIIIIIIIIH", 0, width, height, 0, 0, tile, tile, 0, 0, 1) + b"\x07\x01\x01"
    return b"\xff\x4f\xff\x51" + struct.pack(">H", len(sizes) + 2) + sizes


def jpeg_2000_box(stream: bytes) -> bytes:
    """A JP2 file whose header says 100 x 100 pixels."""
    parts = encoded(Image.new("L", (100, 100)), "JPEG2000").split(b"jp2c")
    return parts[0] + b"jp2c" + stream


def test_hostile_pictures_cost_next_to_nothing(tmp_path: Path) -> None:
    outcomes = measured(*in_files(tmp_path, {kind: make() for kind, (make, _) in HOSTILE.items()}))
    found = {kind: (code, extra < 20_000_000) for kind, (code, extra) in zip(HOSTILE, outcomes, strict=True)}
    assert found == {kind: (code, True) for kind, (_, code) in HOSTILE.items()}


def test_bad_inputs_stay_within_the_memory_limit() -> None:
    files = sorted(path for path in (DATA / "bad_inputs").rglob("*") if path.is_file() and path.suffix != ".jsonl")
    outcomes = measured(*files) if files else []
    assert len(outcomes) == len(files)
    assert max((extra for _, extra in outcomes), default=0) < MAX_EXTRA_BYTES
