"""A lock that many hold together, or one alone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

__all__ = ["SharedLock"]


class SharedLock:
    """A lock that many may hold together, or one alone.

    One that waits to hold it alone goes before all that come later. Releasing it never waits, so that a cancelled
    holder always lets the others in.
    """

    def __init__(self) -> None:
        self._inside = 0
        self._exclusive = 0  # those that hold the lock alone, or wait to
        self._alone = asyncio.Lock()
        self._waiting: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Hold the lock together with others."""
        await self._until(lambda: not self._exclusive)
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            self._wake()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Hold the lock alone."""
        self._exclusive += 1
        try:
            async with self._alone:
                await self._until(lambda: not self._inside)
                yield
        finally:
            self._exclusive -= 1
            self._wake()

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)
