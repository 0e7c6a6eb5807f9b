"""Clients that send slowly, or many requests at a time, and the others beside them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Message

from deployments.pipeline.attempts import Pipeline
from serve.api import middleware
from serve.api.application import build_api
from serve.api.service import Service
from serve.config.settings import Settings
from serve.jobs.runtime import JobsRuntime
from tests.unit.serve.documents.scripted_document import ScriptedDocument
from tests.waiting import until

_KEYS = {"alice": "a1b2c3d4e5f60718", "bob": "b1b2c3d4e5f60718"}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    folder = tmp_path / "keys"
    folder.mkdir()
    for name, key in _KEYS.items():
        (folder / name).write_text(key)
    http = {"max_concurrent_requests": 4, "api_keys_directory": str(folder), "min_body_bytes_per_s": 1000}
    own = {"directory": str(tmp_path / "jobs"), "upload_timeout_s": 0.5}
    settings = Settings.model_validate({"http": {**http, "max_body_bytes": 2000}, "jobs": own})
    jobs = JobsRuntime(settings)
    api = build_api(Service(settings, Pipeline(ScriptedDocument()), jobs))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://127.0.0.1") as client:
        yield client
    jobs.close()


async def _trickle(pieces: list[bytes], pause_s: float | None) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
        await (asyncio.Event().wait() if pause_s is None else asyncio.sleep(pause_s))


def _post(client: httpx.AsyncClient, path: str, name: str, **request: Any) -> "asyncio.Task[httpx.Response]":
    headers = {"X-API-Key": _KEYS[name], **request.pop("headers", {})}
    return asyncio.create_task(client.post(path, headers=headers, **request))


@pytest.mark.parametrize("path", ["/v1/ocr", "/v1/detect", "/v1/jobs"])
async def test_body_that_trickles_in_is_given_up(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(middleware, "_GRACE_S", 0.05)
    answer = await _post(client, path, "alice", content=_trickle([b"good "], None))
    assert (answer.status_code, answer.json()["code"]) == (504, "deadline")
    assert "http.min_body_bytes_per_s" in answer.json()["detail"]


async def test_body_that_comes_fast_enough_is_read(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "_GRACE_S", 5.0)
    answer = await _post(client, "/v1/ocr", "alice", content=_trickle([b"good "] * 3, 0.001))
    assert answer.status_code == 200, answer.text


async def test_time_of_a_request_holds_while_it_is_received(client: httpx.AsyncClient) -> None:
    headers = {"X-Request-Timeout": "0.05"}
    answer = await _post(client, "/v1/ocr", "alice", content=_trickle([b"good "], None), headers=headers)
    assert (answer.status_code, "receiving" in answer.json()["detail"]) == (504, True)


async def test_client_has_a_share_and_others_are_answered(client: httpx.AsyncClient) -> None:
    waiting = [_post(client, "/v1/ocr", "alice", content=b"waits") for _ in range(3)]
    await until(lambda: _service(client)._work.taken == 3)
    more = await _post(client, "/v1/ocr", "alice", content=b"good")
    assert (more.status_code, more.json()["code"], more.headers["Retry-After"]) == (429, "quota", "2")
    assert (await _post(client, "/v1/ocr", "bob", content=b"good")).status_code == 200
    await _leave(waiting)
    assert (await _post(client, "/v1/ocr", "alice", content=b"good")).status_code == 200


@pytest.mark.parametrize("path", ["/v1/ocr", "/v1/jobs"])
async def test_bodies_that_come_slowly_keep_nobody_from_work(client: httpx.AsyncClient, path: str) -> None:
    slow = [_post(client, path, "alice", content=_trickle([b"good "], None)) for _ in range(48)]
    await until(lambda: _service(client)._open.taken == 48)
    more = await _post(client, "/v1/ocr", "alice", content=b"good")
    assert (more.status_code, more.json()["code"]) == (429, "quota")
    assert (await _post(client, "/v1/ocr", "bob", content=b"good")).status_code == 200
    await _leave(slow)
    await until(lambda: _service(client)._open.taken == 0)


async def test_bodies_of_all_clients_have_a_limit_together(client: httpx.AsyncClient) -> None:
    held: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        yield b"x" * 2000
        held.append(2000)  # more is asked for, so these were counted
        await asyncio.Event().wait()

    slow = [_post(client, "/v1/ocr", "alice", content=body()) for _ in range(4)]
    await until(lambda: len(held) == 4)
    more = await _post(client, "/v1/ocr", "bob", content=b"good " * 20)
    assert (more.status_code, "all requests together" in more.json()["detail"]) == (503, True)
    await _leave(slow)
    assert (await _post(client, "/v1/ocr", "bob", content=b"good " * 20)).status_code == 200


async def test_submission_of_a_job_has_a_time(client: httpx.AsyncClient) -> None:
    answer = await _post(client, "/v1/jobs", "alice", content=_trickle([b"{"], None))
    assert (answer.status_code, "receiving the documents of a job" in answer.json()["detail"]) == (504, True)


@pytest.mark.parametrize("stream", ["false", "true"])
async def test_answer_that_is_read_slowly_is_given_up(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, stream: str
) -> None:
    monkeypatch.setattr(middleware, "_GRACE_S", 0.05)
    caplog.set_level("INFO", "ray.serve")
    body: list[Message] = [{"type": "http.request", "body": b"good good", "more_body": False}]
    in_work: list[int] = []

    async def receive() -> Message:
        if not body:
            await asyncio.Event().wait()  # the client does not leave
        return body.pop()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            in_work.append(_service(client)._work.taken)
            await asyncio.Event().wait()

    scope = {
        **{"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http"},
        **{"path": "/v1/ocr", "raw_path": b"/v1/ocr", "root_path": "", "query_string": f"stream={stream}".encode()},
        "headers": [(b"host", b"127.0.0.1"), (b"x-api-key", _KEYS["alice"].encode())],
    }
    async with asyncio.timeout(60):
        await client._transport.app(scope, receive, send)  # type: ignore[attr-defined]
    assert in_work == [int(stream == "true")]
    assert _service(client)._open.taken == _service(client)._work.taken == 0
    assert [one.levelname for one in caplog.records if "slower than" in one.message] == ["INFO"]


def _service(client: httpx.AsyncClient) -> Service:
    return client._transport.app.state.service  # type: ignore[attr-defined,no-any-return]


async def _leave(tasks: "list[asyncio.Task[httpx.Response]]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
