"""The door for clients of two kinds of small service: a detector's `/api/predict/`, and a task queue behind Flask."""

import time
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from deployments.pipeline.shared_document import SharedDocument
from models.errors import RayocrError
from serve.api.requests.source import SentDocument, read_source
from serve.api.service import Admission, Admitted, Service, service_of
from serve.documents.options import DocumentOptions
from serve.doors.base import Door
from serve.doors.documents import Operation, begin_operation, find_operation
from serve.jobs.records import JobState
from serve.results import OcrResult

__all__ = ["LegacyDoor", "predicted", "task_state"]

_router = APIRouter()
_FILE = "image"
_ERROR: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "`success` is false, and `error` says why."},
    "5XX": {"description": "The same."},
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [_FILE],
                    "properties": {_FILE: {"type": "string", "format": "binary"}, "image_path": {"type": "string"}},
                }
            }
        },
    }
}
# As Celery calls them. A job of one document is never partial, and a cancelled one is not found.
_STATES = {JobState.QUEUED: "PENDING", JobState.RUNNING: "STARTED", JobState.SUCCEEDED: "SUCCESS"}


class LegacyDoor(Door):
    """`POST /api/predict/`, and `POST /upload` with `GET /status/<task_id>`, each with the form's file in `image`."""

    name = "legacy"
    paths: ClassVar[tuple[str, ...]] = ("/api/predict", "/upload", "/status")

    @property
    def router(self) -> APIRouter:
        """The three routes."""
        return _router

    def error(self, error: RayocrError, request_id: str) -> Response:
        """Answer with JSON whose `success` is false, as `Door.error` says."""
        content = {"success": False, "error": error.message, "code": error.code, "request_id": request_id}
        return JSONResponse(content, error.http_status)


@_router.post("/api/predict/", summary="Read a picture at once", responses=_ERROR, openapi_extra=_BODY)
@_router.post("/api/predict", include_in_schema=False)
async def predict(
    request: Request, service: Annotated[Service, Depends(service_of)], admitted: Admitted
) -> dict[str, Any]:
    """Read a picture, and answer with texts, boxes and scores in three lists."""
    began = time.perf_counter()
    sent = await _sent(request, service, admitted)
    admitted.begin(service.model_of(None))
    result, _ = await service.read(SharedDocument(sent.source), DocumentOptions(), admitted.context)
    admitted.end()
    path = str(sent.fields.get("image_path", sent.name or ""))
    return {
        "success": True,
        **predicted(result),
        "inference_time": round(time.perf_counter() - began, 4),
        "image_path": path,
    }


@_router.post("/upload", summary="Submit a picture", status_code=202, responses=_ERROR, openapi_extra=_BODY)
async def upload(
    request: Request, service: Annotated[Service, Depends(service_of)], admitted: Admitted
) -> dict[str, str]:
    """Submit a picture. `GET /status/<task_id>` then tells whether it has been read."""
    sent = await _sent(request, service, admitted)
    return {"task_id": (await begin_operation(service, request, sent.source, DocumentOptions())).id}


@_router.get("/status/{task_id}", summary="Follow a picture that was submitted", responses=_ERROR)
async def status(task_id: str, request: Request, service: Annotated[Service, Depends(service_of)]) -> dict[str, Any]:
    """Tell the state of a task: PENDING, STARTED, SUCCESS with `result`, or FAILURE with `error`."""
    return task_state(await find_operation(service, request, task_id))


async def _sent(request: Request, service: Service, admitted: Admission) -> SentDocument:
    async with admitted.context.limit("receiving the picture"):
        return await read_source(request, service.settings.http.max_body_bytes, _FILE)


def predicted(result: OcrResult) -> dict[str, Any]:
    """Translate a result to three lists of the same length, and the page's number beside each line.

    Args:
        result: The result of a document.
    """
    lines = [(page.page, line) for page in result.pages for line in page.lines]
    return {
        "texts": [line.text for _, line in lines],
        "boxes": [line.polygon for _, line in lines],
        "scores": [line.confidence for _, line in lines],
        "pages": [page for page, _ in lines],
        "warnings": [warning.message for warning in result.warnings],
    }


def task_state(operation: Operation) -> dict[str, Any]:
    """Translate the state of a document that was submitted.

    Args:
        operation: The document's job, with its result if there is one.
    """
    state = _STATES.get(operation.job.state, "FAILURE")
    answer: dict[str, Any] = {"task_id": operation.job.id, "state": state, "status": state}
    if operation.result is not None:
        answer["result"] = predicted(operation.result) | {"text": operation.result.text}
    if operation.error is not None:
        answer |= {"error": operation.error.message, "code": operation.error.code}
    return answer
