"""The operations of Textract, which all are POST to one path: `X-Amz-Target` names the operation."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, ClassVar, Final, TypeVar, get_args

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Receive, Scope

from deployments.document import Document
from deployments.pipeline.shared_document import SharedDocument
from models.errors import Conflict, MalformedRequest, RayocrError, SourceNotFound
from models.structure.result import PARTS, PartName
from serve.api.keys import ApiKeys
from serve.api.problems import door_of, malformed
from serve.api.protocol import path_of
from serve.api.requests.json_body import parsed_json
from serve.api.service import Admission, Opened, Service, service_of
from serve.documents.kept_pages import read_result
from serve.documents.options import DocumentOptions
from serve.documents.reading import ReadRequest
from serve.doors.base import Door
from serve.doors.documents import begin_operation, decoded_document, find_operation
from serve.doors.textract.answers import job_state, read_document
from serve.doors.textract.refusal import Refusal, name_of
from serve.doors.textract.signature import signed_by
from serve.doors.textract.structure import Feature

__all__ = ["TextractDoor"]

_PATH: Final = "/textract"
_TARGET, _SERVICE = "x-amz-target", "Textract."
_MEDIA_TYPE = "application/x-amz-json-1.1"
_MOST_BLOCKS = 1000
_FEATURES: tuple[Feature, ...] = get_args(Feature)
# The parts of the structure that each feature asks for. Check boxes stand in tables and forms.
_PARTS: dict[Feature, tuple[PartName, ...]] = {
    "TABLES": ("tables", "marks"),
    "FORMS": ("fields", "marks"),
    "SIGNATURES": ("marks",),
    "LAYOUT": ("layout",),
}
# The id of a job of an analysis ends with its features, such as `-tables-forms`. An id has at most 64 characters.
_JOB_ID = re.compile("([0-9a-f]{32})((?:-(?:" + "|".join(_FEATURES).lower() + "))*)")
_SERVER_ERROR = 500
_ANSWER = TypeAdapter(dict[str, Any])  # which writes JSON in a third of the time of `json`


class _OfDoor(APIRoute):
    """A route that exists only for requests of the door: `/` is nobody's."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as usual, if the request is meant for the door."""
        return (Match.NONE, {}) if door_of(scope) is None else super().matches(scope)


_router = APIRouter(route_class=_OfDoor)


class _Sent(BaseModel):
    # What is not known is ignored, as Textract does; a password or document must not stand in a message.
    model_config = ConfigDict(hide_input_in_errors=True)


class _S3Object(_Sent):
    bucket: str = Field(alias="Bucket", pattern=r"^[0-9A-Za-z.\-_]{3,255}$")
    name: str = Field(alias="Name", min_length=1, max_length=1024)
    version: str | None = Field(default=None, alias="Version")

    @property
    def location(self) -> str:
        if self.version is not None:
            raise MalformedRequest("S3Object.Version can't be chosen here: leave it out to read the newest version")
        return f"s3://{self.bucket}/{self.name}"


class _SentDocument(_Sent):
    content: str | None = Field(default=None, alias="Bytes")
    s3_object: _S3Object | None = Field(default=None, alias="S3Object")

    def source(self, max_bytes: int) -> Document | str:
        if (self.content is None) == (self.s3_object is None):
            raise MalformedRequest("Document needs one of Bytes and S3Object")
        if self.s3_object is not None:
            return self.s3_object.location
        return decoded_document(self.content or "", "Document.Bytes", max_bytes)


class _Read(_Sent):
    document: _SentDocument = Field(alias="Document")
    feature_types: list[str] | None = Field(default=None, alias="FeatureTypes")
    human_loop: object = Field(default=None, alias="HumanLoopConfig")
    queries: object = Field(default=None, alias="QueriesConfig")
    adapters: object = Field(default=None, alias="AdaptersConfig")


class _Location(_Sent):
    s3_object: _S3Object = Field(alias="S3Object")


class _Start(_Sent):
    location: _Location = Field(alias="DocumentLocation")
    feature_types: list[str] | None = Field(default=None, alias="FeatureTypes")
    token: str | None = Field(default=None, alias="ClientRequestToken", pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    notification: object = Field(default=None, alias="NotificationChannel")
    output: object = Field(default=None, alias="OutputConfig")
    kms_key: object = Field(default=None, alias="KMSKeyId")
    queries: object = Field(default=None, alias="QueriesConfig")
    adapters: object = Field(default=None, alias="AdaptersConfig")


class _Get(_Sent):
    job_id: str = Field(alias="JobId")
    most: int = Field(default=_MOST_BLOCKS, alias="MaxResults", ge=1)
    next_token: str | None = Field(default=None, alias="NextToken", pattern=r"^[1-9][0-9]{0,11}$")


AnySent = TypeVar("AnySent", bound=_Sent)


class _OnePage(ReadRequest):
    """The pages of a document that is read at once, which has one page, as Textract asks."""

    def numbers(self, page_count: int) -> Any:
        """Refuse a document of several pages before the second is read."""
        if page_count > 1:
            raise Refusal(
                "UnsupportedDocumentException",
                f"the document has {page_count:,} pages, and one is read at once: call StartDocumentTextDetection, or "
                "send the pages one by one",
            )
        return super().numbers(page_count)


class TextractDoor(Door):
    """POST `/` with `X-Amz-Target: Textract.*`, as `endpoint_url` without a path gives it, and POST `/textract`."""

    name = "textract"
    paths: ClassVar[tuple[str, ...]] = (_PATH,)
    has_own_keys: ClassVar[bool] = True
    takes_base64: ClassVar[bool] = True

    @property
    def router(self) -> APIRouter:
        """The two paths."""
        return _router

    def owns(self, scope: Scope) -> bool:
        """Whether a request is meant for this door: by its path, or at `/` by the operation that it names."""
        path = path_of(scope)
        return super().owns(scope) or (path in {"", "/"} and Headers(scope=scope).get(_TARGET, "").startswith(_SERVICE))

    async def client(self, scope: Scope, receive: Receive, keys: ApiKeys) -> tuple[str | None, Receive]:
        """Find the client that has signed the request, as `Door.client` says."""
        return await signed_by(scope, receive, keys)

    def error(self, error: RayocrError, request_id: str) -> Response:
        """Answer with `__type` and `message`, as `Door.error` says."""
        content = {"__type": name_of(error), "message": error.message, "RequestId": request_id}
        status = error.http_status if error.http_status >= _SERVER_ERROR else 400
        return JSONResponse(content, status, {"x-amzn-RequestId": request_id}, media_type=_MEDIA_TYPE)


async def _detect(request: Request, service: Service, admission: Admission) -> dict[str, Any]:
    sent = await _sent(_Read, request, service, admission, is_work=True)
    return await _read(sent, service, admission, ())


async def _analyze(request: Request, service: Service, admission: Admission) -> dict[str, Any]:
    sent = await _sent(_Read, request, service, admission, is_work=True)
    features = _features(sent.feature_types)
    _refuse(HumanLoopConfig=sent.human_loop, QueriesConfig=sent.queries, AdaptersConfig=sent.adapters)
    return await _read(sent, service, admission, features)


async def _start_detection(request: Request, service: Service, admission: Admission) -> dict[str, Any]:
    sent = await _sent(_Start, request, service, admission, is_work=True)
    return {"JobId": await _started(sent, request, service, ())}


async def _start_analysis(request: Request, service: Service, admission: Admission) -> dict[str, Any]:
    sent = await _sent(_Start, request, service, admission, is_work=True)
    features = _features(sent.feature_types)
    job_id = await _started(sent, request, service, features)
    return {"JobId": "-".join([job_id, *map(str.lower, features)])}


async def _get_detection(request: Request, service: Service, admission: Admission) -> dict[str, Any]:
    return await _state(request, service, admission, is_analysis=False)


async def _get_analysis(request: Request, service: Service, admission: Admission) -> dict[str, Any]:
    return await _state(request, service, admission, is_analysis=True)


_OPERATIONS: dict[str, Callable[[Request, Service, Admission], Awaitable[dict[str, Any]]]] = {
    "DetectDocumentText": _detect,
    "AnalyzeDocument": _analyze,
    "StartDocumentTextDetection": _start_detection,
    "GetDocumentTextDetection": _get_detection,
    "StartDocumentAnalysis": _start_analysis,
    "GetDocumentAnalysis": _get_analysis,
}
_DESCRIBED: dict[str, Any] = {
    "responses": {
        200: {"description": "What the operation answers.", "content": {_MEDIA_TYPE: {"schema": {"type": "object"}}}},
        "4XX": {"description": "`__type` names the error, and `message` says why."},
        "5XX": {"description": "The same."},
    },
    "openapi_extra": {
        "parameters": [
            {
                "name": "X-Amz-Target",
                "in": "header",
                "required": True,
                "schema": {"type": "string", "enum": [f"{_SERVICE}{name}" for name in _OPERATIONS]},
            }
        ],
        "requestBody": {
            "required": True,
            "description": f"What the operation takes. Clients call the same JSON {_MEDIA_TYPE}.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
    },
}


@_router.post("/", include_in_schema=False)
@_router.post(f"{_PATH}/", include_in_schema=False)
@_router.post(_PATH, summary="Call an operation of Textract", response_class=Response, **_DESCRIBED)
async def textract(request: Request, service: Annotated[Service, Depends(service_of)], opened: Opened) -> Response:
    """Read a document at once, submit one, or ask for the blocks of one that was submitted."""
    target = request.headers.get(_TARGET, "")
    operation = _OPERATIONS.get(target.removeprefix(_SERVICE)) if target.startswith(_SERVICE) else None
    if operation is None:
        raise Refusal(
            "UnknownOperationException",
            f"X-Amz-Target is {target[:80]!r}, which is not known; known are {', '.join(_OPERATIONS)}",
        )
    answer = _ANSWER.dump_json(await operation(request, service, opened))
    return Response(answer, headers={"x-amzn-RequestId": request.state.request_id}, media_type=_MEDIA_TYPE)


async def _sent(
    kind: type[AnySent], request: Request, service: Service, admission: Admission, *, is_work: bool
) -> AnySent:
    if is_work:
        service.refuse_if_full(admission.context.client)
    async with admission.context.limit("receiving the request"):
        body = await request.body()
    try:
        return kind.model_validate(parsed_json(body, "the body"))
    except ValidationError as exc:
        raise malformed(exc, "the members that the operation takes") from exc


async def _read(sent: _Read, service: Service, admission: Admission, features: Sequence[Feature]) -> dict[str, Any]:
    source = sent.document.source(service.settings.http.max_body_bytes)
    asked = service.wanted(_options(features, service), admission.context.client)
    one = _OnePage(asked.pages, asked.options, asked.max_pages, asked.pages_at_a_time)
    model = service.model_of(None)
    admission.begin(model)
    shared = SharedDocument(source)
    result, _ = await read_result(service.pipeline, shared, one, admission.context, model)
    service.readiness.answered()
    answer = await asyncio.to_thread(read_document, result, features)
    admission.end()
    return answer


async def _started(sent: _Start, request: Request, service: Service, features: Sequence[Feature]) -> str:
    _refuse(
        NotificationChannel=sent.notification,
        OutputConfig=sent.output,
        KMSKeyId=sent.kms_key,
        QueriesConfig=sent.queries,
        AdaptersConfig=sent.adapters,
    )
    key = None if sent.token is None else f"textract:{'-'.join(features).lower() or 'text'}:{sent.token}"
    options = _options(features, service)
    try:
        job = await begin_operation(service, request, sent.location.s3_object.location, options, key)
    except Conflict as error:
        if key is None or service.jobs is None:
            raise
        message = f"ClientRequestToken {sent.token} came with another document before: use a token once"
        raise Refusal("IdempotentParameterMismatchException", message) from error
    return job.id


async def _state(request: Request, service: Service, admission: Admission, *, is_analysis: bool) -> dict[str, Any]:
    sent = await _sent(_Get, request, service, admission, is_work=False)
    named = _JOB_ID.fullmatch(sent.job_id)
    if named is None or bool(named[2]) != is_analysis:
        raise _unknown(sent.job_id)
    features = [one for one in _FEATURES if one.lower() in named[2].split("-")]
    try:
        operation = await find_operation(service, request, named[1])
    except SourceNotFound as error:
        raise _unknown(sent.job_id) from error
    begin = int(sent.next_token or 0)
    if operation.result is None:
        return job_state(operation, features, begin, 0)
    async with service.document_exports:
        return await asyncio.to_thread(job_state, operation, features, begin, min(sent.most, _MOST_BLOCKS))


def _unknown(job_id: str) -> Refusal:
    return Refusal("InvalidJobIdException", f"there is no job {job_id[:80]!r} of this operation")


def _features(named: list[str] | None) -> list[Feature]:
    if not named:
        raise MalformedRequest(f"FeatureTypes is missing: {', '.join(_FEATURES)} are known")
    if unknown := [one for one in named if one not in _FEATURES]:
        raise MalformedRequest(
            f"FeatureTypes: {', '.join(one[:40] for one in unknown[:5])} can't be found here; known are "
            + ", ".join(_FEATURES)
        )
    return [one for one in _FEATURES if one in named]


def _options(features: Sequence[Feature], service: Service) -> DocumentOptions:
    """The options of reading a document for features. Without structure, LAYOUT is the paragraphs of the text."""
    asked = {part for feature in features for part in _PARTS[feature]}
    if not asked or (asked == {"layout"} and service.settings.structure.enabled is False):
        return DocumentOptions()
    return DocumentOptions(structure=",".join(part for part in PARTS if part in asked))


def _refuse(**given: object) -> None:
    for name, value in given.items():
        if value is not None:
            raise MalformedRequest(f"{name} is not known here: leave it out")
