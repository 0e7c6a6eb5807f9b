"""Runs a function over several items at a time, and gives the results in the items' order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["ordered_map"]

Item = TypeVar("Item")
Result = TypeVar("Result")

# Items for each worker that are taken ahead of the oldest unfinished one. One slow document among quick ones then
# leaves the other workers busy, while no more than this many results wait for it.
_LOOK_AHEAD = 8


def ordered_map(function: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """Apply a function to items in threads, and yield the results in the order of the items.

    Threads are started as items come, so that there are never more than items. When the caller stops early, items that
    have not begun are dropped, and the others are not waited for.

    Args:
        function: A function that is called in the threads.
        items: The items, taken in the caller's thread, at most eight for each worker ahead of the result that is due.
        workers: The most threads.

    Yields:
        One result for each item.

    Raises:
        Exception: `function` or `items` raised it. It comes in its place in the order.
    """
    executor = ThreadPoolExecutor(workers, thread_name_prefix="reader")
    pending: deque[Future[Result]] = deque()
    try:
        for item in items:
            pending.append(executor.submit(function, item))
            while pending and (pending[0].done() or len(pending) >= workers * _LOOK_AHEAD):
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
