"""Calls of tools that this process answers by itself, with nets that are loaded for the first of them."""

import asyncio
import uuid
import zlib
from collections.abc import Callable
from typing import TypeVar

from deployments.document import Document
from models.errors import Overloaded, RayocrError, SourceNotFound
from serve.api.requests.options import DetectRequest
from serve.config.settings import Settings
from serve.documents.local import LocalReader, default_jobs
from serve.documents.options import DocumentOptions
from serve.doors.mcp.calls import Calls, JobView
from serve.results import DetectionResult, OcrResult

__all__ = ["LocalCalls", "LocalDesk"]

Answer = TypeVar("Answer")

# Jobs whose results are kept, packed. They end with this process.
_MOST_JOBS = 100


class LocalDesk:
    """What all calls to this process share: the reader, and the jobs.

    Args:
        settings: The whole settings tree.

    Raises:
        ConfigurationError: The model bundle does not exist.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        most = default_jobs(settings)
        self._reader = LocalReader(settings, most)
        self._places = asyncio.Semaphore(most)
        self._jobs: dict[str, asyncio.Task[bytes | RayocrError]] = {}

    async def in_turn(self, work: Callable[[LocalReader], Answer]) -> Answer:
        """Do work with the reader in a thread, as many at a time as this machine reads well."""
        async with self._places:
            return await asyncio.to_thread(work, self._reader)

    def start(self, source: Document | str, options: DocumentOptions) -> str:
        """Begin to read a document in the background, and return the id of this job.

        Raises:
            Overloaded: All jobs that are kept are still in work.
        """
        if len(self._jobs) >= _MOST_JOBS:
            ended = next((key for key, job in self._jobs.items() if job.done()), None)
            if ended is None:
                raise Overloaded(f"{_MOST_JOBS} jobs are in work, the most at a time: wait for the result of one")
            del self._jobs[ended]
        job_id = uuid.uuid4().hex
        self._jobs[job_id] = asyncio.create_task(self._outcome(source, options))
        return job_id

    def job(self, job_id: str) -> JobView:
        """Find the state of a job, with its result if it has one.

        Raises:
            SourceNotFound: There is no such job.
        """
        if (job := self._jobs.get(job_id)) is None:
            raise SourceNotFound(f"there is no job {job_id!r}: only the last {_MOST_JOBS} of this process are kept")
        if not job.done():
            return JobView(job_id, "running")
        outcome = job.result()
        if isinstance(outcome, RayocrError):
            return JobView(job_id, "failed", error=outcome)
        return JobView(job_id, "succeeded", OcrResult.model_validate_json(zlib.decompress(outcome)))

    async def _outcome(self, source: Document | str, options: DocumentOptions) -> bytes | RayocrError:
        def packed(reader: LocalReader) -> bytes:
            return zlib.compress(reader.read(source, options).model_dump_json().encode(), 1)

        try:
            return await self.in_turn(packed)
        except RayocrError as error:
            return error


class LocalCalls(Calls):
    """Does the work of one call in this process.

    Args:
        desk: What all calls share.
    """

    def __init__(self, desk: LocalDesk) -> None:
        http = desk.settings.http
        super().__init__(uuid.uuid4().hex, http.max_body_bytes, http.max_pages)
        self._desk = desk

    @property
    def has_jobs(self) -> bool:
        """Whether documents may be read as jobs, which need nothing here."""
        return True

    async def read(
        self, source: Document | str, options: DocumentOptions, write: Callable[[OcrResult], Answer]
    ) -> Answer:
        """Read a document as `rayocr read` does; see `Calls.read`."""
        return await self._desk.in_turn(lambda reader: write(reader.read(source, options)))

    async def detect(self, source: Document | str, asked: DetectRequest) -> DetectionResult:
        """Find the lines of a page; see `Calls.detect`."""
        return await self._desk.in_turn(lambda reader: reader.detect(source, asked.page, asked.read_options()))

    async def start(self, source: Document | str, options: DocumentOptions) -> JobView:
        """Begin to read a document in the background; see `Calls.start`."""
        return JobView(self._desk.start(source, options), "running")

    async def job(self, job_id: str) -> JobView:
        """Find a job of this process; see `Calls.job`."""
        return await asyncio.to_thread(self._desk.job, job_id)
