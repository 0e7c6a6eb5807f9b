"""Counts the documents of a run, and measures its speed."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from serve.bulk.report.reports import RunCounts, RunState, RunStatus, StageStatus
from serve.bulk.stages.coordinator import ListingCounts, Snapshot, StageCounts
from serve.bulk.write.writer import WriteReport

__all__ = ["Tally", "stage_statuses"]

_SPEED_OVER_S = 60.0
# Of fewer documents, a share of failures says little.
_FEW_DOCUMENTS = 100


class Tally:
    """Counts of all passes of a run.

    Args:
        threads: Threads of one worker of each stage, in the order of the pipeline.
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
        """Counts of the first pass. Later passes find this run's own results."""
        self.to_do: int | None = None
        """Documents that this run has to read; None until it is known."""
        self._recent: deque[tuple[float, int]] = deque([(clock(), 0)])
        self._last: tuple[float, dict[str, StageCounts]] | None = None

    @property
    def settled(self) -> int:
        """Documents that were written or failed."""
        return self.done + self.failed

    def add(self, report: WriteReport) -> None:
        """Count the documents of a report of the writer."""
        self.done += report.done
        self.failed += len(report.failed)
        self.pages += report.pages
        self.size_bytes += report.bytes
        self.writer_cpu_s = max(self.writer_cpu_s, report.cpu_s)

    def has_too_many_failures(self, max_error_rate: float, *, at_end: bool = False) -> bool:
        """Whether too large a share of documents has failed: of at least 100 or, at the end, of all."""
        enough = self.settled > 0 if at_end else self.settled >= _FEW_DOCUMENTS
        return enough and self.failed > max_error_rate * self.settled

    def counts(self) -> RunCounts:
        """Return the counts, for status and summary."""
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
        """Make the status of the run. Speed and utilization are those of the time since earlier calls.

        Args:
            snapshot: The coordinator's snapshot.
            state: State of the run.
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
    """Make the statuses of the stages, with their queues and utilization.

    Args:
        snapshot: The coordinator's snapshot of now.
        before: The stages' counts of an earlier time.
        elapsed_s: Seconds since that time.
        threads: Threads of one worker of each stage, in the order of the pipeline.
    """
    statuses = []
    arrived = snapshot.listing.given
    for name in threads:
        counts = snapshot.stages.get(name, StageCounts())
        used_s = counts.busy_s - before.get(name, StageCounts()).busy_s
        available_s = elapsed_s * counts.workers * threads[name]
        # Workers report their CPU time when they finish a chunk, so that some of it may be from an earlier time.
        share = min(1.0, max(0.0, used_s / available_s)) if available_s > 0 else 0.0
        queued = max(0, arrived - counts.begun)
        statuses.append(StageStatus(name=name, workers=counts.workers, queued=queued, utilization=round(share, 2)))
        arrived = counts.ended
    return tuple(statuses)
