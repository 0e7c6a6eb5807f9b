"""Looks through the chunks of a PNG file (PNG specification, third edition, section 5)."""

from collections.abc import Iterator

__all__ = ["frame_count", "late_exif"]

_SIGNATURE_BYTES = 8
# The bytes of a chunk's length, kind and checksum.
_FRAME_BYTES = 12
# A file of 32 MB can have millions of empty chunks.
_MAX_CHUNKS = 1_000_000


def frame_count(data: bytes) -> int:
    """Count the pictures of a PNG file: the frames of an animation, and the still picture if it is not one of them.

    Args:
        data: A whole file, however damaged.

    Returns:
        The count, at least 1. Frames are counted, since the header's number may be wrong.
    """
    frames = 0
    is_still_apart = False
    for kind, _, _ in _chunks(data):
        if kind == b"fcTL":
            frames += 1
        elif kind == b"IDAT" and not frames:
            is_still_apart = True
    return max(1, frames + is_still_apart)


def late_exif(data: bytes) -> bytes | None:
    """Find EXIF data that stand behind the pixels.

    Args:
        data: A whole file, however damaged.

    Returns:
        The body of the first chunk `eXIf`, or None.
    """
    return next((data[start : start + length] for kind, start, length in _chunks(data) if kind == b"eXIf"), None)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind, offset and length of each chunk's body, as far as chunks are whole."""
    start = _SIGNATURE_BYTES
    for _ in range(_MAX_CHUNKS):
        length = int.from_bytes(data[start : start + 4], "big")
        kind = data[start + 4 : start + 8]
        if len(kind) < 4 or start + _FRAME_BYTES + length > len(data) + 4 or kind == b"IEND":
            return
        yield kind, start + 8, length
        start += _FRAME_BYTES + length
