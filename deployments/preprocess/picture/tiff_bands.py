"""Decodes a large TIFF band by band, in 3 bytes a pixel. Pillow's storage and a copy of it would take up to 7.

Each strip and each row of tiles is coded for itself. For each band of them, a directory that describes this band alone
as a picture is written behind the file, and Pillow reads that.
"""

import struct
from collections.abc import Callable
from typing import IO

import numpy as np
import numpy.typing as npt
from PIL.ExifTags import Base as Tag
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from deployments.memory_files import memory_file
from deployments.preprocess.formats.tiff import TiffLayout

__all__ = ["band_rows", "decoded_in_bands"]

_Pixels = npt.NDArray[np.uint8]

# Below this, the memory does not matter.
_LEAST_PIXELS = 30_000_000
_BAND_PIXELS = 4_000_000

# Modes that are converted to RGB pixel by pixel. In the others, only the whole page tells black and transparency.
_MODES = {"1", "L", "P", "RGB", "CMYK", "LAB", "I;16", "I;16B"}
# JPEG as in TIFF 6.0, whose tables and strips do not follow the rules.
_OLD_JPEG = 6

_LONG, _LONG8 = 4, 16


def band_rows(image: ImageFile) -> int:
    """Find the height of the bands that a picture can be cut into.

    Args:
        image: The opened picture, not loaded.

    Returns:
        Rows of a band; 0 if the picture is not decoded in bands: it is small, not a TIFF, in one piece, or of a rare
        kind.
    """
    if not isinstance(image, TiffImageFile) or image.width * image.height < _LEAST_PIXELS:
        return 0
    tags = image.tag_v2
    is_plain = (
        image.mode in _MODES
        and not image.has_transparency_data
        and tags.get(Tag.PlanarConfiguration, 1) == 1
        and tags.get(Tag.Orientation, 1) == 1
        and tags.get(Tag.Compression) != _OLD_JPEG
    )
    rows, across = _blocks(image)
    if not is_plain or not 0 < rows < image.height:
        return 0
    counts = _block_tags(image)
    expected = across * -(-image.height // rows)
    if any(tag not in tags or len(tags[tag]) != expected for tag in counts):
        return 0
    return rows * max(1, _BAND_PIXELS // (rows * image.width))


def decoded_in_bands(
    data: bytes, start: int, image: TiffImageFile, convert: Callable[[TiffImageFile], _Pixels]
) -> tuple[_Pixels, str | None]:
    """Decode a picture for which `band_rows` is not 0.

    Args:
        data: The whole file. It is copied, so that directories can be written behind it.
        start: Offset of the picture's directory.
        image: The opened picture.
        convert: Converts a loaded band to (height, width, 3) uint8 RGB.

    Returns:
        (height, width, 3) uint8, RGB, C-contiguous, owned by the caller; and the error of the first damaged band, if
        any. Damaged bands are white.

    Raises:
        Exception: No band can be read. The kind may be any, see `pillow_errors_translated`.
    """
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    height = band_rows(image)
    damage: Exception | None = None
    readable = 0
    with memory_file(data) as file:
        for top in range(0, image.height, height):
            band = pixels[top : top + height]
            directory = _directory(data, start, image, top, len(band))
            try:
                part = _opened(file, data, directory)
                part.load()
                band[:] = convert(part)
                readable += 1
            except MemoryError:
                raise
            # Pillow promises no type of error for damaged data.
            except Exception as exc:
                damage = damage or exc
                band[:] = 255
    if damage is not None and not readable:
        raise damage
    return pixels, None if damage is None else str(damage) or type(damage).__name__


def _blocks(image: TiffImageFile) -> tuple[int, int]:
    """Tell the rows of a strip or tile, and how many of them stand side by side."""
    tags = image.tag_v2
    if Tag.TileWidth in tags and Tag.TileLength in tags:
        return int(tags[Tag.TileLength]), -(-image.width // max(1, int(tags[Tag.TileWidth])))
    return int(tags.get(Tag.RowsPerStrip, image.height)), 1


def _block_tags(image: TiffImageFile) -> tuple[int, int]:
    is_tiled = Tag.TileWidth in image.tag_v2 and Tag.TileLength in image.tag_v2
    return (Tag.TileOffsets, Tag.TileByteCounts) if is_tiled else (Tag.StripOffsets, Tag.StripByteCounts)


def _directory(data: bytes, start: int, image: TiffImageFile, top: int, height: int) -> bytes:
    """Make the directory of a band, which is to stand behind the file."""
    layout = TiffLayout.of(data)
    rows, across = _blocks(image)
    blocks = slice(top // rows * across, -(-(top + height) // rows) * across)
    is_big = layout.first == 8
    kind, code = (_LONG8, "Q") if is_big else (_LONG, "I")
    changed: dict[int, tuple[int, ...]] = {tag: tuple(image.tag_v2[tag][blocks]) for tag in _block_tags(image)}
    changed[Tag.ImageLength] = (height,)
    entries = [entry for entry in layout.entries(data, start) if entry[0] not in changed]
    values_at = (
        _behind(data) + layout.count.size + (len(entries) + len(changed)) * layout.entry.size + layout.offset.size
    )
    values = b""
    for tag, numbers in changed.items():
        field = struct.pack(f"{layout.order}{len(numbers)}{code}", *numbers)
        if len(field) > layout.offset.size:
            values, field = values + field, layout.offset.pack(values_at + len(values))
        entries.append((tag, kind, len(numbers), field))
    body = b"".join(layout.entry.pack(*entry) for entry in sorted(entries))
    return layout.count.pack(len(entries)) + body + layout.offset.pack(0) + values


def _opened(file: IO[bytes], data: bytes, directory: bytes) -> TiffImageFile:
    layout = TiffLayout.of(data)
    behind = _behind(data)
    file.seek(behind)
    file.write(directory)
    file.truncate()
    file.seek(layout.first)
    file.write(layout.offset.pack(behind))
    file.flush()
    file.seek(0)
    return TiffImageFile(file)


def _behind(data: bytes) -> int:
    # Directories begin at even offsets.
    return len(data) + len(data) % 2
