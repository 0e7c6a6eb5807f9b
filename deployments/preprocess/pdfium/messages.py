"""Messages between a process and its child that opens PDFs: JSON, with at most one file descriptor beside it.

JSON and not pickle: the child works on hostile files, and what it sends must not be able to run anything.
"""

import fcntl
import json
import socket
import struct
from typing import Any

__all__ = ["SEALS", "Message", "MessageError", "receive", "send"]

Message = dict[str, Any]

SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
"""Of a file of pixels: reading one that is cut short while it is mapped would end the reader."""

_LENGTH = struct.Struct("<I")

# A page of a telephone directory has 30,000 characters, which make 4 MB with the polygons of their words.
_MAX_BYTES = 256_000_000


class MessageError(Exception):
    """The other side sent something that is no message."""


def send(connection: socket.socket, message: Message, descriptor: int | None = None) -> None:
    """Send a message.

    Args:
        connection: A Unix stream socket.
        message: What JSON can hold.
        descriptor: An open file to hand over; it stays open here.

    Raises:
        OSError: The other side is gone (BrokenPipeError, ConnectionResetError), or too slow (TimeoutError).
    """
    body = json.dumps(message).encode("ascii")
    header = _LENGTH.pack(len(body))
    if descriptor is None:
        connection.sendall(header)
    else:
        # Four bytes fit any socket's buffer, so that none are left over.
        socket.send_fds(connection, [header], [descriptor])
    connection.sendall(body)


def receive(connection: socket.socket) -> tuple[Message | None, int | None]:
    """Wait for a message.

    Args:
        connection: A Unix stream socket.

    Returns:
        The message, and the file descriptor that came with it, which the caller closes. None and None where the other
        side has closed the connection.

    Raises:
        MessageError: It is no message.
        OSError: As `send`.
    """
    # Python sets no flag of its own here, and a descriptor must not reach another child.
    header, descriptors, _, _ = socket.recv_fds(connection, _LENGTH.size, 1, socket.MSG_CMSG_CLOEXEC)
    if not header:
        return None, None
    (length,) = _LENGTH.unpack(header + _exactly(connection, _LENGTH.size - len(header)))
    if length > _MAX_BYTES:
        raise MessageError(f"a message of {length:,} bytes")
    try:
        message = json.loads(_exactly(connection, length))
    except ValueError as exc:
        raise MessageError("a message that is no JSON") from exc
    if not isinstance(message, dict):
        raise MessageError("a message that is no object")
    return message, descriptors[0] if descriptors else None


def _exactly(connection: socket.socket, count: int) -> bytearray:
    received = bytearray(count)
    view = memoryview(received)
    while view:
        got = connection.recv_into(view)
        if got == 0:
            raise MessageError("a message that is cut off")
        view = view[got:]
    return received
