"""Lists the doors, one a row, and finds the door of a request."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import cast

from starlette.types import ASGIApp, Receive, Scope, Send

from serve.config.settings import HttpSettings
from serve.doors.base import Door

__all__ = ["DoorFinder", "open_doors", "running"]

# Modules are imported late, so that a door that is closed costs nothing. A test compares the names with those of
# `http.doors`.
_ROWS = {
    "legacy": ("serve.doors.legacy", "LegacyDoor"),
    "mcp": ("serve.doors.mcp.door", "McpDoor"),
    "azure": ("serve.doors.azure", "AzureDoor"),
    "kserve": ("serve.doors.kserve", "KserveDoor"),
    "textract": ("serve.doors.textract", "TextractDoor"),
}


def open_doors(http: HttpSettings) -> tuple[Door, ...]:
    """Make the doors that the settings open.

    Args:
        http: Settings of the HTTP API. Without a list, all doors are open but, where keys are asked for, those that
            take keys in a form of their own.
    """
    names = _ROWS if http.doors is None else http.doors
    found = []
    for name in names:
        module, door = _ROWS[name]
        kind = cast("type[Door]", getattr(import_module(module), door))
        if http.doors is not None or http.api_keys_directory is None or not kind.has_own_keys:
            found.append(kind(http))
    return tuple(found)


@asynccontextmanager
async def running(doors: Iterable[Door]) -> AsyncIterator[None]:
    """Hold what doors need as long as the service runs."""
    async with AsyncExitStack() as stack:
        for door in doors:
            await stack.enter_async_context(door.running())
        yield


class DoorFinder:
    """Notes the door of each request in its state, for its key, its errors, its limit and its metrics.

    Args:
        app: The application.
        doors: The doors that are open.
    """

    def __init__(self, app: ASGIApp, doors: Iterable[Door]) -> None:
        self._app = app
        self._doors = tuple(doors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        if scope["type"] == "http":
            scope["state"]["door"] = next((door for door in self._doors if door.owns(scope)), None)
        await self._app(scope, receive, send)
