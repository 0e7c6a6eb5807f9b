"""TCP servers that misbehave as real ones do: silent, slow, endless, cut off."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

__all__ = ["RawServer", "raw_server"]

Handler = Callable[[socket.socket], None]


class RawServer:
    """Accepts connections on 127.0.0.1, and runs one handler for each, in a thread of its own.

    Args:
        handler: Gets the connection, which is closed when it returns.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def close(self) -> None:
        """Close all connections and wait for the handlers."""
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which close() alone does not
        self._listener.close()
        self._accepting.join()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._handle, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _handle(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):  # the client, or close(), may hang up at any point
            self._handler(connection)


@contextlib.contextmanager
def raw_server(handler: Handler) -> Iterator[RawServer]:
    """Run a server for the length of a `with` block."""
    server = RawServer(handler)
    try:
        yield server
    finally:
        server.close()


def never_answer(connection: socket.socket) -> None:
    """Read all that comes, say nothing."""
    while connection.recv(65536):
        pass


def send_half_a_body(connection: socket.socket) -> None:
    """Promise 2,000 bytes, send 1,000, close."""
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 1000)


def send_without_end(connection: socket.socket) -> None:
    """Send a chunked body that never ends."""
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


def read_request(connection: socket.socket) -> bytes:
    """Read up to the end of the request's headers."""
    request = b""
    while b"\r\n\r\n" not in request:
        received = connection.recv(65536)
        if not received:
            break
        request += received
    return request
