"""What HTTP asks for and FastAPI leaves out: HEAD for every GET, packed bodies of requests, paths below a prefix."""

import asyncio
from collections.abc import Iterator

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.gunzip import Gunzip
from models.errors import MalformedRequest, UnsupportedType
from serve.api.problems import problem_response

__all__ = ["GzipBody", "HeadAsGet", "path_of"]


def path_of(scope: Scope) -> str:
    """The path of a request, without the prefix under which Serve deployed the application."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


class HeadAsGet:
    """Answers HEAD as GET, without the body (RFC 9110, section 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        has_begun = asyncio.Event()

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body"})
                has_begun.set()

        async def receive_until_head() -> Message:
            # A stream, which may go on for hours, ends when its client leaves.
            await has_begun.wait()
            return {"type": "http.disconnect"}

        # Before 2.4, a stream listens for this message.
        as_get = {**scope, "method": "GET", "asgi": {**scope.get("asgi", {}), "spec_version": "2.3"}}
        await self._app(as_get, receive_until_head, send_head)


class GzipBody:
    """Unpacks bodies with Content-Encoding: gzip. Limits on bytes hold for what is unpacked, while it is unpacked."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        encoding = Headers(scope=scope).get("content-encoding", "").strip().lower() if scope["type"] == "http" else ""
        if encoding in {"", "identity"}:
            await self._app(scope, receive, send)
            return
        if encoding not in {"gzip", "x-gzip"}:
            refusal = UnsupportedType(f"Content-Encoding is {encoding[:40]!r}: send the body as it is, or as gzip")
            await problem_response(refusal, scope)(scope, receive, send)
            return
        gunzip = Gunzip()
        pieces: Iterator[bytes] = iter(())
        has_ended = False

        async def receive_unpacked() -> Message:
            nonlocal pieces, has_ended
            while True:
                if (piece := next(pieces, None)) is not None:
                    await asyncio.sleep(0)  # so that others have their turn
                    return {"type": "http.request", "body": piece, "more_body": True}
                if has_ended and not gunzip.is_complete:
                    raise MalformedRequest("Content-Encoding is gzip, and the body breaks off")
                if has_ended:
                    has_ended = False
                    return {"type": "http.request", "body": b"", "more_body": False}
                message = await receive()
                if message["type"] != "http.request":
                    return message
                pieces, has_ended = gunzip.unpack(message.get("body", b"")), not message.get("more_body", False)

        await self._app(scope, receive_unpacked, send)
