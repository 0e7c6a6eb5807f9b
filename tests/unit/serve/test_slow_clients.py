"""Clients that send slowly, or many requests at a time, and the others beside them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployments.pipeline.attempts import Pipeline
from serve.api import middleware
from serve.api.application import build_api
from serve.api.service import Service
from serve.config.settings import Settings
from serve.jobs.runtime import JobsRuntime
from tests.unit.serve.documents.scripted_document import ScriptedDocument

_KEYS = {"alice": "a1b2c3d4e5f60718", "bob": "b1b2c3d4e5f60718"}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    folder = tmp_path / "keys"
    folder.mkdir()
    for name, key in _KEYS.items():
        (folder / name).write_text(key)
    http = {"max_concurrent_requests": 4, "api_keys_directory": str(folder), "min_body_bytes_per_s": 1000}
    settings = Settings.model_validate({"http": http, "jobs": {"directory": str(tmp_path / "jobs")}})
    jobs = JobsRuntime(settings)
    api = build_api(Service(settings, Pipeline(ScriptedDocument()), jobs))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://127.0.0.1") as client:
        client.in_work = lambda: api.state.service._in_work  # type: ignore[attr-defined]
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
    waiting = [_post(client, "/v1/ocr", "alice", content=_trickle([b"good "], None)) for _ in range(3)]
    async with asyncio.timeout(60):
        while client.in_work() < 3:  # type: ignore[attr-defined]  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0)
    more = await _post(client, "/v1/ocr", "alice", content=b"good")
    assert (more.status_code, more.json()["code"], more.headers["Retry-After"]) == (429, "quota", "2")
    assert (await _post(client, "/v1/ocr", "bob", content=b"good")).status_code == 200
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert (await _post(client, "/v1/ocr", "alice", content=b"good")).status_code == 200
