"""Bytes of uploads have limits, and a full disk does not wedge jobs."""

import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.errors import InsufficientStorage
from serve.jobs.background.retention import Retention
from serve.jobs.room import DiskRoom

from .conftest import ALICE, BOB, Running, Start

_Usage = namedtuple("_Usage", "total used free")


async def upload(running: Running, size_bytes: int, headers: dict[str, str], count: int = 1) -> httpx.Response:
    files = [("file", (f"{number}.jpg", bytes(size_bytes))) for number in range(count)]
    return await running.client.post("/v1/jobs", files=files, headers=headers)


async def test_client_has_a_quota_of_bytes_until_its_jobs_end(start: Start, keys: str) -> None:
    async with start({"jobs": {"max_upload_bytes_per_client": 1000}, "http": {"api_keys_directory": keys}}) as running:
        first = await upload(running, 300, ALICE, count=2)
        assert first.status_code == 202
        refused = await upload(running, 250, ALICE, count=2)
        assert (refused.status_code, refused.json()["code"]) == (429, "quota")
        assert "1,000 bytes" in refused.json()["detail"]
        assert "Retry-After" in refused.headers
        assert len(running.uploads()) == 2
        assert (await upload(running, 400, ALICE)).status_code == 202  # what was refused counts no more
        assert (await upload(running, 1000, BOB)).status_code == 202
        running.settle()
        assert (await upload(running, 1000, ALICE)).status_code == 202


async def test_kept_uploads_count_until_their_job_is_deleted(start: Start) -> None:
    async with start({"jobs": {"max_upload_bytes_per_client": 1000, "keep_uploads": True}}) as running:
        job = (await upload(running, 1000, {})).json()
        running.settle()
        await Retention(running.jobs).clear_quietly()
        assert len(running.uploads()) == 1
        refused = await upload(running, 1, {})
        assert (refused.status_code, "delete jobs that have ended" in refused.json()["detail"]) == (429, True)
        await running.client.delete(job["links"]["self"])
        assert running.uploads() == []
        assert (await upload(running, 1000, {})).status_code == 202


async def test_cancelled_job_gives_its_bytes_back(start: Start) -> None:
    async with start({"jobs": {"max_upload_bytes_per_client": 1000}}) as running:
        job = (await upload(running, 1000, {})).json()
        assert (await upload(running, 1, {})).status_code == 429
        await running.client.delete(job["links"]["self"])
        assert (await upload(running, 1000, {})).status_code == 202


async def test_all_clients_together_have_a_quota(start: Start, keys: str) -> None:
    async with start({"jobs": {"max_upload_bytes": 1000}, "http": {"api_keys_directory": keys}}) as running:
        assert (await upload(running, 600, ALICE)).status_code == 202
        refused = await upload(running, 600, BOB)
        assert (refused.status_code, refused.json()["code"]) == (507, "insufficient_storage")
        assert running.uploads() == ["1-0.jpg"]


async def test_uploads_stop_before_the_disk_is_full_and_readyz_tells(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start({"jobs": {"min_free_bytes": 1_000_000}}) as running:
        job_id = await running.submit()
        monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(10**9, 0, 1_000_500))

        async def no_problem() -> None:
            return None

        monkeypatch.setattr(running.service.readiness, "problem", no_problem)
        assert (await running.client.get("/readyz")).text == "ok"
        refused = await upload(running, 600, {})
        assert (refused.status_code, refused.json()["code"]) == (507, "insufficient_storage")
        assert str(tmp_path) not in refused.text
        assert (await upload(running, 400, {})).status_code == 202
        monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(10**9, 0, 900_000))
        ready = await running.client.get("/readyz")
        assert ready.status_code == 200
        assert "jobs take no files" in ready.text
        assert str(tmp_path) not in ready.text
        assert (await running.client.delete(f"/v1/jobs/{job_id}")).status_code == 200


async def test_job_is_deleted_though_the_disk_is_full(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = await running.submit()
    await Retention(running.jobs).clear_quietly()
    reserve = running.jobs.settings.jobs.folder / "reserve-for-deletion"
    assert reserve.stat().st_blocks * 512 >= reserve.stat().st_size > 0
    cancel = running.jobs.store.endings.cancel

    def on_full_disk(*args: Any) -> Any:
        if reserve.exists():
            raise InsufficientStorage("the job store is full: delete jobs, or make space")
        return cancel(*args)

    monkeypatch.setattr(running.jobs.store.endings, "cancel", on_full_disk)
    assert (await running.client.delete(f"/v1/jobs/{job_id}")).status_code == 200


def test_full_disk_has_no_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(10**9, 0, 10))
    room = DiskRoom(tmp_path, tmp_path / "not-made-yet", 0)
    room.keep_reserve()
    assert list(tmp_path.iterdir()) == []
    assert not room.give_reserve()
