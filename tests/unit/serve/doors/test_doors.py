"""What all doors have in common: they are listed once, ask for keys, and answer errors in a form of their own."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, get_args, get_type_hints

import httpx
import pytest

from models.errors import Overloaded, RayocrError, SourceNotFound, error_of_code
from serve.config.settings import HttpSettings
from serve.doors.base import Door
from serve.doors.registry import _ROWS, open_doors
from tests.unit.serve.doors.conftest import ALICE, Start
from tests.unit.serve.doors.textract_client import signed
from tests.waiting import until

ALL = open_doors(HttpSettings())
UNKNOWN = "f" * 16


@dataclass(frozen=True)
class Work:
    """A request through a door for work on the document `good`.

    Args:
        send: Sends it, with a key of alice or with none ('').
        unauthorized: Status of the answer to an unknown key.
        overloaded: Status of the answer when nothing more is admitted.
    """

    send: Callable[[httpx.AsyncClient, str], Awaitable[httpx.Response]]
    unauthorized: int = 401
    overloaded: int = 503


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


READ_GOOD = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "read_document", "arguments": {"content": base64.b64encode(b"good").decode()}},
}
WORK = {
    "legacy": Work(
        lambda client, key: client.post("/api/predict/", files={"image": b"good"}, headers=bearer(key)),
    ),
    "mcp": Work(
        lambda client, key: client.post("/mcp", json=READ_GOOD, headers={"Accept": "application/json", **bearer(key)}),
        overloaded=200,  # what a tool meets is its result
    ),
    "kserve": Work(
        lambda client, key: client.post(
            "/v2/models/ocr/infer",
            json={"inputs": [{"name": "image", "shape": [1, 1, 1, 3], "datatype": "UINT8", "data": [0, 0, 0]}]},
            headers=bearer(key),
        ),
    ),
    "azure": Work(
        lambda client, key: client.post(
            "/documentintelligence/documentModels/prebuilt-read:analyze",
            content=b"good",
            headers={"Ocp-Apim-Subscription-Key": key} if key else {},
        ),
    ),
    "textract": Work(
        lambda client, key: client.post(
            **signed("DetectDocumentText", {"Document": {"Bytes": base64.b64encode(b"good").decode()}}, key)
        ),
        unauthorized=400,  # as all that a client does wrong there
    ),
}


def test_settings_name_the_doors_of_the_registry() -> None:
    (listed, _) = get_args(get_type_hints(HttpSettings)["doors"])
    (names,) = get_args(listed)
    assert get_args(names) == tuple(_ROWS)
    assert names == Literal[tuple(_ROWS)]
    assert [door.name for door in ALL] == list(_ROWS)


def test_doors_with_keys_of_their_own_are_opened_by_name_where_keys_are_asked_for() -> None:
    guarded = open_doors(HttpSettings(api_keys_directory="/keys"))
    assert [door.name for door in guarded] == [door.name for door in ALL if not door.has_own_keys]
    named = open_doors(HttpSettings.model_validate({"api_keys_directory": "/keys", "doors": list(_ROWS)}))
    assert len(named) == len(_ROWS)
    assert open_doors(HttpSettings(doors=[])) == ()


@pytest.mark.parametrize("door", ALL, ids=lambda door: door.name)
def test_no_two_doors_own_a_path(door: Door) -> None:
    for path in door.paths:
        for below in (path, f"{path.rstrip('/')}/below"):
            assert [one.name for one in ALL if one.owns({"path": below, "headers": []})] == [door.name]
    assert not door.owns({"path": "/v1/ocr", "headers": []})


@pytest.mark.parametrize("door", ALL, ids=lambda door: door.name)
def test_errors_keep_their_status_words_and_request(door: Door) -> None:
    for error in (SourceNotFound("nothing is there"), Overloaded("all queues are full", 5.0)):
        answer = door.error(error, "request-1")
        assert answer.status_code >= 400
        assert error.message.encode() in bytes(answer.body)
        assert b"request-1" in bytes(answer.body)


async def test_closed_doors_are_no_routes(start: Start) -> None:
    async with start(doors=[]) as closed:
        assert (await closed.client.post("/upload", files={"image": b"good"})).status_code == 404
        assert (await closed.client.get("/openapi.json")).json()["paths"].keys().isdisjoint({"/upload"})


async def test_doors_ask_for_keys(start: Start) -> None:
    async with start(keys=True) as guarded:
        refused = await guarded.client.post("/upload", files={"image": b"good"})
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        taken = await guarded.client.post("/upload", files={"image": b"good"}, headers={"X-API-Key": ALICE})
        assert taken.status_code == 202


def test_errors_that_a_job_kept_are_made_again() -> None:
    assert type(error_of_code("source_not_found", "gone")) is SourceNotFound
    assert error_of_code("source_not_found", "gone").message == "gone"
    assert error_of_code("overloaded", "full").http_status == 503
    assert type(error_of_code("poison", "it ends replicas")) is RayocrError


@pytest.mark.parametrize("name", _ROWS)
async def test_unknown_key_is_refused_and_a_known_one_is_taken(start: Start, name: str) -> None:
    work = WORK[name]
    async with start(keys=True, doors=[name]) as guarded:
        for key in (UNKNOWN, ""):
            refused = await work.send(guarded.client, key)
            assert refused.status_code == work.unauthorized
            assert refused.headers["X-Request-ID"] in refused.text
        assert (await work.send(guarded.client, ALICE)).is_success


@pytest.mark.parametrize("name", _ROWS)
async def test_no_more_work_is_admitted_than_by_the_api(start: Start, name: str) -> None:
    work = WORK[name]
    async with start(doors=[name], max_concurrent_requests=1) as full:
        first = asyncio.create_task(full.client.post("/v1/ocr", content=b"waits"))
        await until(lambda: full.document.in_work)
        refused = await work.send(full.client, "")
        assert refused.status_code == work.overloaded
        assert "1 requests are in work" in refused.text
        assert refused.headers["X-Request-ID"] in refused.text
        full.document.is_open.set()
        assert (await first).is_success
        assert (await work.send(full.client, "")).is_success
