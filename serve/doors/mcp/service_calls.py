"""Calls of tools over HTTP, answered by the service with its admission, limits, rights and jobs."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from fastapi import Request

from deployments.context import PageCall
from deployments.document import Document
from deployments.pipeline.shared_document import SharedDocument
from serve.api.requests.options import DetectRequest
from serve.api.service import Admission, Service
from serve.documents.options import DocumentOptions
from serve.documents.page_ranges import first_page_only
from serve.doors.documents import begin_operation, find_operation
from serve.doors.mcp.calls import Calls, JobView
from serve.results import DetectionResult, OcrResult

__all__ = ["ServiceCalls"]

Answer = TypeVar("Answer")


class ServiceCalls(Calls):
    """Does the work of one call that a client sent over HTTP.

    Args:
        service: The service of this replica.
        request: The client's request.
        admission: Its admission, with the deadline.
    """

    def __init__(self, service: Service, request: Request, admission: Admission) -> None:
        http = service.settings.http
        super().__init__(admission.context.request_id, http.max_body_bytes, http.max_pages)
        self._service = service
        self._request = request
        self._admission = admission

    @property
    def has_jobs(self) -> bool:
        """Whether the service takes jobs."""
        return self._service.jobs is not None

    async def read(
        self, source: Document | str, options: DocumentOptions, write: Callable[[OcrResult], Answer]
    ) -> Answer:
        """Read a document as `POST /v1/ocr` does; see `Calls.read`."""
        context = self._admission.context
        self._admission.begin(self._service.model_of(options.model))
        result, _ = await self._service.read(SharedDocument(source), options, context)
        async with context.limit("writing the result"):
            answer = await asyncio.to_thread(write, result)
        self._admission.end()
        return answer

    async def detect(self, source: Document | str, asked: DetectRequest) -> DetectionResult:
        """Find the lines of a page as `POST /v1/detect` does; see `Calls.detect`."""
        context = self._admission.context
        model = self._service.model_of(asked.model)
        self._admission.begin(model)
        call = PageCall(asked.page or 1, context, asked.read_options())
        page = await self._service.pipeline.detect(SharedDocument(source), call)
        self._admission.end()
        warnings = first_page_only(page.page_count, asked.page)
        return DetectionResult.of(context.request_id, model, [page], warnings)

    async def start(self, source: Document | str, options: DocumentOptions) -> JobView:
        """Submit a document as `POST /v1/jobs` does; see `Calls.start`."""
        job = await begin_operation(self._service, self._request, source, options)
        return JobView(job.id, job.state)

    async def job(self, job_id: str) -> JobView:
        """Find a job of the client; see `Calls.job`."""
        found = await find_operation(self._service, self._request, job_id)
        return JobView(found.job.id, found.job.state, found.result, found.error)
