"""Threads for blocking work, watched from outside."""

import asyncio
import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import cv2

from models.errors import ReplicaCrashed

__all__ = ["WorkThreads", "limit_threads"]

logger = logging.getLogger("ray.serve")

Result = TypeVar("Result")

# Time for the answers of a hung replica to leave it before it ends itself.
_LAST_WORDS_S = 1.0
_EXIT_CODE = 70


@dataclass(slots=True)
class _Job:
    """A running job: since when, and the future that its caller awaits."""

    started: float
    future: "asyncio.Future[object]"
    loop: asyncio.AbstractEventLoop


def limit_threads() -> None:
    """Keep OpenCV to the thread that calls it. Ray sets OMP_NUM_THREADS, which BLAS follows, before it starts."""
    cv2.setNumThreads(1)


class WorkThreads:
    """Runs blocking functions, and ends the process when one of them hangs.

    A net that hangs in native code can't be interrupted: only the end of its process frees the replica. Serve starts
    another, and the pipeline sends the other requests there.

    Args:
        name: Of the threads, for profilers and messages.
        max_work_s: A function that runs longer is taken for hung.
        count: Functions that run at a time.
    """

    def __init__(self, name: str, max_work_s: float, count: int = 1) -> None:
        self.count = count
        self._name = name
        self._max_work_s = max_work_s
        self._executor = ThreadPoolExecutor(max_workers=count, thread_name_prefix=name)
        self._jobs: dict[int, _Job] = {}  # by thread
        threading.Thread(target=self._watch, name=f"{name}-watchdog", daemon=True).start()

    async def run(self, function: Callable[..., Result], *arguments: object) -> Result:
        """Run a blocking function on one of the threads.

        A cancelled caller whose function has not begun costs nothing more.

        Raises:
            ReplicaCrashed: The function hung; this process is about to end.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Result] = loop.create_future()

        def work() -> None:
            if answer.cancelled():
                return
            thread = threading.get_ident()
            self._jobs[thread] = _Job(time.monotonic(), answer, loop)  # type: ignore[arg-type]  # any result will do
            try:
                result = function(*arguments)
            except BaseException as exc:
                del self._jobs[thread]
                loop.call_soon_threadsafe(_settle, answer, None, exc)
            else:
                del self._jobs[thread]
                loop.call_soon_threadsafe(_settle, answer, result, None)

        self._executor.submit(work)
        return await answer

    def busy_s(self) -> float:
        """How long the oldest of the present functions has been running; 0 when idle."""
        oldest = self._oldest()
        return time.monotonic() - oldest.started if oldest is not None else 0.0

    def check(self) -> None:
        """For a replica's health check.

        Raises:
            RuntimeError: A function has hung, and the watchdog could not end the process.
        """
        if (busy_s := self.busy_s()) > self._max_work_s + _LAST_WORDS_S:
            raise RuntimeError(f"{self._name} has been at one step of work for {busy_s:.1f} s")

    def _oldest(self) -> _Job | None:
        return min(list(self._jobs.values()), key=lambda job: job.started, default=None)

    def _watch(self) -> None:
        while True:
            time.sleep(min(1.0, self._max_work_s / 4))
            job = self._oldest()
            if job is None or time.monotonic() - job.started <= self._max_work_s:
                continue
            message = f"one step of work in {self._name} took more than {self._max_work_s:g} s and was given up"
            logger.error("%s; this replica ends itself and is replaced", message)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
                job.loop.call_soon_threadsafe(_settle, job.future, None, ReplicaCrashed(message))
            time.sleep(_LAST_WORDS_S)
            os._exit(_EXIT_CODE)


def _settle(future: "asyncio.Future[Result]", result: Result | None, error: BaseException | None) -> None:
    if future.done():
        return  # its caller was cancelled, or was told that the work hung
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)  # type: ignore[arg-type]  # None only where Result allows it
