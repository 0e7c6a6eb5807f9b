"""POST /v1/page-image answers a document with a picture of one page, for programs that show it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from deployments.context import PageCall
from deployments.pipeline.shared_document import SharedDocument
from deployments.preprocess.draw import Drawing
from serve.api.problems import PROBLEM_RESPONSES
from serve.api.requests.options import (
    DocumentPassword,
    PageImageQuery,
    PageImageRequest,
    refuse_password_in_url,
    request_options,
)
from serve.api.requests.source import document_body, read_source
from serve.api.service import Admitted, Service, service_of

__all__ = ["router"]

router = APIRouter(tags=["reading"])

_COUNT_HEADER = "X-Rayocr-Page-Count"


@router.post(
    "/v1/page-image",
    summary="Draw a page",
    response_class=Response,
    responses={
        **PROBLEM_RESPONSES,
        200: {
            "description": "The page as WebP.",
            "content": {"image/webp": {"schema": {"type": "string", "format": "binary"}}},
            "headers": {_COUNT_HEADER: {"description": "Pages of the document.", "schema": {"type": "integer"}}},
        },
    },
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
    call = PageCall(asked.page, context, asked.read_options())
    document = SharedDocument(sent.source)
    admitted.begin()
    count = await service.pipeline.page_count(document, call)
    picture = await service.pipeline.draw(document, Drawing((), width=asked.width, format="webp"), call)
    admitted.end()
    return Response(picture, media_type="image/webp", headers={_COUNT_HEADER: str(count)})
