"""How long single pages take while very many pages of jobs are queued."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice

import aiohttp

from loadtest.data.pictures import Picture
from loadtest.errors import LoadtestError
from loadtest.jobs.client import JobClient
from loadtest.measuring.client import LoadPlan, drive
from loadtest.measuring.latency import Latency
from loadtest.measuring.service import Target

__all__ = ["Beside", "measure_beside"]

_PAGES_OF_A_JOB = 500


@dataclass(frozen=True)
class Beside:
    """Latency of single pages.

    Attributes:
        idle: With nothing else to do.
        queued: While pages of jobs were queued.
        requests: Sent in each of the two.
        left: Pages of jobs that were still queued at the end: less than 1, and it was no test.
        read: Pages of jobs that were read meanwhile.
    """

    idle: Latency
    queued: Latency
    requests: tuple[int, int]
    left: int
    read: int


def measure_beside(
    target: Target, plan: LoadPlan, pictures: Sequence[Picture], pages: int, tell: Callable[[str], None]
) -> Beside:
    """Send single pages to an idle service, queue pages of jobs, and send the same single pages again.

    Args:
        target: The service.
        plan: How single pages are sent: by how many clients, and for how long.
        pictures: Sent both ways, again and again.
        pages: Of jobs, to be queued.
        tell: Told how far it is.

    Raises:
        LoadtestError: A request failed, or a job was refused.
    """
    return asyncio.run(_measure(replace(plan, url=target.url), pictures, pages, tell))


async def _measure(plan: LoadPlan, pictures: Sequence[Picture], pages: int, tell: Callable[[str], None]) -> Beside:
    await drive(replace(plan, duration_s=None), pictures[: max(4, plan.clients)])  # the nets are compiled
    idle, idle_count = await _latency(plan, pictures)
    tell(f"idle: p95 {idle.p95 * 1e3:.0f} ms of {idle_count}; queueing {pages} pages")
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
        client = JobClient(session, plan.url)
        source = cycle(pictures)
        jobs = []
        try:
            for first in range(0, pages, _PAGES_OF_A_JOB):
                some = list(islice(source, min(_PAGES_OF_A_JOB, pages - first)))
                jobs.append(await client.submit(some))
            before = await _settled(client, jobs)
            tell(f"{pages - before} pages are queued")
            queued, queued_count = await _latency(plan, pictures)
            after = await _settled(client, jobs)
        finally:
            for job_id in jobs:
                await client.cancel(job_id)
    return Beside(idle, queued, (idle_count, queued_count), pages - after, after - before)


async def _latency(plan: LoadPlan, pictures: Sequence[Picture]) -> tuple[Latency, int]:
    traffic = await drive(plan, pictures)
    if failures := [answer.failure for answer in traffic.answers if answer.failure is not None]:
        raise LoadtestError(f"{len(failures)} of {len(traffic.answers)} requests failed: {failures[0]}")
    latency = Latency.of([answer.latency_s for answer in traffic.answers])
    if latency is None:
        raise LoadtestError("no request was sent: allow more time with --duration")
    return latency, len(traffic.answers)


async def _settled(client: JobClient, jobs: Sequence[str]) -> int:
    found = [await client.job(job_id) for job_id in jobs]
    return sum(job["done"] + job["failed"] for job in found)
