"""Shows how far a run is: with a bar on a terminal, else with lines of JSON; and with metrics for Prometheus."""

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from serve.bulk.report.reports import RunStatus
from serve.progress_bar import progress_bar

if TYPE_CHECKING:
    from rich.progress import TaskID

__all__ = ["BarProgress", "JsonProgress", "Metrics", "RunProgress", "build_progress", "stages_text"]

LINE_EVERY_S = 10.0
BAR_EVERY_S = 1.0


class RunProgress(ABC):
    """Shows a status now and then.

    Args:
        every_s: Seconds between two statuses.
        clock: Seconds that never run backwards.
    """

    def __init__(self, every_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.every_s = every_s
        self._clock = clock
        self._due = clock() + every_s

    def is_due(self) -> bool:
        """Whether it is time to show a status. If it is, the next one is due after `every_s`."""
        now = self._clock()
        if now < self._due:
            return False
        self._due = now + self.every_s
        return True

    @abstractmethod
    def show(self, status: RunStatus, to_do: int | None) -> None:
        """Show a status.

        Args:
            status: How far the run is.
            to_do: Documents that the run has to read; None while that is not known.
        """

    def end(self, status: RunStatus) -> None:  # noqa: B027 - a bar has shown them
        """Tell the final counts."""

    def close(self) -> None:  # noqa: B027 - most have nothing to remove
        """Remove whatever is not to stay on the terminal."""


class JsonProgress(RunProgress):
    """One JSON object a line, for logs.

    Args:
        every_s: Seconds between two lines.
        clock: Seconds that never run backwards.
        stream: The stream to write to; None for standard output, which is a job's log.
    """

    def __init__(
        self, every_s: float = LINE_EVERY_S, clock: Callable[[], float] = time.monotonic, *, stream: TextIO
    ) -> None:
        super().__init__(every_s, clock)
        self._stream = stream

    def show(self, status: RunStatus, to_do: int | None) -> None:
        """Write the status as a line of JSON."""
        print(status.model_dump_json(), file=self._stream, flush=True)

    def end(self, status: RunStatus) -> None:
        """Write the final counts as the last line."""
        self.show(status, None)


class BarProgress(RunProgress):
    """A bar on a terminal, with the stages below it."""

    def __init__(self, every_s: float = BAR_EVERY_S, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(every_s, clock)
        self._bar = progress_bar("stages")
        self._task: TaskID = self._bar.add_task("reading", total=None, failed="", speed="", stages="")
        self._bar.start()

    def show(self, status: RunStatus, to_do: int | None) -> None:
        """Move the bar, and show the stages below it."""
        counts = status.counts
        self._bar.update(
            self._task,
            total=to_do,
            completed=counts.done + counts.failed,
            failed=f"{counts.failed} failed" if counts.failed else "",
            speed=f"{status.images_per_s:.2f} images/s",
            stages=stages_text(status),
        )

    def close(self) -> None:
        """Stop the bar."""
        self._bar.stop()


class Metrics:
    """Counters of the run for Prometheus, through Ray's metrics agent, which puts `ray_` before their names."""

    def __init__(self) -> None:
        from ray.util.metrics import Counter, Gauge

        self._documents = Counter("rayocr_bulk_documents", "Documents of bulk runs, by outcome.", tag_keys=("outcome",))
        self._pages = Counter("rayocr_bulk_pages", "Pages of the documents that bulk runs have read.")
        self._queued = Gauge("rayocr_bulk_queued", "Documents that wait before a stage.", tag_keys=("stage",))
        self._utilization = Gauge(
            "rayocr_bulk_utilization", "Share of the time of a stage's workers in which they work.", tag_keys=("stage",)
        )

    def count(self, done: int, failed: int, pages: int) -> None:
        """Count documents and pages."""
        for outcome, number in (("done", done), ("failed", failed)):
            if number:
                self._documents.inc(number, tags={"outcome": outcome})
        if pages:
            self._pages.inc(pages)

    def show(self, status: RunStatus) -> None:
        """Set the gauges of the stages."""
        for stage in status.stages:
            self._queued.set(stage.queued, tags={"stage": stage.name})
            self._utilization.set(stage.utilization, tags={"stage": stage.name})


def build_progress(stdout: TextIO) -> RunProgress:
    """Build a bar if standard error is a terminal, else lines.

    Args:
        stdout: Where lines go.
    """
    return BarProgress() if sys.stderr.isatty() else JsonProgress(stream=stdout)


def stages_text(status: RunStatus) -> str:
    """Describe the queue and the utilization of each stage, for a person."""
    return "  ".join(
        f"{stage.name} {stage.workers}x {stage.utilization:.0%}, {stage.queued} wait" for stage in status.stages
    )
