"""Continuous batching: arrays of one shape share a run of the net, whoever sent them.

`serve.batch` gathers whatever came in a time window. Here nothing waits for a window: while the net is busy, work
gathers by shape; when it is free, the oldest item is taken with others of its shape. Alone, a request is run at once;
under load, batches fill by themselves (docs/decisions/0003-continuous-batching.md). What is urgent goes before what is
old, in one shape and between shapes; what is not fills its batches.

Short runs are handed to a thread several at a time (docs/decisions/0027-runs-handed-over-together.md).
"""

import asyncio
import bisect
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from deployments.work.page_work import PageWork
from deployments.work.threads import WorkThreads

__all__ = ["ShapeBatcher", "power_of_two"]

Result = TypeVar("Result")
Pixels = npt.NDArray[np.uint8]

# A thread is handed runs until they have so much: 10 to 20 ms of recognition. What is urgent waits until they are done.
_BYTES_AT_A_TIME = 600_000


class _Caller(Generic[Result]):
    """Who waits for the results of some arrays, and whose work they are."""

    def __init__(self, count: int, work: PageWork) -> None:
        self.work = work
        self.answer: asyncio.Future[list[Result]] = asyncio.get_running_loop().create_future()
        self._results: dict[int, Result] = {}
        self._count = count

    def take(self, index: int, result: Result) -> None:
        """One of the results is there."""
        self._results[index] = result
        if len(self._results) == self._count and not self.answer.done():
            self.answer.set_result([self._results[each] for each in range(self._count)])

    def fail(self, error: Exception) -> None:
        """One of the arrays failed, and with it all."""
        if not self.answer.done():
            self.answer.set_exception(error)


@dataclass(slots=True)
class _Item(Generic[Result]):
    """One array that waits."""

    order: int
    pixels: Pixels
    caller: _Caller[Result]
    index: int  # among the caller's

    @property
    def turn(self) -> tuple[int, int]:
        """What goes first has the least."""
        return self.caller.work.priority, self.order

    @property
    def is_dropped(self) -> bool:
        """Whether nobody waits for it any longer."""
        return self.caller.answer.done()


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

    async def submit(self, arrays: Sequence[Pixels], work: PageWork | None = None) -> list[Result]:
        """Have arrays run, each with others of its shape.

        When one of them fails, or the caller is cancelled, those that have not been run are dropped.

        Args:
            arrays: uint8 of any shapes. Read only, and kept until the results are there.
            work: Of the page that they belong to: how urgent it is, and where its share of the time is counted.

        Returns:
            A result for each array, in order.

        Raises:
            PageTimeout: The page has taken more work than it may.
            Exception: What `run` raised for a batch that held one of these arrays alone: another's fault never arrives
                here.
        """
        work = work or PageWork()
        work.check()
        if not arrays:
            return []
        caller: _Caller[Result] = _Caller(len(arrays), work)
        for index, pixels in enumerate(arrays):
            item = _Item(next(self._order), pixels, caller, index)
            bisect.insort(self._waiting.setdefault(pixels.shape, []), item, key=lambda one: one.turn)
        runners = self._runners.setdefault(work.priority, set())
        # Not the size of the set: a runner that has just ended leaves it a moment later, and would strand these arrays.
        running = sum(not runner.done() for runner in runners)
        for _ in range(min(len(arrays), self._threads.count - running)):
            runner = asyncio.create_task(self._run_all(work.priority))
            runners.add(runner)
            runner.add_done_callback(runners.discard)
        return await caller.answer

    async def _run_all(self, priority: int) -> None:
        """Run what is that urgent or more: what is less may wait for its threads, and must not keep this waiting."""
        while batches := self._next_batches(priority):
            for batch in await self._run_batches(batches):
                # Which of them is at fault is not known: each is run alone, and answers for itself.
                for item in batch:
                    if not item.is_dropped:  # its caller may have gone while the batch ran
                        await self._run_batches([[item]])

    def _next_batches(self, priority: int) -> list[list[_Item[Result]]]:
        """What one thread runs next, one batch after the other."""
        # Half of its share: towards the end of a page no thread is left with much while the others have nothing.
        arrays_left = sum(len(items) for items in self._waiting.values()) // (2 * self._threads.count)
        bytes_left = _BYTES_AT_A_TIME
        batches: list[list[_Item[Result]]] = []
        while batch := self._next_batch(priority):
            batches.append(batch)
            arrays_left -= len(batch)
            bytes_left -= len(batch) * batch[0].pixels.nbytes
            if arrays_left <= 0 or bytes_left <= 0:
                break
            priority = batch[0].caller.work.priority  # nothing that is less urgent comes along
        return batches

    def _next_batch(self, priority: int) -> list[_Item[Result]]:
        for shape in list(self._waiting):
            items = self._waiting[shape]
            while items and items[0].is_dropped:
                items.pop(0)
            if not items:
                del self._waiting[shape]
        if not self._waiting:
            return []
        shape, items = min(self._waiting.items(), key=lambda waiting: waiting[1][0].turn)
        if items[0].caller.work.priority > priority:
            return []
        live = [item for item in items if not item.is_dropped]
        size = max(1, self._batch_size(shape, len(live)))
        self._waiting[shape] = live[size:]
        return live[:size]

    async def _run_batches(self, batches: list[list[_Item[Result]]]) -> list[list[_Item[Result]]]:
        """Run batches on one thread, and tell the callers; those of several arrays that failed are given back."""
        for batch in batches:
            self._on_batch((len(batch), *batch[0].pixels.shape))
        pages = [item.caller.work for batch in batches for item in batch]
        outcomes: list[Sequence[Result] | Exception]
        try:
            outcomes = await self._threads.run_for(pages, self._outcomes, batches)
        except Exception as exc:  # the thread hangs
            outcomes = [exc] * len(batches)
        failed = []
        for batch, outcome in zip(batches, outcomes, strict=True):
            if not isinstance(outcome, Exception):
                for item, result in zip(batch, outcome, strict=True):
                    if (excess := item.caller.work.excess()) is not None:
                        item.caller.fail(excess)
                    else:
                        item.caller.take(item.index, result)
            elif len(batch) == 1:
                batch[0].caller.fail(outcome)
            else:
                failed.append(batch)
        return failed

    def _outcomes(self, batches: list[list[_Item[Result]]]) -> list[Sequence[Result] | Exception]:
        return [self._outcome(batch) for batch in batches]

    def _outcome(self, batch: list[_Item[Result]]) -> Sequence[Result] | Exception:
        """The results of one batch, or its error: another batch of the same call is none the worse for it."""
        try:
            pixels = np.stack([item.pixels for item in batch]) if len(batch) > 1 else batch[0].pixels[None]
            results = self._run(pixels)
        except Exception as exc:
            return exc
        if len(results) != len(batch):
            return ValueError(f"the net gave {len(results)} results for {len(batch)} arrays")
        return results


def power_of_two(most: int) -> Callable[[tuple[int, ...], int], int]:
    """As many as wait, up to `most`, rounded down to a power of two: each size of batch costs a runtime some time.

    For `ShapeBatcher`'s `batch_size`.
    """

    def size(_shape: tuple[int, ...], waiting: int) -> int:
        return 1 << (min(waiting, most).bit_length() - 1)

    return size
