"""POST /v1/ocr: a document in, its text out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from deployments.preprocess.draw import Drawing
from deployments.read_options import AS_IT_COMES
from serve.api.problems import PROBLEM_RESPONSES
from serve.api.service import Service, service_of
from serve.api.source import SOURCE_BODY, read_source
from serve.api.visualize import picture_response, wants_picture
from serve.page_ranges import PageRanges
from serve.reading import ReadRequest, all_pages
from serve.results import OcrResult

__all__ = ["router"]

router = APIRouter(tags=["reading"])


@router.post(
    "/v1/ocr",
    summary="Read a document",
    response_model=OcrResult,
    responses={**PROBLEM_RESPONSES, 200: {"content": {"image/png": {}}}},
    openapi_extra={"requestBody": SOURCE_BODY},
)
async def read_document(
    request: Request,
    service: Annotated[Service, Depends(service_of)],
    visualize: Annotated[bool, Query(description="Answer with the page and its boxes as PNG.")] = False,
) -> OcrResult | Response:
    """Read the text of a picture: its lines with their polygons, in reading order.

    Send the picture as a form's `file`, as a raw body, or name its `source`. JPEG, PNG, WebP, BMP, TIFF and GIF are
    read. `X-Request-Timeout` sets the seconds after which the request is given up.
    """
    async with service.request(request) as context:
        source = await read_source(request)
        http = service.settings.http
        asked = ReadRequest(PageRanges(), AS_IT_COMES, http.max_pages, http.pages_at_a_time)
        if wants_picture(request, visualize):
            page = await service.pipeline.read(source, asked.pages.first, context, asked.options)
            drawing = Drawing([line.polygon for line in page.lines], page.rotation)
            picture = await service.pipeline.draw(source, page.number, drawing, context, asked.options)
            return picture_response(picture, page.warnings)
        pages, failures = await all_pages(service.pipeline, source, asked, context)
        service.readiness.answered()
        warnings = [failure.warning for failure in failures]
        return OcrResult.of(context.request_id, service.settings.bundle, pages, warnings)
