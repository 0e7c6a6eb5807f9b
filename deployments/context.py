"""What travels with a request through the stages: its id and its deadline."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from models.errors import DeadlineExceeded

__all__ = ["RequestContext"]


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request, as every stage knows it.

    Args:
        request_id: As in the header X-Request-ID and in every log line.
        deadline: Seconds since the epoch after which nobody waits for the answer.
        timeout_s: How long that was from the start, for the message.
    """

    request_id: str
    deadline: float
    timeout_s: float

    @classmethod
    def starting_now(cls, request_id: str, timeout_s: float) -> "RequestContext":
        """A request whose time begins now."""
        return cls(request_id, time.time() + timeout_s, timeout_s)

    @property
    def remaining_s(self) -> float:
        """Seconds until the deadline; negative when it has passed."""
        return self.deadline - time.time()

    @asynccontextmanager
    async def limit(self, stage: str) -> AsyncIterator[None]:
        """Do no work after the deadline: what is inside is cancelled when it passes.

        Args:
            stage: Where the time ran out, for the message.

        Raises:
            DeadlineExceeded: The deadline passed, or had passed already.
        """
        if self.remaining_s <= 0:
            raise self._exceeded(stage)
        try:
            async with asyncio.timeout(self.remaining_s) as timer:
                yield
        except TimeoutError as exc:
            if not timer.expired():
                raise  # of the work itself, such as a socket's
            raise self._exceeded(stage) from exc

    def _exceeded(self, stage: str) -> DeadlineExceeded:
        return DeadlineExceeded(
            f"the request's {self.timeout_s:g} s ran out in {stage}: send smaller pages, allow more time, "
            "or try again when there is less load"
        )
