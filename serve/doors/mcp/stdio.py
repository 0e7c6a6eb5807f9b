"""Serves the tools to the program that has started this process, over stdin and stdout."""

import asyncio

from mcp.server.stdio import stdio_server

from serve.config.settings import Settings
from serve.doors.mcp.local_calls import LocalCalls, LocalDesk
from serve.doors.mcp.server import build_server

__all__ = ["serve_stdio"]


def serve_stdio(settings: Settings) -> None:
    """Answer calls until stdin ends. What else is printed meanwhile goes to stderr.

    Args:
        settings: The whole settings tree.

    Raises:
        ConfigurationError: The model bundle does not exist.
    """
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    desk = LocalDesk(settings)
    server = build_server(lambda _context: LocalCalls(desk), has_paths=True)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
