"""Driving a service for a long time while its memory is sampled."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from loadtest.data.pictures import Picture
from loadtest.errors import LoadtestError
from loadtest.measuring.client import Answer, LoadPlan, exchange
from loadtest.measuring.machine import this_machine
from loadtest.measuring.processes import ServiceProcesses
from loadtest.measuring.service import Target
from loadtest.soak.growth import Windows
from loadtest.soak.memory import MemorySample, sample_memory
from loadtest.soak.pictures import mixed_order, scaled
from loadtest.soak.record import SoakRecord

__all__ = ["SoakPlan", "run_soak"]

_PROGRESS_IMAGES = 100


@dataclass(frozen=True)
class SoakPlan:
    """What to send and when to look.

    Attributes:
        load: Its clients, time for an answer and handling of refusals hold.
        images: Pictures to send.
        max_seconds: Begin none after so long; None: no such bound.
        sample_every: Images between two samples of memory, each of which costs 25-30 ms of CPU.
        seed: Decides order and sizes.
        windows: Where growth is read.
    """

    load: LoadPlan
    images: int = 5000
    max_seconds: float | None = None
    sample_every: int = 10
    seed: int = 0
    windows: Windows = field(default_factory=Windows)


def run_soak(
    target: Target, plan: SoakPlan, pictures: Sequence[Picture], progress: Callable[[str], None]
) -> SoakRecord:
    """Send pictures of mixed sizes and sample the memory of each role.

    Args:
        target: The service; it must be on this machine.
        plan: What to do.
        pictures: What to draw from.
        progress: Told now and then how far it is.

    Raises:
        LoadtestError: The service's processes are not known, or their memory can't be read.
    """
    if target.processes is None:
        raise LoadtestError("a soak reads the memory of the service's processes: it must run on this machine")
    soak = _Soak(target.processes, plan, pictures, progress)
    try:
        asyncio.run(exchange(replace(plan.load, url=target.url), soak.take, soak.keep))
    except* LoadtestError as group:  # the clients' task group wraps what sampling raised
        raise LoadtestError(str(group.exceptions[0])) from group
    return SoakRecord(
        machine=this_machine(),
        clients=plan.load.clients,
        requests=soak.answered,
        wall_s=time.perf_counter() - soak.started_s,
        errors=dict(soak.errors),
        windows=plan.windows,
        samples=sorted(soak.samples, key=lambda sample: sample.images),
    )


class _Soak:
    """State that the clients share; all of it is used on one event loop."""

    def __init__(
        self,
        processes: ServiceProcesses,
        plan: SoakPlan,
        pictures: Sequence[Picture],
        progress: Callable[[str], None],
    ) -> None:
        self.started_s = time.perf_counter()
        self.answered = 0
        self.errors: Counter[str] = Counter()
        self.samples: list[MemorySample] = []
        self._processes = processes
        self._plan = plan
        self._pictures = pictures
        self._progress = progress
        self._order = mixed_order(len(pictures), plan.seed)
        self._sent = 0

    async def take(self) -> tuple[int, Picture] | None:
        limit_s = self._plan.max_seconds
        if self._sent >= self._plan.images or (limit_s is not None and self._elapsed_s() >= limit_s):
            return None
        self._sent += 1
        index, factor = next(self._order)
        picture = self._pictures[index]
        if factor is not None:
            picture = await asyncio.to_thread(scaled, picture, factor)
        return index, picture

    async def keep(self, answer: Answer) -> None:
        self.answered += 1
        if answer.failure is not None:
            self.errors[answer.failure] += 1
        images = self.answered
        if images % self._plan.sample_every:
            return
        alive = self._processes.alive
        sample = await asyncio.to_thread(lambda: sample_memory(alive(), images, self._elapsed_s()))
        self.samples.append(sample)
        if images % _PROGRESS_IMAGES < self._plan.sample_every:
            self._progress(f"{images} of {self._plan.images} images: {sample.total_bytes / 1e6:,.0f} MB")

    def _elapsed_s(self) -> float:
        return time.perf_counter() - self.started_s
