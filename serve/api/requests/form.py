"""Takes multipart forms of any length apart while they come in, and holds one part at a time, not the form."""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import unquote

from fastapi import Request
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from models.errors import MalformedRequest, TooLarge

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

__all__ = ["FormPart", "form_parts"]

# So many bytes are parsed before finished parts are handed on and others have their turn: 20 ms at most.
_STEP_BYTES = 16 * 1024
_EXTENDED_NAME = re.compile(rb"""filename\*=(utf-8|iso-8859-1)'[^']*'([^\s;"]+)""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FormPart:
    """One field of a form, or one file.

    Args:
        name: Name of the field.
        filename: The client's name for the file; None for a plain field.
        content: The whole content.
    """

    name: str
    filename: str | None
    content: bytes

    @property
    def text(self) -> str:
        """The value of a plain field.

        Raises:
            MalformedRequest: The value is not UTF-8.
        """
        try:
            return self.content.decode()
        except UnicodeDecodeError as exc:
            raise MalformedRequest(f"the form's field {self.name!r} is not UTF-8: {exc.reason}") from exc


async def form_parts(
    request: Request, max_file_bytes: int, max_fields_bytes: int, max_parts: int
) -> AsyncIterator[FormPart]:
    """Take a form apart. While a part is used, no more of the request is read.

    Starlette's own parser keeps every file open, or up to 1 MB of it in memory, until the form ends. A part without a
    name, or with `filename*` alone, is a file, although RFC 7578 forbids both: some clients send them.

    Args:
        request: A request with a body of multipart/form-data.
        max_file_bytes: The most bytes of one file.
        max_fields_bytes: The most bytes of all plain fields.
        max_parts: The most parts. The parser allows each of them 8 headers of 4 kB.

    Yields:
        The parts, in their order.

    Raises:
        MalformedRequest: The body is not a form, or ends in the middle.
        TooLarge: A file, the fields or the number of parts is over its limit.
    """
    _, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if not boundary:
        raise MalformedRequest("the multipart form can't be read: its Content-Type names no boundary")
    parts = _Parts(max_file_bytes, max_fields_bytes, max_parts)
    try:
        parser = MultipartParser(boundary, parts.callbacks())
        async for chunk in request.stream():
            for start in range(0, len(chunk), _STEP_BYTES):
                parser.write(chunk[start : start + _STEP_BYTES])
                while parts.finished:
                    yield parts.finished.popleft()
                await asyncio.sleep(0)
                if parts.has_ended:
                    return  # whatever follows the last boundary is not part of the form
        parser.finalize()
    except FormParserError as exc:
        raise MalformedRequest(f"the multipart form can't be read: {exc}") from exc
    raise MalformedRequest("the multipart form breaks off: its last boundary is missing")


class _Parts:
    """Collects the parts that the parser finds."""

    def __init__(self, max_file_bytes: int, max_fields_bytes: int, max_parts: int) -> None:
        self.finished: deque[FormPart] = deque()
        self.has_ended = False
        self._max_file_bytes = max_file_bytes
        self._max_fields_bytes = max_fields_bytes
        self._max_parts = max_parts
        self._begun = 0
        self._fields_bytes = 0
        self._header = b""
        self._value = b""
        self._disposition = b""
        self._name = ""
        self._filename: str | None = None
        self._content = BytesIO()

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._begun += 1
        if self._begun > self._max_parts:
            raise TooLarge(f"the form has more than {self._max_parts:,} parts, which is the limit: send several forms")
        self._disposition = b""
        self._content = BytesIO()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = _text(options.get(b"name", b"file"))
        self._filename = None
        if b"filename" in options:
            self._filename = _text(options[b"filename"])
        elif (extended := _EXTENDED_NAME.search(self._disposition)) is not None:  # RFC 8187
            self._filename = unquote(extended[2].decode("latin-1"), extended[1].decode(), errors="replace")
        elif b"name" not in options:
            self._filename = ""

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._filename is None:
            self._fields_bytes += end - start
            if self._fields_bytes > self._max_fields_bytes:
                raise TooLarge(f"the form's fields have more than {self._max_fields_bytes:,} bytes, which is the limit")
        elif self._content.tell() + end - start > self._max_file_bytes:
            raise TooLarge(
                f"the file {self._filename[:100]!r} has more than {self._max_file_bytes:,} bytes, which is the limit: "
                "send a smaller picture, or raise http.max_body_bytes"
            )
        self._content.write(data[start:end])

    def _part_end(self) -> None:
        # getvalue() hands the buffer out without a copy.
        self.finished.append(FormPart(self._name, self._filename, self._content.getvalue()))

    def _end(self) -> None:
        self.has_ended = True


def _text(name: bytes) -> str:
    # Browsers send UTF-8, and a quote as %22. Other names are only shown, so they need not be exact.
    return name.decode(errors="replace").replace("%22", '"')
