"""Starts the child process when it is needed, and again when it has ended, and says why it ended."""

import contextlib
import functools
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deployments.memory_files import memory_file
from deployments.sandbox.bounds import OVER_MEMORY, CallLimits
from deployments.sandbox.messages import Message, MessageError, receive, send
from deployments.sandbox.task import Refused

__all__ = ["ProcessEnded", "SandboxPool", "SandboxProcess"]

logger = logging.getLogger("ray.serve")

_REASON_OF_STATUS = {
    0: "idle",
    -signal.SIGPROF: "cpu",
    -signal.SIGXCPU: "cpu",
    OVER_MEMORY: "memory",
    -signal.SIGKILL: "memory",  # the kernel's way to free some
    -signal.SIGXFSZ: "file",
}

_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1", "OPENBLAS_NUM_THREADS": "1"}

# A child ends with the thread that started it. So this thread, which never ends, starts all of them.
_starting = ThreadPoolExecutor(1, "sandbox")

# glibc says one of these when it finds its heap damaged, and then ends the process as for a lack of memory.
_DAMAGED_HEAP = (b"free(): ", b"malloc(): ", b"corrupted ", b"double free", b"invalid pointer", b"realloc(): ")

# No process takes longer to end, once its socket is closed or it was killed.
_END_S = 5.0

# A second attempt has the rest of the first one's time, and at least so much.
_LEAST_WALL_S = 0.1


class ProcessEnded(Refused):
    """A call during which the child process ended. The next call starts another.

    Args:
        reason: `cpu` or `wall` for time, `memory`, `file` for the size of one, `crash`, or `idle` if the process ended
            by itself, and so did another one.
        was_new: Whether the call was the process's first: then nothing before it can be at fault.
    """

    def __init__(self, reason: str, was_new: bool) -> None:
        super().__init__(reason)
        self.was_new = was_new


class SandboxProcess:
    """The child process of one task. Threads take turns.

    Args:
        task: Import path of the `Task`, as `package.module:Class`. The child can do nothing else.
    """

    def __init__(self, task: str) -> None:
        self._task = task
        self._lock = threading.RLock()
        self._running: _Running | None = None

    def call(self, request: Message, limits: CallLimits, *files: bytes) -> tuple[Message, int | None]:
        """Have one call answered.

        Args:
            request: A message that the task knows.
            limits: The most that the call may cost.
            files: Contents of files, handed over if the task does not keep them from an earlier call.

        Returns:
            The answer, and the descriptor of the sealed file in memory that came with it, which the caller closes.

        Raises:
            Refused: The task can't do it; or, with `internal`, rayocr's own code failed.
            ProcessEnded: The process ended during the call.
        """
        with self._lock:
            try:
                answer, file = self._call(request, limits, files)
            except ProcessEnded as ended:
                if ended.reason != "idle" or ended.was_new:
                    raise
                answer, file = self._call(request, limits, files)
        if "refused" in answer:
            raise Refused(str(answer["refused"]), str(answer["detail"]))
        return answer, file

    def call_again_after_crash(self, request: Message, limits: CallLimits, *files: bytes) -> tuple[Message, int | None]:
        """Have one call answered as by `call`, and once more by a new process if it crashes one that is not new.

        What that process had read before may have left it broken. Both attempts share the time of the call.

        Args:
            request: A message that the task knows.
            limits: The most that the call may cost.
            files: Contents of files, handed over if the task does not keep them from an earlier call.
        """
        began = time.monotonic()
        try:
            return self.call(request, limits, *files)
        except ProcessEnded as ended:
            if ended.reason != "crash" or ended.was_new:
                raise
        left_s = max(_LEAST_WALL_S, limits.wall_s - (time.monotonic() - began))
        return self.call(request, limits._replace(wall_s=left_s), *files)

    def _call(self, request: Message, limits: CallLimits, files: tuple[bytes, ...]) -> tuple[Message, int | None]:
        if self._running is None:
            self._running = _Running(self._task)
        try:
            return self._running.call(request | {"limits": limits._asdict()}, limits.wall_s, files)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the child, if there is one. The next call starts another."""
        with self._lock:
            running, self._running = self._running, None
            if running is not None:
                running.close()


class SandboxPool:
    """Child processes of one task: as many as there are calls at a time. Those without work end by themselves.

    Args:
        task: Import path of the `Task`, as `package.module:Class`.
    """

    def __init__(self, task: str) -> None:
        self._task = task
        self._idle: list[SandboxProcess] = []

    def call(self, request: Message, limits: CallLimits, *files: bytes) -> tuple[Message, int | None]:
        """Have one call answered, as by `SandboxProcess.call_again_after_crash`.

        Args:
            request: A message that the task knows.
            limits: The most that the call may cost.
            files: Contents of files, handed over if the task does not keep them from an earlier call.
        """
        try:
            process = self._idle.pop()
        except IndexError:
            process = SandboxProcess(self._task)
        try:
            return process.call_again_after_crash(request, limits, *files)
        finally:
            self._idle.append(process)

    def close(self) -> None:
        """End all children that are idle."""
        while self._idle:
            self._idle.pop().close()


class _Running:
    def __init__(self, task: str) -> None:
        self._connection, theirs = socket.socketpair()
        self._errors = os.memfd_create("sandbox-errors", os.MFD_CLOEXEC)
        self._calls = 0
        self._until = 0.0
        root = str(Path(__file__).resolve().parents[2])
        paths = [root, *(path for path in sys.path if path and Path(path).is_absolute())]
        with theirs:
            # Modules of the working directory, site hooks and the credentials in this process's environment do not
            # concern the child.
            self._process = _starting.submit(
                subprocess.Popen[bytes],
                [sys.executable, "-S", "-P", "-m", "deployments.sandbox.worker", str(theirs.fileno()), task],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                pass_fds=[theirs.fileno()],
                env=_ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))},
                cwd="/",
            ).result()

    def call(self, request: Message, wall_s: float, files: tuple[bytes, ...]) -> tuple[Message, int | None]:
        self._until = time.monotonic() + wall_s
        self._calls += 1
        try:
            if self._calls == 1:
                _log_missing(*self._received()[0]["missing"])
            answer, result = self._exchange(request, [])
            if "wants_files" in answer:
                with contextlib.ExitStack() as stack:
                    copies = [stack.enter_context(memory_file(file)).fileno() for file in files]
                    answer, result = self._exchange(request, copies)
        except TimeoutError:
            raise ProcessEnded("wall", self._calls == 1) from None
        except (OSError, MessageError) as exc:
            raise ProcessEnded(self._reason_of_end(), self._calls == 1) from exc
        return answer, result

    def _exchange(self, request: Message, files: list[int]) -> tuple[Message, int | None]:
        send(self._connection, request, files, self._until)
        return self._received()

    def _received(self) -> tuple[Message, int | None]:
        answer, results = receive(self._connection, self._until)
        if answer is None:
            raise MessageError("the child process has ended")
        return answer, results[0] if results else None

    def _reason_of_end(self) -> str:
        try:
            status = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            return "crash"  # it sent something that is not a message
        if status in _REASON_OF_STATUS:
            return _REASON_OF_STATUS[status]
        said = os.pread(self._errors, 1 << 16, 0)
        if status > 0:
            raise Refused("internal", f"the process ended with status {status}: {said.decode(errors='replace')}")
        is_damaged = any(mark in said for mark in _DAMAGED_HEAP)
        return "memory" if status == -signal.SIGABRT and not is_damaged else "crash"

    def close(self) -> None:
        self._connection.close()
        try:
            # Idle, it ends at once; in work, nobody waits for its answer.
            self._process.kill()
            self._process.wait(_END_S)
        finally:
            os.close(self._errors)


@functools.cache
def _log_missing(*layers: str) -> None:
    """Say once in this process what the wall lacks here."""
    if layers:
        text = "; ".join(layers)
        logger.warning("the process that opens hostile files is less walled in than it could be: %s", text)
