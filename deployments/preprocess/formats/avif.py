"""Finds the true size of the pictures coded in an AVIF file, by their AV1 sequence headers.

The header of the file may say anything: libavif decodes the coded picture, up to 268 million pixels, and scales it. The
boxes are those of ISO/IEC 14496-12, and the bits those of the AV1 bitstream specification, sections 5.3 and 5.5.
docs/decisions/0029 says why a bound on the process would not do.
"""

from collections.abc import Iterator

__all__ = ["coded_pixels"]

# Boxes that lead to the boxes with the offsets of coded data.
_PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
# A hostile file can have no more than this looked at: boxes, pictures, their parts, and units of coded data.
_MAX_BOXES = 10_000
_MAX_ITEMS = 10_000
_MAX_EXTENTS = 1_000
_MAX_UNITS = 200_000

_SEQUENCE_HEADER = 1


def coded_pixels(data: bytes) -> int:
    """Find the pixels of the largest picture that is coded in a file.

    Args:
        data: A whole AVIF file, however damaged.

    Returns:
        The number of pixels; 0 if no picture is found, or if there is more to look at than in any real file.
    """
    view = memoryview(data)
    most = units = 0
    for stream in _streams(data, view):
        for kind, body in _units(stream):
            units += 1
            if units > _MAX_UNITS:
                return 0
            if kind == _SEQUENCE_HEADER:
                width, height = _sequence_size(bytes(body[:64]))
                most = max(most, width * height)
    return most


def _streams(data: bytes, view: memoryview) -> Iterator[memoryview]:
    """Yield the coded data of each picture, and of a sequence those from the beginning of each chunk on."""
    for kind, start, end in _boxes(data, 0, len(data)):
        if kind == b"meta":
            inner = list(_boxes(data, start + 4, end))
            idat = next((begin for name, begin, _ in inner if name == b"idat"), 0)
            for name, begin, finish in inner:
                if name == b"iloc" and finish >= begin + 8:
                    yield from _items(data, view, begin, finish, idat)
        elif kind in {b"stco", b"co64"}:
            size = 4 if kind == b"stco" else 8
            for position in range(start + 8, min(end, start + 8 + _MAX_ITEMS * size), size):
                yield view[_number(data, position, size) :]


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind, beginning and end of the body of each box, and of the boxes within those of a sequence."""
    for _ in range(_MAX_BOXES):
        length, kind, header = _number(data, start, 4), data[start + 4 : start + 8], 8
        if length == 1:
            length, header = _number(data, start + 8, 8), 16
        finish = end if length == 0 else start + length
        if start + header > end or finish > end or (length and length < header):
            return
        yield kind, start + header, finish
        # The contents of a parent follow as boxes of their own.
        start = start + header if kind in _PARENTS else finish


def _items(data: bytes, view: memoryview, start: int, end: int, idat: int) -> Iterator[memoryview]:
    """Yield the bytes of each item of a box `iloc` (ISO/IEC 14496-12, section 8.11.3)."""
    version = data[start]
    offset_size, length_size = data[start + 4] >> 4, data[start + 4] & 15
    base_size, index_size = data[start + 5] >> 4, data[start + 5] & 15 if version else 0
    wide = 4 if version == 2 else 2
    count = min(_number(data, start + 6, wide), _MAX_ITEMS)
    position = start + 6 + wide
    joined_bytes = 0
    for _ in range(count):
        position += wide
        is_in_idat = bool(version) and _number(data, position, 2) & 15 == 1
        position += 4 if version else 2
        base = _number(data, position, base_size) + (idat if is_in_idat else 0)
        extents = _number(data, position + base_size, 2)
        position += base_size + 2
        parts = []
        for _ in range(min(extents, _MAX_EXTENTS)):
            position += index_size
            offset = base + _number(data, position, offset_size)
            length = _number(data, position + offset_size, length_size)
            parts.append(view[offset : offset + length] if length else view[offset:])
            position += offset_size + length_size
        joined_bytes += sum(map(len, parts)) if len(parts) > 1 else 0
        # Extents that overlap could be joined to any size.
        if position > end or joined_bytes > len(data):
            return
        if parts:
            yield parts[0] if len(parts) == 1 else memoryview(b"".join(parts))


def _units(stream: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield the kind and body of each unit of a stream."""
    position = 0
    while position < len(stream):
        header = stream[position]
        position += 2 if header & 4 else 1
        if header & 2:
            length, position = _leb128(stream, position)
        else:
            length = len(stream) - position
        yield header >> 3 & 15, stream[position : position + length]
        position += length


def _sequence_size(body: bytes) -> tuple[int, int]:
    bits = _Bits(body)
    bits.read(4)
    has_model, delay_bits = 0, 0
    if bits.read(1):  # reduced_still_picture_header
        bits.read(5)
    else:
        if bits.read(1):  # timing_info_present_flag
            bits.read(64)
            if bits.read(1):
                bits.skip_variable_length()
            has_model = bits.read(1)
            if has_model:
                delay_bits = bits.read(5) + 1
                bits.read(42)
        has_delay = bits.read(1)
        for _ in range(bits.read(5) + 1):
            bits.read(12)
            if bits.read(5) > 7:
                bits.read(1)
            if has_model and bits.read(1):
                bits.read(2 * delay_bits + 1)
            if has_delay and bits.read(1):
                bits.read(4)
    width_bits, height_bits = bits.read(4) + 1, bits.read(4) + 1
    return bits.read(width_bits) + 1, bits.read(height_bits) + 1


class _Bits:
    def __init__(self, body: bytes) -> None:
        self._left = 8 * len(body)
        self._value = int.from_bytes(body, "big")

    def read(self, count: int) -> int:
        self._left = max(0, self._left - count)
        return self._value >> self._left & ((1 << count) - 1)

    def skip_variable_length(self) -> None:
        zeros = 0
        while zeros < 32 and self._left and not self.read(1):
            zeros += 1
        self.read(zeros)


def _leb128(stream: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for index in range(8):
        byte = stream[position + index] if position + index < len(stream) else 0
        value |= (byte & 127) << 7 * index
        if not byte & 128:
            return value, position + index + 1
    return value, position + 8


def _number(data: bytes, start: int, size: int) -> int:
    return int.from_bytes(data[start : start + size], "big")
