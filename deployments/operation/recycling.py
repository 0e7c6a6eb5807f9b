"""Replacing a replica that has worked long enough, or holds too much memory.

Serve replaces a replica whose health check fails three times in a row. It takes it out of turn first, lets it finish
what it holds (`graceful_shutdown_s`) and starts another at once, where Ray has room for both: no page is lost. Until
then the replica goes on as before. Meanwhile Serve shows the deployment as unhealthy.
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
    """Memory of this process that it shares with no other: without the object store and the files of programs."""
    _, resident, shared, *_ = map(int, Path("/proc/self/statm").read_text(encoding="ascii").split())
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE")


class Recycling:
    """Says when one replica is to be replaced.

    Args:
        settings: Of its kind.
        uniform: A random number between its two arguments.
        used_bytes: Tells the memory of the process.
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
        """Count one page that was begun."""
        self._pages += 1

    def check(self) -> None:
        """For a replica's health check.

        Raises:
            RuntimeError: The replica is to be replaced.
        """
        if self._most_pages is not None and self._pages >= self._most_pages:
            raise RuntimeError(f"to be replaced after {self._pages} pages (recycle_after_pages): nothing is wrong")
        if self._most_bytes is not None and self._pages and (used := self._used_bytes()) > self._most_bytes:
            raise RuntimeError(f"to be replaced at {used:,} bytes (recycle_above_bytes): nothing else is wrong")
