"""Has a replica replaced when it has worked long enough, or holds too much memory.

Serve replaces a replica whose health check fails three times in a row. Until then the replica goes on as before. Then
Serve sends it no more pages, lets it finish those that it holds (`graceful_shutdown_s`), and starts another replica, at
once if Ray has room for both. No page is lost. Meanwhile Serve shows the deployment as unhealthy.
"""

import os
import random
from collections.abc import Callable
from pathlib import Path

from deployments.settings import ReplicaSettings

__all__ = ["Recycling", "private_bytes"]

# Replicas that started together must not end together.
_SPREAD = 1.25


def private_bytes() -> int:
    """The memory that this process shares with no other, without the object store and program files, in bytes."""
    _, resident, shared, *_ = map(int, Path("/proc/self/statm").read_text(encoding="ascii").split())
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE")


class Recycling:
    """Tells when one replica is to be replaced.

    Args:
        settings: Settings of the replica's kind.
        uniform: Gives a random number between its two arguments.
        used_bytes: Tells the memory of the process, in bytes.
    """

    def __init__(
        self,
        settings: ReplicaSettings,
        uniform: Callable[[float, float], float] = random.uniform,
        used_bytes: Callable[[], int] = private_bytes,
    ) -> None:
        after = settings.recycle_after_pages
        self._most_pages = None if after is None else round(after * uniform(1.0, _SPREAD))
        self._most_bytes = settings.recycle_above_bytes
        self._used_bytes = used_bytes
        self._pages = 0

    def count_page(self) -> None:
        """Count a page whose work has begun."""
        self._pages += 1

    def check(self) -> None:
        """Fail the replica's health check if it is to be replaced.

        Raises:
            RuntimeError: The replica is to be replaced.
        """
        if self._most_pages is not None and self._pages >= self._most_pages:
            raise RuntimeError(f"to be replaced after {self._pages} pages (recycle_after_pages): nothing is wrong")
        if self._most_bytes is not None and self._pages and (used := self._used_bytes()) > self._most_bytes:
            raise RuntimeError(f"to be replaced at {used:,} bytes (recycle_above_bytes): nothing else is wrong")
