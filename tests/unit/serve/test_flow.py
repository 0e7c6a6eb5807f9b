"""The ingress takes a body only as fast as it uses it, and still hears that a client has left."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
from ray.serve._private.direct_ingress_http_util import ASGIDIReceiveProxy

from serve.ray_patches.flow import FLOW_ENVIRONMENT, bound_bodies
from tests.waiting import loop_is_idle


@pytest.fixture(autouse=True)
def bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in FLOW_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(ASGIDIReceiveProxy, "queue", ASGIDIReceiveProxy.queue)  # to be put back at the end
    bound_bodies()


def proxied(receive: Callable[[], Awaitable[dict[str, object]]]) -> ASGIDIReceiveProxy:
    return ASGIDIReceiveProxy({"type": "http"}, receive, asyncio.get_running_loop())


async def test_body_waits_outside_until_it_is_used() -> None:
    taken = 0

    async def receive() -> dict[str, object]:
        nonlocal taken
        taken += 1
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"x", "more_body": True}

    body = proxied(receive)
    task = body.fetch_until_disconnect_task()
    await loop_is_idle()
    assert taken < 16
    for _ in range(100):
        assert (await body())["body"] == b"x"
    assert 100 < taken < 116
    task.cancel()


async def test_client_that_leaves_is_noticed_though_nobody_reads_the_body() -> None:
    sent: Iterator[dict[str, object]] = iter(
        [{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}]
    )

    async def receive() -> dict[str, object]:
        return next(sent)

    await asyncio.wait_for(proxied(receive).fetch_until_disconnect_task(), 60)
