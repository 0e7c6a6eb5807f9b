"""The records that the job store takes and returns: plain values that are not tied to a database."""

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    "Packed",
    "PageOutcome",
    "PageState",
    "QueueDepth",
    "QueueLimits",
    "Settled",
    "Webhook",
    "equal_weight",
]

_PIECE_BYTES = 256 * 1024

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"
JobOptions: TypeAlias = Mapping[str, Json]

POISON = "poison"
"""The code of a page that ended its workers."""

DELIVERED_STATUSES = range(200, 300)
"""The statuses with which a receiver confirms a webhook."""


class JobState(StrEnum):
    """The state of a job. The last four are final: a job never leaves them."""

    QUEUED = "queued"
    """No page has begun yet."""
    RUNNING = "running"
    """At least one page has begun."""
    SUCCEEDED = "succeeded"
    """Every page was read."""
    PARTIAL = "partial"
    """Some pages were read, others failed."""
    FAILED = "failed"
    """Every page failed."""
    CANCELLED = "cancelled"
    """The job was deleted before its end."""

    @property
    def is_ended(self) -> bool:
        """Whether the job is in a final state."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


ENDED_STATES = frozenset(state for state in JobState if state.is_ended)


class PageState(StrEnum):
    """The state of a page. `done` and `failed` are final. The pages of a cancelled job are not kept."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DeliveryState(StrEnum):
    """The state of a webhook's delivery."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


def equal_weight(_owner: str) -> float:
    """The share of each owner where all have the same."""
    return 1.0


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """The settings that the store needs.

    Args:
        max_queued_pages_per_client: Pages of one owner that may wait.
        max_queued_pages: Pages of all owners that may wait.
        retention_s: How long a job is kept after its end, in seconds.
        weight_of: Gives the share of an owner, by its name, when several wait.
        max_upload_bytes_per_client: Bytes of uploads of one owner that may be stored.
        max_upload_bytes: Bytes of uploads of all owners that may be stored.
        keep_uploads: Whether uploads are kept as long as their job, not only until they are read.
    """

    max_queued_pages_per_client: int
    max_queued_pages: int
    retention_s: float
    weight_of: Callable[[str], float] = equal_weight
    max_upload_bytes_per_client: int = sys.maxsize
    max_upload_bytes: int = sys.maxsize
    keep_uploads: bool = False


@dataclass(frozen=True, slots=True)
class NewPage:
    """A page that is submitted, which is one document.

    Args:
        source: Location of the document: `s3://`, `https://`, `data:`, or the location of an upload.
        name: The user's name for it: the name of the file, or the source as it was given.
        is_upload: Whether `source` is an upload of this job, which is deleted with it, or once the page is settled.
        size_bytes: Size of the document; None if it is not known.
    """

    source: str
    name: str
    is_upload: bool = False
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job that is submitted.

    Args:
        id: An id that nobody can guess, and that was never used before.
        owner: Name of the client whose API key it came with; '' if no keys are asked for.
        pages: At least one page; pages are numbered from 1 in this order.
        options: The options that the user gave.
        webhook: URL that is called at the job's end.
        idempotency_key: A key that the owner chose; None for none.
        request_sha256: Digest of the request, in hexadecimal, which tells whether a key is used for another request.
        warnings: Warnings about the way in which the request was understood.
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
    """One attempt to deliver a webhook.

    Args:
        at: Time of the attempt, in UTC.
        status: The HTTP status of the answer; None if no answer came.
        error: Why no answer came; None if one came.
    """

    at: datetime
    status: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Webhook:
    """The state of a job's webhook.

    Args:
        url: URL of the receiver.
        state: State of the delivery; None while the job has not ended.
        attempts: The attempts, oldest first.
        next_at: Time of the next attempt, in UTC; None if none follows.
    """

    url: str
    state: DeliveryState | None
    attempts: tuple[DeliveryAttempt, ...]
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Job:
    """A job in its present state. All times are in UTC.

    Args:
        id: The job's name in URLs.
        owner: Name of the client that submitted it.
        state: State of the job.
        total: Number of its pages.
        done: Number of pages that were read.
        failed: Number of pages that were given up.
        cancelled: Number of pages that were not settled when the job was cancelled.
        created: Time at which it was accepted.
        started: Time at which its first page began.
        ended: Time at which it reached its final state.
        expires: Time at which it is deleted with its results; None before its end.
        queue_position: Place among the jobs without a page begun, 1 for the oldest; None if a page has begun.
        webhook: URL that is called at the end. `JobStore.deliveries.of` gives its attempts.
        options: The options that the user gave.
        warnings: Warnings about the way in which the request was understood.
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
        """The number of pages that are done or failed, which is also the `sequence` of the last one."""
        return self.done + self.failed + self.cancelled

    @property
    def progress(self) -> float:
        """The share of the pages that are settled, from 0 to 1."""
        return self.settled / self.total


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a page until a time that `Leases.extend` moves on.

    Args:
        token: Token of this lease alone. A page that is leased again has another.
        job_id: The page's job.
        number: The page's place in the job, counted from 1.
        source: Location of the document.
        name: The user's name for it.
        is_upload: Whether `source` is an upload of this job.
        owner: Owner of the job.
        attempt: Number of this attempt among those that count, from 1.
        losses: How often a worker vanished while it held this page.
        options: Options of the job.
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
class Packed:
    """A result as the store keeps it.

    Args:
        content: Its JSON, compressed with zlib.
    """

    content: bytes = field(repr=False)

    @classmethod
    def of(cls, pieces: Iterable[bytes]) -> "Packed":
        """Pack JSON piece by piece."""
        # That of a page shrinks to a fifth. A higher level would save little and cost much.
        packing = zlib.compressobj(6)
        packed = [packing.compress(piece) for piece in pieces]
        return cls(b"".join([*packed, packing.flush()]))


@dataclass(frozen=True, slots=True)
class Settled:
    """The result of an attempt to settle a page.

    Args:
        counted: Whether this call settled the page. If not, the lease was lost or the job cancelled; nothing changed.
        end: The job, if this page was its last. Exactly one call for each job gets it.
    """

    counted: bool
    end: Job | None = None


@dataclass(frozen=True, slots=True)
class PageOutcome:
    """A settled page.

    Args:
        number: The page's place in the job, counted from 1.
        name: The user's name for it.
        state: `done` or `failed`.
        sequence: Place in the order in which the job's pages were settled, counted from 1.
        packed: Its result as JSON, compressed with zlib, if it was read and results were asked for.
        code: Code of the error, if it failed.
        message: Message of the error, if it failed.
        attempts: Number of attempts that count. Those that load or a shutdown put off do not.
    """

    number: int
    name: str
    state: PageState
    sequence: int
    packed: bytes | None = field(repr=False)
    code: str | None
    message: str | None
    attempts: int

    @property
    def result(self) -> bytes | None:
        """JSON of its `OcrResult` or file; None without one."""
        return None if self.packed is None else zlib.decompress(self.packed)

    def pieces(self) -> Iterator[bytes]:
        """Yield the result piece by piece: that of a long document takes many times the memory of the packed one."""
        unpacking, rest = zlib.decompressobj(), self.packed or b""
        while not unpacking.eof and (piece := unpacking.decompress(rest, _PIECE_BYTES)):
            yield piece
            rest = unpacking.unconsumed_tail


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """The number of pages to do.

    Args:
        queued: Pages that wait, including those that are put off.
        running: Pages that are leased.
    """

    queued: int
    running: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook that is due, leased to one worker.

    Args:
        id: Id that is the same at each attempt, by which the receiver can drop duplicates (`webhook-id`).
        job_id: The job that ended.
        owner: Owner of the job.
        url: URL of the receiver.
        attempts: Attempts before this one.
        created: Time at which the job ended, in UTC. The time for attempts counts from it.
    """

    id: str
    job_id: str
    owner: str
    url: str
    attempts: int
    created: datetime
