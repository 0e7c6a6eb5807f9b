"""Finds the frames of a GIF file without decoding them (GIF89a specification, sections 15 to 26)."""

from dataclasses import dataclass

from models.errors import Undecodable

__all__ = ["GifFrames", "gif_frames"]

# Encoders fill blocks of 255 bytes. A file of 32 MB in blocks of one byte would keep readers busy for seconds.
_MAX_BLOCKS = 3_000_000
_LEAST_BLOCK_BYTES = 64

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B


@dataclass(frozen=True, slots=True)
class GifFrames:
    """The frames of a file.

    Args:
        canvases: For each frame, (width, height) of the picture with the frame on it, since frames may reach over the
            declared size.
    """

    canvases: tuple[tuple[int, int], ...]


def gif_frames(data: bytes) -> GifFrames:
    """Walk through a file's blocks.

    Args:
        data: A whole file. If it is cut off, the frames that begin before the end count.

    Raises:
        Undecodable: The file is cut into far more blocks than any encoder makes.
    """
    width, height = _pair(data, 6)
    flags = data[10] if len(data) > 10 else 0
    position = 13 + _palette_bytes(flags)
    canvases: list[tuple[int, int]] = []
    blocks = 0
    limit = max(_MAX_BLOCKS, len(data) // _LEAST_BLOCK_BYTES)
    while position < len(data) and data[position] != _TRAILER:
        kind = data[position]
        if kind == _IMAGE:
            left, top = _pair(data, position + 1)
            frame_width, frame_height = _pair(data, position + 5)
            width, height = max(width, left + frame_width), max(height, top + frame_height)
            if position + 10 > len(data):
                break
            canvases.append((width, height))
            position += 10 + _palette_bytes(data[position + 9]) + 1
        else:
            # Pillow skips bytes that mean nothing here.
            position += 2 if kind == _EXTENSION else 1
            if kind != _EXTENSION:
                continue
        while position < len(data) and data[position]:
            position += 1 + data[position]
            blocks += 1
            if blocks > limit:
                raise Undecodable(f"the GIF picture is cut into more than {limit:,} blocks; save it anew")
        position += 1
    return GifFrames(tuple(canvases))


def _pair(data: bytes, offset: int) -> tuple[int, int]:
    return int.from_bytes(data[offset : offset + 2], "little"), int.from_bytes(data[offset + 2 : offset + 4], "little")


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
