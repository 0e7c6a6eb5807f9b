"""The base of all doors."""

import contextlib
from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import ClassVar

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.datastructures import Headers
from starlette.types import Receive, Scope

from models.errors import RayocrError
from serve.api.keys import ApiKeys, presented_key
from serve.api.protocol import path_of
from serve.config.settings import DoorName, HttpSettings

__all__ = ["Door"]


class Door(ABC):
    """The protocol of another service: its routes, its errors, and its way to send a key.

    A door translates: a request becomes a document with `DocumentOptions`, and a result becomes an answer. It holds no
    state of requests.

    Args:
        http: Settings of the HTTP API.
    """

    name: ClassVar[DoorName]
    """The door's name in `http.doors` and in the metrics."""
    paths: ClassVar[tuple[str, ...]]
    """How the paths of its requests begin."""
    open_paths: ClassVar[frozenset[str]] = frozenset()
    """Paths that need no key, for probes."""
    has_own_keys: ClassVar[bool] = False
    """Whether its clients send keys in a form of its own. Where keys are asked for, such a door is opened by name."""
    takes_base64: ClassVar[bool] = False
    """Whether documents come in JSON."""

    def __init__(self, http: HttpSettings) -> None:
        self.http = http

    @property
    @abstractmethod
    def router(self) -> APIRouter:
        """The door's routes, below the paths of `paths`."""

    @abstractmethod
    def error(self, error: RayocrError, request_id: str) -> Response:
        """Write an error as the other service would, with the request's id in it.

        Args:
            error: The error. Its message is meant for the client.
            request_id: Id of the request.
        """

    def owns(self, scope: Scope) -> bool:
        """Whether a request is meant for this door.

        Args:
            scope: The scope of an HTTP request.
        """
        path = path_of(scope)
        return any(path == begin or path.startswith(f"{begin.rstrip('/')}/") for begin in self.paths)

    @property
    def max_body_bytes(self) -> int:
        """The most bytes of a body: those of a document, or of one in base64 and the JSON around it."""
        return self.http.max_body_bytes * 4 // 3 + 1024 if self.takes_base64 else self.http.max_body_bytes

    async def client(self, scope: Scope, receive: Receive, keys: ApiKeys) -> tuple[str | None, Receive]:
        """Find the client of a request by its key.

        Args:
            scope: The scope of the request.
            receive: Receives its body.
            keys: The clients' keys.

        Returns:
            The client's name, or None if there is no known key; and a way to receive the whole body from now on.

        Raises:
            Unauthorized: The key is refused for a reason that helps the client.
            RayocrError: The body was needed, and could not be read.
        """
        key = self.key(Headers(scope=scope))
        return (await keys.client_of(key) if key else None), receive

    def key(self, headers: Headers) -> str:
        """Find the key that a request carries; '' without one.

        Args:
            headers: The headers of the request.
        """
        return presented_key(headers)

    def running(self) -> AbstractAsyncContextManager[None]:
        """Hold what the door needs as long as the service runs."""
        return contextlib.nullcontext()
