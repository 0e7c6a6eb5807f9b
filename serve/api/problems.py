"""Answers errors as application/problem+json (RFC 9457), from one place."""

import logging
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from models.errors import MalformedRequest, Overloaded, QuotaExceeded, RayocrError, SourceNotFound, Unauthorized

if TYPE_CHECKING:
    from serve.doors.base import Door

__all__ = [
    "JOB_PROBLEM_RESPONSES",
    "PROBLEM_RESPONSES",
    "UNAUTHORIZED_RESPONSE",
    "Problem",
    "door_of",
    "install_problem_handlers",
    "malformed",
    "problem_of",
    "problem_response",
]

logger = logging.getLogger("ray.serve")

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(description="Always about:blank; `code` tells the errors apart.", examples=["about:blank"])
    title: str = Field(description="The HTTP status in words.", examples=["Unsupported Media Type"])
    status: int = Field(examples=[415])
    code: str = Field(description="A stable word; docs/reference/errors.md lists them.", examples=["unsupported_type"])
    detail: str = Field(description="One sentence for a person.", examples=["unsupported format: .txt"])
    request_id: str = Field(description="Id of the request, as in X-Request-ID and in the log.", examples=["5d2f6a0e"])


def _response(description: str) -> dict[str, object]:
    return {"description": description, "content": {_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


#: Every status that a reading route may answer with, for OpenAPI.
PROBLEM_RESPONSES: dict[int | str, dict[str, object]] = {
    400: _response("malformed"),
    403: _response("access_denied"),
    404: _response("source_not_found"),
    413: _response("too_large"),
    415: _response("unsupported_type"),
    422: _response("undecodable"),
    429: _response("quota, with Retry-After"),
    500: _response("internal, model_output, replica_crashed"),
    502: _response("storage_unavailable"),
    503: _response("overloaded, with Retry-After"),
    504: _response("deadline"),
}

#: Every status that a route of jobs may answer with. `default` keeps FastAPI from adding a 422 that never comes.
JOB_PROBLEM_RESPONSES: dict[int | str, dict[str, object]] = {
    400: _response("malformed"),
    403: _response("access_denied"),
    404: _response("source_not_found"),
    409: _response("conflict"),
    413: _response("too_large"),
    429: _response("quota, with Retry-After"),
    502: _response("storage_unavailable"),
    503: _response("overloaded, with Retry-After"),
    504: _response("deadline"),
    507: _response("insufficient_storage"),
    "default": _response("internal"),
}


#: The answer 401 of each route that asks for an API key.
UNAUTHORIZED_RESPONSE: dict[int | str, dict[str, object]] = {401: _response("unauthorized, with WWW-Authenticate")}


def malformed(error: ValidationError, expected: str) -> MalformedRequest:
    """Make the error for a body that was read by hand.

    Args:
        error: The error of the body's model, whose first problem is reported.
        expected: A body that would do.
    """
    problem = error.errors()[0]
    where = ".".join(str(part) for part in problem["loc"]) or "the body"
    return MalformedRequest(f"{where}: {problem['msg']}; expected {expected}")


def problem_of(error: Exception, request_id: str) -> Problem:
    """Log an error, and make the problem that the client sees after the answer's status was sent."""
    if not isinstance(error, RayocrError):
        error = _unforeseen_error(error)
    elif error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.warning("%s: %s", error.code, error)
    return _problem(error.http_status, error.code, str(error), request_id)


def door_of(scope: Scope) -> "Door | None":
    """Find the door that a request came through; None for the API of this service."""
    door: Door | None = scope["state"].get("door")
    return door


def problem_response(error: RayocrError, scope: Scope) -> Response:
    """Make the answer by which the client of a request sees an error, in the form of its door."""
    request_id = scope["state"]["request_id"]
    if (door := door_of(scope)) is not None:
        answer = door.error(error, request_id)
        answer.headers.update(_headers(error))
        return answer
    return _response_of(_problem(error.http_status, error.code, str(error), request_id), _headers(error))


def install_problem_handlers(api: FastAPI) -> None:
    """Make the API answer every error as a problem, even an unexpected one."""

    @api.exception_handler(RayocrError)
    async def _known(request: Request, error: RayocrError) -> Response:
        if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.warning("%s: %s", error.code, error)
        return problem_response(error, request.scope)

    @api.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        problems = "; ".join(f"{'.'.join(map(str, one['loc']))}: {_reason(one)}" for one in error.errors())
        return problem_response(MalformedRequest(problems), request.scope)

    @api.exception_handler(HTTPException)
    async def _routing(request: Request, error: HTTPException) -> Response:
        code = {404: "no_such_route", 405: "method_not_allowed"}.get(error.status_code, "malformed")
        detail = f"{request.method} {request.url.path}: {error.detail}; see /docs"
        headers = {**(error.headers or {}), **_allowed(request, error.status_code)}
        if (door := door_of(request.scope)) is not None:
            kind = SourceNotFound if error.status_code == HTTPStatus.NOT_FOUND else MalformedRequest
            answer = door.error(kind(detail), request.state.request_id)
            answer.status_code = error.status_code
            answer.headers.update(headers)
            return answer
        problem = _problem(error.status_code, code, detail, request.state.request_id)
        return _response_of(problem, headers)

    @api.exception_handler(ClientDisconnect)
    async def _left(_request: Request, _error: ClientDisconnect) -> Response:
        return Response(status_code=499)  # nobody sees it, but it is counted and logged as such

    @api.exception_handler(Exception)
    async def _unforeseen(request: Request, error: Exception) -> Response:
        return problem_response(_unforeseen_error(error), request.scope)


def _allowed(request: Request, status: int) -> dict[str, str]:
    """Make the header Allow of a 405. A path may have several routes, and the framework names the methods of one."""
    if status != HTTPStatus.METHOD_NOT_ALLOWED:
        return {}
    methods = [method for method in _METHODS if _is_routed({**request.scope, "method": method}, request.app.routes)]
    return {"Allow": ", ".join(["HEAD", *methods] if "GET" in methods else methods)}


def _is_routed(scope: Scope, routes: Sequence[BaseRoute]) -> bool:
    return any(route.matches(scope)[0] is Match.FULL for route in routes)


def _reason(one: Mapping[str, str]) -> str:
    return "there is no such parameter; see /docs" if one["type"] == "extra_forbidden" else one["msg"]


def _headers(error: RayocrError) -> dict[str, str]:
    if isinstance(error, Overloaded | QuotaExceeded):
        return {"Retry-After": str(max(1, math.ceil(error.retry_after_s)))}
    if isinstance(error, Unauthorized):
        return {"WWW-Authenticate": 'Bearer realm="rayocr"'}
    return {}


def _unforeseen_error(error: Exception) -> RayocrError:
    logger.error("unexpected error in the ingress", exc_info=error)
    return RayocrError("something went wrong inside; the log has the details under this request's id")


def _problem(status: int, code: str, detail: str, request_id: str) -> Problem:
    return Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        request_id=request_id,
    )


def _response_of(problem: Problem, headers: dict[str, str]) -> Response:
    return JSONResponse(problem.model_dump(), status_code=problem.status, headers=headers, media_type=_MEDIA_TYPE)
