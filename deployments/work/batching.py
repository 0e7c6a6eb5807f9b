"""Continuous batching: arrays of one shape share a run of the net, whoever sent them.

`serve.batch` gathers all calls of a time window. Here nothing waits for a window. While the net is busy, work gathers
by shape. When the net is free, the oldest array is taken together with others of its shape. So a lone request runs at
once, and under load batches fill by themselves (docs/decisions/0003-continuous-batching.md). Urgent arrays go before
older ones, within a shape and between shapes. Arrays that are less urgent fill their batches up.

A thread is handed several short runs at a time (docs/decisions/0027-runs-handed-over-together.md).
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

# A thread is handed runs until they have so many bytes: 10 to 20 ms of recognition. Urgent arrays wait for their end.
_BYTES_AT_A_TIME = 600_000


class _Caller(Generic[Result]):
    """The caller that waits for the results of some arrays, and the account of their page."""

    def __init__(self, count: int, work: PageWork) -> None:
        self.work = work
        self.answer: asyncio.Future[list[Result]] = asyncio.get_running_loop().create_future()
        self._results: dict[int, Result] = {}
        self._count = count

    def take(self, index: int, result: Result) -> None:
        """Take the result of one array."""
        self._results[index] = result
        if len(self._results) == self._count and not self.answer.done():
            self.answer.set_result([self._results[each] for each in range(self._count)])

    def fail(self, error: Exception) -> None:
        """Fail the whole call, because one of its arrays failed."""
        if not self.answer.done():
            self.answer.set_exception(error)


@dataclass(slots=True)
class _Item(Generic[Result]):
    """One array that waits."""

    order: int
    pixels: Pixels
    caller: _Caller[Result]
    index: int  # among the caller's arrays

    @property
    def turn(self) -> tuple[int, int]:
        """The key by which arrays are sorted: the one with the least goes first."""
        return self.caller.work.priority, self.order

    @property
    def is_dropped(self) -> bool:
        """Whether nobody waits for its result any longer."""
        return self.caller.answer.done()


class ShapeBatcher(Generic[Result]):
    """Runs a net on batches of arrays of one shape.

    Args:
        run: Turns (N, ...) uint8 into N results, in order. Each of `threads` makes one call at a time.
        threads: The threads that call `run`.
        batch_size: Takes the shape of an array and the number of such arrays that wait; returns how many run together.
        on_batch: Called with the shape of each batch, for metrics.
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
        """Run the net on arrays, each in a batch with others of its shape.

        If one of them fails, or the caller is cancelled, those that have not been run are dropped.

        Args:
            arrays: uint8 of any shapes. Read only, and kept until the results are there.
            work: The account of their page, which says how urgent it is, and is charged its share of the time.

        Returns:
            A result for each array, in order.

        Raises:
            PageTimeout: The work on the page took longer than its limit.
            Exception: `run` raised it for one of these arrays alone. The fault of another caller's array never arrives
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
        # A runner that has ended leaves the set a moment later. If it counted, nobody might run these arrays.
        running = sum(not runner.done() for runner in runners)
        for _ in range(min(len(arrays), self._threads.count - running)):
            runner = asyncio.create_task(self._run_all(work.priority))
            runners.add(runner)
            runner.add_done_callback(runners.discard)
        return await caller.answer

    async def _run_all(self, priority: int) -> None:
        """Run arrays that are as urgent or more. Less urgent ones may wait for threads, and must not hold these up."""
        while batches := self._next_batches(priority):
            for batch in await self._run_batches(batches):
                # Nothing tells which of them is at fault, so each is run alone.
                for item in batch:
                    if not item.is_dropped:  # the caller may have gone while the batch ran
                        await self._run_batches([[item]])

    def _next_batches(self, priority: int) -> list[list[_Item[Result]]]:
        """Take the batches that one thread runs next, one after the other."""
        # Half of a thread's share: at the end of a page, no thread then has much to do while the others have nothing.
        arrays_left = sum(len(items) for items in self._waiting.values()) // (2 * self._threads.count)
        bytes_left = _BYTES_AT_A_TIME
        batches: list[list[_Item[Result]]] = []
        while batch := self._next_batch(priority):
            batches.append(batch)
            arrays_left -= len(batch)
            bytes_left -= len(batch) * batch[0].pixels.nbytes
            if arrays_left <= 0 or bytes_left <= 0:
                break
            priority = batch[0].caller.work.priority  # nothing less urgent comes along
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
        """Run batches on one thread, and tell the callers. Returns the batches of several arrays that failed."""
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
        """Run one batch. Its error is returned, so that it does not harm the other batches of the same call."""
        try:
            pixels = np.stack([item.pixels for item in batch]) if len(batch) > 1 else batch[0].pixels[None]
            results = self._run(pixels)
        except Exception as exc:
            return exc
        if len(results) != len(batch):
            return ValueError(f"the net gave {len(results)} results for {len(batch)} arrays")
        return results


def power_of_two(most: int) -> Callable[[tuple[int, ...], int], int]:
    """Make a `batch_size` for `ShapeBatcher`: all arrays that wait, up to `most`, rounded down to a power of two.

    Fewer sizes of batches are better, since each costs a runtime some time when it first comes.
    """

    def size(_shape: tuple[int, ...], waiting: int) -> int:
        return 1 << (min(waiting, most).bit_length() - 1)

    return size
