"""Reads data: URLs (RFC 2397), in which the location itself is the document."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import NoReturn
from urllib.parse import unquote_to_bytes

from deployments.document import Document
from deployments.storage.base import Storage, StoredObject, refuse_over_limit
from models.errors import MalformedRequest

__all__ = ["DataUrlStorage"]

_SHOWN = "the data: URL"
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")
_WHITESPACE = re.compile(rb"[ \t\r\n\f]+")


class DataUrlStorage(Storage):
    """Decodes `data:[<media type>][;base64],<content>`. The media type is ignored: the content tells the type."""

    def read(self, location: str, max_bytes: int) -> Document:
        """Decode a document, as `Storage.read` says. The size is checked before anything is decoded."""
        header, comma, payload = location.partition(",")
        if not comma:
            raise MalformedRequest(f"{_SHOWN} has no comma before its content: data:image/png;base64,iVBO...")
        if header.lower().endswith(";base64"):
            return Document(_decode_base64(payload, max_bytes))
        refuse_over_limit(_unescaped_bytes(payload), max_bytes, _SHOWN)
        return Document(unquote_to_bytes(payload))

    def list(self, location: str) -> Iterator[StoredObject]:
        """Refuse to list, since a data: URL has nothing below it."""
        _refuse_listing()

    def close(self) -> None:
        """Do nothing, since there is nothing to release."""


def _refuse_listing() -> NoReturn:
    raise MalformedRequest("a data: URL holds one document and can't be listed")


def _unescaped_bytes(payload: str) -> int:
    """Compute the size with percent escapes resolved (three characters become one byte), without resolving them."""
    return len(payload.encode()) - 2 * sum(1 for _ in _ESCAPE.finditer(payload))


def _decode_base64(payload: str, max_bytes: int) -> bytes:
    # Spaces and a missing padding are accepted, as in the browsers' forgiving-base64 (WHATWG Infra Standard).
    encoded = _WHITESPACE.sub(b"", unquote_to_bytes(payload)).rstrip(b"=")
    refuse_over_limit(len(encoded) * 3 // 4, max_bytes, _SHOWN)
    try:
        return base64.b64decode(encoded + b"=" * (-len(encoded) % 4), validate=True)
    except binascii.Error as error:
        raise MalformedRequest(f"{_SHOWN} is not valid base64: {error}") from error
