"""Reads a page again if its text layer turns out not to be what the page shows."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from deployments.context import PageCall
from models.page import PageText

__all__ = ["read_or_reread"]


async def read_or_reread(read: Callable[[PageCall], Awaitable[PageText]], call: PageCall) -> PageText:
    """Read a page, and once more without its text layer if recognition refuses the layer.

    Args:
        read: Takes the page through the stages once.
        call: The page, and how it is read.

    Returns:
        The page's text. A warning tells of a refused layer.
    """
    text = await read(call)
    if text.refused_layer is None:
        return text
    again = await read(replace(call, options=replace(call.options, text_layer="never")))
    return replace(again, warnings=(text.refused_layer, *again.warnings))
