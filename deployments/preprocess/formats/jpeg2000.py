"""Finds the true size of a JPEG 2000 picture, by its codestream (ITU-T T.800, annexes A.5.1 and I).

docs/decisions/0029 says why this is not left to a child process.
"""

import struct
from dataclasses import dataclass

__all__ = ["Codestream", "codestream"]

_START = b"\xff\x4f\xff\x51"
_BOX = b"jp2c"
_MAX_BOXES = 1000


@dataclass(frozen=True, slots=True)
class Codestream:
    """The segment SIZ of a codestream. The header of a JP2 file says the same, but not always the truth.

    Args:
        width: Width in pixels.
        height: Height in pixels.
        tile_width: Width of a tile in pixels; it may exceed `width`.
        tile_height: Height of a tile in pixels; it may exceed `height`.
        components: How many channels there are.
    """

    width: int
    height: int
    tile_width: int
    tile_height: int
    components: int

    @property
    def tiles(self) -> int:
        """The number of tiles in the picture."""
        return -(-self.width // self.tile_width) * -(-self.height // self.tile_height)

    @property
    def tile_pixels(self) -> int:
        """Pixels of the largest tile."""
        return min(self.width, self.tile_width) * min(self.height, self.tile_height)


def codestream(data: bytes) -> Codestream | None:
    """Read the size of a picture in the segment that its decoder reads.

    Args:
        data: A whole file: a JP2 file or a bare codestream.

    Returns:
        The segment; None if there is no codestream, or one without a size.
    """
    start = _offset(data)
    if start is None or len(data) < start + 42 or not data.startswith(_START, start):
        return None
    right, bottom, left, top, tile_width, tile_height, _, _, components = struct.unpack_from(">8IH", data, start + 8)
    if right <= left or bottom <= top or not tile_width or not tile_height or not components:
        return None
    return Codestream(right - left, bottom - top, tile_width, tile_height, components)


def _offset(data: bytes) -> int | None:
    if data.startswith(_START):
        return 0
    position = 0
    for _ in range(_MAX_BOXES):
        length = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        header = 8
        if length == 1:
            length, header = int.from_bytes(data[position + 8 : position + 16], "big"), 16
        if kind == _BOX:
            return position + header
        if length < header:
            return None
        position += length
    return None
