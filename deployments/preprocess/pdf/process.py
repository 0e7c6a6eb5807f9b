"""The child process in which PDFium works: started when needed, and again when it ended.

PDFium is a large parser of hostile files, and can neither be interrupted nor bounded within a process.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from deployments.preprocess.pdfium.bounds import OVER_MEMORY
from deployments.preprocess.pdfium.messages import Message, MessageError, receive, send

__all__ = ["PdfiumProcess", "ProcessEnded"]

Cause = Literal["cpu", "wall", "memory", "crash", "idle"]

# Of wall-clock time to CPU time: waiting for a core on a loaded machine is not the document's fault.
_WALL_FACTOR = 10

# What glibc says when it finds its heap damaged, after which it ends the process as for a lack of memory.
_DAMAGED_HEAP = (b"free(): ", b"malloc(): ", b"corrupted ", b"double free", b"invalid pointer", b"realloc(): ")

# Longer than any start takes; a process that does not end after its socket was closed is ended.
_END_S = 5.0


class ProcessEnded(Exception):
    """The child process ended during a call.

    Args:
        cause: `cpu` and `wall` for time, `memory`, `crash`, and `idle` where it had ended by itself.
        was_new: Whether the call was its first: then nothing before it can be at fault.
    """

    def __init__(self, cause: Cause, was_new: bool) -> None:
        super().__init__(cause, was_new)
        self.cause = cause
        self.was_new = was_new


class PdfiumProcess:
    """The child process. Threads take turns."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: _Running | None = None

    def call(self, request: Message, document: bytes) -> tuple[Message, int | None]:
        """Have one call answered.

        Args:
            request: With `document`, the digest of `document`, and `cpu_s`.
            document: Handed over where the child does not have it open.

        Returns:
            The answer, and the file descriptor that came with it, which the caller closes.

        Raises:
            ProcessEnded: It ended during the call. The next call starts another.
            RuntimeError: It can't be started here, or failed in rayocr's own code.
        """
        with self._lock:
            if self._running is None:
                self._running = _Running()
            try:
                return self._running.call(request, document)
            except BaseException:
                self._close()
                raise

    def close(self) -> None:
        """End the child, if there is one. The next call starts another."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.close()

    @property
    def pid(self) -> int | None:
        """Of the child that runs now, or None."""
        running = self._running
        return None if running is None else running.pid


class _Running:
    def __init__(self) -> None:
        self._connection, theirs = socket.socketpair()
        self._errors = os.memfd_create("pdfium-errors", os.MFD_CLOEXEC)
        self._calls = 0
        root = str(Path(__file__).resolve().parents[3])
        paths = [root, *(path for path in sys.path if path and Path(path).is_absolute())]
        with theirs:
            # Neither the credentials in this process's environment nor its site hooks are any business of the child.
            self._process = subprocess.Popen(
                [sys.executable, "-S", "-P", "-m", "deployments.preprocess.pdfium", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                pass_fds=[theirs.fileno()],
                env={"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)), "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def call(self, request: Message, document: bytes) -> tuple[Message, int | None]:
        self._connection.settimeout(_WALL_FACTOR * request["cpu_s"])
        self._calls += 1
        try:
            answer, descriptor = self._exchange(request, None)
            if answer.get("refused") == "not_open":
                with _in_memory(document) as copy:
                    answer, descriptor = self._exchange(request, copy)
        except TimeoutError:
            raise ProcessEnded("wall", self._calls == 1) from None
        except (OSError, MessageError) as exc:
            raise ProcessEnded(self._cause_of_end(), self._calls == 1) from exc
        return answer, descriptor

    def _exchange(self, request: Message, descriptor: int | None) -> tuple[Message, int | None]:
        send(self._connection, request, descriptor)
        answer, received = receive(self._connection)
        if answer is None:
            raise MessageError("the child process has ended")
        return answer, received

    def _cause_of_end(self) -> Cause:
        try:
            status = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            return "crash"  # it sent what is no message
        if status == -signal.SIGPROF:
            return "cpu"
        if status in (OVER_MEMORY, -signal.SIGKILL):  # the latter is the kernel's way to free some
            return "memory"
        said = os.pread(self._errors, 1 << 16, 0)
        if status == -signal.SIGABRT:
            return "crash" if any(mark in said for mark in _DAMAGED_HEAP) else "memory"
        if status > 0:
            raise RuntimeError(
                f"the process that opens PDFs ended with status {status}: {said.decode(errors='replace')}"
            )
        return "idle" if status == 0 else "crash"

    def close(self) -> None:
        self._connection.close()
        try:
            # Idle, it ends at once; in work, nobody waits for its answer.
            self._process.kill()
            self._process.wait(_END_S)
        finally:
            os.close(self._errors)


@contextlib.contextmanager
def _in_memory(data: bytes) -> Iterator[int]:
    descriptor = os.memfd_create("document", os.MFD_CLOEXEC)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        yield descriptor
    finally:
        os.close(descriptor)
