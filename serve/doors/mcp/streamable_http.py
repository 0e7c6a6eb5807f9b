"""Answers a message over HTTP through the SDK."""

import sys
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Receive, Scope, Send

from serve.doors.mcp.calls import Calls
from serve.doors.mcp.server import build_server

__all__ = ["answer"]


def _calls(context: ServerRequestContext[Any, Any]) -> Calls:
    assert context.request is not None  # over HTTP there always is one
    calls: Calls = context.request.state.mcp_calls
    return calls


_SERVER = build_server(_calls, has_paths=False)


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one message, whose `state` has `mcp_calls`, with one JSON object.

    Args:
        scope: The scope of the request.
        receive: Receives its body, whose size was checked.
        send: Sends the answer.
    """
    # A manager for each request: without sessions it holds nothing beyond that, and ends what the request began.
    manager = StreamableHTTPSessionManager(
        _SERVER, json_response=True, stateless=True, max_request_body_size=sys.maxsize
    )
    async with manager.run():
        await manager.handle_request(scope, receive, send)
