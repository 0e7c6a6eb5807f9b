"""Reads one page of a job, as a request's would be read."""

import time

from deployments.context import JOB, RequestContext
from deployments.document import Document
from deployments.pipeline.attempts import Pipeline
from deployments.pipeline.shared_document import SharedDocument
from serve.config.bundle import default_model
from serve.config.languages import with_model
from serve.documents.kept_pages import json_pieces, read_result
from serve.documents.options import DocumentOptions
from serve.documents.reading import ReadRequest
from serve.exports import ReadDocument, export_format
from serve.jobs.background.file_result import FileResult
from serve.jobs.records import Lease, Packed
from serve.jobs.runtime import JobsRuntime

__all__ = ["PageReader"]

# A page waits behind all requests, and its lease says whether somebody still wants it. This time only ends a page that
# hangs.
_TIMEOUT_S = 600.0


class PageReader:
    """Reads pages of jobs through the stages.

    Args:
        jobs: The runtime of jobs, which has the uploads.
        pipeline: The stages.
    """

    def __init__(self, jobs: JobsRuntime, pipeline: Pipeline) -> None:
        self._jobs = jobs
        self._pipeline = pipeline

    async def read(self, lease: Lease) -> Packed:
        """Read a page.

        Args:
            lease: Lease of the page. A page over which a worker was lost is read with no other page of a job beside it.

        Returns:
            JSON of the `OcrResult`, as POST /v1/ocr answers it, or of a `FileResult` if another format is asked for.

        Raises:
            RayocrError: The stages failed, or the upload can't be read.
        """
        job = {"id": lease.job_id, "document": lease.number, "client": lease.owner}
        with self._jobs.audit.entry("document", **job):
            return await self._read(lease)

    async def _read(self, lease: Lease) -> Packed:
        settings, rights = self._jobs.settings, self._jobs.rights
        context = RequestContext(
            request_id=f"{lease.job_id}/{lease.number}",
            deadline=time.time() + _TIMEOUT_S,
            timeout_s=_TIMEOUT_S,
            priority=JOB,
            page_work_s=settings.jobs.page_work_s,
            is_alone=lease.losses > 0,
            client=lease.owner,
            https_hosts=rights.of(lease.owner).https,
        )
        options = with_model(DocumentOptions.model_validate(lease.options), settings)
        most, limit_name = rights.max_pages(lease.owner)
        asked = ReadRequest(
            pages=options.page_ranges,
            options=options.read_options(),
            max_pages=most,
            pages_at_a_time=settings.http.pages_at_a_time,
            time_for_each=True,
            limit_name=limit_name,
        )
        source = SharedDocument(await self._source(lease))
        result, _ = await read_result(self._pipeline, source, asked, context, default_model(settings))
        if options.format in (None, "json"):
            pieces, _ = json_pieces(result)
            return await self._jobs.in_storage(Packed.of, pieces)
        export = export_format(options.format)
        document = await self._pipeline.document(source, context.renewed()) if export.needs_document else None
        read = ReadDocument(result, lease.name, document, options.secret_password, options.export_options)
        content = await self._jobs.in_storage(export.convert, read)
        file = FileResult.of(export, content, result).model_dump_json().encode()
        return await self._jobs.in_storage(Packed.of, [file])

    async def _source(self, lease: Lease) -> Document | str:
        if not lease.is_upload:
            return lease.source
        max_bytes = self._jobs.settings.http.max_body_bytes
        return await self._jobs.in_storage(self._jobs.uploads.read, lease.source, max_bytes, lease.name)
