"""Unpacks gzip bit by bit, so that a limit on bytes holds while they grow."""

import zlib
from collections.abc import Iterable, Iterator

from models.errors import MalformedRequest

__all__ = ["Gunzip", "gunzipped"]

_PIECE_BYTES = 256 * 1024
_GZIP = 16 + zlib.MAX_WBITS


class Gunzip:
    """Unpacks one stream of gzip members (RFC 1952), whose packed bytes come in chunks.

    >>> import gzip
    >>> b"".join(Gunzip().unpack(gzip.compress(b"page")))
    b'page'
    """

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)
        self._has_begun = False

    @property
    def is_complete(self) -> bool:
        """Whether the stream may end here: all members that have begun have ended."""
        return self._member.eof or not self._has_begun

    def unpack(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk holds, in pieces of at most 256 KiB.

        Raises:
            MalformedRequest: The bytes are not gzip.
        """
        piece = b""
        while chunk or len(piece) == _PIECE_BYTES:  # a full piece may leave something behind
            if self._member.eof:
                self._member, self._has_begun = zlib.decompressobj(_GZIP), False
            if not self._has_begun:
                chunk = chunk.lstrip(b"\0")  # some writers pad the end
                self._has_begun = bool(chunk)
            try:
                piece = self._member.decompress(chunk, _PIECE_BYTES)
            except zlib.error as exc:
                raise MalformedRequest(f"Content-Encoding is gzip, and the content is not: {exc}") from exc
            chunk = self._member.unconsumed_tail or self._member.unused_data
            if piece:
                yield piece


def gunzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the content of gzip that comes in chunks.

    Raises:
        MalformedRequest: The chunks are not gzip, or break off.
    """
    gunzip = Gunzip()
    for chunk in chunks:
        yield from gunzip.unpack(chunk)
    if not gunzip.is_complete:
        raise MalformedRequest("Content-Encoding is gzip, and the content breaks off")
