"""The data that travel with a page through the stages: its request, its options and its deadline."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace

from deployments.read_options import AS_IT_COMES, ReadOptions
from deployments.work.page_work import PageWork
from deployments.work.yielding import yielding
from models.errors import DeadlineExceeded

__all__ = ["INTERACTIVE", "JOB", "PageCall", "RequestContext"]

#: Priorities: a lower number goes first wherever pages wait. Somebody waits for the answer to an interactive request.
INTERACTIVE = 0
JOB = 1


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The part of a request that every stage knows.

    Args:
        request_id: The id in the header X-Request-ID and in every log line.
        deadline: Seconds since the epoch after which nobody waits for the answer.
        timeout_s: Seconds from the start to the deadline, for the message.
        priority: INTERACTIVE or JOB.
        page_work_s: Seconds of work that a page of up to 4 megapixels may take, and a larger one in proportion; None
            for no limit.
        is_alone: Whether no other page of a job may be in work beside this one, which may have ended a replica before.
        client: Name of the client who asks; '' if no keys are asked for.
        https_hosts: Hosts that its https:// sources may be on, redirects included; None for those of the settings.
    """

    request_id: str
    deadline: float
    timeout_s: float
    priority: int = INTERACTIVE
    page_work_s: float | None = None
    is_alone: bool = False
    client: str = ""
    https_hosts: tuple[str, ...] | None = None

    @classmethod
    def starting_now(
        cls, request_id: str, timeout_s: float, client: str = "", https_hosts: tuple[str, ...] | None = None
    ) -> "RequestContext":
        """Make the context of a request whose time begins now."""
        return cls(request_id, time.time() + timeout_s, timeout_s, client=client, https_hosts=https_hosts)

    def renewed(self) -> "RequestContext":
        """Make the context of the same request with its whole time from now on."""
        return replace(self, deadline=time.time() + self.timeout_s)

    def work(self, pixels: int, spent_s: float) -> PageWork:
        """Open an account for the work on one page.

        Args:
            pixels: Pixels of the page.
            spent_s: Seconds spent on earlier steps.
        """
        return PageWork(self.priority, self.page_work_s, pixels, spent_s)

    def makes_jobs_yield(self) -> AbstractContextManager[None]:
        """Make the work of jobs in this process yield to this request while the context is held."""
        return yielding.page(self.request_id, self.priority)

    @property
    def remaining_s(self) -> float:
        """Seconds until the deadline; negative when it has passed."""
        return self.deadline - time.time()

    @asynccontextmanager
    async def limit(self, stage: str) -> AsyncIterator[None]:
        """Cancel the work inside this context when the deadline passes.

        Args:
            stage: Name of the place where the time ran out, for the message.

        Raises:
            DeadlineExceeded: The deadline passed during the work, or had passed before.
        """
        if self.remaining_s <= 0:
            raise self._exceeded(stage)
        try:
            async with asyncio.timeout(self.remaining_s) as timer:
                yield
        except TimeoutError as exc:
            if not timer.expired():
                raise  # a time-out of the work itself, such as a socket's
            raise self._exceeded(stage) from exc

    def _exceeded(self, stage: str) -> DeadlineExceeded:
        return DeadlineExceeded(
            f"the request's {self.timeout_s:g} s ran out in {stage}: send smaller pages, allow more time, "
            "or try again when there is less load"
        )


@dataclass(frozen=True, slots=True)
class PageCall:
    """One page that the stages are asked to work on.

    Its document is not part of it, since Ray resolves a reference only if it is an argument by itself.

    Args:
        number: Number of the page, counted from 1.
        context: The request that the page belongs to.
        options: How its document is to be read.
        sent_at: Seconds since the epoch at which a stage was called.
    """

    number: int
    context: RequestContext
    options: ReadOptions = AS_IT_COMES
    sent_at: float = field(default_factory=time.time)

    def sent_now(self) -> "PageCall":
        """Make the same call for the next stage, which is called now."""
        return replace(self, sent_at=time.time())
