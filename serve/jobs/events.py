"""Follows a job with server-sent events, which a client can resume after a connection broke off."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from typing import Protocol

from models.errors import RayocrError, SourceNotFound
from serve.jobs.records import Job, JobState, PageOutcome
from serve.jobs.runtime import JobsRuntime

__all__ = ["EventWriter", "end_event_id", "job_events"]

_POLL_EVERY_S = 0.5
# Proxies close connections that are silent for some ten seconds.
_PING_EVERY_S = 15.0
# Outcomes of pages that are held at a time. Without their results they are small.
_PAGES = 500
# How long the store may be away before the connection ends. The client then connects again, perhaps to another replica.
_MOST_SILENCE_S = 30.0


class EventWriter(Protocol):
    """Writes events. The API implements it, since it has the job's JSON."""

    def page(self, outcome: PageOutcome) -> bytes:
        """Write that a page was settled. The event's id is the outcome's `sequence`."""

    def state(self, job: Job) -> bytes:
        """Write the job's state, when it changes or a client has just come. Without an id, nothing resumes there."""

    def end(self, job: Job) -> bytes:
        """Write that the job has ended. The event's id is `end_event_id`."""

    def ping(self) -> bytes:
        """Write a sign of life, when nothing has happened."""


def end_event_id(job: Job) -> int:
    """The id of a job's last event. The events of its pages have the ids 1 to `total`."""
    return job.total + 1


async def job_events(
    jobs: JobsRuntime,
    job: Job,
    after: int,
    writer: EventWriter,
    is_closing: Callable[[], bool],
    *,
    poll_every_s: float = _POLL_EVERY_S,
    ping_every_s: float = _PING_EVERY_S,
) -> AsyncGenerator[bytes]:
    """Follow a job until it ends, is deleted, or the service stops.

    The events themselves are not kept. Their ids are numbers that the pages have in the store, so any replica goes on
    where another stopped.

    Args:
        jobs: The runtime of jobs, which has the store.
        job: The job in its present state.
        after: Id of the last event that the client has; 0 for none.
        writer: Writes the events.
        is_closing: Tells whether the service stops. The client then finds another replica.
        poll_every_s: Pause between two queries of the store, in seconds.
        ping_every_s: The longest silence, in seconds.

    Yields:
        One event at a time.
    """
    told: JobState | None = None
    written_s = looked_s = time.monotonic()
    while True:
        if job.state is not told and not job.state.is_ended:
            yield writer.state(job)
            told, written_s = job.state, time.monotonic()
        if job.settled > after and job.state is not JobState.CANCELLED:
            try:
                outcomes = await jobs.in_store(jobs.store.views.settled_since, job.id, after, _PAGES)
            except RayocrError:
                outcomes = []
            for outcome in outcomes:
                yield writer.page(outcome)
                after, written_s = outcome.sequence, time.monotonic()
            if len(outcomes) == _PAGES:
                continue
        if job.state is JobState.CANCELLED or (job.state.is_ended and after >= job.total):
            yield writer.end(job)
            return
        if is_closing() or time.monotonic() - looked_s > _MOST_SILENCE_S:
            return
        if time.monotonic() - written_s > ping_every_s:
            yield writer.ping()
            written_s = time.monotonic()
        await asyncio.sleep(poll_every_s)
        try:
            job = await jobs.in_store(jobs.store.views.job, job.id, job.owner)
        except SourceNotFound:
            return
        except RayocrError:
            continue
        looked_s = time.monotonic()
