"""Counting a JPEG's scans, which decide what it costs to decode."""

import re

__all__ = ["count_scans"]

# A marker: 0xFF and a code. Inside coded data 0xFF is followed by 0x00 or by a restart code 0xD0 to 0xD7
# (ITU-T T.81, B.1.1).
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9


def count_scans(data: bytes, first_scan: int, limit: int) -> int:
    """Count the scans of a picture.

    More than one makes libjpeg hold the coefficients of the whole picture, and each costs a pass over all of them,
    however few bytes it has.

    Args:
        data: The whole file.
        first_scan: Offset of the first scan's coded data. Thumbnails lie before it, further pictures behind the
            end of image; neither counts.
        limit: Stop counting here, so that a hostile file does not cost time.

    Returns:
        At least 1, at most about `limit`.
    """
    scans = 1
    position = first_scan
    # Tables may stand between scans, a few before each.
    for _ in range(10 * limit):
        marker = _MARKER.search(data, position)
        if marker is None or scans >= limit:
            return scans
        code = data[marker.end() - 1]
        if code == _END_OF_IMAGE:
            return scans
        scans += code == _START_OF_SCAN
        position = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")
    return limit
