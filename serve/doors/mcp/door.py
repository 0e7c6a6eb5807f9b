"""The door itself: one route, which hands each message to the SDK."""

import asyncio
from importlib import import_module
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from models.errors import MalformedRequest, RayocrError, UnsupportedType
from serve.api.requests.json_body import parsed_json
from serve.api.service import Opened, Service, service_of
from serve.doors.base import Door
from serve.doors.mcp.service_calls import ServiceCalls

__all__ = ["McpDoor"]

_router = APIRouter()
_JSON = "application/json"
_INVALID_REQUEST, _INTERNAL_ERROR = -32600, -32603  # as JSON-RPC 2.0 numbers them
_SERVER_ERROR = 500
_ERROR: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "An error of JSON-RPC.", "content": {_JSON: {"schema": {"type": "object"}}}},
    "5XX": {"description": "The same.", "content": {_JSON: {"schema": {"type": "object"}}}},
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            _JSON: {
                "schema": {
                    "type": "object",
                    "required": ["jsonrpc", "method"],
                    "properties": {
                        "jsonrpc": {"const": "2.0"},
                        "id": {"type": ["integer", "string"], "description": "Without it, nothing is answered (202)."},
                        "method": {"type": "string", "examples": ["tools/call"]},
                        "params": {"type": "object"},
                    },
                },
                "example": {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
            }
        },
    }
}


class McpDoor(Door):
    """`POST /mcp`: the Model Context Protocol over streamable HTTP, without sessions, so that any replica answers."""

    name = "mcp"
    paths: ClassVar[tuple[str, ...]] = ("/mcp",)

    @property
    def router(self) -> APIRouter:
        """The route."""
        return _router

    @property
    def max_body_bytes(self) -> int:
        """The most bytes of a message: those of a document in base64."""
        return -(-self.http.max_body_bytes // 3) * 4

    def error(self, error: RayocrError, request_id: str) -> Response:
        """Answer with an error of JSON-RPC, as `Door.error` says. It stands for no message: none was understood."""
        code = _INTERNAL_ERROR if error.http_status >= _SERVER_ERROR else _INVALID_REQUEST
        data = {"code": error.code, "request_id": request_id}
        content = {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": error.message, "data": data}}
        return JSONResponse(content, error.http_status)


@_router.post(
    "/mcp",
    summary="Call a tool by MCP",
    response_class=Response,
    responses={
        **_ERROR,
        200: {"description": "The answer.", "content": {_JSON: {"schema": {"type": "object"}}}},
        202: {"description": "A notification was taken."},
    },
    openapi_extra=_BODY,
)
async def message(request: Request, service: Annotated[Service, Depends(service_of)], opened: Opened) -> Response:
    """Take one message of the Model Context Protocol (streamable HTTP, revisions 2025-03-26 to 2026-07-28)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _JSON:
        raise UnsupportedType(f"Content-Type is {kind[:40] or 'missing'}: send a message as {_JSON}")
    async with opened.context.limit("receiving the message"):
        body = await request.body()
    _refuse_odd(parsed_json(body, "the message"))
    request.state.mcp_calls = ServiceCalls(service, request, opened)
    # The import, which takes most of a second once, must not hold up other requests.
    transport = await asyncio.to_thread(import_module, "serve.doors.mcp.streamable_http")
    return _Answer(body, transport.answer)


def _refuse_odd(sent: object) -> None:
    """Refuse what is no request and no notification. The SDK would take an `id` of null for a notification."""
    if not isinstance(sent, dict) or sent.get("jsonrpc") != "2.0" or not isinstance(sent.get("method"), str):
        raise MalformedRequest('one message of JSON-RPC is needed: {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}')
    if "id" in sent and (isinstance(sent["id"], bool) or not isinstance(sent["id"], int | str)):
        raise MalformedRequest("id: a string or an integer is needed")
    if not isinstance(sent.get("params", {}), dict):
        raise MalformedRequest("params: an object is needed")


class _Answer(Response):
    """The SDK's answer to a message."""

    def __init__(self, body: bytes, answer: Any) -> None:
        super().__init__()
        self._sent = body
        self._write = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the SDK the body again, which was read before, and send what it answers."""
        body: bytes | None = self._sent

        async def again() -> Message:
            nonlocal body
            if body is None:
                return await receive()
            content, body = body, None
            return {"type": "http.request", "body": content, "more_body": False}

        await self._write(scope, again, send)
