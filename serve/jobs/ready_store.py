"""Whether the store of jobs answers, for GET /readyz."""

import asyncio
import time

from models.errors import RayocrError
from serve.jobs.service import Jobs

__all__ = ["ReadyStore"]

_TIMEOUT_S = 5.0
# How long an answer is remembered: probes come from every node, and must not become a load of their own.
_GOOD_FOR_S = 5.0
_BAD_FOR_S = 1.0


class ReadyStore:
    """Asks the store for a sign of life, and remembers the answer for some seconds.

    Args:
        jobs: With the store.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._asking = asyncio.Lock()
        self._problem: str | None = None
        self._holds_until_s = float("-inf")

    async def problem(self) -> str | None:
        """Why jobs can't be taken, in one sentence; None when they can."""
        async with self._asking:
            if time.monotonic() > self._holds_until_s:
                self._problem = await self._ask()
                self._holds_until_s = time.monotonic() + (_GOOD_FOR_S if self._problem is None else _BAD_FOR_S)
            return self._problem

    async def _ask(self) -> str | None:
        try:
            # The thread goes on alone when its time is over: nothing can interrupt a connection that hangs.
            await asyncio.wait_for(self._jobs.in_store(self._jobs.store.check), _TIMEOUT_S)
        except TimeoutError:
            return f"the store of jobs (jobs.store): no answer within {_TIMEOUT_S:g} s"
        except RayocrError as exc:
            return f"the store of jobs (jobs.store): {exc}"
        return None
