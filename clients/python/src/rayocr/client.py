"""Sends requests to a service, and waits for each. What they and their answers hold is in `protocol` and `jobs`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from rayocr.errors import NoAnswer, RayocrError
from rayocr.jobs import EventReader, Job, JobEvent, JobList, JobPage, JobReader, ResultReader
from rayocr.protocol import (
    PATIENT_RETRIES,
    Call,
    DetectOptions,
    Document,
    Format,
    JobOptions,
    Progress,
    ReadOptions,
    call_of,
    connection,
    file_of,
    job_path,
    line_of,
    listing,
    parsed,
    pause_before_resuming,
    pause_or_raise,
    refused,
    submission,
    unanswered,
)
from rayocr.results import DetectionResult, End, File, OcrResult, PageError, PageLine

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

T = TypeVar("T")


class Client:
    """A client of one service.

    All methods raise the error that the service answers, and NoAnswer if it does not answer.

    Args:
        url: Address of the service.
        api_key: The key, if the service asks for one.
        retries: How often a request is sent again if the service is full or does not answer.
        httpx_arguments: Arguments of `httpx.Client`, such as `proxy`, `verify`, `timeout` and `transport`.
    """

    def __init__(self, url: str, *, api_key: str | None = None, retries: int = 3, **httpx_arguments: Any) -> None:
        self._http = httpx.Client(**connection(url, api_key, httpx_arguments))
        self._retries = retries

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def read(self, document: Document | None = None, **options: Unpack[ReadOptions]) -> OcrResult:
        """Read a document."""
        return parsed(OcrResult, self._send(call_of("/v1/ocr", document, options, format="json")))

    def detect(self, document: Document | None = None, **options: Unpack[DetectOptions]) -> DetectionResult:
        """Find the lines of one page, without their text."""
        return parsed(DetectionResult, self._send(call_of("/v1/detect", document, options)))

    def export(self, document: Document | None = None, *, format: Format, **options: Unpack[ReadOptions]) -> File:
        """Read a document into a file of a format."""
        return file_of(self._send(call_of("/v1/ocr", document, options, format=format)))

    def visualize(self, document: Document | None = None, **options: Unpack[ReadOptions]) -> File:
        """Draw the boxes of one page on it, as PNG."""
        return file_of(self._send(call_of("/v1/ocr", document, options, visualize="true")))

    def pages(
        self, document: Document | None = None, **options: Unpack[ReadOptions]
    ) -> Iterator[PageLine | PageError | End]:
        """Yield each page as soon as it is read, and at last the End.

        Raises:
            NoAnswer: The answer broke off; `pages="N-"` continues it.
        """
        call = call_of("/v1/ocr", document, options, stream="true")
        answer = self._send(call, stream=True)
        try:
            for text in answer.iter_lines():
                line = line_of(text)
                yield line
                if isinstance(line, End):
                    return
        except httpx.TransportError as exc:
            raise unanswered(exc) from exc
        finally:
            answer.close()
        raise NoAnswer("the answer broke off before its end")

    def ready(self) -> None:
        """Return if the service can read now.

        Raises:
            RayocrError: It can't; the message says what it waits for.
        """
        self._send(Call("/readyz", method="GET"))

    def submit(
        self,
        documents: Iterable[Document] = (),
        *,
        sources: Iterable[str] = (),
        prefix: str | None = None,
        webhook: str | None = None,
        idempotency_key: str | None = None,
        progress: Progress | None = None,
        **options: Unpack[JobOptions],
    ) -> Job:
        """Submit many documents as one job. When this returns, the service has them safely.

        Args:
            documents: Documents that are sent. Files are read while they are sent.
            sources: Documents that the service fetches.
            prefix: `s3://bucket/folder/`, below which the service fetches all documents.
            webhook: An `https://` URL that is called at the job's end.
            idempotency_key: Your name for this request: the same request with it makes one job. Not given: random.
            progress: Is called with the bytes that were sent, and with all bytes.
            options: How each document is read.

        Raises:
            OSError: A file can't be read.
        """
        call = submission(
            documents,
            options,
            sources=sources,
            prefix=prefix,
            webhook=webhook,
            idempotency_key=idempotency_key,
            progress=progress,
        )
        return parsed(Job, self._send(call))

    def job(self, job_id: str) -> Job:
        """Fetch the present state of a job."""
        return parsed(Job, self._send(Call(job_path(job_id), method="GET")))

    def jobs(self, states: Iterable[str] = ()) -> Iterator[Job]:
        """Yield the jobs of this key in these states, or in any state if none is given, the newest first."""
        cursor: str | None = ""
        wanted = list(states)
        while cursor is not None:
            page = parsed(JobList, self._send(listing(wanted, cursor)))
            yield from page.jobs
            cursor = page.next

    def watch(self, job_id: str, *, after: int = 0) -> Iterator[JobEvent]:
        """Yield each page that is settled, and the job when its state changes; the last is the job at its end.

        A connection that breaks off is resumed.

        Args:
            job_id: Id of the job.
            after: `id` of the last event that is known; 0 for all events since the job's beginning.
        """
        yield from self._followed(EventReader(job_id, after))

    def wait(self, job_id: str) -> Job:
        """Wait for the end of a job."""
        for _ in self.watch(job_id):
            pass
        return self.job(job_id)

    def results(self, job_id: str, *, partial: bool = False) -> Iterator[JobPage]:
        """Yield the outcome of each document. A connection that breaks off is resumed.

        Args:
            job_id: Id of the job.
            partial: Whether to take the outcomes so far if the job still runs; else that raises Conflict.
        """
        yield from self._followed(ResultReader(job_id, partial))

    def cancel(self, job_id: str) -> Job | None:
        """Cancel a job, or delete one that has ended, with its documents and results. Returns None if it is deleted."""
        answer = self._send(Call(job_path(job_id), method="DELETE", is_safe_twice=False))
        return parsed(Job, answer) if answer.content else None

    def _followed(self, reader: JobReader[T]) -> Iterator[T]:
        attempt, retries = 0, self._retries
        while (call := reader.call()) is not None:
            answer = self._send(call, stream=True, retries=retries)
            retries = PATIENT_RETRIES
            try:
                for line in answer.iter_lines():
                    item = reader.take(line)
                    if item is not None:
                        attempt = 0
                        yield item
                reader.finish(answer)
            except httpx.TransportError as exc:
                attempt += 1
                pause_s = pause_before_resuming(exc, attempt)
            else:
                continue
            finally:
                answer.close()
            time.sleep(pause_s)

    def _send(self, call: Call, *, stream: bool = False, retries: int | None = None) -> httpx.Response:
        attempt = 1
        while True:
            try:
                answer = self._http.send(call.request(self._http), stream=stream)
                if not answer.is_success:
                    answer.read()
                problem: RayocrError | httpx.TransportError | None = refused(answer)
                if problem is None:
                    return answer
            except httpx.TransportError as exc:
                problem = exc
            time.sleep(pause_or_raise(problem, call, attempt, self._retries if retries is None else retries))
            attempt += 1
