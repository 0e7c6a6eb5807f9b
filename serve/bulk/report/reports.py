"""The reports that a run writes: `_state/status.json` while it runs, `_summary.json` when it ends."""

from datetime import datetime
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from deployments.storage import Storage
from models.errors import MalformedRequest, SourceNotFound
from serve.bulk.locations import STATUS_NAME, SUMMARY_NAME, read_small

__all__ = [
    "RunCounts",
    "RunState",
    "RunStatus",
    "RunSummary",
    "StageStatus",
    "read_status",
    "read_summary",
    "write_status",
    "write_summary",
]

RunState = Literal["running", "complete", "stopped", "failed"]
"""`stopped` is by a signal, `failed` by an error. The same command resumes either."""


class _Report(BaseModel):
    # Another version of rayocr may have written it. Fields that are unknown here are left out.
    model_config = ConfigDict(frozen=True, extra="ignore")


Report = TypeVar("Report", bound=_Report)


class RunCounts(_Report):
    """Documents of one run, so far."""

    listed: int = Field(default=0, description="Documents of the input, without those that patterns leave out.")
    skipped_done: int = Field(default=0, description="Those of them that had a result before.")
    skipped_failed: int = Field(default=0, description="Those of them that failed before, without --retry-failed.")
    done: int = Field(default=0, description="Documents that this run has read and written.")
    failed: int = Field(default=0, description="Documents that failed in this run; _errors.jsonl lists them.")
    pages: int = Field(default=0, description="Pages of the documents that were read.")
    size_bytes: int = Field(default=0, description="Bytes of the documents that were read.")


class StageStatus(_Report):
    """One stage of the pipeline, now."""

    name: str
    workers: int
    queued: int = Field(description="Documents that wait before the stage.")
    utilization: float = Field(description="Share of its workers' time in which they work, 0 to 1.")


class RunStatus(_Report):
    """How far a run is."""

    state: RunState
    message: str = Field(default="", description="One sentence, if there is something to say.")
    started: datetime
    updated: datetime = Field(description="If a running run has an old time here, its driver was killed.")
    counts: RunCounts
    listing_ended: bool = Field(description="Whether counts.listed is the final number.")
    images_per_s: float
    eta_s: float | None = Field(default=None, description="Seconds to the end; null while the listing goes on.")
    stages: tuple[StageStatus, ...] = ()


class RunSummary(_Report):
    """How a run ended."""

    state: RunState
    complete: bool = Field(description="Whether every document of the input has a result or an error.")
    message: str = Field(default="", description="Why the run ended, if it is not complete.")
    counts: RunCounts
    results: int = Field(description="Documents with a result in the output, those of earlier runs included.")
    errors: int = Field(description="Rows of _errors.jsonl, those of earlier runs included.")
    images_per_s: float
    cpu_s: float = Field(description="CPU time of all processes of the run, in seconds.")
    cpu_s_per_image: float | None
    started: datetime
    ended: datetime
    input: str
    output: str
    format: str
    model: str
    version: str = Field(description="Version of rayocr.")
    configuration: dict[str, JsonValue] = Field(description="The settings that differ from the defaults; no secrets.")


def write_summary(output: str, storage: Storage, summary: RunSummary) -> None:
    """Write `_summary.json` below the output folder."""
    storage.write(output + SUMMARY_NAME, _encode(summary))


def read_summary(output: str, storage: Storage) -> RunSummary | None:
    """Read `_summary.json`; None if no run has ended yet.

    Raises:
        MalformedRequest: The file was not written by a bulk run.
    """
    return _read(output + SUMMARY_NAME, storage, RunSummary)


def write_status(output: str, storage: Storage, status: RunStatus) -> None:
    """Write `_state/status.json` below the output folder."""
    storage.write(output + STATUS_NAME, _encode(status))


def read_status(output: str, storage: Storage) -> RunStatus | None:
    """Read `_state/status.json`; None if no run has begun.

    Raises:
        MalformedRequest: The file was not written by a bulk run.
    """
    return _read(output + STATUS_NAME, storage, RunStatus)


def _encode(report: _Report) -> bytes:
    return report.model_dump_json(indent=2).encode() + b"\n"


def _read(location: str, storage: Storage, report: type[Report]) -> Report | None:
    try:
        return report.model_validate_json(read_small(storage, location))
    except SourceNotFound:
        return None
    except ValidationError as error:
        raise MalformedRequest(f"{location} was not written by a bulk run: {error.errors()[0]['msg']}") from error
