"""Asks clients for their API key."""

import logging

from fastapi import Security
from fastapi.params import Depends
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from models.errors import Unauthorized
from serve.api.keys import ApiKeys
from serve.api.problems import problem_response
from serve.api.routes.documentation import DOCUMENTATION_PATHS

__all__ = ["SECURITY", "ApiKeyGuard"]

logger = logging.getLogger("ray.serve")

#: The two ways to send a key, for OpenAPI on each guarded route. The guard below checks the key itself.
SECURITY: list[Depends] = [
    Security(HTTPBearer(auto_error=False, description="The client's API key.")),
    Security(APIKeyHeader(name="X-API-Key", auto_error=False, description="The same, in a header of its own.")),
]
# All other paths need a key, even those of routes that do not exist.
_OPEN = DOCUMENTATION_PATHS | {"/livez", "/readyz", "/openapi.json"}


class ApiKeyGuard:
    """Refuses requests without a known key, before anything of their body is read.

    The routes find the client's name in `request.state.client`.

    Args:
        app: The application that it guards.
        keys: The clients' keys.
    """

    def __init__(self, app: ASGIApp, keys: ApiKeys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        # The prefix under which Serve deployed the application is part of the path.
        if scope["type"] != "http" or scope["path"].removeprefix(scope.get("root_path", "")) in _OPEN:
            await self._app(scope, receive, send)
            return
        key = _presented(Headers(scope=scope))
        client = await self._keys.client_of(key) if key else None
        if client is None:
            refusal = Unauthorized(
                "this API key is not known here" if key else "an API key is needed: Authorization: Bearer KEY"
            )
            await problem_response(refusal, scope["state"]["request_id"])(scope, receive, send)
            return
        scope["state"]["client"] = client
        logger.info("request of client %s", client, extra={"client": client})
        await self._app(scope, receive, send)


def _presented(headers: Headers) -> str:
    """Find the key that a request carries, first in X-API-Key: a proxy in front may use Authorization for itself."""
    if own := headers.get("x-api-key"):
        return own
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""
