"""The loop of the child process: a call in, its answer out.

It is started as `python -m deployments.sandbox.worker FD MODULE:CLASS`, with its end of the socket and its task. No
message can name another task.
"""

import importlib
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Sequence

from deployments.sandbox.bounds import Bounds, CallLimits
from deployments.sandbox.messages import Message, receive, send
from deployments.sandbox.task import Refused, Task

# Without work it ends, and gives everything back; it takes a tenth of a second to start again.
_IDLE_S = 60.0

# A library may keep this much of what it has seen so far; beyond it, the task forgets its files.
_MOST_KEPT_BYTES = 100_000_000


def _main(descriptor: int, task_name: str) -> None:
    """Answer calls until the parent closes its end of the socket, as its own end does too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches all processes of a terminal; the parent decides
    module, _, name = task_name.partition(":")
    worker = _Worker(socket.socket(fileno=descriptor), getattr(importlib.import_module(module), name)())
    while worker.answer_next():
        pass


class _Worker:
    def __init__(self, connection: socket.socket, task: Task) -> None:
        self._connection = connection
        self._task = task
        self._bounds = Bounds(is_watched=task.is_watched)

    def answer_next(self) -> bool:
        """Wait for a call and answer it. False if it is time to end."""
        if not select.select([self._connection], [], [], _IDLE_S)[0]:
            return False
        request, files = receive(self._connection)
        if request is None:
            return False
        if not files and not self._task.keeps_files_of(request):
            send(self._connection, {"wants_files": True})
            return True
        result = None
        try:
            answer, result = self._answer(request, files)
            send(self._connection, answer, [] if result is None else [result])
        finally:
            for file in (*files, *([] if result is None else [result])):
                os.close(file)
        if self._kept_bytes() > _MOST_KEPT_BYTES:
            # Only the end of the process gives back what is still there then. The next call starts a new one.
            return self._task.forget() and self._kept_bytes() <= _MOST_KEPT_BYTES
        return True

    def _kept_bytes(self) -> int:
        return self._bounds.kept_bytes() - self._task.kept_file_bytes

    def _answer(self, request: Message, files: Sequence[int]) -> tuple[Message, int | None]:
        # A file is mapped, and the parent has paid for it.
        file_bytes = sum(os.fstat(file).st_size for file in files)
        try:
            with self._bounds.around(CallLimits(**request["limits"]), file_bytes):
                return self._task.answer(request, files)
        except Refused as exc:
            return {"refused": exc.reason, "detail": exc.detail}, None
        except MemoryError:
            return {"refused": "memory", "detail": ""}, None
        except Exception:
            return {"refused": "internal", "detail": traceback.format_exc()}, None


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2])
