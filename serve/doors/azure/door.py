"""The routes of Document Intelligence: analyze, ask for the result, fetch the PDF, delete."""

import asyncio
import re
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import Headers

from deployments.document import Document
from models.errors import MalformedRequest, RayocrError, SourceNotFound
from serve.api.problems import malformed
from serve.api.requests.json_body import parsed_json
from serve.api.service import Admitted, Opened, Service, service_of
from serve.documents.options import DocumentOptions
from serve.doors.azure.answers import LAYOUT, analyze_result
from serve.doors.azure.contents import ContentFormat, IndexType
from serve.doors.base import Door
from serve.doors.documents import (
    Operation,
    begin_operation,
    checked_document,
    decoded_document,
    delete_operation,
    find_operation,
)
from serve.jobs.records import JobState

__all__ = ["AzureDoor"]

_ROOTS: Final = ("/documentintelligence", "/formrecognizer")
_MODELS = ("prebuilt-read", LAYOUT)
_VERSIONS = ("2024-11-30", "2024-07-31-preview", "2024-02-29-preview", "2023-10-31-preview", "2023-07-31", "2022-08-31")
# What these two ask for is either done anyway, or answered with an empty list.
_FEATURES = ("ocrHighResolution", "languages", "styleFont")
# The parts of the structure that the layout always has, and those that features add.
_LAYOUT_PARTS = ("layout", "tables", "marks")
_PARTS_OF_FEATURES = {"keyValuePairs": "fields", "barcodes": "codes"}
_INDEX_TYPES: dict[str, IndexType] = {"e": "textElements", "c": "unicodeCodePoint", "u": "utf16CodeUnit"}
_FORMATS: dict[str, ContentFormat] = {"t": "text", "m": "markdown"}
# Id of the job, and how its result is shown: content format, index type, version, and whether there is a PDF.
_RESULT_ID = re.compile(r"([0-9a-f]{32})-([tm])([ecu])([0-9])(p?)")
_STATES = {JobState.QUEUED: "notStarted", JobState.RUNNING: "running", JobState.SUCCEEDED: "succeeded"}
_CODES = {400: "InvalidRequest", 401: "401", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 429: "429"}
_INNER = {
    "too_large": "InvalidContentLength",
    "unsupported_type": "InvalidContent",
    "undecodable": "InvalidContent",
    "source_not_found": "NotFound",
}
_NO_MODEL, _NO_PARAMETER = "there is no model", "The parameter"
_ERROR: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "`error` with `code`, `message` and `innererror`."},
    "5XX": {"description": "The same."},
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "base64Source": {"type": "string", "contentEncoding": "base64"},
                        "urlSource": {"type": "string"},
                    },
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "application/pdf": {"schema": {"type": "string", "format": "binary"}},
            "image/*": {"schema": {"type": "string", "format": "binary"}},
        },
    },
    "parameters": [
        {"name": name, "in": "query", "schema": {"type": "string"} | ({"enum": list(known)} if known else {})}
        for name, known in (
            ("api-version", _VERSIONS),
            ("pages", ()),
            ("locale", ()),
            ("features", ()),
            ("output", ("pdf",)),
            ("outputContentFormat", _FORMATS.values()),
            ("stringIndexType", _INDEX_TYPES.values()),
        )
    ],
}

ServiceHere = Annotated[Service, Depends(service_of)]
_router = APIRouter()


class _Sent(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    base64_source: str | None = Field(default=None, alias="base64Source")
    url_source: str | None = Field(default=None, alias="urlSource")


class AzureDoor(Door):
    """The routes below `/documentintelligence` and `/formrecognizer`."""

    name = "azure"
    paths: ClassVar[tuple[str, ...]] = _ROOTS
    has_own_keys: ClassVar[bool] = True
    takes_base64: ClassVar[bool] = True

    @property
    def router(self) -> APIRouter:
        """The routes of both roots."""
        return _router

    def key(self, headers: Headers) -> str:
        """Find the key in the client's own header, or where the API takes it."""
        return headers.get("ocp-apim-subscription-key") or super().key(headers)

    def error(self, error: RayocrError, request_id: str) -> Response:
        """Answer with `error`, as `Door.error` says."""
        status = 400 if error.http_status == 422 else error.http_status
        content = {"error": _error(error, status) | {"requestId": request_id}}
        return JSONResponse(content, status, {"apim-request-id": request_id, "x-ms-error-code": _code(error, status)})


def _code(error: RayocrError, status: int) -> str:
    return _CODES.get(status, "InvalidRequest" if status < 500 else "InternalServerError")


def _error(error: RayocrError, status: int) -> dict[str, Any]:
    inner = _INNER.get(error.code, "InvalidArgument")
    if error.message.startswith((_NO_MODEL, _NO_PARAMETER)):
        inner = "ModelNotFound" if error.message.startswith(_NO_MODEL) else "InvalidParameter"
    if status >= 500:
        inner = error.code
    code = _code(error, status)
    return {"code": code, "message": error.message, "innererror": {"code": inner, "message": error.message}}


async def _analyze(model: str, request: Request, service: ServiceHere, admitted: Admitted) -> Response:
    """Submit a document. Operation-Location is where its result will be."""
    _check_model(model)
    has_structure = service.settings.structure.enabled is not False
    options, shown = _options(request, model, has_structure=has_structure)
    async with admitted.context.limit("receiving the document"):
        body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    source = _source(body, kind, service.settings.http.max_body_bytes)
    job = await begin_operation(service, request, source, options)
    root = request.url.path.partition("/documentModels/")[0]
    scheme = request.headers.get("x-forwarded-proto", request.url.scheme)
    location = f"{scheme}://{request.url.netloc}{root}/documentModels/{model}/analyzeResults/{job.id}-{shown}"
    version = request.query_params.get("api-version", _VERSIONS[0])
    headers = {
        "Operation-Location": f"{location}?api-version={version}",
        "Retry-After": "1",
        "apim-request-id": request.state.request_id,
    }
    return Response(status_code=202, headers=headers)


async def _result(model: str, result_id: str, request: Request, service: ServiceHere, _open: Opened) -> Response:
    """Tell the state of a document, with its result when it has been read."""
    operation, shown = await _found(model, result_id, request, service)
    job = operation.job
    answer: dict[str, Any] = {
        "status": _STATES.get(job.state, "failed"),
        "createdDateTime": _time(job.created),
        "lastUpdatedDateTime": _time(job.ended or job.started or job.created),
    }
    if not job.state.is_ended:
        answer["percentCompleted"] = round(100 * job.progress)
        return JSONResponse(answer, headers={"Retry-After": "1"})
    if operation.error is not None:
        answer["error"] = _error(operation.error, 400 if operation.error.http_status < 500 else 500)
    if operation.result is not None:
        answer["percentCompleted"] = 100
        version, style = _VERSIONS[int(shown[4])], (_FORMATS[shown[2]], _INDEX_TYPES[shown[3]])
        async with service.document_exports:
            answer["analyzeResult"] = await asyncio.to_thread(analyze_result, operation.result, model, version, *style)
    return JSONResponse(answer)


async def _pdf(model: str, result_id: str, request: Request, service: ServiceHere, _open: Opened) -> Response:
    """Fetch the PDF that can be searched, if it was asked for with `output=pdf`."""
    operation, _ = await _found(model, result_id, request, service)
    if operation.file is None:
        raise SourceNotFound("there is no PDF: it was not asked for (output=pdf), or the document is not read yet")
    return Response(operation.file, media_type="application/pdf")


async def _delete(model: str, result_id: str, request: Request, service: ServiceHere, _open: Opened) -> Response:
    """Delete a document with its result."""
    await _found(model, result_id, request, service)
    await delete_operation(service, request, result_id.partition("-")[0])
    return Response(status_code=204)


for _root in _ROOTS:
    _results = f"{_root}/documentModels/{{model}}/analyzeResults/{{result_id}}"
    _of = _root.strip("/")
    _router.add_api_route(
        f"{_root}/documentModels/{{model}}:analyze",
        _analyze,
        methods=["POST"],
        status_code=202,
        summary="Analyze a document",
        responses=_ERROR,
        openapi_extra=_BODY,
        operation_id=f"{_of}_analyze",
        include_in_schema=_root == _ROOTS[0],
    )
    for _path, _call, _method, _summary in (
        (_results, _result, "GET", "Ask for the result"),
        (f"{_results}/pdf", _pdf, "GET", "Fetch the searchable PDF"),
        (_results, _delete, "DELETE", "Delete a result"),
    ):
        _router.add_api_route(
            _path,
            _call,
            methods=[_method],
            summary=_summary,
            responses=_ERROR,
            operation_id=f"{_of}{_call.__name__}",
            response_class=Response,
            include_in_schema=_root == _ROOTS[0],  # the same once more
        )


async def _found(model: str, result_id: str, request: Request, service: Service) -> tuple[Operation, "re.Match[str]"]:
    _check_model(model)
    shown = _RESULT_ID.fullmatch(result_id)
    if shown is None or int(shown[4]) >= len(_VERSIONS):
        raise SourceNotFound(f"there is no result {result_id[:80]!r}")
    return await find_operation(service, request, shown[1]), shown


def _check_model(model: str) -> None:
    if model not in _MODELS:
        raise SourceNotFound(f"{_NO_MODEL} {model[:80]!r}; known are {', '.join(_MODELS)}")


def _options(request: Request, model: str, *, has_structure: bool) -> tuple[DocumentOptions, str]:
    """Read the query: how the document is read, and how the result is shown."""
    query = request.query_params
    version = _one_of(query.get("api-version", _VERSIONS[0]), _VERSIONS, "api-version")
    content = _one_of(query.get("outputContentFormat", "text"), tuple(_FORMATS.values()), "outputContentFormat")
    index = _one_of(query.get("stringIndexType", "textElements"), tuple(_INDEX_TYPES.values()), "stringIndexType")
    parts = _parts(query.getlist("features"), model)
    if query.get("queryFields"):
        raise MalformedRequest(f"{_NO_PARAMETER} queryFields is invalid: no model answers questions here.")
    outputs = [_one_of(one, ("pdf",), "output") for one in ",".join(query.getlist("output")).split(",") if one]
    given: dict[str, Any] = {"format": "archive"} if outputs else {}
    if pages := query.get("pages"):
        given["pages"] = pages.replace(" ", "")
    # A service without structure still gives the text of a layout, and a warning.
    if has_structure or {*parts} - {*_LAYOUT_PARTS}:
        given["structure"] = ",".join(parts) or None
    try:
        options = DocumentOptions.model_validate(given)
    except ValidationError as exc:
        raise malformed(exc, "pages=1-3,5") from exc
    shown = f"{content[0]}{next(key for key, name in _INDEX_TYPES.items() if name == index)}{_VERSIONS.index(version)}"
    return options, f"{shown}{'p' if outputs else ''}"


def _parts(features: list[str], model: str) -> list[str]:
    """Find the parts of the structure that a model and its features ask for."""
    with_parts = [one for one in _PARTS_OF_FEATURES if model == LAYOUT or one != "keyValuePairs"]
    known = {one.lower(): one for one in (*_FEATURES, *with_parts)}
    parts = [*_LAYOUT_PARTS] if model == LAYOUT else []
    for feature in filter(None, ",".join(features).split(",")):
        name = known.get(feature.strip().lower())
        if name is None:
            raise MalformedRequest(
                f"{_NO_PARAMETER} {feature[:60]} is invalid: The feature is invalid or not supported; known to {model} "
                f"are {', '.join(known.values())}"
            )
        if name in _PARTS_OF_FEATURES and _PARTS_OF_FEATURES[name] not in parts:
            parts.append(_PARTS_OF_FEATURES[name])
    return parts


def _one_of(value: str, known: tuple[str, ...], name: str) -> str:
    for one in known:
        if one.lower() == value.strip().lower():
            return one
    raise MalformedRequest(f"{name}: {value[:60]!r} is not known; known are {', '.join(known)}")


def _source(body: bytes, kind: str, max_bytes: int) -> Document | str:
    if kind != "application/json":
        if not body:
            raise MalformedRequest("the request has no body: send a document, base64Source or urlSource")
        return checked_document(body, max_bytes)
    try:
        sent = _Sent.model_validate(parsed_json(body, "the body"))
    except ValidationError as exc:
        raise malformed(exc, '{"urlSource": "https://..."}') from exc
    if (sent.base64_source is None) == (sent.url_source is None):
        raise MalformedRequest("the body needs one of base64Source and urlSource")
    if sent.url_source is not None:
        return sent.url_source
    return decoded_document(sent.base64_source or "", "base64Source", max_bytes)


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
