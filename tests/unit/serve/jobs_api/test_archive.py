"""All results of a job as one ZIP file, and the link that opens it without a key."""

import io
import json
import zipfile

import pytest

from .conftest import ALICE, BOB, Running, Start


async def test_archive_has_a_file_for_each_page_and_the_errors(running: Running) -> None:
    job_id = await running.submit("s3://scans/a.jpg", "s3://scans/../b c.pdf", "s3://scans/c.txt")
    path = f"/v1/jobs/{job_id}/archive"
    assert (await running.client.get(path)).status_code == 409
    running.settle(failed=(3,))
    answer = await running.client.get(path)
    assert answer.headers["content-type"] == "application/zip"
    assert f"rayocr-{job_id}.zip" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == ["00001-a.jpg.json", "00002-b_c.pdf.json", "errors.jsonl"]
        assert json.loads(packed.read("00002-b_c.pdf.json")) == {"id": "2", "text": "TOTAL"}
        (error,) = packed.read("errors.jsonl").decode().splitlines()
    error_of = {"code": "unsupported_type", "message": "it is a text"}
    assert json.loads(error) == {"page": 3, "name": "s3://scans/c.txt", "error": error_of}


async def test_archive_holds_files_of_the_format(running: Running) -> None:
    body = {"sources": ["s3://scans/a.jpg"], "options": {"format": "text"}}
    job_id = (await running.client.post("/v1/jobs", json=body)).json()["id"]
    (lease,) = running.jobs.store.leases.take("tester", 1, 60.0)
    file = {"format": "text", "media_type": "text/plain", "extension": ".txt", "encoding": "utf-8", "content": "é"}
    running.jobs.store.leases.complete(lease, json.dumps({**file, "warnings": []}, separators=(",", ":")).encode())
    answer = await running.client.get((await running.client.post(f"/v1/jobs/{job_id}/archive")).json()["url"])
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert {name: packed.read(name).decode() for name in packed.namelist()} == {"00001-a.jpg.txt": "é"}


async def test_archive_of_a_cancelled_job_is_409(running: Running) -> None:
    job_id = await running.submit()
    await running.client.delete(f"/v1/jobs/{job_id}")
    assert (await running.client.get(f"/v1/jobs/{job_id}/archive")).status_code == 409


async def test_link_opens_its_archive_alone_for_a_minute(
    start: Start, keys: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start({"http": {"api_keys_directory": keys}}) as running:
        client = running.client
        job_id, other = await running.submit(headers=ALICE), await running.submit(headers=ALICE)
        running.settle()
        path = f"/v1/jobs/{job_id}/archive"
        assert (await client.post(path)).status_code == 401
        assert (await client.post(path, headers=BOB)).status_code == 404
        url = (await client.post(path, headers=ALICE)).json()["url"]
        assert (await client.get(url)).status_code == 200
        ticket = url.partition("?")[2]
        spoiled = (
            path, f"{path}?ticket=", f"{path}?ticket=1.a.alice", f"{path}?{ticket}&{ticket}", f"{url}x",
            url.replace("alice", "bob"), f"{path}?ticket=9{ticket.partition('=')[2]}",
            f"/v1/jobs/{other}/archive?{ticket}", f"/v1/jobs/{job_id}?{ticket}", f"/v1/jobs/{job_id}/result?{ticket}",
        )  # fmt: skip
        for wrong in spoiled:
            assert (await client.get(wrong)).status_code == 401, wrong
        assert (await client.post(url)).status_code == 401
        monkeypatch.setattr("serve.api.tickets.time.time", lambda: 1e10)
        assert (await client.get(url)).status_code == 401
