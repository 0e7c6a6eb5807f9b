"""Asks clients for their API key."""

import logging
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from fastapi import Security
from fastapi.params import Depends
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.errors import RayocrError, Unauthorized
from serve.api.keys import ApiKeys, presented_key
from serve.api.problems import door_of, problem_response
from serve.api.protocol import path_of
from serve.api.tickets import client_of_ticket
from serve.config.access import Entrance
from serve.config.rights import ClientRights

if TYPE_CHECKING:
    from serve.doors.base import Door

__all__ = ["SECURITY", "ApiKeyGuard"]

logger = logging.getLogger("ray.serve")

# By the part of the path after /v1/. The others say what there is, and show nobody's documents.
_ENTRANCES: dict[str, Entrance] = {"ocr": "ocr", "detect": "ocr", "page-image": "ocr", "jobs": "jobs"}

#: The two ways to send a key, for OpenAPI on each guarded route. The guard below checks the key itself.
SECURITY: list[Depends] = [
    Security(HTTPBearer(auto_error=False, description="The client's API key.")),
    Security(APIKeyHeader(name="X-API-Key", auto_error=False, description="The same, in a header of its own.")),
]


class ApiKeyGuard:
    """Refuses requests without a known key, or without a right to be here, before anything of their body is read.

    The routes find the client's name in `request.state.client`.

    Args:
        app: The application that it guards.
        keys: The clients' keys.
        rights: What clients may do.
        limits: Gives the headers that tell a client its limits.
        open_paths: Paths that need no key.
    """

    def __init__(
        self,
        app: ASGIApp,
        keys: ApiKeys,
        rights: ClientRights,
        limits: Callable[[str], list[tuple[str, str]]],
        open_paths: Collection[str],
    ) -> None:
        self._app = app
        self._limits = limits
        self._keys = keys
        self._rights = rights
        self._open_paths = frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        if scope["type"] != "http" or self._is_open(path_of(scope), door_of(scope)):
            await self._app(scope, receive, send)
            return
        try:
            client, receive = await self._client(scope, receive)
        except ClientDisconnect:
            return
        except RayocrError as refusal:
            await problem_response(refusal, scope)(scope, receive, send)
            return
        scope["state"]["client"] = client
        logger.info("request of client %s", client, extra={"client": client})

        async def send_with_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(dict(self._limits(client)))
            await send(message)

        await self._app(scope, receive, send_with_limits)

    def _is_open(self, path: str, door: "Door | None") -> bool:
        return path in (self._open_paths if door is None else door.open_paths)

    async def _client(self, scope: Scope, receive: Receive) -> tuple[str, Receive]:
        door = door_of(scope)
        if door is not None:
            client, receive = await door.client(scope, receive, self._keys)
            key = door.key(Headers(scope=scope))
        else:
            key = presented_key(Headers(scope=scope))
            client = await self._keys.client_of(key) if key else await client_of_ticket(scope, self._keys)
        if client is None:
            raise Unauthorized(
                "this API key is not known here" if key else "an API key is needed: Authorization: Bearer KEY"
            )
        self._rights.check_entrance(client, _entrance(path_of(scope), door))
        return client, receive


def _entrance(path: str, door: "Door | None") -> Entrance | None:
    """The way in that a path belongs to; None for what all clients may ask, such as which models there are."""
    if door is not None:
        return door.name
    first, _, rest = path.lstrip("/").partition("/")
    return _ENTRANCES.get(rest.partition("/")[0]) if first == "v1" else None
