"""What HTTP asks for beyond the routes: HEAD, Allow, packed bodies, clients that leave."""

import gzip
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from deployments.gunzip import gunzipped
from deployments.pipeline.attempts import Pipeline
from models.errors import MalformedRequest
from serve.api.application import build_api
from serve.api.service import Service
from serve.cli.application import reach_loopback_directly
from serve.config.settings import Settings
from serve.jobs.runtime import JobsRuntime
from tests.unit.serve.documents.scripted_document import ScriptedDocument

_MEBIBYTE = 1024**2


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[FastAPI]:
    settings = Settings.model_validate({"jobs": {"directory": str(tmp_path)}, "http": {"max_body_bytes": _MEBIBYTE}})
    jobs = JobsRuntime(settings)
    yield build_api(Service(settings, Pipeline(ScriptedDocument()), jobs))
    jobs.close()


@pytest.fixture
async def client(api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://127.0.0.1") as client:
        yield client


async def test_head_is_get_without_its_body(client: httpx.AsyncClient) -> None:
    job = (await client.post("/v1/jobs", json={"sources": ["s3://scans/a"]})).headers["Location"]
    paths = ["/livez", "/v1/models", "/v1/jobs", "/openapi.json", job, f"{job}/result?partial=true", f"{job}/events"]
    for path in paths:  # the stream of events of a job that nobody reads would never end
        head = await client.head(path)
        assert (head.status_code, head.content) == (200, b""), path
        if not path.endswith("/events"):
            assert head.headers["Content-Type"] == (await client.get(path)).headers["Content-Type"]
    assert (await client.head("/v1/ocr")).status_code == 405
    assert (await client.head("/v1/jobs/none")).status_code == 404


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/v1/ocr", "POST"),
        ("/v1/jobs", "HEAD, GET, POST"),
        ("/v1/jobs/one", "HEAD, GET, DELETE"),
        ("/v1/jobs/one/result/1", "HEAD, GET"),
        ("/livez", "HEAD, GET"),
    ],
)
async def test_405_names_every_method_of_the_path(client: httpx.AsyncClient, path: str, allow: str) -> None:
    answer = await client.put(path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allow)


async def test_packed_body_is_read(client: httpx.AsyncClient) -> None:
    files = {"file": ("scan.png", b"good good")}
    form = client.build_request("POST", "/v1/ocr", files=files)
    packed = gzip.compress(await form.aread())
    headers = {"Content-Type": form.headers["Content-Type"], "Content-Encoding": "gzip"}
    answer = await client.post("/v1/ocr?format=text", content=packed, headers=headers)
    assert (answer.status_code, answer.text.count("page")) == (200, 2), answer.text


@pytest.mark.parametrize(
    ("content", "encoding", "status"),
    [
        (gzip.compress(bytes(40 * _MEBIBYTE)), "gzip", 413),
        (gzip.compress(b"good")[:-4], "gzip", 400),
        (b"good", "gzip", 400),
        (b"good", "br", 415),
        (b"good", "gzip, gzip", 415),
        (b"good", "identity", 200),
    ],
    ids=["bomb", "cut off", "not packed", "br", "twice", "identity"],
)
async def test_packed_body_that_can_not_be_read(
    client: httpx.AsyncClient, content: bytes, encoding: str, status: int
) -> None:
    answer = await client.post("/v1/ocr", content=content, headers={"Content-Encoding": encoding})
    assert answer.status_code == status, answer.text


def test_gzip_is_unpacked_in_small_pieces_whatever_the_chunks() -> None:
    content = bytes(range(256)) * 8000
    packed = gzip.compress(content[:1_000_000]) + gzip.compress(content[1_000_000:]) + bytes(512)
    for size in (1, 1000, len(packed)):
        pieces = list(gunzipped(packed[start : start + size] for start in range(0, len(packed), size)))
        assert b"".join(pieces) == content
        assert max(map(len, pieces)) <= 256 * 1024
    with pytest.raises(MalformedRequest, match="breaks off"):
        list(gunzipped([packed[:-600]]))


@pytest.mark.parametrize(("path", "kind"), [("/v1/ocr", "image/png"), ("/v1/jobs", "multipart/form-data; boundary=b")])
async def test_client_that_leaves_is_one_line_in_the_log(
    api: FastAPI, caplog: pytest.LogCaptureFixture, path: str, kind: str
) -> None:
    logging.getLogger("ray.serve").addHandler(caplog.handler)
    messages = iter([{"type": "http.request", "body": b"--b\r\n", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(messages)

    async def send(_: Any) -> None:
        pass

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"content-type", kind.encode()), (b"host", b"127.0.0.1")],
    }
    with caplog.at_level(logging.INFO):
        await api(scope, receive, send)
    logging.getLogger("ray.serve").removeHandler(caplog.handler)
    ours = {(record.levelname, record.getMessage()) for record in caplog.records if record.name == "ray.serve"}
    assert ours == {("INFO", "the client left before it was answered")}


@pytest.mark.parametrize(
    ("given", "joined"),
    [
        ("", "localhost,127.0.0.1,::1"),
        ("example.com, localhost", "example.com,localhost,127.0.0.1,::1"),
        ("*", "*"),
    ],
)
def test_no_proxy_of_the_environment_stands_before_this_machine(
    monkeypatch: pytest.MonkeyPatch, given: str, joined: str
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", given)
    reach_loopback_directly()
    assert (os.environ["no_proxy"], os.environ["NO_PROXY"]) == (joined, joined)


def test_notes_of_libraries_stay_off_stderr() -> None:
    code = """
import os, subprocess, warnings
from serve.cli.console import complain, hide_library_notes
hide_library_notes()
warnings.warn("Corrupt EXIF data")
os.write(2, b"TIFFReadDirectory: Warning")
subprocess.run(["sh", "-c", "echo note >&2"])
complain("it is damaged")
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stderr == "rayocr: it is damaged\n"
