"""Delivers the webhooks that are due, with growing pauses, until the receiver answers or the time is over."""

import asyncio
import contextlib
import logging
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from http import HTTPStatus
from typing import Literal

from pydantic import BaseModel, ConfigDict

from models.errors import ConfigurationError, RayocrError, SourceNotFound
from serve.jobs.metrics import JobMetrics
from serve.jobs.records import DELIVERED_STATUSES, Delivery, Job, JobState
from serve.jobs.runtime import JobsRuntime
from serve.jobs.webhooks.secrets import WebhookSecrets
from serve.jobs.webhooks.sending import WebhookSender

__all__ = ["JobEnded", "WebhookCourier", "next_attempt_at"]

logger = logging.getLogger("ray.serve")

# A receiver that does not answer holds one of these for webhook_timeout_s.
_THREADS = 8
_LEASE_MARGIN_S = 30.0
_FIRST_PAUSE_S = 5.0
_LONGEST_PAUSE_S = 3 * 3600.0
_GROWTH = 4.0
_MOST_GROWTHS = 6


class _EndedJob(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: str
    state: JobState
    total: int
    done: int
    failed: int
    created: datetime
    started: datetime | None
    ended: datetime | None
    expires: datetime | None


class JobEnded(BaseModel):
    """The message to a receiver. It holds no results, which are fetched with the client's key."""

    model_config = ConfigDict(frozen=True)

    type: Literal["job.succeeded", "job.partial", "job.failed", "job.cancelled"]
    timestamp: datetime
    data: _EndedJob

    @classmethod
    def of(cls, job: Job) -> "JobEnded":
        """Make the message for a job that has ended."""
        fields = {"type": f"job.{job.state}", "timestamp": job.ended, "data": _EndedJob.model_validate(job)}
        return cls.model_validate(fields)


def next_attempt_at(
    attempts: int, ended_at: float, now: float, retry_s: float, uniform: Callable[[float, float], float]
) -> float | None:
    """Choose the time of the next attempt: after 5 s, 20 s, 80 s and so on up to 3 h, each a quarter more or less.

    Args:
        attempts: Attempts so far, at least 1.
        ended_at: Time at which the job ended, in seconds since the epoch.
        now: The present time, in seconds since the epoch.
        retry_s: Seconds from the job's end after which no attempt is made.
        uniform: Gives a random number between its two arguments.

    Returns:
        The time in seconds since the epoch; None if the time for attempts is over.
    """
    pause_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * _GROWTH ** min(attempts - 1, _MOST_GROWTHS))
    at = now + pause_s * uniform(0.75, 1.25)
    return at if at <= ended_at + retry_s else None


class WebhookCourier:
    """Delivers webhooks that are due, several at a time.

    Args:
        jobs: The runtime of jobs, which has the store.
        sender: Makes one attempt.
        metrics: The metrics in which it counts.
    """

    def __init__(self, jobs: JobsRuntime, sender: WebhookSender, metrics: JobMetrics) -> None:
        self._jobs = jobs
        self._sender = sender
        self._metrics = metrics
        self._settings = jobs.settings.jobs
        self._secrets = WebhookSecrets(self._settings)
        self._name = uuid.uuid4().hex
        self._threads = ThreadPoolExecutor(_THREADS, "webhooks")
        self._woken = asyncio.Event()
        self._sending: dict[asyncio.Task[None], str] = {}  # the owner of each
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to deliver, in the running event loop."""
        self._loop = asyncio.create_task(self._keep_delivering(), name="jobs/webhooks")

    def wake(self) -> None:
        """Ask for deliveries now, because a job has ended."""
        self._woken.set()

    async def stop(self) -> None:
        """End all deliveries. An attempt that is under way is made again when its lease has run out."""
        tasks = [task for task in (self._loop, *self._sending) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _keep_delivering(self) -> None:
        while True:
            self._woken.clear()
            try:
                while len(self._sending) < _THREADS and await self._begin():
                    pass
            except RayocrError as exc:
                logger.warning("no webhooks can be taken: %s", exc)
            except Exception:  # the loop must go on, whatever error a store raises
                logger.exception("no webhooks could be taken")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._settings.heartbeat_s * random.uniform(0.75, 1.25))

    async def _begin(self) -> bool:
        """Take one webhook and begin to deliver it. Returns whether there was one."""
        lease_s = self._settings.webhook_timeout_s + _LEASE_MARGIN_S
        # An owner leaves as many threads free as it has, so that its dead receivers hold up nobody else's.
        free = _THREADS - len(self._sending)
        busy = [owner for owner, count in Counter(self._sending.values()).items() if count >= free]
        delivery = await self._jobs.in_store(self._jobs.store.deliveries.take_due, self._name, lease_s, busy)
        if delivery is None:
            return False
        task = asyncio.create_task(self._deliver(delivery), name=f"jobs/webhooks/{delivery.job_id}")
        self._sending[task] = delivery.owner
        task.add_done_callback(self._sent)
        return True

    def _sent(self, task: "asyncio.Task[None]") -> None:
        del self._sending[task]
        self._woken.set()

    async def _deliver(self, delivery: Delivery) -> None:
        """Make one attempt, and note it."""
        try:
            job = await self._jobs.in_store(self._jobs.store.views.job, delivery.job_id, delivery.owner)
            outcome = await self._attempt(delivery, JobEnded.of(job).model_dump_json().encode())
            await self._note(delivery, outcome)
        except SourceNotFound:
            logger.info("the job %s was deleted before its webhook was delivered", delivery.job_id)
        except RayocrError as exc:
            logger.warning("an attempt to deliver the webhook of job %s is not noted: %s", delivery.job_id, exc)
        except Exception:
            logger.exception("the webhook of job %s could not be delivered", delivery.job_id)

    async def _attempt(self, delivery: Delivery, body: bytes) -> int | str:
        """Make one attempt. Returns the status of the answer, or the reason why none came."""

        def send() -> int:
            if (secret := self._secrets.of(delivery.owner)) is None:
                raise ConfigurationError("this client has no key that signs webhooks any more")
            return self._sender.send(delivery.url, delivery.id, body, secret)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, send)
        except RayocrError as exc:
            return str(exc)

    async def _note(self, delivery: Delivery, outcome: int | str) -> None:
        next_at, counted = None, "given_up"
        if outcome in DELIVERED_STATUSES:
            counted = "delivered"
        elif outcome != HTTPStatus.GONE:
            retry_s, ended_at = self._settings.webhook_retry_s, delivery.created.timestamp()
            next_at = next_attempt_at(delivery.attempts + 1, ended_at, time.time(), retry_s, random.uniform)
            counted = "given_up" if next_at is None else "retried"
        self._metrics.webhook(counted)
        logger.info("webhook of job %s: %s, %s", delivery.job_id, outcome, counted)
        await self._jobs.in_store(self._jobs.store.deliveries.note, delivery, outcome, next_at)
