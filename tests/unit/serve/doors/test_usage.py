"""What clients use is counted, told to them, and bounded."""

import asyncio
import threading
from typing import Any

import httpx
import pytest

from models.errors import StorageUnavailable
from serve.jobs.store.usage import UsageCounts

from .conftest import ALICE, BOB, Doors, Start

OF = {"alice": {"X-API-Key": ALICE}, "bob": {"X-API-Key": BOB}}
JOB: dict[str, Any] = {"files": [("file", ("a.txt", b"good good")), ("file", ("b.txt", b"good"))]}


async def read(doors: Doors, content: bytes = b"good", client: str = "alice") -> httpx.Response:
    return await doors.client.post("/v1/ocr", content=content, headers=OF[client])


async def usage(doors: Doors, client: str = "alice") -> Any:
    assert doors.service.jobs is not None
    await doors.service.jobs.usage.write()
    return (await doors.client.get("/v1/usage", headers=OF[client])).json()


async def test_pages_of_requests_and_jobs_are_counted(start: Start) -> None:
    async with start(access="  alice: {pages_per_month: 100}") as doors:
        assert (await read(doors, b"good good bad")).status_code == 200
        assert (await read(doors, b"bad")).status_code == 422
        assert (await read(doors, b"good", "bob")).status_code == 200
        assert (await doors.client.post("/v1/jobs", headers=OF["alice"], **JOB)).status_code == 202
        await doors.settle()
        told = await usage(doors)
        assert (told["client"], told["pages_per_minute"], told["pages_per_month"]) == ("alice", None, 100)
        assert [month["pages"] for month in told["months"]] == [5]
        assert [month["pages"] for month in (await usage(doors, "bob"))["months"]] == [1]
        assert "RateLimit" not in (await read(doors, b"good", "bob")).headers


async def test_budget_of_a_month_holds_for_requests_and_jobs(start: Start) -> None:
    async with start(access="  alice: {pages_per_month: 4}") as doors:
        answer = await read(doors, b"good good good")
        assert answer.headers["RateLimit-Policy"] == '"month";q=4'
        assert answer.headers["RateLimit"].startswith('"month";r=1;t=')
        refused = await doors.client.post("/v1/jobs", headers=OF["alice"], **JOB)
        assert (refused.status_code, refused.json()["code"]) == (429, "quota")
        assert "alice has 1 of its 4 pages of this month left, and 2 are asked for" in refused.json()["detail"]
        assert int(refused.headers["Retry-After"]) <= 31 * 24 * 3600
        assert (await read(doors, b"good good")).status_code == 200  # it had one left when it began
        await usage(doors)
        assert (await read(doors)).status_code == 429
        assert (await read(doors, b"good", "bob")).status_code == 200


async def test_pages_a_minute_hold_for_requests_and_come_back(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    async with start(access="  alice: {pages_per_minute: 2}") as doors:
        for _ in range(2):
            answer = await read(doors)
            assert answer.status_code == 200
        assert answer.headers["RateLimit-Policy"] == '"minute";q=2;w=60'
        assert answer.headers["RateLimit"] == '"minute";r=0;t=60'
        refused = await read(doors)
        assert (refused.status_code, refused.json()["code"]) == (429, "quota")
        assert "alice has used its 2 pages a minute" in refused.json()["detail"]
        assert 1 <= int(refused.headers["Retry-After"]) <= 30
        assert (await doors.client.post("/v1/jobs", headers=OF["alice"], **JOB)).status_code == 202
        ledger = doors.service.jobs.usage  # type: ignore[union-attr]
        await ledger.write()
        later = ledger._clock() + 31
        monkeypatch.setattr(ledger, "_clock", lambda: later)
        monkeypatch.setattr(UsageCounts, "standing", _unreachable)  # it goes on with what it knows
        assert (await read(doors)).status_code == 200


async def test_store_that_does_not_answer_stops_nobody_and_loses_nothing(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start(access="  alice: {pages_per_month: 4}") as doors:
        with monkeypatch.context() as patch:
            patch.setattr(UsageCounts, "standing", _unreachable)
            patch.setattr(UsageCounts, "add", _unreachable)
            assert [(await read(doors)).status_code for _ in range(3)] == [200] * 3
            assert doors.service.jobs is not None
            await doors.service.jobs.usage.write()
            assert (await read(doors)).status_code == 200
        assert [month["pages"] for month in (await usage(doors))["months"]] == [4]
        assert (await read(doors)).status_code == 429


async def test_client_that_leaves_while_the_store_is_asked_keeps_no_place(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answers = threading.Event(), threading.Event()

    def slow(*_: object) -> None:
        asked.set()
        answers.wait(30)
        _unreachable()

    async with start(access="  alice: {pages_per_month: 4}") as doors:
        monkeypatch.setattr(UsageCounts, "standing", slow)
        leaving = asyncio.create_task(read(doors))
        await asyncio.to_thread(asked.wait, 30)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        answers.set()
        assert doors.service._open.taken == 0
        assert (await read(doors)).status_code == 200


async def test_replicas_share_the_counts(start: Start) -> None:
    async with start(access="  alice: {pages_per_month: 2}") as doors:
        assert doors.service.jobs is not None
        other = {"alice": {"pages": 2.0}}
        await asyncio.to_thread(doors.service.jobs.store.usage.add, other, {})
        assert (await read(doors)).status_code == 429


async def test_without_keys_nothing_is_counted(doors: Doors) -> None:
    assert (await doors.client.post("/v1/ocr", content=b"good")).status_code == 200
    assert (await doors.client.get("/v1/usage")).status_code == 404
    assert doors.service.jobs is not None
    await doors.service.jobs.usage.write()
    assert doors.service.jobs.store.usage.months() == []


def _unreachable(*_: object) -> None:
    raise StorageUnavailable("the job store does not answer")
