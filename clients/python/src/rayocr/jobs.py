"""Jobs: what the service tells of them, and the readers of their events and results, without input or output."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeVar

import httpx

from rayocr.protocol import Call, job_path
from rayocr.results import OcrResult, WarningResult, build

_RESULTS_A_REQUEST = 500


@dataclass(frozen=True)
class WebhookAttempt:
    """One attempt to deliver a webhook: the status of the answer, or why none came."""

    at: str
    status: int | None
    error: str | None


@dataclass(frozen=True)
class WebhookResult:
    """The webhook of a job; the state is None before the job's end."""

    url: str
    state: str | None
    attempts: tuple[WebhookAttempt, ...]
    next_at: str | None


@dataclass(frozen=True)
class Job:
    """A job. Each document is one page; times are in UTC, in the form of ISO 8601."""

    id: str
    state: str
    total: int
    done: int
    failed: int
    progress: float
    queue_position: int | None
    created: str
    started: str | None
    ended: str | None
    expires: str | None
    warnings: tuple[str, ...]
    links: dict[str, str]
    webhook: WebhookResult | None = None

    @property
    def is_ended(self) -> bool:
        """Whether its state is final: succeeded, partial, failed or cancelled."""
        return self.state not in ("queued", "running")


@dataclass(frozen=True)
class JobList:
    """Some jobs, and the cursor of those after them."""

    jobs: tuple[Job, ...]
    next: str | None


@dataclass(frozen=True)
class PageEvent:
    """A page that was settled; `id` counts the job's events, and `code` is that of the error if it failed."""

    id: int
    page: int
    name: str
    state: str
    code: str | None


JobEvent = Job | PageEvent


@dataclass(frozen=True)
class JobPageError:
    """Why a page was given up."""

    code: str
    message: str


@dataclass(frozen=True)
class FileResult:
    """The result of a document for which the job's options name a format other than json."""

    format: str
    media_type: str
    extension: str
    encoding: str
    content: str
    warnings: tuple[WarningResult, ...]

    @property
    def data(self) -> bytes:
        """The file itself."""
        return base64.b64decode(self.content) if self.encoding == "base64" else self.content.encode()


@dataclass(frozen=True)
class JobPage:
    """The outcome of one document of a job; `line` is the JSON that the service sent."""

    page: int
    name: str
    state: str
    error: JobPageError | None
    line: str

    @cached_property
    def result(self) -> OcrResult | None:
        """What was read; None if it could not be read, and if the job's options name a format other than json."""
        result = self._result
        return None if result is None or "content" in result else build(OcrResult, result)

    @cached_property
    def file(self) -> FileResult | None:
        """The file in the format that the job's options name; None if there is none."""
        result = self._result
        return build(FileResult, result) if result is not None and "content" in result else None

    @property
    def _result(self) -> dict[str, Any] | None:
        result: dict[str, Any] | None = json.loads(self.line)["result"]
        return result


T_co = TypeVar("T_co", covariant=True)


class JobReader(Protocol[T_co]):
    """Reads answers line by line, and knows which request follows, also after a broken connection."""

    def call(self) -> Call | None:
        """Make the next request; None at the end."""

    def take(self, line: str) -> T_co | None:
        """Read one line; return what it completes."""

    def finish(self, answer: httpx.Response) -> None:
        """Note that an answer was received whole.

        Raises:
            httpx.TransportError: It lacks something at its end.
        """


class EventReader(JobReader[JobEvent]):
    """Reads server-sent events (WHATWG HTML, section 9.2), and knows where to go on after a broken connection.

    Args:
        job_id: Id of the job.
        after: Id of the event after which to begin; 0 for all.

    Raises:
        MalformedRequest: This is not the id of a job.
    """

    def __init__(self, job_id: str, after: int = 0) -> None:
        self._path = f"{job_path(job_id)}/events"
        self._last = after
        self._fields: dict[str, str] = {}
        self._is_ended = False

    def call(self) -> Call | None:
        """Make the next request; None after the last event."""
        if self._is_ended:
            return None
        self._fields = {}
        return Call(self._path, headers={"Last-Event-ID": str(self._last)} if self._last else {}, method="GET")

    def take(self, line: str) -> JobEvent | None:
        """Read one line; return the event that it ends."""
        if line:
            name, _, value = line.partition(":")
            self._fields[name] = value[1:] if value.startswith(" ") else value
            return None
        fields, self._fields = self._fields, {}
        if "data" not in fields:
            return None
        self._last = int(fields.get("id", self._last))
        self._is_ended = fields.get("event") == "end"
        data = json.loads(fields["data"])
        return build(PageEvent, {**data, "id": self._last}) if fields.get("event") == "page" else build(Job, data)

    def finish(self, answer: httpx.Response) -> None:
        """Note that an answer was received whole.

        Raises:
            httpx.RemoteProtocolError: It lacks the last event.
        """
        self._is_ended = self._is_ended or answer.status_code == 204
        if not self._is_ended:
            raise httpx.RemoteProtocolError("the events broke off before the job's end", request=answer.request)


class ResultReader(JobReader[JobPage]):
    """Reads the results of a job in pieces, and knows where to go on after a broken connection.

    Args:
        job_id: Id of the job.
        partial: Whether to take the results so far if the job still runs.

    Raises:
        MalformedRequest: This is not the id of a job.
    """

    def __init__(self, job_id: str, partial: bool) -> None:
        self._path = f"{job_path(job_id)}/result"
        self._params = {"limit": str(_RESULTS_A_REQUEST), **({"partial": "true"} if partial else {})}
        self._after = 0
        self._is_ended = False

    def call(self) -> Call | None:
        """Make the next request; None after the last result."""
        if self._is_ended:
            return None
        return Call(self._path, {**self._params, "after": str(self._after)}, method="GET")

    def take(self, line: str) -> JobPage | None:
        """Read one line."""
        if not line:
            return None
        page = build(JobPage, {**json.loads(line), "line": line})
        self._after = page.page
        return page

    def finish(self, answer: httpx.Response) -> None:
        """Note that an answer was received whole. Its `Link` leads to the next one."""
        following = answer.links.get("next")
        self._is_ended = following is None
        if following is not None:
            self._after = int(httpx.URL(following["url"]).params["after"])
