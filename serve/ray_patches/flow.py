"""Lets a replica of the ingress take a body and send an answer only as fast as the other side does.

Ray runs the application in a thread of its own, and puts all that it sends into a queue without a bound: while one
client read slowly, its answer of 1.4 GB took 1.4 GB of memory. Bodies wait in such a queue, too. In one thread, sending
waits for the client.
"""

import asyncio
import os
from typing import Any

from serve.ray_patches.names import PrivateName, PrivateWord

__all__ = ["FLOW_ENVIRONMENT", "PRIVATE_NAMES", "bound_bodies"]

_IN_ITS_THREAD = PrivateWord(
    "serve/_private/constants.py",
    "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD",
    "an answer is held in memory as a whole while its client reads slowly",
)
_BODY = PrivateName(
    "ray.serve._private.direct_ingress_http_util",
    "ASGIDIReceiveProxy.queue",
    "a body is held in memory as a whole if it comes faster than it is stored",
)

PRIVATE_NAMES = (_IN_ITS_THREAD, _BODY)
"""What is taken from Ray here."""

#: Variables for every node of a Ray whose ingress stands behind HAProxy.
FLOW_ENVIRONMENT = {_IN_ITS_THREAD.word: "0"}

# Parts of a body that wait for the application, of 64 kB or a little more. One would do, but the news that a client has
# left comes behind them, and an application that needs no body must hear of it.
_WAITING_PARTS = 8


def bound_bodies() -> None:
    """Have HAProxy hold back the rest of a body until the application has taken what came before.

    Raises:
        RayocrError: This Ray takes bodies in another way.
    """
    if os.environ.get(_IN_ITS_THREAD.word) == "0":  # else the queue is filled from another thread, which can't wait
        _BODY.replace(property(_bounded_queue))


def _bounded_queue(body: Any) -> "asyncio.Queue[Any]":
    if body._queue is None:
        body._queue = asyncio.Queue(_WAITING_PARTS)
    return body._queue  # type: ignore[no-any-return]
