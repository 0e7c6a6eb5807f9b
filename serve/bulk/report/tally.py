"""The counts of a run, and how fast it is."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from serve.bulk.report.reports import RunCounts, RunState, RunStatus, StageStatus
from serve.bulk.stages.coordinator import ListingCounts, Snapshot, StageCounts
from serve.bulk.write.writer import WriteReport

__all__ = ["Tally", "stage_statuses"]

_SPEED_OVER_S = 60.0
# Before that a share of failures says little.
_FEW_DOCUMENTS = 100


class Tally:
    """Counts of all passes of a run.

    Args:
        threads: Of one worker of each stage, in the order of the pipeline.
        clock: Seconds that never run backwards.
    """

    def __init__(self, threads: Mapping[str, int], clock: Callable[[], float] = time.monotonic) -> None:
        self._threads = threads
        self._clock = clock
        self.started = datetime.now(UTC)
        self.done = 0
        self.failed = 0
        self.pages = 0
        self.size_bytes = 0
        self.writer_cpu_s = 0.0
        self.listing = ListingCounts()
        """Of the first pass: later ones find this run's own results."""
        self.to_do: int | None = None
        """Documents that this run has to read, once it is known."""
        self._recent: deque[tuple[float, int]] = deque([(clock(), 0)])
        self._last: tuple[float, dict[str, StageCounts]] | None = None

    @property
    def settled(self) -> int:
        """Documents that were written or failed."""
        return self.done + self.failed

    def add(self, report: WriteReport) -> None:
        """Count what the writer reports."""
        self.done += report.done
        self.failed += len(report.failed)
        self.pages += report.pages
        self.size_bytes += report.bytes
        self.writer_cpu_s = max(self.writer_cpu_s, report.cpu_s)

    def is_over(self, max_error_rate: float, *, at_end: bool = False) -> bool:
        """Whether too large a share has failed: of at least 100, or at the end of all."""
        enough = self.settled > 0 if at_end else self.settled >= _FEW_DOCUMENTS
        return enough and self.failed > max_error_rate * self.settled

    def counts(self) -> RunCounts:
        """For status and summary."""
        return RunCounts(
            listed=self.listing.listed,
            skipped_done=self.listing.done,
            skipped_failed=self.listing.failed,
            done=self.done,
            failed=self.failed,
            pages=self.pages,
            size_bytes=self.size_bytes,
        )

    def status(self, snapshot: Snapshot, state: RunState = "running", message: str = "") -> RunStatus:
        """How far the run is. To be asked again and again: speed and utilization are those of the time between.

        Args:
            snapshot: Of the coordinator.
            state: Of the run.
            message: One sentence, if there is something to say.
        """
        now = self._clock()
        self._recent.append((now, self.settled))
        while len(self._recent) > 2 and self._recent[1][0] <= now - _SPEED_OVER_S:
            self._recent.popleft()
        since, before = self._recent[0]
        speed = (self.settled - before) / (now - since) if now > since else 0.0
        left = None if self.to_do is None else max(0, self.to_do - self.settled)
        stages: tuple[StageStatus, ...] = ()
        if snapshot.stages:
            last, self._last = self._last, (now, snapshot.stages)
            stages = stage_statuses(snapshot, last[1] if last else {}, now - last[0] if last else 0.0, self._threads)
        return RunStatus(
            state=state,
            message=message,
            started=self.started,
            updated=datetime.now(UTC),
            counts=self.counts(),
            listing_ended=self.listing.is_complete,
            images_per_s=round(speed, 3),
            eta_s=None if left is None or not speed else round(left / speed, 1),
            stages=stages,
        )


def stage_statuses(
    snapshot: Snapshot, before: Mapping[str, StageCounts], elapsed_s: float, threads: Mapping[str, int]
) -> tuple[StageStatus, ...]:
    """Queues and utilization of the stages.

    Args:
        snapshot: Now.
        before: The stages' counts, then.
        elapsed_s: Between then and now.
        threads: Of one worker of each stage, in the order of the pipeline.
    """
    statuses = []
    arrived = snapshot.listing.given
    for name in threads:
        counts = snapshot.stages.get(name, StageCounts())
        used_s = counts.busy_s - before.get(name, StageCounts()).busy_s
        available_s = elapsed_s * counts.workers * threads[name]
        # Workers tell of their CPU time when they finish a chunk: what they used may be that of a time before.
        share = min(1.0, max(0.0, used_s / available_s)) if available_s > 0 else 0.0
        queued = max(0, arrived - counts.begun)
        statuses.append(StageStatus(name=name, workers=counts.workers, queued=queued, utilization=round(share, 2)))
        arrived = counts.ended
    return tuple(statuses)
