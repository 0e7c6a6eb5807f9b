"""Bounds the pixels that a process holds at a time."""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from models.page import Page

__all__ = ["DecodedPages"]


class DecodedPages:
    """Decodes pages one after the other while there is room, and counts their bytes until they are read.

    Between replicas, the object store bounds the pages. In one process nothing else would, and pages are decoded faster
    than they are read. The pages of each priority have a queue of their own, and only pages that are as urgent take
    room from them. So all pages together hold the bound at most once for each priority.

    Args:
        most_bytes: The most bytes that pages may hold when the next one is decoded.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        # All three are by priority.
        self._held_bytes: Counter[int] = Counter()
        self._decoding: set[int] = set()
        self._waiting: defaultdict[int, deque[asyncio.Future[None]]] = defaultdict(deque)

    @asynccontextmanager
    async def page(self, decode: Callable[[], Awaitable[Page]], priority: int = 0) -> AsyncIterator[Page]:
        """Decode a page in its turn. Its bytes count until the context is left.

        Args:
            decode: Decodes the page.
            priority: Lower numbers are more urgent.
        """
        await self._turn(priority)
        try:
            page = await decode()
            held_bytes = page.pixels.nbytes
            self._held_bytes[priority] += held_bytes
        finally:
            self._end_turn(priority)
        try:
            yield page
        finally:
            self._held_bytes[priority] -= held_bytes
            self._give_turns()

    async def _turn(self, priority: int) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[priority].append(future)
        self._give_turns()
        try:
            await future
        except asyncio.CancelledError:
            if not future.cancelled():
                self._end_turn(priority)  # the turn came in the step of the loop in which its owner was cancelled
            raise

    def _end_turn(self, priority: int) -> None:
        self._decoding.discard(priority)
        self._give_turns()

    def _give_turns(self) -> None:
        for priority, queue in sorted(self._waiting.items()):
            while queue and priority not in self._decoding:
                if not queue[0].done():
                    if self._held_for(priority) > self._most_bytes:
                        break
                    self._decoding.add(priority)
                    queue[0].set_result(None)
                queue.popleft()

    def _held_for(self, priority: int) -> int:
        """Sum the bytes that count for a page of that priority: those of pages that are as urgent or more."""
        return sum(held for of_priority, held in self._held_bytes.items() if of_priority <= priority)
