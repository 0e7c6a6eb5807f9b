"""POST /v1/ocr answers a document with its text."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from deployments.context import PageCall, RequestContext
from deployments.pipeline.shared_document import SharedDocument
from deployments.preprocess.draw import Drawing
from models.errors import MalformedRequest
from serve.api.answers.documents import FORMAT_TYPES, LINES, PICTURE, answer_format, document_answer
from serve.api.answers.page_lines import LINES_EXAMPLE, LINES_TYPE, LinesResponse, page_lines
from serve.api.answers.visualize import picture_response
from serve.api.problems import PROBLEM_RESPONSES
from serve.api.requests.options import DocumentPassword, OcrQuery, OcrRequest, refuse_password_in_url, request_options
from serve.api.requests.source import document_body, read_source
from serve.api.service import Admitted, Service, service_of
from serve.config.languages import with_model
from serve.documents.page_ranges import first_page_only
from serve.documents.reading import read_pages
from serve.results import OcrResult

__all__ = ["router"]

router = APIRouter(tags=["reading"])

_CONTENT = {
    LINES_TYPE: {"schema": {"type": "string"}, "example": LINES_EXAMPLE},
    "image/png": {"schema": {"type": "string", "format": "binary"}},
    **{
        media_type: {"schema": {"type": "string", **({"format": "binary"} if name == "pdf" else {})}}
        for name, media_type in FORMAT_TYPES.items()
        if name != "json"
    },
    "application/zip": {"schema": {"type": "string", "format": "binary"}},
}
_HEADERS = {
    "Content-Disposition": "Name of a file, after the document's.",
    "X-Rayocr-Warnings": "Codes of the warnings, if the format has no place for them.",
    "X-Rayocr-Failed-Pages": "Pages that could not be read and are left out, such as `7,12-14`, in such a format.",
}


@router.post(
    "/v1/ocr",
    summary="Read a document",
    response_model=OcrResult,
    responses={
        **PROBLEM_RESPONSES,
        200: {
            "description": "The document in the requested format. `page` of several pages, and `csv` of several "
            "tables, are ZIP archives.",
            "content": _CONTENT,
            "headers": {name: {"description": text, "schema": {"type": "string"}} for name, text in _HEADERS.items()},
        },
    },
    openapi_extra={"requestBody": document_body(OcrRequest, {"pages": "1-3", "text_layer": "never"})},
    dependencies=[Depends(refuse_password_in_url)],
)
async def read_document(
    request: Request,
    service: Annotated[Service, Depends(service_of)],
    admitted: Admitted,
    _query: Annotated[OcrQuery, Query()],
    password: DocumentPassword = None,
) -> Response:
    """Read the text of a picture or document: its lines with their words and polygons, in reading order.

    Send the document as a form's `file` or as a raw body, or name its `source`. Each parameter may also be a field of
    the form or of the JSON. `X-Request-Timeout` sets the seconds after which the request is given up.
    """
    context = admitted.context
    async with context.limit("receiving the document"):
        sent = await read_source(request, service.settings.http.max_body_bytes)
    asked = with_model(request_options(OcrRequest, request, sent.fields, password), service.settings)
    answer = answer_format(asked, request.headers.get("accept", ""))
    document = SharedDocument(sent.source)
    model = service.model_of(asked.model)
    admitted.begin(model)
    if answer == PICTURE:
        picture = await _picture(service, context, document, asked)
        admitted.end()
        return picture
    if answer == LINES:
        outcomes = read_pages(service.pipeline, document, service.wanted(asked, context.client), context)
        # The first page decides the status of the answer.
        first = await anext(outcomes)
        service.readiness.answered()
        return LinesResponse(page_lines(first, outcomes, context.request_id, model))
    result, failures = await service.read(document, asked, context)
    written = await document_answer(service, context, asked, answer, document, result, failures, sent.name)
    admitted.end()
    return written


async def _picture(service: Service, context: RequestContext, document: SharedDocument, asked: OcrRequest) -> Response:
    if asked.pages is not None and not asked.page_ranges.is_single:
        raise MalformedRequest(f"visualize draws one page: pages={asked.page_ranges.first}")
    call = PageCall(asked.page_ranges.first, context, asked.read_options())
    page = await service.pipeline.read(document, call)
    drawing = Drawing([line.polygon for line in page.lines], page.rotation)
    picture = await service.pipeline.draw(document, drawing, call)
    return picture_response(picture, [*page.warnings, *first_page_only(page.page_count, asked.pages)])
