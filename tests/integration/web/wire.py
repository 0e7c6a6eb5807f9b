"""A wire between a browser and the service, which a test can cut."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

__all__ = ["Wire", "wire_to"]

_PIECE_BYTES = 65536


class Wire:
    """Passes bytes on to a service.

    Args:
        target: Address of the service.

    Example:
        >>> with wire_to("http://127.0.0.1:8000") as wire:  # doctest: +SKIP
        ...     wire.cut_after(100_000)
        ...     wire.stop()
        ...     wire.start()
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener: socket.socket | None = None
        self._port = 0
        self._open: set[socket.socket] = set()
        self._left: int | None = None
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it listens, also while it is stopped."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Take connections, at the same port as before."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections, and break off those that are open."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        self._break_off()

    def cut_after(self, count: int) -> None:
        """Break off every connection once, after so many more bytes of requests."""
        with self._lock:
            self._left = count

    def _break_off(self) -> None:
        with self._lock:
            ends, self._open = self._open, set()
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                service = socket.create_connection(self._target)
                with self._lock:
                    self._open |= {client, service}
                threading.Thread(target=self._pass, args=(client, service, True), daemon=True).start()
                threading.Thread(target=self._pass, args=(service, client, False), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, is_request: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(_PIECE_BYTES):
                if is_request and self._is_cut_by(len(piece)):
                    self._break_off()
                    return
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)

    def _is_cut_by(self, count: int) -> bool:
        with self._lock:
            if self._left is None:
                return False
            self._left -= count
            if self._left > 0:
                return False
            self._left = None
            return True


@contextmanager
def wire_to(url: str) -> Iterator[Wire]:
    """A wire to the service at an address, which is stopped at the end."""
    parts = urlsplit(url)
    wire = Wire((parts.hostname or "", parts.port or 80))
    wire.start()
    try:
        yield wire
    finally:
        wire.stop()
