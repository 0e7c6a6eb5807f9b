"""Messages between a process and its child: JSON, with file descriptors beside it.

They are not pickled: the child works on hostile files, and its answers must not be able to run anything.
"""

import json
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

__all__ = ["Message", "MessageError", "receive", "send"]

Message = dict[str, Any]

_LENGTH = struct.Struct("<I")

# A page of a telephone directory has 30,000 characters, which make 4 MB with the polygons of their words.
_MAX_BYTES = 256_000_000

_MAX_FILES = 2

_LEAST_WAIT_S = 0.001


class MessageError(Exception):
    """The other side sent something that is not a message."""


def send(connection: socket.socket, message: Message, files: Sequence[int] = (), until: float | None = None) -> None:
    """Send a message.

    Args:
        connection: A Unix stream socket.
        message: A message that JSON can hold.
        files: Descriptors of files to hand over, two at most; they stay open here.
        until: The time of `time.monotonic` at which the other side must have taken it; None for no such time.

    Raises:
        OSError: The other side is gone (BrokenPipeError, ConnectionResetError), or too slow (TimeoutError).
    """
    body = json.dumps(message).encode("ascii")
    _wait_until(connection, until)
    # Four bytes fit any socket's buffer, so that none are left over.
    socket.send_fds(connection, [_LENGTH.pack(len(body))], files)
    connection.sendall(body)


def receive(connection: socket.socket, until: float | None = None) -> tuple[Message | None, list[int]]:
    """Wait for a message.

    Args:
        connection: A Unix stream socket.
        until: The time of `time.monotonic` at which the whole message must be there; None for no such time.

    Returns:
        The message, and the descriptors that came with it, which the caller closes. The message is None if the other
        side has closed the connection.

    Raises:
        MessageError: It is not a message.
        OSError: The other side is gone (ConnectionResetError), or too slow (TimeoutError).
    """
    _wait_until(connection, until)
    # Python sets no flag of its own here, and a descriptor must not reach another child.
    header, files, _, _ = socket.recv_fds(connection, _LENGTH.size, _MAX_FILES, socket.MSG_CMSG_CLOEXEC)
    if not header:
        return None, []
    (length,) = _LENGTH.unpack(header + _exactly(connection, _LENGTH.size - len(header), until))
    if length > _MAX_BYTES:
        raise MessageError(f"a message of {length:,} bytes")
    try:
        message = json.loads(_exactly(connection, length, until))
    except (ValueError, RecursionError) as exc:
        raise MessageError("a message that is not JSON") from exc
    if not isinstance(message, dict):
        raise MessageError("a message that is not an object")
    return message, files


def _wait_until(connection: socket.socket, until: float | None) -> None:
    if until is not None:
        # Not zero, which would mean not to wait and not to tell of it as a time-out.
        connection.settimeout(max(_LEAST_WAIT_S, until - time.monotonic()))


def _exactly(connection: socket.socket, count: int, until: float | None) -> bytearray:
    received = bytearray(count)
    view = memoryview(received)
    while view:
        _wait_until(connection, until)
        got = connection.recv_into(view)
        if got == 0:
            raise MessageError("a message that is cut off")
        view = view[got:]
    return received
