"""Works on jobs: every ingress replica leases pages from the store, has them read, and stores their results."""

import asyncio
import contextlib
import logging
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from models.errors import InsufficientStorage, StorageUnavailable
from serve.config.bundle import served_bundles
from serve.jobs.background.lease_watch import LeaseWatch
from serve.jobs.background.page_outcome import Failure, Retry, after_error
from serve.jobs.background.page_reader import PageReader
from serve.jobs.metrics import JobMetrics
from serve.jobs.records import Job, Lease, Settled
from serve.jobs.runtime import JobsRuntime

__all__ = ["JobRunner"]

logger = logging.getLogger("ray.serve")

Result = TypeVar("Result")

# Errors of the store that pass. Nothing is decided until they have passed.
_STORE_TROUBLE = (StorageUnavailable, InsufficientStorage)
_FIRST_STORE_PAUSE_S = 0.1
_LONGEST_STORE_PAUSE_S = 2.0
_STOP_TIMEOUT_S = 5.0


@dataclass(slots=True)
class _Held:
    """A page in work."""

    lease: Lease
    task: "asyncio.Task[None]"
    is_lost: bool = False


class JobRunner:
    """Keeps pages of jobs in work, as many as one ingress replica should have.

    Args:
        jobs: The store and the uploads.
        reader: Reads one page.
        most_in_work: Pages in work at a time.
        metrics: The metrics in which it counts.
        on_end: Called with each job that ended here.
        on_answer: Called when the stages have read a page.
    """

    def __init__(
        self,
        jobs: JobsRuntime,
        reader: PageReader,
        most_in_work: int,
        metrics: JobMetrics,
        on_end: Callable[[Job], None] = lambda _job: None,
        on_answer: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = uuid.uuid4().hex
        self._jobs = jobs
        self._leases = jobs.store.leases
        self._settings = jobs.settings.jobs
        self._reader = reader
        self._most_in_work = most_in_work
        self._metrics = metrics
        self._on_end = on_end
        self._on_answer = on_answer
        self._held: dict[str, _Held] = {}  # by token
        self._watch = LeaseWatch(self._settings.lease_s)
        self._woken = asyncio.Event()
        # Whether the store had as many pages as there was room for, so that it is worth asking again for a free place.
        self._has_more = False
        self._asked_for_suspects = 0.0
        self._is_stopping = False
        self._taking: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to work, in the running event loop."""
        self._taking = asyncio.create_task(self._keep_taking(), name="jobs/take")
        self._beating = asyncio.create_task(self._keep_beating(), name="jobs/beat")

    def wake(self) -> None:
        """Ask for work now, because a job was submitted."""
        self._woken.set()

    async def stop(self) -> None:
        """Begin no more pages, and give back those in work, which others take over at once."""
        self._is_stopping = True
        self._woken.set()
        if self._taking is not None:
            # It must not end in the middle of taking pages, or nobody would know of them.
            await asyncio.wait([self._taking], timeout=_STOP_TIMEOUT_S)
        held = list(self._held.values())
        loops = [loop for loop in (self._taking, self._beating) if loop is not None]
        tasks = [*loops, *(one.task for one in held)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            async with asyncio.timeout(_STOP_TIMEOUT_S):
                for one in held:
                    if not one.is_lost:
                        await self._jobs.in_store(self._leases.retry_later, one.lease, 0.0, counts=False)
        except (TimeoutError, *_STORE_TROUBLE) as exc:
            logger.warning("%d pages of jobs could not be given back; their leases run out: %s", len(held), exc)

    async def _keep_taking(self) -> None:
        """Fill free places as they come, and ask again now and then if there was nothing to do."""
        while not self._is_stopping:
            self._woken.clear()
            try:
                await self._take()
            except _STORE_TROUBLE as exc:
                logger.warning("no pages of jobs can be taken: %s", exc)
            except Exception:  # the loop must go on, whatever error a store raises
                logger.exception("no pages of jobs could be taken")
            if self._is_stopping:
                return
            with contextlib.suppress(TimeoutError):
                # The pause is random, so that several replicas don't ask together.
                await asyncio.wait_for(self._woken.wait(), self._settings.poll_s * random.uniform(0.75, 1.25))

    async def _take(self) -> None:
        room = self._most_in_work - len(self._held)
        if not self._is_worth_asking(room):
            return
        if not (await self._jobs.in_store(self._leases.queue)).queued:
            self._has_more = False
            return
        lease_s = self._settings.lease_s
        leases = await self._jobs.in_store(self._leases.take, self.name, room, lease_s)
        self._has_more = len(leases) == room
        for lease in leases:
            self._begin(lease)
        # A suspect page waits for all others, and they wait for it. So one is taken only now and then, or if no others
        # are left.
        is_time = time.monotonic() - self._asked_for_suspects > self._settings.heartbeat_s
        if (is_time or not leases) and not any(one.lease.losses for one in self._held.values()):
            self._asked_for_suspects = time.monotonic()
            if (suspect := await self._jobs.in_store(self._leases.take_suspect, self.name, lease_s)) is not None:
                self._begin(suspect)

    def _is_worth_asking(self, room: int) -> bool:
        """Whether there is room for several pages: a transaction for several costs as much as for a single one."""
        return room >= max(1, self._most_in_work // 4)

    def _begin(self, lease: Lease) -> None:
        task = asyncio.create_task(self._work(lease), name=f"jobs/{lease.job_id}/{lease.number}")
        self._held[lease.token] = _Held(lease, task)
        task.add_done_callback(lambda _task: self._forget(lease.token))

    def _forget(self, token: str) -> None:
        del self._held[token]
        if self._has_more and self._is_worth_asking(self._most_in_work - len(self._held)):
            self._woken.set()

    async def _work(self, lease: Lease) -> None:
        """Have one page read, and store its result. It is cancelled by `stop`, or if nobody wants the page any more."""
        started = time.monotonic()
        outcome = "internal"
        try:
            outcome = await self._read_and_settle(lease)
        except asyncio.CancelledError:
            outcome = "lost" if self._held[lease.token].is_lost else "given_back"
            raise
        except Exception:  # an unexpected error of the store: the page's lease runs out, and another attempt follows
            logger.exception("page %s/%d could not be settled", lease.job_id, lease.number)
        finally:
            served = served_bundles(self._jobs.settings)
            model = str(lease.options.get("model") or next(iter(served)))
            self._metrics.page(outcome, model if model in served else "none", time.monotonic() - started)

    async def _read_and_settle(self, lease: Lease) -> str:
        """Read a page and settle it. Returns the outcome for the metrics."""
        try:
            result = await self._reader.read(lease)
        except Exception as exc:
            next_step = after_error(exc, lease.attempt, self._settings.attempts)
            logger.info("page %s/%d failed: %s: %s", lease.job_id, lease.number, exc, next_step)
            if isinstance(next_step, Retry):
                delay_s, counts = next_step.delay_s, next_step.counts
                await self._insist(lambda: self._leases.retry_later(lease, delay_s, counts=counts))
                return "retried"
            return await self._fail(lease, next_step)
        self._on_answer()
        return self._settled(await self._insist(lambda: self._leases.complete(lease, result)), "done")

    async def _fail(self, lease: Lease, failure: Failure) -> str:
        settled = await self._insist(lambda: self._leases.fail(lease, failure.code, failure.message))
        return self._settled(settled, failure.code)

    def _settled(self, settled: Settled, outcome: str) -> str:
        if settled.end is not None:
            self._on_end(settled.end)
        return outcome if settled.counted else "lost"

    async def _insist(self, call: Callable[[], Result]) -> Result:
        """Call the store until it answers, since the work is done. Meanwhile the lease is extended, or lost."""
        pause_s = _FIRST_STORE_PAUSE_S
        while True:
            try:
                return await self._jobs.in_store(call)
            except _STORE_TROUBLE as exc:
                logger.warning("the store of jobs does not take a page's outcome: %s", exc)
                await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))
                pause_s = min(2 * pause_s, _LONGEST_STORE_PAUSE_S)

    async def _keep_beating(self) -> None:
        """Give signs of life, stop pages that were cancelled, and take back pages that others have lost."""
        while True:
            await asyncio.sleep(self._settings.heartbeat_s)
            try:
                await self._beat()
            except _STORE_TROUBLE as exc:
                self._watch.begin_anew()
                logger.warning("leases of %d pages of jobs are not extended: %s", len(self._held), exc)
            except Exception:  # the loop must go on, whatever error a store raises
                logger.exception("leases of pages of jobs were not extended")

    async def _beat(self) -> None:
        beat = self._jobs.in_store_at_once
        if tokens := set(self._held):
            kept = await beat(self._leases.extend, self.name, tokens, self._settings.lease_s)
            for token in tokens - kept:
                self._drop(token)
        lost = self._watch.lost(await beat(self._leases.held))
        for job in await beat(self._leases.reclaim, lost, self._settings.most_losses):
            self._on_end(job)
        depth = await beat(self._leases.queue)
        self._metrics.queue(depth, await beat(self._leases.oldest_s))

    def _drop(self, token: str) -> None:
        """Stop a page whose job was cancelled or whose lease was lost. It may also just have been settled."""
        if (held := self._held.get(token)) is not None:
            held.is_lost = True
            held.task.cancel()
