"""What the job store takes and gives. Plain values: nothing here is tied to a database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

__all__ = [
    "DELIVERED_STATUSES",
    "ENDED_STATES",
    "POISON",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryState",
    "Job",
    "JobOptions",
    "JobState",
    "Json",
    "Lease",
    "NewJob",
    "NewPage",
    "PageOutcome",
    "PageState",
    "QueueDepth",
    "QueueLimits",
    "Settled",
    "Webhook",
]

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"
JobOptions: TypeAlias = Mapping[str, Json]

POISON = "poison"
"""Code of a page that ended its workers."""

DELIVERED_STATUSES = range(200, 300)
"""What a receiver of a webhook answers that has taken it."""


class JobState(StrEnum):
    """Where a job is. The last four are final: a job never leaves them."""

    QUEUED = "queued"
    """No page was begun yet."""
    RUNNING = "running"
    """At least one page was begun."""
    SUCCEEDED = "succeeded"
    """Every page was read."""
    PARTIAL = "partial"
    """Some pages were read, others failed."""
    FAILED = "failed"
    """Every page failed."""
    CANCELLED = "cancelled"
    """It was deleted before its end."""

    @property
    def is_ended(self) -> bool:
        """Whether nothing more happens to the job."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


ENDED_STATES = frozenset(state for state in JobState if state.is_ended)


class PageState(StrEnum):
    """Where a page is. `done` and `failed` are final; the pages of a job that was cancelled are no longer kept."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DeliveryState(StrEnum):
    """Where the delivery of a webhook is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """What the store must know of the settings.

    Args:
        max_queued_pages_per_client: Pages of one owner that may wait.
        max_queued_pages: Pages of all owners that may wait.
        retention_s: How long a job is kept after its end, in seconds.
        weights: Share of an owner where several wait, by its name; 1 for one that is not named.
    """

    max_queued_pages_per_client: int
    max_queued_pages: int
    retention_s: float
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewPage:
    """A page that is handed in: one document.

    Args:
        source: Where it is read from: `s3://`, `https://`, `data:`, or where an upload was stored.
        name: What the user called it: the name of the file, or the source as it was given.
        is_upload: Whether `source` is an upload of this job, which is deleted once the page is settled.
        size_bytes: Where it is known.
    """

    source: str
    name: str
    is_upload: bool = False
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job that is handed in.

    Args:
        id: Unguessable, and never used before.
        owner: Name of the client whose API key it came with; '' where no keys are asked for.
        pages: At least one; numbered from 1 in this order.
        options: As the user gave them.
        webhook: URL that is told of the end.
        idempotency_key: Of the owner's choice; None for none.
        request_sha256: Digest of what was asked for, in hexadecimal. It tells whether a key is used for something else.
        warnings: What the user should know of how the request was understood.
    """

    id: str
    owner: str
    pages: Sequence[NewPage]
    options: JobOptions
    webhook: str | None
    idempotency_key: str | None
    request_sha256: str
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One try to deliver a webhook.

    Args:
        at: When, in UTC.
        status: The HTTP status of the answer; None where none came.
        error: Why none came; None where one came.
    """

    at: datetime
    status: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Webhook:
    """How far the webhook of a job is.

    Args:
        url: Where it goes.
        state: None while the job has not ended.
        attempts: The log, oldest first.
        next_at: When it is tried next, in UTC; None where it is not.
    """

    url: str
    state: DeliveryState | None
    attempts: tuple[DeliveryAttempt, ...]
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it is now. All times are in UTC.

    Args:
        id: Its name in URLs.
        owner: Whose it is.
        state: Where it is.
        total: Its pages.
        done: Those that were read.
        failed: Those that were given up.
        cancelled: Those that were not settled when the job was cancelled.
        created: When it was accepted.
        started: When its first page was begun.
        ended: When it came to its final state.
        expires: When it vanishes, with its results; None before its end.
        queue_position: 1 for the job that was handed in first of all that no page was begun of yet; None for others.
        webhook: URL that is told of the end; the log of it is in `JobStore.deliveries.of`.
        options: As the user gave them.
        warnings: What the user should know of how the request was understood.
    """

    id: str
    owner: str
    state: JobState
    total: int
    done: int
    failed: int
    cancelled: int
    created: datetime
    started: datetime | None = None
    ended: datetime | None = None
    expires: datetime | None = None
    queue_position: int | None = None
    webhook: str | None = None
    options: JobOptions = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def settled(self) -> int:
        """Pages that nothing more happens to; also the `sequence` of the last one."""
        return self.done + self.failed + self.cancelled

    @property
    def progress(self) -> float:
        """Share of the pages that are settled, from 0 to 1."""
        return self.settled / self.total


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a page until a time that `Leases.extend` moves on.

    Args:
        token: Of this lease alone: a page that is leased again has another.
        job_id: The page's job.
        number: The page's place in the job, from 1.
        source: Where it is read from.
        name: What the user called it.
        is_upload: Whether `source` is an upload of this job.
        owner: The job's.
        attempt: The how-manieth try that counts this is, from 1.
        losses: How often a worker vanished while it held this page.
        options: Of the job.
    """

    token: str
    job_id: str
    number: int
    source: str
    name: str
    is_upload: bool
    owner: str
    attempt: int
    losses: int
    options: JobOptions = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an attempt to settle a page.

    Args:
        counted: Whether this call settled the page. False: its lease was lost, or its job cancelled; nothing changed.
        end: The job, where this page was its last: exactly one call for each job gets it.
    """

    counted: bool
    end: Job | None = None


@dataclass(frozen=True, slots=True)
class PageOutcome:
    """A settled page.

    Args:
        number: Its place in the job, from 1.
        name: What the user called it.
        state: `done` or `failed`.
        sequence: How many pages of the job were settled with it: 1 for the first.
        result: JSON of its `OcrResult`, where it was read and results were asked for.
        code: Of the error, where it failed.
        message: Of the error, where it failed.
        attempts: Times that it was begun and that count: not those that were put off by load or a shutdown.
    """

    number: int
    name: str
    state: PageState
    sequence: int
    result: bytes | None
    code: str | None
    message: str | None
    attempts: int


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How much there is to do.

    Args:
        queued: Pages that wait, those that are put off included.
        running: Pages that are leased.
    """

    queued: int
    running: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook that is due, leased to one worker.

    Args:
        id: The same at each attempt: the receiver's means to drop doubles (`webhook-id`).
        job_id: The job that ended.
        owner: Whose it is.
        url: Where it goes.
        attempts: Tries before this one.
        created: When the job ended, in UTC; the time for retrying counts from it.
    """

    id: str
    job_id: str
    owner: str
    url: str
    attempts: int
    created: datetime
