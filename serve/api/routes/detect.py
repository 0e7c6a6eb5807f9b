"""POST /v1/detect answers a document with the boxes of one page's lines."""

import dataclasses
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from deployments.context import PageCall
from deployments.pipeline.shared_document import SharedDocument
from deployments.preprocess.draw import Drawing
from serve.api.answers.visualize import picture_response, wants_picture
from serve.api.problems import PROBLEM_RESPONSES
from serve.api.requests.options import (
    DetectQuery,
    DetectRequest,
    DocumentPassword,
    refuse_password_in_url,
    request_options,
)
from serve.api.requests.source import document_body, read_source
from serve.api.service import Admitted, Service, service_of
from serve.documents.page_ranges import first_page_only
from serve.results import DetectionResult

__all__ = ["router"]

router = APIRouter(tags=["reading"])


@router.post(
    "/v1/detect",
    summary="Find the lines of a page",
    response_model=DetectionResult,
    responses={
        **PROBLEM_RESPONSES,
        200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}},
    },
    openapi_extra={"requestBody": document_body(DetectRequest, {"page": 2})},
    dependencies=[Depends(refuse_password_in_url)],
)
async def detect_lines(
    request: Request,
    service: Annotated[Service, Depends(service_of)],
    admitted: Admitted,
    _query: Annotated[DetectQuery, Query()],
    password: DocumentPassword = None,
) -> DetectionResult | Response:
    """Find the text lines of one page without reading them. The document comes in as for `/v1/ocr`."""
    context = admitted.context
    async with context.limit("receiving the document"):
        sent = await read_source(request, service.settings.http.max_body_bytes)
    asked = request_options(DetectRequest, request, sent.fields, password)
    call = PageCall(asked.page or 1, context, asked.read_options())
    document = SharedDocument(sent.source)
    model = service.model_of(asked.model)
    admitted.begin(model)
    page = await service.pipeline.detect(document, call)
    page = dataclasses.replace(page, warnings=(*page.warnings, *first_page_only(page.page_count, asked.page)))
    if asked.visualize or wants_picture(request.headers.get("accept", "")):
        drawing = Drawing(page.polygons, page.rotation)
        picture = await service.pipeline.draw(document, drawing, call)
        admitted.end()
        return picture_response(picture, page.warnings)
    admitted.end()
    return DetectionResult.of(context.request_id, model, [page])
