"""POST /v1/jobs: what is taken, what is refused, and that nothing is left of what was refused."""

import asyncio
import threading
import tracemalloc
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from deployments.storage.settings import StorageSettings
from models.errors import StorageUnavailable
from serve.jobs.webhooks import url
from serve.jobs.webhooks.url import check_webhook

from .conftest import ALICE, BOB, Running, Start

FILES = [("file", ("a.jpg", b"first")), ("file", ("../b c.png", b"second"))]
SECRET = "whsec_" + "QUJD" * 8


async def test_files_are_stored_before_the_answer(running: Running) -> None:
    answer = await running.client.post("/v1/jobs", files=FILES, data={"source": "s3://scans/c.jpg", "options": "{}"})
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["Location"] == job["links"]["self"] == f"/v1/jobs/{job['id']}"
    assert (job["state"], job["total"], job["progress"], job["queue_position"]) == ("queued", 3, 0.0, 1)
    leases = running.jobs.store.leases.take("tester", 10, 60.0)
    assert [(lease.number, lease.name, lease.is_upload) for lease in leases] == [
        (1, "s3://scans/c.jpg", False),
        (2, "a.jpg", True),
        (3, "../b c.png", True),
    ]
    assert [running.jobs.uploads.read(lease.source, 100).data for lease in leases[1:]] == [b"first", b"second"]
    assert running.uploads() == ["2-a.jpg", "3-b_c.png"]


async def test_worker_is_told_of_new_jobs_only(running: Running) -> None:
    told: list[str] = []
    running.jobs.on_new = lambda: told.append("new")
    for _ in range(2):
        await running.submit(headers={"Idempotency-Key": "march"})
    assert told == ["new"]


async def test_data_url_becomes_an_upload(running: Running) -> None:
    await running.submit("data:image/png;base64,aGVsbG8=")
    (lease,) = running.jobs.store.leases.take("tester", 10, 60.0)
    assert running.jobs.uploads.read(lease.source, 100).data == b"hello"


@pytest.mark.parametrize(
    ("request_", "status", "detail"),
    [
        ({"content": b""}, 400, "no body"),
        ({"content": b"{"}, 400, "not valid JSON"),
        ({"json": {"sources": []}}, 400, "nothing to read"),
        ({"json": {"sources": "s3://scans/a.jpg"}}, 400, "sources: "),
        ({"json": {"documents": []}}, 400, "documents: "),
        ({"json": {"sources": ["s3://scans/a.jpg"], "options": {"words": True}}}, 400, "options: words: Extra inputs"),
        ({"json": {"sources": ["s3://scans/a.jpg"], "options": {"pages": "0"}}}, 400, "pages is '0'"),
        ({"json": {"sources": ["s3://scans/a.jpg", "a.jpg"]}}, 400, "source 2: it names no scheme"),
        ({"json": {"sources": ["s3://scans/\x00.jpg"]}}, 400, "source 1: it holds a null character"),
        ({"json": {"sources": ["data:image/png;base64,?"]}}, 400, "source 1: the data: URL is not valid base64"),
        ({"json": {"sources": ["file:///etc/passwd"]}}, 403, "source 1: file:// can't be read here"),
        ({"json": {"sources": ["https://example.com/a.jpg"]}}, 403, "https:// sources are off"),
        ({"json": {"prefix": "https://example.com/"}}, 400, "prefix: s3://"),
        ({"json": {"sources": ["s3://scans/a.jpg"], "webhook": "https://example.com"}}, 400, "webhook_secret is not"),
        ({"files": FILES, "data": {"options": "[]"}}, 400, "options: a JSON object"),
        ({"files": FILES, "data": {"pages": "1"}}, 400, "'pages' is not known"),
        ({"files": [*FILES, ("scan", ("a.jpg", b"x"))]}, 400, "files go into 'file'"),
        ({"files": [("file", (None, b"x"))]}, 400, "holds text, not a file"),
        (
            {"content": b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhal'},
            400,
            "form breaks off",
        ),
        ({"content": b"no form"}, 400, "form can't be read"),
    ],
)
async def test_what_would_fail_is_refused(running: Running, request_: dict[str, Any], status: int, detail: str) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"} if "form" in detail and "content" in request_ else {}
    answer = await running.client.post("/v1/jobs", **request_, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert detail in answer.json()["detail"]
    assert running.uploads() == []
    assert running.jobs.store.leases.queue().queued == 0


@pytest.mark.parametrize(
    ("webhook", "status", "detail"),
    [
        ("http://example.com/", 400, "webhook: an https:// URL"),
        ("https://user@example.com/", 400, "user name"),
        ("https://127.0.0.1/", 403, "no public address (loopback)"),
        ("https://169.254.169.254/", 403, "cloud metadata service"),
        ("https://localhost/", 403, "no public address"),
        ("https://8.8.8.8:22/", 403, "port 22"),
    ],
)
async def test_webhook_that_may_not_be_called_is_refused(start: Start, webhook: str, status: int, detail: str) -> None:
    async with start({"jobs": {"webhook_secret": SECRET}}) as running:
        answer = await running.client.post("/v1/jobs", json={"sources": ["s3://scans/a.jpg"], "webhook": webhook})
        assert (answer.status_code, detail in answer.json()["detail"]) == (status, True), answer.text
        taken = {"sources": ["s3://scans/a.jpg"], "webhook": "https://8.8.8.8/"}
        answer = await running.client.post("/v1/jobs", json=taken)
        assert answer.status_code == 202
        job = (await running.client.get(answer.headers["Location"])).json()
        assert (job["webhook"]["url"], job["webhook"]["attempts"]) == ("https://8.8.8.8/", [])


async def test_names_that_nobody_answers_hold_up_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(url, "_LOOK_UP_S", 0.05)
    answers = threading.Event()

    def slow(_host: str, _port: int) -> list[IPv4Address]:
        answers.wait()
        return []

    checks = (check_webhook("https://example.com/", StorageSettings(), slow) for _ in range(64))
    try:
        await asyncio.gather(*checks)
        await asyncio.wait_for(asyncio.to_thread(int), 60)
    finally:
        answers.set()


@pytest.mark.parametrize(
    ("tree", "request_", "detail"),
    [
        ({"jobs": {"max_pages": 1}}, {"files": FILES}, "jobs.max_pages"),
        ({"jobs": {"max_pages": 1}}, {"json": {"sources": ["s3://scans/a", "s3://scans/b"]}}, "jobs.max_pages"),
        ({"jobs": {"max_body_bytes": 2000}}, {"files": [("file", ("a", b"x" * 20_000))]}, "jobs.max_body_bytes"),
        ({"http": {"max_body_bytes": 2000}}, {"files": [("file", ("a", b"x" * 2001))]}, "http.max_body_bytes"),
        ({"http": {"max_body_bytes": 2000}}, {"json": {"sources": ["s3://scans/a"] * 200}}, "without files"),
    ],
    ids=["files", "sources", "body", "one file", "json"],
)
async def test_over_a_limit_is_413(start: Start, tree: dict[str, Any], request_: dict[str, Any], detail: str) -> None:
    async with start(tree) as running:
        answer = await running.client.post("/v1/jobs", **request_)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert detail in answer.json()["detail"]
        assert running.uploads() == []


async def test_same_key_same_request_is_one_job(running: Running) -> None:
    key = {"Idempotency-Key": "march"}
    first = await running.client.post("/v1/jobs", files=FILES, headers=key)
    second = await running.client.post("/v1/jobs", files=FILES, headers=key)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]
    assert running.uploads() == ["1-a.jpg", "2-b_c.png"]


@pytest.mark.parametrize(
    "other",
    [
        {"files": FILES[:1]},
        {"files": [("file", ("a.jpg", b"First")), FILES[1]]},
        {"files": [("file", ("A.jpg", b"first")), FILES[1]]},
        {"files": FILES, "data": {"source": "s3://scans/c.jpg"}},
    ],
    ids=["fewer", "content", "name", "more"],
)
async def test_same_key_other_request_is_409(running: Running, other: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "march"}
    await running.client.post("/v1/jobs", files=FILES, headers=key)
    answer = await running.client.post("/v1/jobs", **other, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert running.uploads() == ["1-a.jpg", "2-b_c.png"]


@pytest.mark.parametrize("is_same", [True, False], ids=["same", "other"])
async def test_key_that_comes_twice_at_once_makes_one_job(running: Running, is_same: bool) -> None:
    key = {"Idempotency-Key": "march"}
    others = FILES if is_same else FILES[:1]
    answers = await asyncio.gather(
        *(running.client.post("/v1/jobs", files=files, headers=key) for files in (FILES, others, FILES, others))
    )
    assert {answer.status_code for answer in answers} == ({202} if is_same else {202, 409})
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 202}) == 1
    (job,) = (await running.client.get("/v1/jobs")).json()["jobs"]
    assert len(running.uploads()) == job["total"]


async def test_key_belongs_to_its_client(start: Start, keys: str) -> None:
    async with start({"http": {"api_keys_directory": keys}}) as running:
        ids = {await running.submit(headers={**client, "Idempotency-Key": "march"}) for client in (ALICE, BOB)}
        assert len(ids) == 2


async def test_too_many_pages_of_a_client_are_429(start: Start, keys: str) -> None:
    limits = {"max_queued_pages_per_client": 2, "max_queued_pages": 3}
    async with start({"http": {"api_keys_directory": keys}, "jobs": limits}) as running:
        await running.submit("s3://scans/a", "s3://scans/b", headers=ALICE)
        answer = await running.client.post("/v1/jobs", files=FILES, headers=ALICE)
        assert (answer.status_code, answer.json()["code"]) == (429, "quota")
        assert int(answer.headers["Retry-After"]) > 0
        answer = await running.client.post("/v1/jobs", files=FILES, headers=BOB)
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
        assert int(answer.headers["Retry-After"]) > 0
        assert running.uploads() == []


async def test_store_that_is_away_is_503_before_anything_is_uploaded(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise StorageUnavailable("no answer")

    monkeypatch.setattr(running.jobs.store, "check", away)
    answer = await running.client.post("/v1/jobs", files=FILES)
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert int(answer.headers["Retry-After"]) > 0
    assert running.uploads() == []


async def test_uploads_that_cannot_be_stored_are_503(running: Running) -> None:
    folder = running.jobs.settings.jobs.folder / "uploads"
    folder.rmdir()
    folder.write_text("a file in its place")
    answer = await running.client.post("/v1/jobs", files=FILES)
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert "no files can be stored" in answer.json()["detail"]
    assert running.jobs.store.leases.queue().queued == 0


async def test_thousand_files_are_never_in_memory_together(running: Running) -> None:
    content = bytes(100_000)
    files = [("file", (f"{number}.jpg", content)) for number in range(1000)]
    tracemalloc.start()
    try:
        answer = await running.client.post("/v1/jobs", files=files)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.status_code == 202, answer.text
    assert answer.json()["total"] == 1000
    assert len(running.uploads()) == 1000
    assert peak < 20_000_000  # of 100 MB


async def test_uploads_survive_a_restart(start: Start, tmp_path: Path) -> None:
    async with start() as running:
        await running.client.post("/v1/jobs", files=FILES)
    async with start() as running:
        leases = running.jobs.store.leases.take("tester", 10, 60.0)
        assert [running.jobs.uploads.read(lease.source, 100).data for lease in leases] == [b"first", b"second"]
