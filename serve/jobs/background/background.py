"""Starts and stops together all background work of one ingress replica on jobs."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import Callable

from deployments.pipeline.attempts import Pipeline
from serve.jobs.background.page_reader import PageReader
from serve.jobs.background.retention import Retention
from serve.jobs.background.runner import JobRunner
from serve.jobs.metrics import JobMetrics
from serve.jobs.records import Job
from serve.jobs.runtime import JobsRuntime
from serve.jobs.webhooks.courier import WebhookCourier
from serve.jobs.webhooks.secrets import WebhookSecrets
from serve.jobs.webhooks.sending import WebhookSender

__all__ = ["JobsBackground"]

_CLEAR_EVERY_S = 60.0
_SWEEP_EVERY = 60


class JobsBackground:
    """Reads pages of jobs, delivers webhooks, removes jobs that are too old, and writes what clients use.

    Args:
        jobs: The store and the uploads.
        pipeline: The stages.
        pages_in_work: Pages in work at a time.
        on_answer: Called when the stages have read a page.
    """

    def __init__(
        self, jobs: JobsRuntime, pipeline: Pipeline, pages_in_work: int, on_answer: Callable[[], None]
    ) -> None:
        metrics = JobMetrics()
        self._runner = JobRunner(jobs, PageReader(jobs, pipeline), pages_in_work, metrics, self._ended, on_answer)
        jobs.on_new = self._runner.wake
        self._retention = Retention(jobs)
        self._courier: WebhookCourier | None = None
        settings = jobs.settings.jobs
        if WebhookSecrets(settings).are_set:
            sender = WebhookSender(settings.webhook_timeout_s, jobs.settings.storage)
            self._courier = WebhookCourier(jobs, sender, metrics)
        self._usage = jobs.usage
        self._others: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to work, in the running event loop."""
        self._runner.start()
        if self._courier is not None:
            self._courier.start()
        clearing = asyncio.create_task(self._keep_clearing(), name="jobs/retention")
        self._others = [clearing, asyncio.create_task(self._usage.keep_writing(), name="usage")]

    async def stop(self) -> None:
        """End all work, and give back the pages in work. It may be called again."""
        await self._runner.stop()
        if self._courier is not None:
            await self._courier.stop()
        for task in self._others:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._usage.write()

    def _ended(self, _job: Job) -> None:
        if self._courier is not None:
            self._courier.wake()

    async def _keep_clearing(self) -> None:
        await self._retention.keep_reserve()
        for number in itertools.count(1):
            await asyncio.sleep(_CLEAR_EVERY_S * random.uniform(0.75, 1.25))
            await self._retention.clear_quietly(sweep=number % _SWEEP_EVERY == 0)
