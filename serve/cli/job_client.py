"""Sends the requests of `rayocr jobs` to a service."""

import io
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from models.errors import MalformedRequest, Overloaded, RayocrError, SourceNotFound
from serve.cli.console import portable_text
from serve.cli.service_client import error_of

if TYPE_CHECKING:
    import httpx

__all__ = ["Event", "JobClient", "Order"]

JsonObject = dict[str, Any]

# Time for an answer. For an event stream it is the longest silence; the service pings every 15 s.
_TIMEOUT_S = 60.0
_ATTEMPTS = 5
_LONGEST_PAUSE_S = 10.0


@dataclass(frozen=True, slots=True)
class Order:
    """A job that is to be submitted.

    Args:
        files: Files of this machine.
        sources: Documents that the service fetches.
        prefix: A prefix below which the service fetches all documents; None for none.
        webhook: URL that is called at the job's end; None for none.
        options: Options for reading each document.
        idempotency_key: The key that makes it safe to send the order again.
    """

    files: Sequence[Path] = field(default=())
    sources: Sequence[str] = field(default=())
    prefix: str | None = None
    webhook: str | None = None
    options: JsonObject = field(default_factory=dict)
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event.

    Args:
        kind: `page`, `state` or `end`.
        id: Id after which to resume; None if the event has none.
        data: Data of the event.
    """

    kind: str
    id: str | None
    data: JsonObject


class JobClient:
    """The jobs of one service.

    All methods raise the error that the service answers, and Overloaded if it does not answer.

    Args:
        client: A client of the service. Its owner closes it.
    """

    def __init__(self, client: "httpx.Client") -> None:
        self._client = client

    def submit(self, order: Order) -> JsonObject:
        """Submit a job. Errors that may pass are tried again: the key keeps the service from taking the job twice."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._submit_once(order)
            except Overloaded as error:
                if attempt == _ATTEMPTS:
                    raise
                time.sleep(min(error.retry_after_s, _LONGEST_PAUSE_S))
        raise AssertionError

    def job(self, job_id: str) -> JsonObject:
        """Fetch the present state of one job."""
        return self._json("GET", f"/v1/jobs/{_checked(job_id)}")

    def jobs(self, states: Sequence[str]) -> Iterator[JsonObject]:
        """List all jobs in these states, or in any state if none is given, the newest first."""
        cursor: str | None = None
        while True:
            parameters: dict[str, Any] = {"limit": 200, "state": list(states)}
            if cursor is not None:
                parameters["cursor"] = cursor
            page = self._json("GET", "/v1/jobs", params=parameters)
            yield from page["jobs"]
            cursor = page["next"]
            if cursor is None:
                return

    def cancel(self, job_id: str) -> JsonObject | None:
        """Cancel a job. Returns None if it had ended and is deleted now."""
        return self._json("DELETE", f"/v1/jobs/{_checked(job_id)}") or None

    def lines(self, job_id: str, *, partial: bool) -> Iterator[str]:
        """Fetch the results, one JSON text for each page."""
        import httpx

        url = f"/v1/jobs/{_checked(job_id)}/result?limit=500{'&partial=true' if partial else ''}"
        while url:
            try:
                with self._client.stream("GET", url, timeout=_TIMEOUT_S) as answer:
                    self._refuse(answer)
                    yield from (line for line in answer.iter_lines() if line)
                    url = answer.links.get("next", {}).get("url", "")
            except httpx.TransportError as exc:
                raise Overloaded(f"the results broke off: {exc or type(exc).__name__}") from exc

    def events(self, job_id: str) -> Iterator[Event]:
        """Yield a job's past and coming events to its end. A connection that breaks off is resumed."""
        import httpx

        last_id, failures = "", 0
        while True:
            headers = {"Last-Event-ID": last_id} if last_id else {}
            try:
                path = f"/v1/jobs/{_checked(job_id)}/events"
                with self._client.stream("GET", path, headers=headers, timeout=_TIMEOUT_S) as answer:
                    self._refuse(answer)
                    for event in _parsed(answer.iter_lines()):
                        last_id, failures = event.id or last_id, 0
                        yield event
                        if event.kind == "end":
                            return
            except (httpx.TransportError, Overloaded) as exc:
                failures += 1
                if failures >= _ATTEMPTS:
                    raise Overloaded(f"the events broke off: {exc or type(exc).__name__}") from exc
            time.sleep(min(2.0**failures, _LONGEST_PAUSE_S))

    def _submit_once(self, order: Order) -> JsonObject:
        headers = {"Idempotency-Key": order.idempotency_key}
        named = {"prefix": order.prefix, "webhook": order.webhook}
        given = {name: value for name, value in named.items() if value is not None}
        if not order.files:
            body = {"sources": list(order.sources), "options": order.options, **given}
            return self._json("POST", "/v1/jobs", headers=headers, json=body)
        data: dict[str, Any] = {"source": list(order.sources), "options": json.dumps(order.options), **given}
        files = [
            ("file", (portable_text(str(path)), _LateFile(path), "application/octet-stream")) for path in order.files
        ]
        return self._json("POST", "/v1/jobs", headers=headers, data=data, files=files)

    def _json(self, method: str, url: str, **request: Any) -> JsonObject:
        import httpx

        try:
            answer = self._client.request(method, url, timeout=_TIMEOUT_S, **request)
        except httpx.TransportError as exc:
            raise Overloaded(f"{self._client.base_url} does not answer: {exc or type(exc).__name__}") from exc
        self._refuse(answer)
        try:
            content: JsonObject = answer.json() if answer.content else {}
        except ValueError as exc:
            raise RayocrError(
                f"{self._client.base_url} is not a rayocr service: it answered {answer.text[:80]!r}"
            ) from exc
        return content

    @staticmethod
    def _refuse(answer: "httpx.Response") -> None:
        """Raise the error of an answer, if it is one."""
        if answer.is_success:
            return
        answer.read()
        error = error_of(answer)
        if isinstance(error, Overloaded):
            wait = answer.headers.get("retry-after", "")
            raise Overloaded(error.message, float(wait) if wait.isdigit() else error.retry_after_s)
        raise error


def _checked(job_id: str) -> str:
    if not job_id.isalnum():
        raise MalformedRequest(f"{job_id!r} is not the id of a job")
    return job_id


def _parsed(lines: Iterator[str]) -> Iterator[Event]:
    """Parse the events of a stream's lines."""
    fields: dict[str, str] = {}
    for line in lines:
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            yield Event(fields.get("event", "message"), fields.get("id"), json.loads(fields["data"]))
            fields = {}


class _LateFile(io.RawIOBase):
    """A file that is open only while it is sent, since a job may have more files than a process may open."""

    def __init__(self, path: Path) -> None:
        try:
            self._size_bytes = path.stat().st_size
        except OSError as exc:
            raise SourceNotFound(f"{path} can't be read: {exc.strerror}") from exc
        self._path = path
        self._file: IO[bytes] | None = None
        self._at = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset if whence == io.SEEK_SET else self._size_bytes + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        if self._file is None:
            try:
                self._file = self._path.open("rb")
            except OSError as exc:
                raise SourceNotFound(f"{self._path} can't be read: {exc.strerror}") from exc
            self._file.seek(self._at)
        content = self._file.read(size)
        if not content:
            self._file.close()
            self._file = None
        return content

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        super().close()
