"""Documents for programs that show them: pictures of pages, and what a job keeps of its uploads."""

from pathlib import PurePath
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi import Path as PathParameter
from fastapi.responses import Response

from deployments.context import PageCall
from deployments.document import Document
from deployments.pipeline.shared_document import SharedDocument
from deployments.preprocess.draw import Drawing
from serve.api.answers.files import file_headers
from serve.api.problems import PROBLEM_RESPONSES
from serve.api.requests.options import (
    LARGEST_PAGE,
    DocumentPassword,
    PageImageQuery,
    PageImageRequest,
    PageImageSize,
    refuse_password_in_url,
    request_options,
)
from serve.api.requests.source import document_body, read_source
from serve.api.routes.jobs import JobHere, JobsHere, job_problems
from serve.api.service import Admission, Admitted, Service, service_of

__all__ = ["job_router", "router"]

router = APIRouter(tags=["reading"])
job_router = APIRouter(tags=["jobs"])

_LONGEST_EXTENSION = 10
_COUNT_HEADER = "X-Rayocr-Page-Count"
_PICTURE: Final[dict[str, Any]] = {
    "description": "The page as WebP.",
    "content": {"image/webp": {"schema": {"type": "string", "format": "binary"}}},
    "headers": {_COUNT_HEADER: {"description": "Pages of the document.", "schema": {"type": "integer"}}},
}


@router.post(
    "/v1/page-image",
    summary="Draw a page",
    response_class=Response,
    responses={**PROBLEM_RESPONSES, 200: _PICTURE},
    openapi_extra={"requestBody": document_body(PageImageRequest, {"page": 2, "width": 800})},
    dependencies=[Depends(refuse_password_in_url)],
)
async def page_image(
    request: Request,
    service: Annotated[Service, Depends(service_of)],
    admitted: Admitted,
    _query: Annotated[PageImageQuery, Query()],
    password: DocumentPassword = None,
) -> Response:
    """Draw one page without reading it, also of formats that browsers can't show.

    The document comes in as for `/v1/ocr`. The page is shown as it is stored: it is not turned by the `rotation` of a
    result.
    """
    context = admitted.context
    async with context.limit("receiving the document"):
        sent = await read_source(request, service.settings.http.max_body_bytes)
    asked = request_options(PageImageRequest, request, sent.fields, password)
    return await _drawn(service, admitted, sent.source, asked)


JobFile = Annotated[int, PathParameter(ge=1, le=LARGEST_PAGE, description="The document's place in the job.")]


async def _kept(jobs: JobsHere, job: JobHere, file: JobFile) -> Document:
    """Read an upload of a job back.

    Raises:
        SourceNotFound: There is no such document, or it is not kept.
    """
    location, name = await jobs.in_store(jobs.store.views.upload, job.id, file)
    return await jobs.in_storage(jobs.uploads.read, location, jobs.settings.http.max_body_bytes, name)


KeptDocument = Annotated[Document, Depends(_kept)]


@job_router.get(
    "/v1/jobs/{job_id}/files/{file}",
    summary="Fetch a job's document",
    response_class=Response,
    responses={
        **job_problems(404, 503),
        200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
    },
)
async def job_file(admitted: Admitted, jobs: JobsHere, job: JobHere, file: JobFile) -> Response:
    """Fetch an uploaded document as it was sent, while it is kept.

    With `jobs.keep_uploads` that is as long as the job is; without it, until the document is read.
    """
    admitted.begin()  # until it is sent: whole documents are held in memory
    document = await _kept(jobs, job, file)
    extension = PurePath(document.name or "").suffix[:_LONGEST_EXTENSION]
    return Response(document.data, headers=file_headers(document.name, "application/octet-stream", extension))


@job_router.get(
    "/v1/jobs/{job_id}/files/{file}/pages/{page}/image",
    summary="Draw a page of a job's document",
    response_class=Response,
    responses={**job_problems(400, 404, 413, 503, 504), 200: _PICTURE},
    dependencies=[Depends(refuse_password_in_url)],
)
async def job_page_image(
    request: Request,
    service: Annotated[Service, Depends(service_of)],
    admitted: Admitted,
    document: KeptDocument,
    page: Annotated[int, PathParameter(ge=1, le=LARGEST_PAGE, description="The page of the document.")],
    _query: Annotated[PageImageSize, Query()],
    password: DocumentPassword = None,
) -> Response:
    """Draw one page of an uploaded document as `/v1/page-image` does, while the upload is kept.

    Jobs don't keep passwords, so an encrypted document needs its own again.
    """
    asked = request_options(PageImageRequest, request, {"page": page}, password)
    return await _drawn(service, admitted, document, asked)


async def _drawn(service: Service, admitted: Admission, source: Document | str, asked: PageImageRequest) -> Response:
    call = PageCall(asked.page, admitted.context, asked.read_options())
    document = SharedDocument(source)
    admitted.begin()
    count = await service.pipeline.page_count(document, call)
    picture = await service.pipeline.draw(document, Drawing((), width=asked.width, format="webp"), call)
    admitted.end()
    return Response(picture, media_type="image/webp", headers={_COUNT_HEADER: str(count)})
