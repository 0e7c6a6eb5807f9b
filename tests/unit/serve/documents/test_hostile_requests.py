"""Requests that are made to stop the service or to break it; each is refused soon, and others have their turn."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from deployments.pipeline.attempts import Pipeline
from serve.api.application import build_api
from serve.api.service import Service
from serve.config.settings import Settings
from serve.jobs.runtime import JobsRuntime
from tests.unit.serve.documents.scripted_document import ScriptedDocument

_FORM = {"Content-Type": "multipart/form-data; boundary=b"}
_JSON = {"Content-Type": "application/json"}
_GOOD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\ngood good\r\n--b--'
_EMPTY = b'--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n'
_DIGITS = "9" * 5000


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings.model_validate({"jobs": {"directory": str(tmp_path)}})
    jobs = JobsRuntime(settings)
    transport = httpx.ASGITransport(build_api(Service(settings, Pipeline(ScriptedDocument()), jobs)))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client
    jobs.close()


def _keys(count: int) -> bytes:
    return b",".join(b'"%d":1' % number for number in range(count))


@pytest.mark.parametrize(
    ("path", "content", "headers"),
    [
        ("/v1/jobs", _EMPTY * 300_000 + _GOOD, _FORM),
        ("/v1/ocr", _EMPTY * 300_000 + _GOOD, _FORM),
        ("/v1/jobs", b'{"sources":[' + b"1," * 1_000_000 + b"1]}", _JSON),
        ("/v1/jobs", b'{"sources":["s3://a/b"],"options":{' + _keys(99_000) + b"}}", _JSON),
        ("/v1/jobs", b"{" + _keys(99_000) + b"}", _JSON),
        ("/v1/ocr", b'{"source":"s3://a/b",' + _keys(99_000) + b"}", _JSON),
    ],
    ids=["parts of a job", "parts", "sources", "options", "fields of a job", "fields"],
)
async def test_request_of_very_many_pieces_is_413_and_others_have_their_turn(
    client: httpx.AsyncClient, path: str, content: bytes, headers: dict[str, str]
) -> None:
    longest_s, before = 0.0, time.monotonic()

    async def watch() -> None:
        nonlocal longest_s, before
        while True:
            longest_s, before = max(longest_s, time.monotonic() - before), time.monotonic()
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    answer = await client.post(path, content=content, headers=headers)
    await asyncio.sleep(0)
    watching.cancel()
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large"), answer.text
    assert longest_s < 2  # it was 10 s and more


async def test_long_list_of_what_is_no_source_is_refused_at_the_first(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/jobs", content=b'{"sources":[' + b"1," * 90_000 + b"1]}", headers=_JSON)
    assert (answer.status_code, "sources.0" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize("path", ["/v1/ocr", "/v1/detect", "/v1/jobs"])
@pytest.mark.parametrize(
    "value",
    ['"\\ud800"', '{"a": "\\udfff"}', _DIGITS, "NaN", "Infinity", "[" * 90_000],
    ids=["surrogate", "inner", "digits", "NaN", "Infinity", "nested"],
)
async def test_json_that_no_answer_could_hold_is_400(client: httpx.AsyncClient, path: str, value: str) -> None:
    answer = await client.post(path, content=f'{{"source": {value}}}', headers=_JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), answer.text
    assert "not valid JSON" in answer.json()["detail"]


@pytest.mark.parametrize(
    "query",
    [
        "ocr?dpi=" + _DIGITS,
        "ocr?pages=" + "1," * 10_001,
        "ocr?format=" + "x" * 101,
        "detect?page=" + _DIGITS,
        "detect?page=1000000000",
        "detect?threshold=nan",
        "detect?unclip_ratio=inf",
    ],
)
async def test_option_of_boundless_length_or_value_is_400(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.post(f"/v1/{query}", content=b"good")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), answer.text


@pytest.mark.parametrize("length", [_DIGITS, "²", "-1"])
async def test_content_length_that_is_no_number_is_not_an_error_of_ours(client: httpx.AsyncClient, length: str) -> None:
    answer = await client.post("/v1/ocr", content=b"good", headers=[(b"content-length", length.encode("latin-1"))])
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ("Content-Disposition: form-data; name=file; filename*=UTF-8''na%C3%AFve.png", "na%C3%AFve.txt"),
        ("Content-Disposition: form-data; name=file; filename*=iso-8859-1'fr'na%EFve.png", "na%C3%AFve.txt"),
        ('Content-Disposition: form-data; filename="scan.png"', '"scan.txt"'),
        ("Content-Type: image/png", '"document.txt"'),
    ],
)
async def test_file_without_a_plain_name_is_read(client: httpx.AsyncClient, headers: str, name: str) -> None:
    content = f"--b\r\n{headers}\r\n\r\ngood\r\n--b--".encode()
    answer = await client.post("/v1/ocr?format=text", content=content, headers=_FORM)
    assert (answer.status_code, answer.text) == (200, "page 1\n"), answer.text
    assert name in answer.headers["Content-Disposition"]
