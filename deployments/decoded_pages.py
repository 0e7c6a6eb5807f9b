"""How many pixels a process holds at a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from models.page import Page

__all__ = ["DecodedPages"]


class DecodedPages:
    """Decodes pages one after the other while there is room, and counts their bytes until they are read.

    Between replicas the object store bounds them. In one process nothing else would: pages are decoded faster than
    read.

    Args:
        most_bytes: Held by pages when another may still be decoded.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._held_bytes = 0
        self._decoding = asyncio.Lock()
        self._less = asyncio.Event()

    @asynccontextmanager
    async def page(self, decode: Callable[[], Awaitable[Page]]) -> AsyncIterator[Page]:
        """A page, decoded in its turn; what it holds counts until the context is left.

        Args:
            decode: Decodes it.
        """
        async with self._decoding:
            while self._held_bytes > self._most_bytes:
                self._less.clear()
                await self._less.wait()
            page = await decode()
            held_bytes = page.pixels.nbytes
            self._held_bytes += held_bytes
        try:
            yield page
        finally:
            self._held_bytes -= held_bytes
            self._less.set()
