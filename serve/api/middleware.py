"""Gives every request an id, limits its body and its pace, and counts it in the metrics."""

import asyncio
import logging
import sys
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

from ray.util.metrics import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.errors import DeadlineExceeded, Overloaded, TooLarge
from serve.api.problems import door_of
from serve.api.protocol import path_of
from serve.audit import AuditLog

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
    """Bounds bodies and answers in bytes and in time, those of each request and those of all together.

    A body over the limit is refused at once by its Content-Length, or else while it is read. A client that sends its
    body, or reads its answer, slower than the least rate is given up.

    Args:
        app: The application that it guards.
        max_body_bytes: The most bytes of a document.
        min_bytes_per_s: The least bytes in a second, on average, after a grace of ten seconds; 0 for any.
        max_held_bytes: The most bytes of bodies and answers that all open requests hold together.
        max_bytes_of_route: The most bytes of a whole request, and the name of the setting for it, by the path of a
            route that takes more than one document. It holds no more than one or two at a time.
    """

    # A form's boundaries and headers are added to the document.
    _FORM_BYTES = 16 * 1024

    def __init__(
        self,
        app: ASGIApp,
        max_body_bytes: int,
        min_bytes_per_s: int = 0,
        max_held_bytes: int = sys.maxsize,
        max_bytes_of_route: Mapping[str, tuple[int, str]] | None = None,
    ) -> None:
        self._app = app
        self._min_bytes_per_s = min_bytes_per_s
        self._usual = (max_body_bytes, "http.max_body_bytes")
        self._of_route = max_bytes_of_route or {}
        self._max_held_bytes = max_held_bytes
        self._held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit, setting = self._of_route.get(path_of(scope), self._usual)
        if (door := door_of(scope)) is not None:
            limit = door.max_body_bytes
        length = Headers(scope=scope).get("content-length", "")
        announced = int(length) if length.isdecimal() and len(length) <= _LONGEST_LENGTH else 0
        held = 0
        has_ended = is_given_up = False
        coming, going = _Pace(self._min_bytes_per_s), _Pace(self._min_bytes_per_s)

        async def limited() -> Message:
            nonlocal held, has_ended
            if announced > limit + self._FORM_BYTES:
                raise _refusal(f"{announced:,} bytes", limit, setting)
            if has_ended:
                return await receive()  # which waits for the client to leave
            try:
                async with coming.waiting():
                    message = await receive()
            except TimeoutError:
                raise DeadlineExceeded(
                    f"the body came slower than {self._min_bytes_per_s:,} bytes a second: send it faster, or lower "
                    "http.min_body_bytes_per_s"
                ) from None
            has_ended = not message.get("more_body", False)
            coming.moved_bytes += len(message.get("body", b""))
            scope["state"]["received_bytes"] = coming.moved_bytes
            if coming.moved_bytes > limit + self._FORM_BYTES:
                raise _refusal("longer", limit, setting)
            more = min(coming.moved_bytes, self._usual[0]) - held
            if self._held_bytes + more > self._max_held_bytes:
                raise Overloaded("the bodies of all requests together are too large: try again in some seconds", 2.0)
            held += more
            self._held_bytes += more
            return message

        async def in_time(message: Message) -> None:
            nonlocal is_given_up
            size = len(message.get("body", b""))
            going.moved_bytes += size
            self._held_bytes += size
            try:
                async with going.waiting():
                    await send(message)
            except TimeoutError:
                is_given_up = True
                raise ClientDisconnect from None
            finally:
                self._held_bytes -= size

        try:
            await self._app(scope, limited, in_time)
        except Exception:
            if not is_given_up:
                raise
            logger.info("the client read its answer slower than http.min_body_bytes_per_s, and was given up")
        finally:
            self._held_bytes -= held


class _Pace:
    """Counts how long a client keeps the service waiting. What is done with its body meanwhile does not count.

    Args:
        min_bytes_per_s: The least bytes in a second, on average, after a grace; 0 for any.
    """

    def __init__(self, min_bytes_per_s: int) -> None:
        self._min_bytes_per_s = min_bytes_per_s
        self._waited_s = 0.0
        self.moved_bytes = 0

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Wait for the client.

        Raises:
            TimeoutError: It is too slow.
        """
        began = time.monotonic()
        left_s = _GRACE_S + self.moved_bytes / self._min_bytes_per_s - self._waited_s if self._min_bytes_per_s else None
        async with asyncio.timeout(left_s):
            yield
        self._waited_s += time.monotonic() - began


def _refusal(size: str, limit: int, setting: str) -> TooLarge:
    return TooLarge(f"the body is {size}, the limit is {limit:,} bytes: send less at a time, or raise {setting}")


class RequestMetrics:
    """Counts requests by route and status, measures their time, and writes them into the audit log.

    Args:
        app: The application.
        audit: The audit log.
    """

    def __init__(self, app: ASGIApp, audit: AuditLog) -> None:
        self._app = app
        self._audit = audit
        labels = ("route", "door", "model")
        self._requests = Counter("rayocr_requests_total", "HTTP requests answered.", tag_keys=(*labels, "status"))
        self._seconds = Histogram(
            "rayocr_request_seconds", "Time to answer an HTTP request.", boundaries=_SECONDS, tag_keys=labels
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

        state = scope["state"]
        with self._audit.entry("request", id=state["request_id"], method=scope["method"]) as entry:
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
                door = door_of(scope)
                # Only a bundle that is served stands there (`Admission.begin`), not any name that a client gave.
                model = state.get("model", "none")
                tags = {"route": route, "door": "none" if door is None else door.name, "model": model}
                self._requests.inc(tags={**tags, "status": str(status)})
                self._seconds.observe(time.perf_counter() - started, tags=tags)
                who = {"client": state.get("client", ""), "address": (scope.get("client") or [""])[0]}
                entry |= {**who, **tags, "status": int(status), "bytes": state.get("received_bytes", 0)}
