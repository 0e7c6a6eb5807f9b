"""Makes requests, reads answers and decides on retries, without input or output."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from os import PathLike, fsencode, fspath
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypedDict, TypeVar, Union
from urllib.parse import quote

import httpx

from rayocr.errors import MalformedRequest, NoAnswer, RayocrError, error_class
from rayocr.results import End, File, PageError, PageLine, build
from rayocr.uploads import Counted, LateFile

T = TypeVar("T")
Document = Union[str, "PathLike[str]", bytes, BinaryIO]
Format = Literal["text", "markdown", "html", "tsv", "csv", "hocr", "alto", "page", "pdf", "archive"]
Progress = Callable[[int, int], None]
"""Is called with the bytes of a request that were sent, and with all its bytes."""

PATIENT_RETRIES = 8
"""How often a job is followed again after a broken connection: it outlives restarts of the service."""
_LONGEST_PAUSE_S = 30.0
_TIMEOUT_S = 90.0


class SentOptions(TypedDict, total=False):
    """What every call takes beside the document."""

    source: str
    request_id: str
    deadline_s: float
    progress: Progress
    password: str
    dpi: int
    orientation: Literal["auto", "keep"]
    model: str


class ReadOptions(SentOptions, total=False):
    """The options of `read`, `pages`, `export` and `visualize`."""

    pages: str
    languages: str
    structure: str
    fields_template: str
    furniture: Literal["keep", "drop"]
    text_layer: Literal["auto", "always", "never"]
    characters: bool
    spreadsheet_safe: bool


class JobOptions(TypedDict, total=False):
    """How `submit` has each document read; `format` also takes `json`, the default."""

    format: str
    password: str
    dpi: int
    orientation: Literal["auto", "keep"]
    model: str
    languages: str
    structure: str
    fields_template: str
    furniture: Literal["keep", "drop"]
    pages: str
    text_layer: Literal["auto", "always", "never"]
    characters: bool
    spreadsheet_safe: bool


class DetectOptions(SentOptions, total=False):
    """The options of `detect`."""

    page: int
    threshold: float
    box_threshold: float
    unclip_ratio: float
    thorough: bool


@dataclass(frozen=True)
class Call:
    """One request, which may be sent more than once.

    Args:
        path: Path below the service's address.
        params: Parameters of the query.
        headers: Headers beside those of the client.
        method: GET, POST or DELETE.
        content: The body; None for a form.
        data: Fields of the form.
        files: Names of the form's files, with their content or their place on this machine.
        progress: Learns how many bytes were sent.
        is_safe_twice: Whether a request may be sent again that the service may have obeyed.
    """

    path: str
    params: Mapping[str, str | list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"
    content: bytes | None = b""
    data: dict[str, Any] = field(default_factory=dict)
    files: tuple[tuple[str, bytes | Path], ...] = ()
    progress: Progress | None = None
    is_safe_twice: bool = True

    def request(self, http: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """Make the request of a client.

        Raises:
            OSError: A file can't be read.
        """
        files = [
            ("file", (name, content if isinstance(content, bytes) else LateFile(content), "application/octet-stream"))
            for name, content in self.files
        ]
        body = {"content": self.content} if self.content is not None else {"data": self.data, "files": files}
        request = http.build_request(self.method, self.path, params=self.params, headers=self.headers, **body)
        if self.progress is not None:
            request.stream = Counted(request.stream, int(request.headers["Content-Length"]), self.progress)
        return request


def connection(url: str, api_key: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """Make the arguments of a client of httpx.

    Raises:
        MalformedRequest: The URL is not the address of a service.
    """
    try:
        base = httpx.URL(url)
    except httpx.InvalidURL as exc:
        raise MalformedRequest(f"{url!r} is not a URL: {exc}") from exc
    if base.scheme not in ("http", "https") or not base.host:
        raise MalformedRequest(f"{url!r} is not the address of a service: write http://HOST:PORT")
    headers = httpx.Headers(given.pop("headers", None))
    if api_key is not None:
        headers["X-API-Key"] = api_key
    return {"timeout": _TIMEOUT_S, **given, "base_url": base, "headers": headers}


def job_path(job_id: str) -> str:
    """Make the path of a job.

    Raises:
        MalformedRequest: This is not the id of a job.
    """
    if not (job_id.isascii() and job_id.isalnum()):
        raise MalformedRequest(f"{job_id!r} is not the id of a job")
    return f"/v1/jobs/{job_id}"


def listing(states: list[str], cursor: str) -> Call:
    """Make the request for the jobs after a cursor; '' for the newest."""
    params: dict[str, str | list[str]] = {"limit": "200", "state": states}
    return Call("/v1/jobs", {**params, "cursor": cursor} if cursor else params, method="GET")


def submission(
    documents: Iterable[Document],
    options: JobOptions,
    *,
    sources: Iterable[str],
    prefix: str | None,
    webhook: str | None,
    idempotency_key: str | None,
    progress: Progress | None,
) -> Call:
    """Make the request for a job; its key keeps the service from taking the job twice.

    Raises:
        OSError: A file can't be read.
    """
    headers = {"Accept": "application/json", "Idempotency-Key": idempotency_key or uuid.uuid4().hex}
    fields = {name: value for name, value in (("prefix", prefix), ("webhook", webhook)) if value is not None}
    places = list(sources)
    files = tuple(_named(document, number) for number, document in enumerate(documents, start=1))
    if not files:
        body = {"sources": places, "options": options, **fields}
        headers["Content-Type"] = "application/json"
        return Call("/v1/jobs", headers=headers, content=json.dumps(body).encode(), progress=progress)
    form = {"source": places, "options": json.dumps(options), **fields}
    return Call("/v1/jobs", headers=headers, content=None, data=form, files=files, progress=progress)


def _named(document: Document, number: int) -> tuple[str, bytes | Path]:
    if isinstance(document, (str, PathLike)):
        # Bytes of a name that are not UTF-8 become U+FFFD.
        return fsencode(document).decode(errors="replace"), Path(document)
    content = document if isinstance(document, bytes) else document.read()
    return f"document-{number}", content


def call_of(path: str, document: Document | None, options: Mapping[str, Any], **fixed: str) -> Call:
    """Make the request for one document.

    Raises:
        ValueError: There are both a document and a source, or neither.
        OSError: The file can't be read.
    """
    given = dict(options)
    source = given.pop("source", None)
    if (document is None) == (source is None):
        raise ValueError("give either a document or `source`")
    progress = given.pop("progress", None)
    headers = {"Accept": "application/json"}
    named = {"password": "X-Document-Password", "request_id": "X-Request-ID", "deadline_s": "X-Request-Timeout"}
    for name, header in named.items():
        value = given.pop(name, None)
        if value is not None:
            headers[header] = quote(value, safe="") if name == "password" else str(value)
    params = {name: _word(value) for name, value in given.items() if value is not None}
    if document is None:
        headers["Content-Type"] = "application/json"
        return Call(path, {**params, **fixed}, headers, content=json.dumps({"source": source}).encode())
    headers["Content-Type"] = "application/octet-stream"
    if isinstance(document, bytes):
        content = document
    elif isinstance(document, (str, PathLike)):
        content = Path(document).read_bytes()
        headers["X-File-Name"] = quote(Path(fspath(document)).name)
    else:
        content = document.read()
    return Call(path, {**params, **fixed}, headers, content=content, progress=progress)


def pause_or_raise(problem: RayocrError | httpx.TransportError, call: Call, attempt: int, retries: int) -> float:
    """Decide whether to send a request again. A time-out is not asked again, since it was slow once.

    Args:
        problem: The answer's error, or that of the connection.
        call: The request.
        attempt: Number of the attempt that failed, from 1.
        retries: How many more than the first there may be.

    Returns:
        Seconds to wait, with jitter and at least as many as the service asks for.

    Raises:
        NoAnswer: The service did not answer, and is given up.
        RayocrError: It answered an error that stays.
    """
    if isinstance(problem, RayocrError):
        asked_s = problem.retry_after_s or 0.0
        may_pass = problem.status in (429, 502, 503) and asked_s <= _LONGEST_PAUSE_S
    else:
        asked_s = 0.0
        unreached = isinstance(problem, (httpx.ConnectError, httpx.ConnectTimeout))
        may_pass = unreached or (call.is_safe_twice and not isinstance(problem, httpx.TimeoutException))
    if may_pass and attempt <= retries:
        return asked_s + _jitter_s(attempt)
    if isinstance(problem, RayocrError):
        raise problem
    raise unanswered(problem) from problem


def pause_before_resuming(problem: httpx.TransportError, attempt: int) -> float:
    """Find the seconds to wait before a job is followed again, also after a silence that was too long.

    Raises:
        NoAnswer: It broke off too often without anything new.
    """
    if attempt > PATIENT_RETRIES:
        raise unanswered(problem) from problem
    return _jitter_s(attempt)


def _jitter_s(attempt: int) -> float:
    return random.uniform(0, min(0.25 * 2**attempt, _LONGEST_PAUSE_S))


def refused(answer: httpx.Response) -> RayocrError | None:
    """Make the error of an answer that was received whole; None if it is a success."""
    if answer.is_success:
        return None
    wait = answer.headers.get("retry-after", "")
    try:
        problem = answer.json()
        code, message = problem["code"], problem["detail"]
    except (ValueError, KeyError, TypeError):
        code = "internal"
        message = f"{answer.url.copy_with(query=None)} answered {answer.status_code}: {answer.text[:200]}"
    return error_class(code)(
        message,
        code=code,
        status=answer.status_code,
        request_id=answer.headers.get("x-request-id"),
        retry_after_s=float(wait) if wait.isdigit() else None,
    )


def unanswered(problem: httpx.TransportError) -> NoAnswer:
    """Make the error of a connection that failed."""
    url = problem.request.url
    return NoAnswer(f"{url.scheme}://{url.netloc.decode()} does not answer: {problem or type(problem).__name__}")


def parsed(kind: type[T], answer: httpx.Response) -> T:
    """Parse the JSON of a success.

    Raises:
        RayocrError: It is not the JSON of such a result.
    """
    try:
        return build(kind, answer.json())
    except (ValueError, TypeError) as exc:
        raise RayocrError(f"{answer.url.host} is not a rayocr service: it answered {answer.text[:80]!r}") from exc


def file_of(answer: httpx.Response) -> File:
    """Make the file of a success."""
    warnings = answer.headers.get("x-rayocr-warnings", "")
    return File(
        content=answer.content,
        media_type=answer.headers.get("content-type", ""),
        warnings=tuple(code.strip() for code in warnings.split(",") if code.strip()),
        failed_pages=answer.headers.get("x-rayocr-failed-pages", ""),
        request_id=answer.headers.get("x-request-id", ""),
    )


def line_of(text: str) -> PageLine | PageError | End:
    """Read one line of a streamed answer.

    Raises:
        RayocrError: It is the error that ended the answer.
    """
    line = json.loads(text)
    if "page" in line:
        return build(PageLine, line)
    if "page_error" in line:
        return build(PageError, line["page_error"])
    if "end" in line:
        return build(End, line["end"])
    problem = line["error"]
    raise error_class(problem["code"])(
        problem["detail"], code=problem["code"], status=problem.get("status"), request_id=problem.get("request_id")
    )


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
