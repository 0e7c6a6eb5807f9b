"""Continuous batching: arrays of one shape share a run of the net, whoever sent them.

`serve.batch` gathers whatever came in a time window. Here nothing waits for a window: while the net is busy, work
gathers by shape; when it is free, the oldest item is taken with others of its shape. Alone, a request is run at once;
under load, batches fill by themselves (docs/decisions/0003-continuous-batching.md). What is urgent goes before what is
old, in one shape and between shapes; what is not fills its batches.
"""

import asyncio
import bisect
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from deployments.page_work import PageWork
from deployments.worker import WorkThreads

__all__ = ["ShapeBatcher", "power_of_two"]

Result = TypeVar("Result")
Pixels = npt.NDArray[np.uint8]


@dataclass(slots=True)
class _Item(Generic[Result]):
    """One array that waits, who waits for its result, and whose work it is."""

    order: int
    pixels: Pixels
    future: "asyncio.Future[Result]"
    work: PageWork

    @property
    def turn(self) -> tuple[int, int]:
        """What goes first has the least."""
        return self.work.priority, self.order


class ShapeBatcher(Generic[Result]):
    """Runs a net on batches of arrays of one shape.

    Args:
        run: (N, ...) uint8 to N results, in order. It runs on `threads`, as often at a time as there are.
        threads: Where it runs.
        batch_size: Of the shape of an array, and of how many of it wait, to how many of them are run together.
        on_batch: Told the shape of each batch that is run, for metrics.
    """

    def __init__(
        self,
        run: Callable[[Pixels], Sequence[Result]],
        threads: WorkThreads,
        batch_size: Callable[[tuple[int, ...], int], int],
        on_batch: Callable[[tuple[int, ...]], None],
    ) -> None:
        self._run = run
        self._threads = threads
        self._batch_size = batch_size
        self._on_batch = on_batch
        self._waiting: dict[tuple[int, ...], list[_Item[Result]]] = {}  # in their turn
        self._order = itertools.count()
        self._runners: dict[int, set[asyncio.Task[None]]] = {}  # by priority

    async def submit(self, pixels: Pixels, work: PageWork | None = None) -> Result:
        """Have one array run with others of its shape. A cancelled caller's array is dropped before it is run.

        Args:
            pixels: uint8 of any shape. Read only, and kept until the result is there.
            work: Of the page that it belongs to: how urgent it is, and where its share of the time is counted.

        Raises:
            PageTimeout: The page has taken more work than it may.
            Exception: What `run` raised for a batch that held this array alone: another's fault never arrives here.
        """
        work = work or PageWork()
        work.check()
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        item = _Item(next(self._order), pixels, future, work)
        bisect.insort(self._waiting.setdefault(pixels.shape, []), item, key=lambda one: one.turn)
        runners = self._runners.setdefault(work.priority, set())
        # Not the size of the set: a runner that has just ended leaves it a moment later, and would strand this array.
        if sum(not runner.done() for runner in runners) < self._threads.count:
            runner = asyncio.create_task(self._run_all(work.priority))
            runners.add(runner)
            runner.add_done_callback(runners.discard)
        return await future

    async def _run_all(self, priority: int) -> None:
        """Run what is that urgent or more: what is less may wait for its threads, and must not keep this waiting."""
        while batch := self._next_batch(priority):
            try:
                await self._run_batch(batch)
            except Exception as exc:
                if len(batch) == 1:
                    self._fail(batch[0], exc)
                    continue
                # Which of them is at fault is not known: each is run alone, and answers for itself.
                for item in batch:
                    if item.future.done():
                        continue  # its caller went while the batch ran
                    try:
                        await self._run_batch([item])
                    except Exception as own:
                        self._fail(item, own)

    def _next_batch(self, priority: int) -> list[_Item[Result]]:
        for shape in list(self._waiting):
            items = self._waiting[shape]
            while items and items[0].future.done():
                items.pop(0)
            if not items:
                del self._waiting[shape]
        if not self._waiting:
            return []
        shape, items = min(self._waiting.items(), key=lambda waiting: waiting[1][0].turn)
        if items[0].work.priority > priority:
            return []
        live = [item for item in items if not item.future.done()]
        size = max(1, self._batch_size(shape, len(live)))
        self._waiting[shape] = live[size:]
        return live[:size]

    async def _run_batch(self, batch: list[_Item[Result]]) -> None:
        pixels = np.stack([item.pixels for item in batch]) if len(batch) > 1 else batch[0].pixels[None]
        self._on_batch(pixels.shape)
        results = await self._threads.run_for([item.work for item in batch], self._run, pixels)
        for item, result in zip(batch, results, strict=True):
            if (excess := item.work.excess()) is not None:
                self._fail(item, excess)
            elif not item.future.done():
                item.future.set_result(result)

    @staticmethod
    def _fail(item: _Item[Result], error: Exception) -> None:
        if not item.future.done():
            item.future.set_exception(error)


def power_of_two(most: int) -> Callable[[tuple[int, ...], int], int]:
    """As many as wait, up to `most`, rounded down to a power of two: each size of batch costs a runtime some time.

    For `ShapeBatcher`'s `batch_size`.
    """

    def size(_shape: tuple[int, ...], waiting: int) -> int:
        return 1 << (min(waiting, most).bit_length() - 1)

    return size
