"""POST /v1/ocr: a document in, its text out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from serve.api.problems import PROBLEM_RESPONSES
from serve.api.service import Service, service_of
from serve.api.source import SOURCE_BODY, read_source
from serve.api.visualize import picture_response, wants_picture
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
        page = await service.pipeline.read(source, 1, context)
        service.readiness.answered()
        if wants_picture(request, visualize):
            polygons = [line.polygon for line in page.lines]
            picture = await service.pipeline.draw(source, page.number, polygons, context)
            return picture_response(picture, page.warnings)
        return OcrResult.of(context.request_id, service.settings.bundle, [page])
