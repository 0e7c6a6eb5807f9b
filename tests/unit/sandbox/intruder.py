"""A task that has been taken over: it tries what it must not be able to do."""

import ctypes
import fcntl
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from deployments.sandbox.messages import Message
from deployments.sandbox.task import Task

_LIBC = ctypes.CDLL(None, use_errno=True)
_PIDFD_OPEN, _READ_MEMORY, _IO_URING = 434, 310, 425


class Intruder(Task):
    """Makes one attempt and tells what came of it."""

    is_watched: ClassVar[bool] = False

    def answer(self, request: Message, files: Sequence[int]) -> tuple[Message, int | None]:
        try:
            return {"got": str(ATTEMPTS[request["attempt"]](request))}, None
        except OSError as exc:
            return {"failed": str(exc)}, None


def _read(path: str) -> Callable[[Message], Any]:
    return lambda request: Path(path.format(**request)).read_bytes()


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def _written(request: Message) -> int:
    return Path(request["folder"], "written").write_bytes(b"x")


def _connected(request: Message) -> str:
    with socket.create_connection(("127.0.0.1", request["port"]), 5) as connection:
        return repr(connection)


def _connected_here(request: Message) -> str:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(request["socket"])
        return repr(connection)


def _sent_datagram(request: Message) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        return connection.sendto(b"x", ("127.0.0.1", request["port"]))


def _has_signal_sent(request: Message) -> int:
    """Let the kernel send a signal for input on the one socket that is there."""
    connection = int(sys.argv[1])
    fcntl.fcntl(connection, fcntl.F_SETOWN, request["parent"])
    return fcntl.fcntl(connection, fcntl.F_SETFL, os.O_ASYNC)


def _memory(request: Message) -> int:
    buffer = (ctypes.c_char * 16)()
    local, remote = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 16), (ctypes.c_size_t * 2)(request["address"], 16)
    return _checked(_LIBC.syscall(_READ_MEMORY, request["parent"], local, 1, remote, 1, 0))


def _open_descriptors(_request: Message) -> list[int]:
    own = {0, 1, 2, int(sys.argv[1])}
    # Bounds reads the process's size by the one, and the request came with the other.
    found = [one for one in range(64) if one not in own and _is_open(one)]
    if len(found) > 2:
        return found
    raise OSError("none but its own")


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _raised(kind: int) -> Callable[[Message], Any]:
    def attempt(_request: Message) -> str:
        try:
            resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except ValueError as exc:
            raise OSError(str(exc)) from exc
        return "raised"

    return attempt


ATTEMPTS: dict[str, Callable[[Message], Any]] = {
    "environment of the parent": _read("/proc/{parent}/environ"),
    "memory of the parent": _read("/proc/{parent}/mem"),
    "files of the parent": lambda request: list(Path(f"/proc/{request['parent']}/fd").iterdir()),
    "command line of the parent": _read("/proc/{parent}/cmdline"),
    "memory of the parent by a call": _memory,
    "trace the parent": lambda request: _checked(_LIBC.ptrace(16, request["parent"], 0, 0)),
    "secret file": _read("{secret}"),
    "list a folder": lambda request: list(Path(request["folder"]).iterdir()),
    "write a file": _written,
    "make a folder": lambda request: Path(request["folder"], "made").mkdir(),
    "remove a file": lambda request: Path(request["secret"]).unlink(),
    "change the mode of a file": lambda request: Path(request["secret"]).chmod(0o777),
    "own environment": _read("/proc/self/environ"),
    "loopback": _connected,
    "datagram": _sent_datagram,
    "listen": lambda _request: socket.create_server(("127.0.0.1", 0)),
    "unix socket": _connected_here,
    "raw socket": lambda _request: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "program": lambda _request: subprocess.run(["/bin/true"], check=True),
    "replace itself": lambda _request: os.execv("/bin/true", ["true"]),
    "fork": lambda _request: os.fork(),
    "signal the parent": lambda request: os.kill(request["parent"], 0),
    "signal the parent's group": lambda request: os.killpg(os.getpgid(request["parent"]), 0),
    "signal by a thread's id": lambda request: _checked(_LIBC.tgkill(request["parent"], request["parent"], 0)),
    "signal by a descriptor of a process": lambda request: _checked(_LIBC.syscall(_PIDFD_OPEN, request["parent"], 0)),
    "signal of a file's owner": _has_signal_sent,
    "limits of the parent": lambda request: resource.prlimit(request["parent"], resource.RLIMIT_NOFILE),
    "priority of the parent": lambda request: os.setpriority(os.PRIO_PROCESS, request["parent"], 19),
    "processors of the parent": lambda request: os.sched_setaffinity(request["parent"], {0}),
    "another namespace": lambda _request: _checked(_LIBC.unshare(0x20000)),
    "mount": lambda request: _checked(_LIBC.mount(b"none", request["folder"].encode(), b"tmpfs", 0, None)),
    "calls by a ring": lambda _request: _checked(_LIBC.syscall(_IO_URING, 1, (ctypes.c_char * 120)())),
    "shared memory": lambda _request: _checked(_LIBC.shmget(1, 4096, 0o1777)),
    "be another user": lambda _request: os.setuid(12345),
    "can be traced": lambda _request: _checked(_LIBC.prctl(4, 1, 0, 0, 0)),
    "descriptors of the parent": _open_descriptors,
    "more memory": _raised(resource.RLIMIT_AS),
    "larger files": _raised(resource.RLIMIT_FSIZE),
    "more open files": _raised(resource.RLIMIT_NOFILE),
    "more time": _raised(resource.RLIMIT_CPU),
    "dump": _raised(resource.RLIMIT_CORE),
}
