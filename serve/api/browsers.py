"""Keeps web pages of others away from the service, which a browser on this machine reaches for them.

A page may send requests to any address, with a name of its own for 127.0.0.1 (DNS rebinding) even as to itself.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from models.errors import AccessDenied, RayocrError, UnsupportedType
from serve.api.problems import problem_response

__all__ = ["BrowserGuard", "refuse_disguised_json"]


class BrowserGuard:
    """Refuses requests to names that are not this service's, and requests that pages of other origins send.

    Args:
        app: The application that it guards.
        hosts: Names that the header Host may have, without ports.
        origins: Origins of other pages that may send requests, such as `https://example.com`.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str], origins: Sequence[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._origins = frozenset(origin.lower() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        refusal = self._refusal(Headers(scope=scope)) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await problem_response(refusal, scope)(scope, receive, send)

    def _refusal(self, headers: Headers) -> RayocrError | None:
        host = headers.get("host", "").lower()
        if host and _name(host) not in self._hosts:  # a browser always sends it
            known = ", ".join(sorted(self._hosts))
            return AccessDenied(f"Host is {host[:100]!r}, not {known}: set http.allowed_hosts to allow it")
        origin = headers.get("origin", "").lower()
        if origin and origin.partition("://")[2] != host and origin not in self._origins:
            return AccessDenied(f"Origin is {origin[:100]!r}, another page's: set http.cors_origins to allow it")
        return None


def _name(host: str) -> str:
    """The name in a header Host; '' if it can't be read."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def refuse_disguised_json(headers: Headers, kind: str) -> None:
    """Refuse JSON of another type from a browser: pages of any origin may send text/plain without asking (Fetch, CORS).

    Args:
        headers: The headers of the request.
        kind: Its media type.

    Raises:
        UnsupportedType: A browser sends the request, and its type is not application/json.
    """
    if kind != "application/json" and ("origin" in headers or "sec-fetch-mode" in headers):
        raise UnsupportedType(f"JSON from a browser needs Content-Type: application/json, not {kind[:40] or 'none'}")
