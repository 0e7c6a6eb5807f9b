"""CPU time of a page through a job, next to the same page by `POST /v1/ocr`."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import aiohttp

from loadtest.data.pictures import Picture
from loadtest.errors import LoadtestError
from loadtest.jobs.client import JobClient
from loadtest.measuring.client import LoadPlan, drive
from loadtest.measuring.meter import Meter
from loadtest.measuring.service import Target

__all__ = ["Overhead", "measure_overhead"]


@dataclass(frozen=True)
class Overhead:
    """CPU seconds of the whole service for each page, round by round.

    Attributes:
        requests: Pages one by one.
        jobs: The same pages in a job, from its submission to its end.
    """

    requests: Sequence[float]
    jobs: Sequence[float]

    @property
    def ratio(self) -> float:
        """CPU of a page in a job to that of a request: of all rounds together."""
        return sum(self.jobs) / sum(self.requests)


def measure_overhead(target: Target, plan: LoadPlan, pictures: Sequence[Picture], rounds: int) -> Overhead:
    """Read the same pictures both ways in turns, after one round of each that does not count.

    Args:
        target: The service; it must be on this machine.
        plan: How requests are sent.
        pictures: What to read.
        rounds: That count.

    Raises:
        LoadtestError: A page failed, or the service's processes are not known.
    """
    plan = replace(plan, url=target.url, repeat=1, duration_s=None)

    async def by_requests() -> None:
        traffic = await drive(plan, pictures)
        if failures := [answer.failure for answer in traffic.answers if answer.failure is not None]:
            raise LoadtestError(f"{len(failures)} of {len(pictures)} requests failed: {failures[0]}")

    async def by_job() -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
            client = JobClient(session, target.url)
            job = await client.ended(await client.submit(pictures), plan.max_time_s)
            if job["done"] != len(pictures):
                raise LoadtestError(f"{job['failed']} of {len(pictures)} pages of a job failed")

    used: dict[str, list[float]] = {"requests": [], "jobs": []}
    for number in range(rounds + 1):
        for name, way in (("requests", by_requests), ("jobs", by_job)):
            cpu_s = _metered(target, way)
            if number > 0:
                used[name].append(cpu_s / len(pictures))
    return Overhead(used["requests"], used["jobs"])


def _metered(target: Target, way: Callable[[], Awaitable[None]]) -> float:
    if target.processes is None:
        raise LoadtestError("CPU time is read from the service's processes: it must run on this machine")

    async def run() -> None:
        await way()

    with Meter(target.processes.alive, is_memory_sampled=False) as meter:
        asyncio.run(run())
    return meter.use.cpu_s
