"""Runs the pages of a chunk for a stage, and tells the coordinator about them."""

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from deployments.work.shared_lock import SharedLock
from models.errors import RayocrError, ReplicaCrashed
from serve.bulk.stages.chunks import WorkPage, failed

if TYPE_CHECKING:
    from ray.actor import ActorHandle

__all__ = ["PageRunner"]

logger = logging.getLogger("ray.data")

Work = Callable[[WorkPage], Awaitable[Any]]

# Longer than the watchdog takes to end a process whose work hangs.
_WATCHDOG_WAIT_S = 60.0


class PageRunner:
    """Runs one stage's work on the pages of a chunk, in one worker process.

    Args:
        stage: Name of the stage, one of `stages.STAGES`.
        coordinator: The run's actor.
        most_attempts: Crashes of workers after which a page that was in work at each of them is given up.
    """

    def __init__(self, stage: str, coordinator: "ActorHandle[Any]", most_attempts: int) -> None:
        self._stage = stage
        self._coordinator = coordinator
        self._most_attempts = most_attempts
        self._worker = uuid.uuid4().hex
        self._lock = SharedLock()

    async def run(self, pages: Sequence[WorkPage], work: Work) -> list[WorkPage | Any]:
        """Run the work on each page.

        Args:
            pages: Pages of a chunk. Those with a failure pass through untouched.
            work: Takes a page and returns its result. An error that it raises becomes the page's failure.

        Returns:
            For each page in order, the result of `work`, or a `WorkPage` with a failure.
        """
        results: dict[str, Any] = {page.name: page for page in pages if page.failure is not None}
        waiting = [page for page in pages if page.failure is None]
        async with self._lock.shared():
            crashes = await self._coordinator.begin.remote(self._stage, [page.name for page in waiting])
            fresh = [page for page, count in zip(waiting, crashes, strict=True) if count == 0]
            for page, result in zip(
                fresh, await asyncio.gather(*(_attempt(page, work) for page in fresh)), strict=True
            ):
                results[page.name] = result
            self._end(fresh)
        for page, count in zip(waiting, crashes, strict=True):
            if count:
                results[page.name] = await self._run_suspect(page, count, work)
        return [results[page.name] for page in pages]

    async def _run_suspect(self, page: WorkPage, crashes: int, work: Work) -> Any:
        if crashes >= self._most_attempts:
            message = (
                f"a worker ended {crashes} times while this page was in work in {self._stage}: the page was given up, "
                "the others were not affected"
            )
            return failed(page, ReplicaCrashed(message), crashes)
        async with self._lock.alone():
            await self._coordinator.begin.remote(self._stage, [page.name], True)
            result = await _attempt(page, work)
            self._end([page])
        return result

    def _end(self, pages: Sequence[WorkPage]) -> None:
        if pages:  # not awaited: if the message is lost, a page becomes a suspect without reason, and runs alone
            self._coordinator.end.remote(self._stage, self._worker, [page.name for page in pages], time.process_time())


async def _attempt(page: WorkPage, work: Work) -> Any:
    """Run the work on a page, and return its result or the page with a failure. Work that hangs does not return."""
    try:
        return await work(page)
    except ReplicaCrashed:
        # A step of work hung. The watchdog is about to end this process, and Ray starts another.
        await asyncio.sleep(_WATCHDOG_WAIT_S)
        raise
    except RayocrError as error:
        return failed(page, error)
    except Exception as error:
        logger.exception("unforeseen error while reading %s", page.document.key)
        return failed(page, error)
