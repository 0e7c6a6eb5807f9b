"""Finds the scans of a JPEG, which decide the cost of decoding it."""

import re
from dataclasses import dataclass

__all__ = ["Scans", "find_scans"]

# A marker: 0xFF and a code. Inside coded data 0xFF is followed by 0x00 or by a restart code 0xD0 to 0xD7
# (ITU-T T.81, B.1.1).
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
# Tables, the height, comments and application data may stand between scans. Anything else is damage.
_TEMPORARY = 0x01  # has no length
_BETWEEN_SCANS = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)})


@dataclass(frozen=True, slots=True)
class Scans:
    """The scans of a picture.

    Args:
        count: How many scans there are: at least 1, at most about the limit of the search.
        is_whole: Whether they reach to the end of the image with nothing strange between them.
    """

    count: int
    is_whole: bool


def find_scans(data: bytes, first_scan: int, limit: int) -> Scans:
    """Find the scans of a picture.

    More than one makes libjpeg hold the coefficients of the whole picture, and each costs a pass over all of them,
    however few bytes it has.

    Args:
        data: The whole file.
        first_scan: Offset of the first scan's coded data. Thumbnails lie before it and further pictures behind the
            end of the image; neither count.
        limit: The count at which the search stops, so that a hostile file does not cost time.
    """
    scans = 1
    is_whole = True
    position = first_scan
    # Tables may stand between scans, a few before each.
    for _ in range(10 * limit):
        marker = _MARKER.search(data, position)
        if marker is None or scans >= limit:
            return Scans(scans, is_whole=False)
        code = data[marker.end() - 1]
        if code == _END_OF_IMAGE:
            return Scans(scans, is_whole)
        scans += code == _START_OF_SCAN
        is_whole &= code == _START_OF_SCAN or code in _BETWEEN_SCANS
        length = 0 if code == _TEMPORARY else int.from_bytes(data[marker.end() : marker.end() + 2], "big")
        position = marker.end() + length
    return Scans(limit, is_whole=False)
