"""Pages of jobs side by side, or one of them alone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

__all__ = ["JobGate"]


class JobGate:
    """Lets many through together, or one alone when all of them are out. Who wants to be alone goes first."""

    def __init__(self) -> None:
        self._inside = 0
        self._wanting = 0  # to be alone, whoever is so included
        self._alone = asyncio.Lock()
        self._waiting: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Be inside with others."""
        await self._until(lambda: not self._wanting)
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            self._tell()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Be inside with nobody else."""
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
