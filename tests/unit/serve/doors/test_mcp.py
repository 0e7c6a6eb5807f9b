"""The door for the Model Context Protocol: its tools, by the SDK's own client and by plain messages."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from models.errors import Overloaded, SourceNotFound
from serve.config.settings import Settings
from serve.documents.options import DocumentOptions
from serve.doors.mcp import local_calls
from serve.doors.mcp.answers import reading_answer
from serve.doors.mcp.local_calls import LocalDesk
from serve.results import OcrPage, OcrResult, WarningResult
from tests.unit.serve.doors.conftest import ALICE, BOB, Doors, Start
from tests.unit.serve.doors.structured import structured

TOOLS = ["read_document", "detect_text", "start_job", "job_result"]
ACCEPT = {"Accept": "application/json, text/event-stream"}


def encoded(words: str) -> str:
    return base64.b64encode(words.encode()).decode()


async def send(doors: Doors, method: str, params: dict[str, Any], key: str = ALICE) -> httpx.Response:
    message = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    return await doors.client.post("/mcp", json=message, headers={**ACCEPT, "X-API-Key": key})


async def called(doors: Doors, tool: str, key: str = ALICE, **arguments: Any) -> dict[str, Any]:
    answer = await send(doors, "tools/call", {"name": tool, "arguments": arguments}, key)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()["result"]
    return result


def failure(result: dict[str, Any]) -> tuple[str, str]:
    assert result["isError"]
    failed = result["structuredContent"]
    text = result["content"][0]["text"]
    assert failed["message"] in text
    assert failed["request_id"] in text
    return failed["code"], failed["message"]


@asynccontextmanager
async def connected(doors: Doors, mode: str) -> AsyncIterator[Client]:
    app = doors.client._transport.app  # type: ignore[attr-defined]
    async with (
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as http,
        Client(streamable_http_client("http://rayocr/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_client_of_the_sdk_finds_the_tools_and_reads(doors: Doors, mode: str) -> None:
    async with connected(doors, mode) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == TOOLS
        read = await client.call_tool("read_document", {"content": encoded("good bad good"), "name": "a.pdf"})
        text, warning = [block.text for block in read.content if block.type == "text"]
        assert text == "page 1\n\fpage 3\n"
        assert "page 2 could not be read" in warning
        (resource,) = (await client.list_resources()).resources
        (formats,) = (await client.read_resource(resource.uri)).contents
        listed = json.loads(formats.text)  # type: ignore[union-attr]
        assert "PDF" in listed["documents"]
        assert "markdown" in listed["answers"]


async def test_json_is_the_result_itself(doors: Doors) -> None:
    (block,) = (await called(doors, "read_document", content=encoded("good"), format="json"))["content"]
    result = OcrResult.model_validate_json(block["text"])
    assert [line.text for line in result.pages[0].lines] == ["page 1"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ({}, "malformed", "one of content, source is needed, and none is given"),
        ({"content": "AAAA", "source": "s3://pages/good"}, "malformed", "content and source is given"),
        ({"content": "AA*A"}, "malformed", "not base64"),
        ({"content": "A" * 4000}, "too_large", "content is 3,000 bytes, the limit is 2,048 bytes"),
        ({"path": "/etc/passwd"}, "malformed", "'path' is not known"),
        ({"content": "Z29vZA==", "dpi": 3}, "malformed", "dpi"),
        ({"content": "Z29vZA==", "pages": "3-1"}, "malformed", "ends before it begins"),
        ({"content": "Z29vZA==", "pages": "9"}, "source_not_found", "page 9 does not exist"),
        ({"content": "Z29vZA==", "format": "pdf"}, "malformed", "format: Input should be 'text'"),
        ({"content": encoded("unsupported")}, "unsupported_type", "unsupported format: .txt"),
        ({"content": encoded("unforeseen")}, "internal", "the log has the details"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_errors_are_results_with_code_words_and_request(
    start: Start, arguments: dict[str, Any], code: str, words: str
) -> None:
    async with start(max_body_bytes=2048) as doors:
        got, message = failure(await called(doors, "read_document", **arguments))
        assert (got, words in message) == (code, True), message


async def test_job_is_read_and_belongs_to_one_key(start: Start) -> None:
    async with start(keys=True) as doors:
        begun = await called(doors, "start_job", content=encoded("good"))
        job_id = begun["structuredContent"]["job_id"]
        assert json.loads(begun["content"][0]["text"]) == {"job_id": job_id, "state": "queued"}
        assert (await called(doors, "job_result", job_id=job_id))["structuredContent"]["state"] == "queued"
        await doors.settle()
        assert (await called(doors, "job_result", job_id=job_id))["content"][0]["text"] == "page 1\n"
        assert failure(await called(doors, "job_result", key=BOB, job_id=job_id))[0] == "source_not_found"
        await doors.client.delete(f"/v1/jobs/{job_id}", headers={"X-API-Key": ALICE})
        assert failure(await called(doors, "job_result", job_id=job_id))[0] == "source_not_found"


async def test_job_that_fails_says_why(doors: Doors) -> None:
    begun = await called(doors, "start_job", content=encoded("unsupported"))
    await doors.settle()
    failed = await called(doors, "job_result", job_id=begun["structuredContent"]["job_id"])
    assert failure(failed) == ("unsupported_type", "unsupported format: .txt")
    assert failure(await called(doors, "start_job", content="AAAA", format="json"))[0] == "malformed"


async def test_deadline_of_the_request_holds(doors: Doors) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    params = {"name": "read_document", "arguments": {"content": encoded("waits")}}
    headers = {**ACCEPT, "X-Request-Timeout": "0.05"}
    late = (await doors.client.post("/mcp", json={**message, "params": params}, headers=headers)).json()
    assert failure(late["result"])[0] == "deadline"


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "not valid JSON"),
        (b"[]", 400, "one message of JSON-RPC"),
        (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', 400, "id: a string or an integer"),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}', 400, "params: an object"),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"a": "\\ud800"}}', 400, "surrogate"),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"a": [' + b"0," * 100_001 + b"0]}}", 413, "values"),
        (b'{"jsonrpc": "2.0", "method": "' + b"x" * 60_000 + b'"}', 413, "the limit is"),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_what_is_no_message_is_refused_before_the_sdk_sees_it(
    start: Start, body: bytes, status: int, words: str
) -> None:
    limit = 400_000 if b"0,0" in body else 2048
    async with start(max_body_bytes=limit) as doors:
        headers = {**ACCEPT, "Content-Type": "application/json"}
        answer = await doors.client.post("/mcp", content=body, headers=headers)
        error = answer.json()["error"]
        assert (answer.status_code, words in error["message"]) == (status, True), error
        assert error["data"]["request_id"] == answer.headers["X-Request-ID"]


async def test_only_json_is_posted(doors: Doors) -> None:
    assert (await doors.client.post("/mcp", content=b"{}", headers=ACCEPT)).status_code == 415
    for method in ("GET", "DELETE"):
        refused = await doors.client.request(method, "/mcp", headers=ACCEPT)
        assert (refused.status_code, refused.headers["Allow"], "error" in refused.json()) == (405, "POST", True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ARGUMENTS = st.dictionaries(
    st.sampled_from(["content", "source", "name", "pages", "dpi", "page", "job_id", "format", "password", "x"]),
    JSON | st.sampled_from(["Z29vZA==", "s3://pages/good", "1-2", "json"]),
    max_size=4,
)
MESSAGES = JSON | st.fixed_dictionaries(
    {
        "jsonrpc": st.just("2.0"),
        "id": JSON,
        "method": st.sampled_from(["tools/call", "initialize", "ping"]) | st.text(),
    },
    optional={
        "params": JSON
        | st.fixed_dictionaries(
            {"name": st.sampled_from([*TOOLS, "x"]), "arguments": ARGUMENTS}, optional={"_meta": JSON}
        )
    },
)


@settings(max_examples=30, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=MESSAGES, version=st.sampled_from(["", "2025-06-18", "2026-07-28", "x"]))
async def test_no_message_makes_the_service_fail(doors: Doors, message: object, version: str) -> None:
    headers = {**ACCEPT, **({"MCP-Protocol-Version": version} if version else {})}
    answer = await doors.client.post("/mcp", json=message, headers=headers)
    assert answer.status_code < 500, answer.text
    assert "internal" not in answer.text
    assert answer.status_code == 202 or answer.json()


def test_warnings_are_told_beside_text_and_stand_in_json() -> None:
    page = OcrPage(page=2, width=9, height=9, rotation=0, lines=[], text="")
    warning = WarningResult(code="truncated", message="it was cut", page=2)
    result = OcrResult(id="1", model="m", pages=[page], text="", warnings=[warning], timings_ms={})
    _, told = reading_answer(result, "text").content
    assert (told.type, getattr(told, "text", "")) == ("text", "warning: it was cut (truncated, page 2)")
    (alone,) = reading_answer(result, "json").content
    assert OcrResult.model_validate_json(getattr(alone, "text", "")) == result


def test_structure_is_told_beside_text() -> None:
    texts = [getattr(block, "text", "") for block in reading_answer(structured(), "text").content]
    assert texts[1].startswith("Table 1 of page 1:\n\n<table>\n<tr><th>Goods</th><th>Price</th></tr>\n")  # it has spans
    told = json.loads(texts[2])
    assert list(told) == ["fields", "marks", "codes"]
    assert told["fields"][0] == {
        **{"page": 1, "name": "date", "type": "date", "normalized": "2026-01-31", "confidence": 0.9},
        **{"label": "Date:", "value": "2026-01-31"},
    }
    assert told["marks"][0] == {"page": 1, "kind": "checkbox", "is_set": True, "confidence": 0.97, "label": "agreed"}
    assert told["codes"][0] == {"page": 1, "type": "qrcode", "text": "https://example.com"}
    assert len(reading_answer(structured(), "markdown").content) == 2  # which has tables in it
    assert len(reading_answer(structured(("layout",)), "text").content) == 1
    (alone,) = reading_answer(structured(), "json").content
    assert OcrResult.model_validate_json(getattr(alone, "text", "")) == structured()


async def test_structure_is_asked_for(doors: Doors) -> None:
    await called(doors, "read_document", content=encoded("good"), structure="codes,tables", furniture="drop")
    assert doors.document.options[-1].structure == ("tables", "codes")
    begun = await called(doors, "start_job", content=encoded("good"), structure="all")
    await doors.settle()
    assert len(doors.document.options[-1].structure) == 5
    assert not (await called(doors, "job_result", job_id=begun["structuredContent"]["job_id"])).get("isError")
    refused = failure(await called(doors, "read_document", content=encoded("good"), structure="pictures"))
    assert refused[0] == "malformed"


class _Reader:
    """Stands in for the reader of this process."""

    def __init__(self, *_arguments: object) -> None:
        pass

    def read(self, source: object, _options: object) -> OcrResult:
        if source == "bad":
            raise SourceNotFound("bad does not exist")
        return OcrResult(id="1", model="m", pages=[], text=str(source), warnings=[], timings_ms={})


async def test_jobs_of_this_process_are_kept_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_calls, "LocalReader", _Reader)
    monkeypatch.setattr(local_calls, "_MOST_JOBS", 2)
    desk = LocalDesk(Settings())
    first, second = desk.start("good", DocumentOptions()), desk.start("bad", DocumentOptions())
    with pytest.raises(Overloaded, match="2 jobs are in work"):
        desk.start("third", DocumentOptions())
    assert desk.job(first).state == "running"
    for job in desk._jobs.values():
        await job
    found = desk.job(first)
    assert (found.state, found.result and found.result.text) == ("succeeded", "good")
    assert (desk.job(second).state, str(desk.job(second).error)) == ("failed", "bad does not exist")
    third = desk.start("third", DocumentOptions())
    with pytest.raises(SourceNotFound, match="there is no job"):
        desk.job(first)
    await desk._jobs[third]
