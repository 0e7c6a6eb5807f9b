"""The child process: a loop that takes a call and sends its answer, behind a wall.

It is started as `python -m deployments.sandbox.worker FD MODULE:CLASS`, with its end of the socket and its task. No
message can name another task. Its first message tells what the wall lacks on this machine.
"""

import importlib
import os
import select
import signal
import socket
import sys
import sysconfig
import traceback

from deployments.sandbox.bounds import Bounds, CallLimits, Outgrown
from deployments.sandbox.messages import Message, receive, send
from deployments.sandbox.task import Refused, Task
from deployments.sandbox.wall import raise_wall

# Without work the child ends, and gives everything back; it takes a tenth of a second to start again.
_IDLE_S = 60.0

# A library may keep so much between calls.
_MOST_KEPT_BYTES = 100_000_000

# Libraries of the system, for modules that are loaded late; random numbers, to encrypt; fonts, for PDFs without theirs.
_SYSTEM_FILES = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
    "/dev/random",
    "/dev/urandom",
    "/etc/ld.so.cache",
    "/etc/fonts",
    "/usr/share",
    "/usr/local/share",
)


def _main(descriptor: int, task_name: str) -> None:
    """Answer calls until the parent closes its end of the socket, as the parent's own end does too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches all processes of a terminal; the parent decides
    connection = socket.socket(fileno=descriptor)
    module, _, name = task_name.partition(":")
    task: Task = getattr(importlib.import_module(module), name)()
    bounds = Bounds(is_watched=task.is_watched)
    send(connection, {"missing": raise_wall([*_SYSTEM_FILES, *_code()])})
    bounds.set_up()

    def keeps_much() -> bool:
        return bounds.kept_bytes() - task.kept_file_bytes > _MOST_KEPT_BYTES

    while select.select([connection], [], [], _IDLE_S)[0]:
        request, files = receive(connection)
        if request is None:
            return
        if not files and not task.keeps_files_of(request):
            send(connection, {"wants_files": True})
            continue
        try:
            answer, result = _answer(task, bounds, request, files)
        except Outgrown:  # the parent starts another process
            return
        results = [] if result is None else [result]
        send(connection, answer, results)
        for file in (*files, *results):
            os.close(file)
        # Only the end of the process gives back what is still there then. The next call starts a new one.
        if bounds.is_spent or (keeps_much() and not (task.forget() and not keeps_much())):
            return


def _code() -> list[str]:
    """List the folders of code: the library's, those of installed packages, and of each package that is loaded."""
    library = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
    packages = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    loaded = [path for name, one in sys.modules.items() if "." not in name for path in getattr(one, "__path__", ())]
    return [*library, *packages, *loaded]


def _answer(task: Task, bounds: Bounds, request: Message, files: list[int]) -> tuple[Message, int | None]:
    # A file may be mapped, and the parent has paid for it.
    file_bytes = sum(os.fstat(file).st_size for file in files)
    try:
        with bounds.around(CallLimits(**request["limits"]), file_bytes):
            return task.answer(request, files)
    except Refused as exc:
        return {"refused": exc.reason, "detail": exc.detail}, None
    except Outgrown:
        raise
    except MemoryError:
        return {"refused": "memory", "detail": ""}, None
    except Exception:
        return {"refused": "internal", "detail": traceback.format_exc()}, None


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2])
