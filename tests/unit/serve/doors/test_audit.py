"""The audit log has a line for each request and each document of a job, and nothing that was read."""

import json
from pathlib import Path
from typing import Any

import pytest

from models.errors import ConfigurationError
from serve.audit import AuditLog

from .conftest import ALICE, BOB, Start

FIELDS = {"time", "kind", "id", "method", "place", "pages", "client", "address", "route", "door", "model", "status"}


def entries(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in folder.glob("audit-*.jsonl") for line in file.read_text().splitlines()]


def move_away(folder: Path) -> None:
    [file] = folder.glob("audit-*.jsonl")
    file.rename(folder / "old")


async def test_requests_are_written(start: Start, tmp_path: Path) -> None:
    async with start(keys=True, audit=str(tmp_path)) as doors:
        headers = {"X-API-Key": ALICE, "X-Request-ID": "order-17"}
        await doors.client.post("/v1/ocr", content=b"good bad good", headers=headers)
        await doors.client.post("/v1/ocr", json={"source": "https://a.b/c.png?secret"}, headers={"X-API-Key": BOB})
        await doors.client.post("/v1/ocr", content=b"good", headers={"X-API-Key": "unknown"})
    read, fetched, unknown = entries(tmp_path)
    assert read.keys() == FIELDS | {"bytes", "seconds"}
    assert (read["kind"], read["id"], read["client"], read["place"]) == ("request", "order-17", "alice", None)
    assert (read["method"], read["route"], read["status"], read["pages"], read["bytes"]) == (
        "POST",
        "/v1/ocr",
        200,
        2,
        13,
    )
    assert (read["door"], read["model"]) == ("none", "ppocrv6-small")
    assert (fetched["client"], fetched["place"]) == ("bob", "https://a.b/c.png")
    assert (unknown["client"], unknown["status"], unknown["pages"]) == ("", 401, 0)
    assert "page 1" not in json.dumps(entries(tmp_path))  # what it says


async def test_documents_of_jobs_are_written(start: Start, tmp_path: Path) -> None:
    async with start(keys=True, audit=str(tmp_path)) as doors:
        files = [("file", ("a.txt", b"good good")), ("file", ("b.txt", b"bad"))]
        begun = await doors.client.post("/v1/jobs", files=files, headers={"X-API-Key": ALICE})
        await doors.settle()
    of_job = [one for one in entries(tmp_path) if one["kind"] == "document"]
    assert [(one["id"], one["document"], one["client"]) for one in of_job] == [
        (begun.json()["id"], 1, "alice"),
        (begun.json()["id"], 2, "alice"),
    ]
    assert [(one["pages"], one.get("code")) for one in of_job] == [(2, None), (0, "undecodable")]


async def test_file_that_was_moved_away_is_begun_anew(start: Start, tmp_path: Path) -> None:
    async with start(audit=str(tmp_path)) as doors:
        await doors.client.get("/v1/models")
        move_away(tmp_path)
        await doors.client.get("/v1/languages")
    [entry] = entries(tmp_path)
    assert entry["route"] == "/v1/languages"


def test_folder_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"logging\.audit: /nowhere/audit-.* can't be written: No such file"):
        AuditLog("/nowhere")


def test_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    audit = AuditLog("-")
    with audit.entry("request", id="1") as entry:
        entry["status"] = 200
    audit.close()
    assert json.loads(capsys.readouterr().out)["status"] == 200
