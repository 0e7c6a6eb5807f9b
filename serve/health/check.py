"""The base of checks of things beside the stages that must answer for a service to be ready, for GET /readyz."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable

from models.errors import RayocrError

__all__ = ["ReadyCheck", "problem_of"]

_TIMEOUT_S = 5.0


class ReadyCheck(ABC):
    """Asks something outside, and remembers the answer: probes come from every node, and must not become a load.

    Args:
        good_for_s: How long a good answer is remembered, in seconds.
        bad_for_s: How long a bad answer is remembered, in seconds.
    """

    def __init__(self, good_for_s: float, bad_for_s: float) -> None:
        self._good_for_s = good_for_s
        self._bad_for_s = bad_for_s
        self._asking = asyncio.Lock()
        self._problem: str | None = None
        self._holds_until_s = float("-inf")

    async def problem(self) -> str | None:
        """Say what is missing and why, in one sentence; None if nothing is missing."""
        async with self._asking:
            if time.monotonic() > self._holds_until_s:
                self._problem = await self._ask()
                self._holds_until_s = time.monotonic() + (
                    self._good_for_s if self._problem is None else self._bad_for_s
                )
            return self._problem

    @abstractmethod
    async def _ask(self) -> str | None:
        """Ask now, and answer as `problem` does."""


async def problem_of(what: str, answer: Awaitable[object]) -> str | None:
    """Wait for an answer, but not for long.

    Args:
        what: Name of the thing that is asked, for the sentence.
        answer: The answer of a thread. The thread goes on alone when the time is over: nothing can interrupt the
            resolution of a host's name, or a connection that hangs.

    Returns:
        Why there is no good answer, in one sentence; None if there is one.
    """
    try:
        await asyncio.wait_for(answer, _TIMEOUT_S)
    except TimeoutError:
        return f"{what}: no answer within {_TIMEOUT_S:g} s"
    except RayocrError as exc:
        return f"{what}: {exc}"
    return None
