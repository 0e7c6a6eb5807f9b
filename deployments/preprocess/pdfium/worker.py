"""The loop of the child process: a call in, its answer out."""

import os
import select
import signal
import socket
import sys
import traceback

from deployments.preprocess.pdfium.bounds import Bounds
from deployments.preprocess.pdfium.document import OpenDocument, OpenDocuments
from deployments.preprocess.pdfium.library import Refused, start_library
from deployments.preprocess.pdfium.messages import Message, receive, send
from deployments.preprocess.pdfium.pages import read_page

__all__ = ["main"]

# Without work it ends, and gives everything back; it takes a tenth of a second to start again.
_IDLE_S = 60.0

# What PDFium may keep of the pages seen so far; beyond it, the documents are opened anew.
_MOST_KEPT_BYTES = 100_000_000


def main() -> None:
    """Answer calls until the parent closes its end of the socket, which its own end does too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches all processes of a terminal; the parent decides
    connection = socket.socket(fileno=int(sys.argv[1]))
    start_library()
    worker = _Worker(connection)
    while worker.answer_next():
        pass


class _Worker:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._documents = OpenDocuments()
        self._bounds = Bounds()

    def answer_next(self) -> bool:
        """Wait for a call and answer it. False where it is time to end."""
        if not select.select([self._connection], [], [], _IDLE_S)[0]:
            return False
        request, descriptor = receive(self._connection)
        if request is None:
            return False
        try:
            answer, pixels = self._answer(request, descriptor)
        finally:
            if descriptor is not None:
                os.close(descriptor)
        try:
            send(self._connection, answer, pixels)
        finally:
            if pixels is not None:
                os.close(pixels)
        if self._kept_bytes() > _MOST_KEPT_BYTES:
            self._documents.close_all()
            # What is still there can't be given back but by ending, and the next call starts a new process.
            return self._kept_bytes() <= _MOST_KEPT_BYTES
        return True

    def _kept_bytes(self) -> int:
        return self._bounds.kept_bytes() - self._documents.total_bytes

    def _answer(self, request: Message, descriptor: int | None) -> tuple[Message, int | None]:
        # A document is mapped, and its parent has paid for it.
        max_bytes = request["max_bytes"] + (0 if descriptor is None else os.fstat(descriptor).st_size)
        try:
            with self._bounds.around(request["cpu_s"], max_bytes):
                document = self._document(request, descriptor)
                if request["call"] == "page_count":
                    return {"page_count": document.page_count}, None
                return read_page(document, request)
        except Refused as exc:
            return {"refused": exc.reason, "detail": exc.detail}, None
        except MemoryError:
            return {"refused": "memory", "detail": ""}, None
        except Exception:
            return {"refused": "internal", "detail": traceback.format_exc()}, None

    def _document(self, request: Message, descriptor: int | None) -> OpenDocument:
        key, password = request["document"], request["password"]
        document = self._documents.find(key, password)
        if document is not None:
            return document
        if descriptor is None:
            raise Refused("not_open")
        return self._documents.open(key, password, descriptor)
