"""Continuous batching: arrays of one shape share a run of the net, whoever sent them.

`serve.batch` gathers whatever came in a time window. Here nothing waits for a window: while the net is busy, work
gathers by shape; when it is free, the oldest item is taken with others of its shape. Alone, a request is run at once;
under load, batches fill by themselves (docs/decisions/0003-continuous-batching.md).
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from deployments.worker import WorkThread

__all__ = ["ShapeBatcher"]

Result = TypeVar("Result")
Pixels = npt.NDArray[np.uint8]


@dataclass(slots=True)
class _Item(Generic[Result]):
    """One array that waits, and who waits for its result."""

    order: int
    pixels: Pixels
    future: "asyncio.Future[Result]"


class ShapeBatcher(Generic[Result]):
    """Runs a net on batches of arrays of one shape.

    Args:
        run: (N, ...) uint8 to N results, in order. It runs on `thread`.
        thread: Where it runs.
        max_batch: The most arrays in a batch.
        on_batch: Told the shape of each batch that is run, for metrics.
    """

    def __init__(
        self,
        run: Callable[[Pixels], Sequence[Result]],
        thread: WorkThread,
        max_batch: int,
        on_batch: Callable[[tuple[int, ...]], None],
    ) -> None:
        self._run = run
        self._thread = thread
        self._max_batch = max_batch
        self._on_batch = on_batch
        self._waiting: dict[tuple[int, ...], deque[_Item[Result]]] = {}
        self._order = itertools.count()
        self._runner: asyncio.Task[None] | None = None

    async def submit(self, pixels: Pixels) -> Result:
        """Have one array run with others of its shape. A cancelled caller's array is dropped before it is run.

        Args:
            pixels: uint8 of any shape. Read only, and kept until the result is there.

        Raises:
            Exception: What `run` raised for a batch that held this array alone: another's fault never arrives here.
        """
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(pixels.shape, deque()).append(_Item(next(self._order), pixels, future))
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run_all())
        return await future

    async def _run_all(self) -> None:
        while batch := self._next_batch():
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

    def _next_batch(self) -> list[_Item[Result]]:
        for shape in list(self._waiting):
            items = self._waiting[shape]
            while items and items[0].future.done():
                items.popleft()
            if not items:
                del self._waiting[shape]
        if not self._waiting:
            return []
        items = min(self._waiting.values(), key=lambda queue: queue[0].order)
        batch: list[_Item[Result]] = []
        while items and len(batch) < self._max_batch:
            item = items.popleft()
            if not item.future.done():
                batch.append(item)
        # Powers of two only: each new shape costs a runtime tens of milliseconds, so there are to be few.
        size = 1 << (len(batch).bit_length() - 1)
        items.extendleft(reversed(batch[size:]))
        return batch[:size]

    async def _run_batch(self, batch: list[_Item[Result]]) -> None:
        pixels = np.stack([item.pixels for item in batch]) if len(batch) > 1 else batch[0].pixels[None]
        self._on_batch(pixels.shape)
        results = await self._thread.run(self._run, pixels)
        for item, result in zip(batch, results, strict=True):
            if not item.future.done():
                item.future.set_result(result)

    @staticmethod
    def _fail(item: _Item[Result], error: Exception) -> None:
        if not item.future.done():
            item.future.set_exception(error)
