"""Reads the directories of a TIFF file, each of which describes a picture (TIFF 6.0, section 2; BigTIFF)."""

import io
import struct
from dataclasses import dataclass

from models.errors import TooLarge

__all__ = ["FileFrom", "TiffLayout", "TiffPages", "tiff_pages"]

# A file of 32 MB can chain millions of empty directories. To walk this many takes 0.2 s.
_MAX_DIRECTORIES = 100_000

_NEW_SUBFILE_TYPE = 254
_SUBFILE_TYPE = 255
_ENTRIES_LOOKED_AT = 4
_SHORT = 3
# Bits of NewSubfileType: a smaller copy of another picture of the file, and the transparency mask of one.
_REDUCED, _MASK = 1, 4
# The older SubfileType has a number for it.
_OLD_REDUCED = 2


@dataclass(frozen=True, slots=True)
class TiffPages:
    """The pages of a file.

    Args:
        offsets: Offset of each page's directory, in bytes from the file's start. There is one even if it is damaged.
        first: Offset of the first directory, whether it is a page or not.
        is_cut: Whether the chain leads to a directory that is not whole in the file.
    """

    offsets: tuple[int, ...]
    first: int
    is_cut: bool


@dataclass(frozen=True, slots=True)
class TiffLayout:
    """The binary layout of a file, which differs between TIFF and BigTIFF and between the two byte orders.

    Args:
        order: The byte order, as in `struct`.
        count: Layout of the number of a directory's entries.
        entry: Layout of an entry: tag, type, number of values, and the values or their offset.
        offset: Layout of an offset in the file.
        first: Position in the header of the first directory's offset.
    """

    order: str
    count: struct.Struct
    entry: struct.Struct
    offset: struct.Struct
    first: int

    @classmethod
    def of(cls, data: bytes) -> "TiffLayout":
        """Read the layout from a file's header.

        Args:
            data: At least the file's first four bytes.
        """
        order = "<" if data.startswith(b"II") else ">"
        is_big = b"+" in data[2:4]
        parts, first = (("Q", "HHQ8s", "Q"), 8) if is_big else (("H", "HHI4s", "I"), 4)
        count, entry, offset = (struct.Struct(order + part) for part in parts)
        return cls(order, count, entry, offset, first)

    def entries(self, data: bytes, offset: int) -> list[tuple[int, int, int, bytes]]:
        """Read a directory.

        Args:
            data: A whole file.
            offset: The directory's offset.

        Returns:
            For each whole entry: tag, type, number of values, and the field that holds them or their offset.
        """
        count = self.number(self.count, data, offset) or 0
        start = offset + self.count.size
        end = min(start + count * self.entry.size, len(data))
        end -= (end - start) % self.entry.size
        return list(self.entry.iter_unpack(data[start:end])) if end > start else []

    @staticmethod
    def number(kind: struct.Struct, data: bytes, offset: int) -> int | None:
        """Read a number.

        Args:
            kind: The number's layout.
            data: A whole file.
            offset: The number's offset.

        Returns:
            The number; None if the file ends before it.
        """
        if offset + kind.size > len(data):
            return None
        return int(kind.unpack_from(data, offset)[0])


def tiff_pages(data: bytes) -> TiffPages:
    """Find the pages of a file, without its thumbnails and masks.

    Args:
        data: A whole TIFF file, however damaged.

    Returns:
        At least one page. If every picture is marked as a thumbnail, all of them are pages.

    Raises:
        TooLarge: The file has more directories than any real file.
    """
    layout = TiffLayout.of(data)
    offsets: list[int] = []
    kept: list[int] = []
    seen: set[int] = set()
    is_cut = False
    offset = layout.number(layout.offset, data, layout.first) or 0
    while offset and offset not in seen:
        if len(offsets) >= _MAX_DIRECTORIES:
            raise TooLarge(f"the TIFF document has more than {_MAX_DIRECTORIES:,} pages; split it")
        seen.add(offset)
        following, is_page = _directory(layout, data, offset)
        if following is None and offsets:
            is_cut = True
            break
        if is_page:
            kept.append(offset)
        offsets.append(offset)
        offset = following or 0
    if not offsets:
        return TiffPages((offset,), offset, is_cut=False)
    return TiffPages(tuple(kept or offsets), offsets[0], is_cut)


def _directory(layout: TiffLayout, data: bytes, offset: int) -> tuple[int | None, bool]:
    """Read the next directory's offset (0: there is none; None: this one is not whole), and whether this is a page."""
    count = layout.number(layout.count, data, offset)
    if count is None:
        return None, True
    following = layout.number(layout.offset, data, offset + layout.count.size + count * layout.entry.size)
    if following is None:
        return None, True
    return following, _is_page(layout, data, offset)


def _is_page(layout: TiffLayout, data: bytes, offset: int) -> bool:
    # Entries ascend by their tags, so that the tag stands among the first.
    for tag, kind, _, field in layout.entry.iter_unpack(_first_entries(layout, data, offset)):
        value = int(struct.unpack_from(layout.order + ("H" if kind == _SHORT else "I"), field)[0])
        if tag == _NEW_SUBFILE_TYPE:
            return not value & (_REDUCED | _MASK)
        if tag == _SUBFILE_TYPE:
            return value != _OLD_REDUCED
    return True


def _first_entries(layout: TiffLayout, data: bytes, offset: int) -> bytes:
    count = min(layout.number(layout.count, data, offset) or 0, _ENTRIES_LOOKED_AT)
    start = offset + layout.count.size
    return data[start : start + count * layout.entry.size]


class FileFrom(io.BytesIO):
    """A TIFF file whose header names another directory as its first, so that a reader begins there.

    The bytes are shared and unchanged. So this costs no memory, and damage in other directories does no harm.

    Args:
        data: A whole TIFF file.
        offset: The directory's offset.
    """

    def __init__(self, data: bytes, offset: int) -> None:
        super().__init__(data)
        layout = TiffLayout.of(data)
        header = bytearray(data[: layout.first + layout.offset.size])
        if len(header) == layout.first + layout.offset.size:
            layout.offset.pack_into(header, layout.first, offset)
        self._header = bytes(header)

    def read(self, size: int | None = -1) -> bytes:
        """Read as from any file, with the header changed.

        Args:
            size: The most bytes to read.
        """
        start = self.tell()
        found = super().read(size)
        changed = self._header[start : start + len(found)]
        return changed + found[len(changed) :] if changed else found
