"""Gives every request an id, limits its body, and counts it in the metrics."""

import asyncio
import logging
import time
import uuid
from collections.abc import Mapping
from http import HTTPStatus

from ray.util.metrics import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.errors import DeadlineExceeded, TooLarge

__all__ = ["BodyLimit", "RequestIdentity", "RequestMetrics"]

logger = logging.getLogger("ray.serve")

_ID_HEADER = "x-request-id"
_LONGEST_LENGTH = 18
_GRACE_S = 10.0
# nginx uses 499 for a client that left before it was answered.
_LEFT = 499
_SECONDS = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0]


class RequestIdentity:
    """Gives every request an id, and sends it back as X-Request-ID.

    Serve's proxy takes the client's id, or makes one, and puts it on request and answer. Without a proxy, this does so.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(_ID_HEADER)
        request_id = given or uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[_ID_HEADER] = request_id
            await send(message)

        await self._app(scope, receive, send if given else send_with_id)


class BodyLimit:
    """Refuses a body over the limit, at once by its Content-Length, or else while it is read; and one that trickles in.

    Args:
        app: The application that it guards.
        max_body_bytes: The most bytes of a document.
        min_bytes_per_s: The least bytes in a second, on average, after a grace of ten seconds; 0 for any.
        max_bytes_of_route: The most bytes of a whole request, and the name of the setting for it, by the path of a
            route that takes more than one document.
    """

    # A form's boundaries and headers are added to the document.
    _FORM_BYTES = 16 * 1024

    def __init__(
        self,
        app: ASGIApp,
        max_body_bytes: int,
        min_bytes_per_s: int = 0,
        max_bytes_of_route: Mapping[str, tuple[int, str]] | None = None,
    ) -> None:
        self._app = app
        self._min_bytes_per_s = min_bytes_per_s
        self._usual = (max_body_bytes, "http.max_body_bytes")
        self._of_route = max_bytes_of_route or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit, setting = self._of_route.get(scope["path"].removeprefix(scope.get("root_path", "")), self._usual)
        length = Headers(scope=scope).get("content-length", "")
        announced = int(length) if length.isdecimal() and len(length) <= _LONGEST_LENGTH else 0
        received = 0
        waited_s = 0.0
        has_ended = False

        async def in_time() -> Message:
            nonlocal waited_s, has_ended
            if has_ended or not self._min_bytes_per_s:
                return await receive()  # which then waits for the client to leave
            # Only the time counts in which this waits for the client, and not what is done with the body meanwhile.
            began = time.monotonic()
            try:
                async with asyncio.timeout(_GRACE_S + received / self._min_bytes_per_s - waited_s):
                    message = await receive()
            except TimeoutError:
                raise DeadlineExceeded(
                    f"the body came slower than {self._min_bytes_per_s:,} bytes a second: send it faster, or lower "
                    "http.min_body_bytes_per_s"
                ) from None
            waited_s += time.monotonic() - began
            has_ended = not message.get("more_body", False)
            return message

        async def limited() -> Message:
            nonlocal received
            if announced > limit + self._FORM_BYTES:
                raise _refusal(f"{announced:,} bytes", limit, setting)
            message = await in_time()
            received += len(message.get("body", b""))
            if received > limit + self._FORM_BYTES:
                raise _refusal("longer", limit, setting)
            return message

        await self._app(scope, limited, send)


def _refusal(size: str, limit: int, setting: str) -> TooLarge:
    return TooLarge(f"the body is {size}, the limit is {limit:,} bytes: send less at a time, or raise {setting}")


class RequestMetrics:
    """Counts requests by route and status, and measures their time."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._requests = Counter("rayocr_requests_total", "HTTP requests answered.", tag_keys=("route", "status"))
        self._seconds = Histogram(
            "rayocr_request_seconds", "Time to answer an HTTP request.", boundaries=_SECONDS, tag_keys=("route",)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = _LEFT

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_counted)
        except Exception:
            status = HTTPStatus.INTERNAL_SERVER_ERROR  # it is answered further out
            raise
        finally:
            if status == _LEFT:
                logger.info("the client left before it was answered")
            # The label is the route's template, not the path, or the metrics would grow without end.
            route = getattr(scope.get("route"), "path", "none")
            self._requests.inc(tags={"route": route, "status": str(status)})
            self._seconds.observe(time.perf_counter() - started, tags={"route": route})
