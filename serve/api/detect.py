"""POST /v1/detect: a document in, the boxes of its lines out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from deployments.preprocess.draw import Drawing
from deployments.read_options import ReadOptions
from models.settings import DetectionOptions
from serve.api.problems import PROBLEM_RESPONSES
from serve.api.service import Service, service_of
from serve.api.source import SOURCE_BODY, read_source
from serve.api.visualize import picture_response, wants_picture
from serve.results import DetectionResult

__all__ = ["router"]

router = APIRouter(tags=["reading"])


@router.post(
    "/v1/detect",
    summary="Find the lines of a document",
    response_model=DetectionResult,
    responses={**PROBLEM_RESPONSES, 200: {"content": {"image/png": {}}}},
    openapi_extra={"requestBody": SOURCE_BODY},
)
async def detect_lines(
    request: Request,
    service: Annotated[Service, Depends(service_of)],
    threshold: Annotated[float | None, Query(ge=0, le=1, description="A pixel above it is text.")] = None,
    box_threshold: Annotated[
        float | None, Query(ge=0, le=1, description="A box with a lower mean probability is dropped.")
    ] = None,
    unclip_ratio: Annotated[float | None, Query(gt=0, le=10, description="How far boxes are grown.")] = None,
    thorough: Annotated[
        bool | None, Query(description="Search at the full size at once: finds more small text, takes longer.")
    ] = None,
    visualize: Annotated[bool, Query(description="Answer with the page and its boxes as PNG.")] = False,
) -> DetectionResult | Response:
    """Find the text lines of a picture without reading them. The document comes in as for `/v1/ocr`."""
    options = DetectionOptions(
        threshold=threshold, box_threshold=box_threshold, unclip_ratio=unclip_ratio, thorough=thorough
    )
    async with service.request(request) as context:
        source = await read_source(request)
        asked = ReadOptions(detection=options, text_layer="never")
        page = await service.pipeline.detect(source, 1, context, asked)
        if wants_picture(request, visualize):
            drawing = Drawing(page.quads.points.tolist(), page.rotation)
            picture = await service.pipeline.draw(source, page.number, drawing, context, asked)
            return picture_response(picture, page.warnings)
        return DetectionResult.of(context.request_id, service.settings.bundle, [page])
