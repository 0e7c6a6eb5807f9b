"""Threads for blocking work, with a watchdog."""

import asyncio
import contextlib
import heapq
import itertools
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import cv2

from deployments.work.page_work import PageWork
from deployments.work.yielding import yielding
from models.errors import ReplicaCrashed

__all__ = ["WorkThreads", "limit_threads"]

logger = logging.getLogger("ray.serve")

Result = TypeVar("Result")

# Time in which the answers of a hung replica leave it before it ends itself.
_ANSWERS_WAIT_S = 1.0
_EXIT_CODE = 70


@dataclass(slots=True)
class _Running:
    """A function that runs: when it started, and the future that its caller awaits."""

    started: float
    future: "asyncio.Future[object]"
    loop: asyncio.AbstractEventLoop


def limit_threads() -> None:
    """Keep OpenCV to the thread that calls it. BLAS follows OMP_NUM_THREADS, which Ray sets before a replica starts."""
    cv2.setNumThreads(1)


class WorkThreads:
    """Runs blocking functions, and ends the process when one of them hangs.

    A net that hangs in native code can't be interrupted: only the end of its process frees the replica. Serve starts
    another, and the pipeline sends the other requests there.

    Args:
        name: Name of the threads, for profilers and messages.
        max_work_s: Seconds after which a function that still runs is taken for hung.
        count: Number of threads: so many functions run at a time.
    """

    def __init__(self, name: str, max_work_s: float, count: int = 1) -> None:
        self.count = count
        self._name = name
        self._max_work_s = max_work_s
        self._executor = ThreadPoolExecutor(max_workers=count, thread_name_prefix=name)
        # By priority, then in order. The executor is told once for each function here to run the next one.
        self._waiting: list[tuple[int, int, Callable[[], None]]] = []
        yielding.has_threads(count)
        self._order = itertools.count()
        self._running: dict[int, _Running] = {}  # by thread
        threading.Thread(target=self._watch, name=f"{name}-watchdog", daemon=True).start()

    async def run(self, function: Callable[..., Result], *arguments: object, work: PageWork | None = None) -> Result:
        """Run a blocking function on one of the threads. Functions of more urgent pages go first.

        If the caller is cancelled before the function begins, the function does not run.

        Args:
            function: Does one step of work.
            arguments: The function's arguments.
            work: The account of the page, which says how urgent it is, and is charged the time; None if there is no
                page.

        Raises:
            PageTimeout: The work on the page took longer than its limit.
            ReplicaCrashed: The function hung; this process is about to end.
        """
        if work is None:
            return await self.run_for((), function, *arguments)
        work.check()
        result = await self.run_for((work,), function, *arguments)
        work.check()
        return result

    async def run_for(self, pages: Sequence[PageWork], function: Callable[..., Result], *arguments: object) -> Result:
        """Run a blocking function for several pages at a time. Each is charged its share, and none is stopped here.

        Args:
            pages: The accounts of the pages; the most urgent page decides when the function begins.
            function: Does one step of work.
            arguments: The function's arguments.

        Raises:
            ReplicaCrashed: The function hung; this process is about to end.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Result] = loop.create_future()

        def work() -> None:
            if answer.cancelled():
                return
            thread = threading.get_ident()
            started_s = time.thread_time()
            self._running[thread] = _Running(time.monotonic(), answer, loop)  # type: ignore[arg-type]  # any result will do
            result: Result | None = None
            error: BaseException | None = None
            try:
                result = function(*arguments)
            except BaseException as exc:
                error = exc
            del self._running[thread]
            share_s = (time.thread_time() - started_s) / max(1, len(pages))
            loop.call_soon_threadsafe(_settle, answer, result, error, pages, share_s)

        priority = min((page.priority for page in pages), default=0)
        with yielding.changed:
            heapq.heappush(self._waiting, (priority, next(self._order), work))
            yielding.changed.notify_all()  # a thread may be waiting to run something less urgent
        self._executor.submit(self._run_next)
        return await answer

    def busy_s(self) -> float:
        """Seconds for which the oldest of the running functions has run; 0 when idle."""
        oldest = self._oldest()
        return time.monotonic() - oldest.started if oldest is not None else 0.0

    def check(self) -> None:
        """Check that no function hangs, for a replica's health check.

        Raises:
            RuntimeError: A function hangs, and the watchdog could not end the process.
        """
        if (busy_s := self.busy_s()) > self._max_work_s + _ANSWERS_WAIT_S:
            raise RuntimeError(f"{self._name} has been at one step of work for {busy_s:.1f} s")

    def _run_next(self) -> None:
        with yielding.changed:
            yielding.changed.wait_for(lambda: yielding.admits(self._waiting[0][0]))
            priority, _, work = heapq.heappop(self._waiting)
            yielding.begins(priority)
        try:
            work()
        finally:
            with yielding.changed:
                yielding.ends(priority)

    def _oldest(self) -> _Running | None:
        return min(list(self._running.values()), key=lambda one: one.started, default=None)

    def _watch(self) -> None:
        while True:
            time.sleep(min(1.0, self._max_work_s / 4))
            oldest = self._oldest()
            if oldest is None or time.monotonic() - oldest.started <= self._max_work_s:
                continue
            message = f"one step of work in {self._name} took more than {self._max_work_s:g} s and was given up"
            logger.error("%s; this replica ends itself and is replaced", message)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
                oldest.loop.call_soon_threadsafe(_settle, oldest.future, None, ReplicaCrashed(message))
            time.sleep(_ANSWERS_WAIT_S)
            os._exit(_EXIT_CODE)


def _settle(
    future: "asyncio.Future[Result]",
    result: Result | None,
    error: BaseException | None,
    pages: Sequence[PageWork] = (),
    share_s: float = 0.0,
) -> None:
    for page in pages:
        page.spent_s += share_s
    if future.done():
        return  # its caller was cancelled, or was told that the work hung
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)  # type: ignore[arg-type]  # None only if Result allows it
