"""Waiting in tests for what happens, and never for a time to pass: a busy machine only takes longer.

Tests that know an event wait for that. These look again and again, where nothing tells of a change.
"""

import asyncio
import time
from collections.abc import Callable

__all__ = ["loop_is_idle", "until", "until_true"]

_LOOK_EVERY_S = 0.005
_PATIENCE_S = 200.0
_MANY_TURNS = 50


async def loop_is_idle() -> None:
    """Let all tasks go on until each waits for something that the test has in its hand."""
    for _ in range(_MANY_TURNS):
        await asyncio.sleep(0)


async def until(holds: Callable[[], object]) -> None:
    """Wait, in the event loop, until something holds.

    Raises:
        TimeoutError: It never did.
    """
    async with asyncio.timeout(_PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - nothing tells of its changes
            await asyncio.sleep(_LOOK_EVERY_S)


def until_true(holds: Callable[[], object], every_s: float = _LOOK_EVERY_S) -> None:
    """Wait, in this thread, until something holds. `every_s` is the pause between two looks, for those that cost.

    Raises:
        TimeoutError: It never did.
    """
    give_up = time.monotonic() + _PATIENCE_S
    while not holds():
        if time.monotonic() > give_up:
            raise TimeoutError(f"it was not so within {_PATIENCE_S:g} s")
        time.sleep(every_s)
