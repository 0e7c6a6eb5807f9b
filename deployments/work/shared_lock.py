"""A lock that many hold together, or one alone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

__all__ = ["SharedLock"]


class SharedLock:
    """A lock that many may hold together, or one alone.

    Whoever wants to be alone goes before those who come later. Leaving never waits, so that a cancelled holder always
    lets the others in.
    """

    def __init__(self) -> None:
        self._inside = 0
        self._wanting = 0  # to be alone, the one who is alone included
        self._alone = asyncio.Lock()
        self._waiting: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Hold the lock together with others."""
        await self._until(lambda: not self._wanting)
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            self._tell()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Hold the lock alone."""
        self._wanting += 1
        try:
            async with self._alone:
                await self._until(lambda: not self._inside)
                yield
        finally:
            self._wanting -= 1
            self._tell()

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future

    def _tell(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)
