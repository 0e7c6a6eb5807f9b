"""The actor that every stage of a run knows. It counts pages and CPU time, and holds the listing back."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from serve.bulk.stages.attempts import Attempts

__all__ = ["Coordinator", "ListingCounts", "Snapshot", "StageCounts", "Stop"]


@dataclass(frozen=True, slots=True)
class ListingCounts:
    """The documents that the listing has found so far.

    Args:
        listed: Documents that were listed.
        done: Those of them that an earlier run or pass has done.
        failed: Those of them that failed before and are not to be tried again.
        given: Those of them that were given to the pipeline. The listing looks some thousand further ahead.
        is_complete: Whether the listing has come to its end.
        starts: How often the listing was begun, which is more than once if its worker ended.
    """

    listed: int = 0
    done: int = 0
    failed: int = 0
    given: int = 0
    is_complete: bool = False
    starts: int = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a run has to end.

    Args:
        message: One sentence for a person.
        exit_code: Exit code of the process.
    """

    message: str
    exit_code: int


@dataclass(slots=True)
class StageCounts:
    """The counts of one stage.

    Args:
        begun: Pages that the stage took.
        ended: Pages that the stage finished.
        busy_s: CPU seconds of its workers, their start included.
        workers: Processes that have worked for it so far.
    """

    begun: int = 0
    ended: int = 0
    busy_s: float = 0.0
    workers: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the coordinator knows, for progress.

    Args:
        listing: Counts of the listing of the present pass.
        stages: Counts of the stages, by their names.
        crashes: How often a page was in work when a worker ended.
        stop: Why the run has to end, if it has.
        cpu_s: CPU seconds of all workers and of the coordinator itself.
    """

    listing: ListingCounts
    stages: dict[str, StageCounts] = field(default_factory=dict)
    crashes: int = 0
    stop: Stop | None = None
    cpu_s: float = 0.0


class Coordinator:
    """Runs as an actor, on the driver's node. When its process ends it forgets everything, which costs only counts.

    Args:
        stages: Names of the stages, in the order of the pipeline. The writer follows them, and counts itself.
        window: The most documents in the pipeline. Keys are small, so that Ray Data's own limit on memory would let the
            listing run ahead to its end, and hold millions of blocks in the driver.
    """

    def __init__(self, stages: Sequence[str], window: int) -> None:
        self._names = stages
        self._window = window
        self._attempts = Attempts()
        self._listing = ListingCounts()
        self._settled = 0
        self._moved = asyncio.Event()
        self._stages: defaultdict[str, StageCounts] = defaultdict(StageCounts)
        self._cpu_s: dict[tuple[str, str], float] = {}
        self._stop: Stop | None = None

    async def begin(self, stage: str, names: Sequence[str], alone: bool = False) -> list[int]:
        """Note that a worker of a stage takes pages. Arguments and result are those of `Attempts.begin`."""
        counts = self._attempts.begin([f"{stage} {name}" for name in names], alone=alone)
        self._stages[stage].begun += sum(count == 0 or alone for count in counts)
        return counts

    async def end(self, stage: str, worker: str, names: Sequence[str], cpu_s: float) -> None:
        """Note that pages are finished.

        Args:
            stage: The stage that finished them.
            worker: Name of the process, which no other has.
            names: Names of the pages.
            cpu_s: CPU seconds of that process so far.
        """
        self._attempts.end([f"{stage} {name}" for name in names])
        self._stages[stage].ended += len(names)
        self._cpu_s[stage, worker] = cpu_s

    async def start_pass(self) -> None:
        """Forget the listing of the pass before."""
        self._listing = ListingCounts()
        self._settled = 0

    async def start_listing(self) -> None:
        """Note that a listing begins, from its beginning."""
        self._listing = ListingCounts(starts=self._listing.starts + 1)

    async def admit(self, counts: ListingCounts, cpu_s: float) -> Stop | None:
        """Wait until the listing may go on.

        Args:
            counts: The documents that the listing has found. `starts` has no effect here.
            cpu_s: CPU seconds of the listing's process so far.

        Returns:
            Why the listing has to stop; None if it may go on.
        """
        self._listing = replace(counts, starts=self._listing.starts)
        self._cpu_s["list", str(self._listing.starts)] = cpu_s
        while self._stop is None and not counts.is_complete and counts.given - self._settled > self._window:
            self._moved.clear()
            await self._moved.wait()
        return self._stop

    async def settle(self, documents: int) -> None:
        """Note how many documents have left the pipeline since the pass began."""
        self._settled = max(self._settled, documents)
        self._moved.set()

    async def stop(self, message: str, exit_code: int) -> None:
        """Ask the run to end. The first reason counts."""
        self._stop = self._stop or Stop(message, exit_code)
        self._moved.set()

    async def snapshot(self) -> Snapshot:
        """Return all that is known now."""
        stages = {}
        for name in self._names:
            counts = self._stages[name]
            used = [cpu_s for (stage, _), cpu_s in self._cpu_s.items() if stage == name]
            stages[name] = StageCounts(counts.begun, counts.ended, round(sum(used), 3), len(used))
        cpu_s = sum(self._cpu_s.values()) + time.process_time()
        return Snapshot(self._listing, stages, self._attempts.crashes, self._stop, cpu_s)
