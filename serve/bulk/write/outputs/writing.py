"""Makes storage calls side by side, in threads."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["all_done", "mapped"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def all_done(futures: Iterable[Future[None]]) -> None:
    """Wait for all calls, also if one fails, so that none goes on after this returns.

    Raises:
        Exception: A call raised it; of several, the first in their order.
    """
    errors = [error for future in list(futures) if (error := future.exception()) is not None]
    if errors:
        raise errors[0]


def mapped(function: Callable[[Item], Result], items: Iterable[Item], threads: int) -> Iterator[Result]:
    """Call a function on each item in threads. Results are in order; at most two calls a thread are ahead of them."""
    with ThreadPoolExecutor(threads, thread_name_prefix="bulk-storage") as pool:
        waiting: list[Future[Result]] = []
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= 2 * threads:
                    yield waiting.pop(0).result()
            while waiting:
                yield waiting.pop(0).result()
        finally:
            for future in waiting:
                future.cancel()
