"""Makes requests, reads answers and decides on retries, without input or output."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike, fspath
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypedDict, Union
from urllib.parse import quote

import httpx

from rayocr.errors import NoAnswer, RayocrError, error_class
from rayocr.results import End, File, PageError, PageLine, build

Document = Union[str, "PathLike[str]", bytes, BinaryIO]
Format = Literal["text", "markdown", "tsv", "hocr", "alto", "page", "pdf"]

_LONGEST_PAUSE_S = 30.0


class SentOptions(TypedDict, total=False):
    """What every call takes beside the document."""

    source: str
    password: str
    request_id: str
    deadline_s: float
    dpi: int
    orientation: Literal["auto", "keep"]


class ReadOptions(SentOptions, total=False):
    """The options of `read`, `pages`, `export` and `visualize`."""

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
    """One POST request, which may be sent more than once."""

    path: str
    params: dict[str, str]
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""


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
    headers = {"Accept": "application/json"}
    named = {"password": "X-Document-Password", "request_id": "X-Request-ID", "deadline_s": "X-Request-Timeout"}
    for name, header in named.items():
        value = given.pop(name, None)
        if value is not None:
            headers[header] = quote(value, safe="") if name == "password" else str(value)
    params = {name: _word(value) for name, value in given.items() if value is not None}
    if document is None:
        headers["Content-Type"] = "application/json"
        return Call(path, {**params, **fixed}, headers, json.dumps({"source": source}).encode())
    headers["Content-Type"] = "application/octet-stream"
    if isinstance(document, bytes):
        content = document
    elif isinstance(document, (str, PathLike)):
        content = Path(document).read_bytes()
        headers["X-File-Name"] = quote(Path(fspath(document)).name)
    else:
        content = document.read()
    return Call(path, {**params, **fixed}, headers, content)


def pause_before_retry(problem: Exception, attempt: int, retries: int) -> float | None:
    """Decide whether to send a request again.

    Reading changes nothing, so that it is safe to ask twice; a time-out is not asked again, since it was slow once.

    Args:
        problem: The answer's error, or that of the connection.
        attempt: Number of the attempt that failed, from 1.
        retries: How many more than the first there may be.

    Returns:
        Seconds to wait, with jitter and at least as many as the service asks for; None to give up.
    """
    passes = isinstance(problem, RayocrError) and problem.status in (429, 502, 503)
    unreached = isinstance(problem, httpx.ConnectTimeout)
    broken = isinstance(problem, httpx.TransportError) and not isinstance(problem, httpx.TimeoutException)
    asked_s = (problem.retry_after_s or 0.0) if isinstance(problem, RayocrError) else 0.0
    if attempt > retries or not (passes or unreached or broken) or asked_s > _LONGEST_PAUSE_S:
        return None
    return asked_s + random.uniform(0, min(0.25 * 2**attempt, _LONGEST_PAUSE_S))


def pause_or_raise(problem: Exception, attempt: int, retries: int) -> float:
    """Find the seconds to wait before a request is sent again, as `pause_before_retry` does.

    Raises:
        NoAnswer: The service did not answer, and is given up.
        RayocrError: It answered an error that stays.
    """
    pause_s = pause_before_retry(problem, attempt, retries)
    if pause_s is not None:
        return pause_s
    if isinstance(problem, httpx.TransportError):
        raise unanswered(problem) from problem
    raise problem


def refused(answer: httpx.Response) -> RayocrError | None:
    """Make the error of an answer that was received whole; None if it is a success."""
    if answer.is_success:
        return None
    wait = answer.headers.get("retry-after", "")
    try:
        problem = answer.json()
        code, message = problem["code"], problem["detail"]
    except (ValueError, KeyError, TypeError):
        code, message = "internal", f"{answer.url.host} answered {answer.status_code}: {answer.text[:200]}"
    return error_class(code)(
        message,
        code=code,
        status=answer.status_code,
        request_id=answer.headers.get("x-request-id"),
        retry_after_s=float(wait) if wait.isdigit() else None,
    )


def unanswered(problem: httpx.TransportError) -> NoAnswer:
    """Make the error of a connection that failed."""
    return NoAnswer(f"the service does not answer: {problem or type(problem).__name__}")


def parsed(answer: httpx.Response) -> dict[str, Any]:
    """Parse the JSON of a success.

    Raises:
        RayocrError: It is not JSON.
    """
    try:
        content: dict[str, Any] = answer.json()
    except ValueError as exc:
        raise RayocrError(f"{answer.url.host} is not a rayocr service: it answered {answer.text[:80]!r}") from exc
    return content


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
