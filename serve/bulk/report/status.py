"""`rayocr bulk status`: shows how far a run is, from its reports below the output."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from deployments.storage import COMMAND_LINE_SCHEMES, build_storage
from models.errors import SourceNotFound
from serve.bulk.locations import folder_of
from serve.bulk.report.progress import stages_text
from serve.bulk.report.reports import RunStatus, RunSummary, read_status, read_summary
from serve.config.settings import Settings

__all__ = ["WATCH_EVERY_S", "show_status", "status_lines"]

WATCH_EVERY_S = 10.0
# A run writes its status every ten seconds; a storage in trouble may hold it up for some minutes.
_SILENT_AFTER_S = 60.0


def show_status(
    output: str,
    settings: Settings,
    write: Callable[[str], object],
    *,
    watch: bool = False,
    as_json: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Show the status of a run, once or until it ends.

    Args:
        output: The run's output.
        settings: The settings in effect, for the storage.
        write: Takes each line.
        watch: Whether to go on until the run ends.
        as_json: Whether to show the run's JSON as it is.
        sleep: Waits that many seconds.

    Raises:
        SourceNotFound: No run has written to the output.
        RayocrError: The output can't be read.
    """
    folder = folder_of(output)
    storage = build_storage(settings.storage, COMMAND_LINE_SCHEMES)
    try:
        while True:
            status = read_status(folder, storage)
            if status is None:
                raise SourceNotFound(f"no bulk run has written to {folder}")
            summary = read_summary(folder, storage)
            if as_json:
                write(status.model_dump_json())
            else:
                for line in status_lines(status, summary, datetime.now(UTC)):
                    write(line)
            if not watch or status.state != "running":
                return
            sleep(WATCH_EVERY_S)
    finally:
        storage.close()


def status_lines(status: RunStatus, summary: RunSummary | None, now: datetime) -> Iterator[str]:
    """Describe the status of a run, for a person.

    Args:
        status: Status of the last run.
        summary: Summary of the last run that ended, if one did.
        now: The present time, which tells how old the status is.
    """
    counts = status.counts
    age_s = (now - status.updated).total_seconds()
    state: str = status.state
    if state == "running" and age_s > _SILENT_AFTER_S:
        state = f"silent for {age_s:.0f} s: its driver has ended or can't write"
    yield f"{state}{': ' + status.message if status.message else ''}"
    listed = f"{counts.listed:,}{'' if status.listing_ended else ' so far'}"
    yield f"  listed {listed}, done before {counts.skipped_done:,}, failed before {counts.skipped_failed:,}"
    megabytes = counts.size_bytes / 1e6
    yield f"  done {counts.done:,} ({counts.pages:,} pages, {megabytes:,.1f} MB), failed {counts.failed:,}"
    if status.state == "running":
        left = "unknown" if status.eta_s is None else _duration(status.eta_s)
        yield f"  {status.images_per_s:.2f} images/s, time left: {left}"
        if status.stages:
            yield f"  {stages_text(status)}"
    elif summary is not None:
        spent = "" if summary.cpu_s_per_image is None else f", {summary.cpu_s_per_image:.3f} CPU seconds an image"
        yield f"  {summary.images_per_s:.2f} images/s{spent}"
        yield f"  in all: {summary.results:,} results, {summary.errors:,} errors"


def _duration(seconds: float) -> str:
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}"
