"""What travels with a request through the stages: its id, its deadline, and what it may cost."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, replace

from deployments.work.page_work import PageWork
from deployments.work.yielding import presence
from models.errors import DeadlineExceeded

__all__ = ["INTERACTIVE", "JOB", "RequestContext"]

#: Priorities: somebody waits for the answer of the first; lower numbers go first wherever pages wait.
INTERACTIVE = 0
JOB = 1


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request, as every stage knows it.

    Args:
        request_id: As in the header X-Request-ID and in every log line.
        deadline: Seconds since the epoch after which nobody waits for the answer.
        timeout_s: How long that was from the start, for the message.
        priority: INTERACTIVE or JOB.
        page_work_s: Seconds of work that a page of up to 4 megapixels may take, and a larger one in proportion; None
            for no limit.
        is_alone: Whether no other page of a job may be in work with this one: it may be what ended its replica before.
    """

    request_id: str
    deadline: float
    timeout_s: float
    priority: int = INTERACTIVE
    page_work_s: float | None = None
    is_alone: bool = False

    @classmethod
    def starting_now(cls, request_id: str, timeout_s: float) -> "RequestContext":
        """A request whose time begins now."""
        return cls(request_id, time.time() + timeout_s, timeout_s)

    def renewed(self) -> "RequestContext":
        """The same request with its time beginning anew."""
        return replace(self, deadline=time.time() + self.timeout_s)

    def work(self, pixels: int, spent_s: float) -> PageWork:
        """An account of the work on one page.

        Args:
            pixels: Of the page.
            spent_s: On earlier steps, in seconds.
        """
        return PageWork(self.priority, self.page_work_s, pixels, spent_s)

    def presence(self) -> AbstractContextManager[None]:
        """Around all that a process does for this request's page: work of jobs keeps out of the way meanwhile."""
        return presence.page(self.request_id, self.priority)

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
