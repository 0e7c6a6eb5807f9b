"""POST /v1/ocr with the real API and pages that do what the document says; tests/integration has the real stages."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from deployments.pipeline.attempts import Pipeline
from deployments.read_options import ReadOptions
from serve.api.application import build_api
from serve.api.service import Service
from serve.config.settings import Settings
from tests.unit.serve.documents.scripted_document import ScriptedDocument

_SECRET = "p%C3%A4ss w0rd"


class _Api:
    """The API, and what its stages were told."""

    def __init__(self, client: httpx.AsyncClient, route: ScriptedDocument, service: Service) -> None:
        self.client = client
        self.route = route
        self.service = service

    async def post(self, text: str = "good good good", **request: Any) -> httpx.Response:
        """Send a document as a form."""
        return await self.client.post("/v1/ocr", files={"file": ("Q1 report.tiff", text.encode())}, **request)

    @property
    def options(self) -> ReadOptions:
        """Of the last page that was read."""
        return self.route.options[-1]


@pytest.fixture
async def api() -> AsyncIterator[_Api]:
    route = ScriptedDocument()
    service = Service(Settings.model_validate({"http": {"max_pages": 20}}), Pipeline(route))
    transport = httpx.ASGITransport(build_api(service))
    async with httpx.AsyncClient(transport=transport, base_url="http://rayocr") as client:
        yield _Api(client, route, service)


def _lines(answer: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_result_holds_all_pages_and_warns_of_those_that_failed(api: _Api) -> None:
    answer = await api.post("good bad good")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    result = answer.json()
    assert [page["page"] for page in result["pages"]] == [1, 3]
    assert result["text"] == "page 1\fpage 3"
    assert [(warning["code"], warning["page"]) for warning in result["warnings"]] == [("page_failed", 2)]
    assert "undecodable" in result["warnings"][0]["message"]


@pytest.mark.parametrize("way", ["query", "form", "json"])
async def test_options_are_taken_from_url_form_and_json(api: _Api, way: str) -> None:
    options = {"pages": "2", "dpi": "200", "text_layer": "never", "characters": "true"}
    if way == "query":
        answer = await api.post(params=options)
    elif way == "form":
        answer = await api.post(data=options)
    else:
        body = {"source": "s3://pages/good good", **options, "dpi": 200, "characters": True}
        answer = await api.client.post("/v1/ocr", json=body)
    assert [page["page"] for page in answer.json()["pages"]] == [2], answer.text
    assert (api.options.dpi, api.options.text_layer, api.options.characters) == (200, "never", True)


@pytest.mark.parametrize("way", ["header", "form", "json"])
async def test_password_is_taken_from_header_form_and_json(api: _Api, way: str) -> None:
    if way == "header":
        await api.post(headers={"X-Document-Password": _SECRET})
    elif way == "form":
        await api.post(data={"password": "päss w0rd"})
    else:
        await api.client.post("/v1/ocr", json={"source": "s3://pages/good", "password": "päss w0rd"})
    assert api.options.password == "päss w0rd"


@pytest.mark.parametrize(
    "request_",
    [
        {"params": {"password": "päss w0rd"}},
        {"headers": {"X-Document-Password": _SECRET}, "data": {"dpi": "1"}},
        {"headers": {"X-Document-Password": _SECRET}, "data": {"password": "päss w0rd"}},
        {"data": {"password": "päss w0rd" * 200}},
        {"data": {"passwort": "päss w0rd"}},
    ],
)
async def test_password_is_repeated_in_no_error_and_no_log(
    api: _Api, caplog: pytest.LogCaptureFixture, request_: dict[str, Any]
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = await api.post(**request_)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    for text in (answer.text, *(record.getMessage() for record in caplog.records if record.name != "httpx")):
        assert "w0rd" not in text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"page": "1"}, "page"),
        ({"pages": "3-1"}, "ends before it begins"),
        ({"pages": "0"}, "'0'"),
        ({"dpi": "20"}, "36"),
        ({"text_layer": "yes"}, "'auto', 'always' or 'never'"),
        ({"format": "docx"}, "json, text, markdown"),
        ({"format": "tsv", "stream": "true"}, "stream"),
        ({"visualize": "true", "stream": "true"}, "visualize"),
        ({"visualize": "true", "pages": "1-2"}, "one page"),
    ],
)
async def test_wrong_option_is_400_and_named(api: _Api, query: dict[str, str], words: str) -> None:
    answer = await api.post(params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), answer.text
    assert words in answer.json()["detail"]
    assert api.route.begun == []


@pytest.mark.parametrize("query", ["?pages=1&pages=2", "?pages=1"])
async def test_option_given_twice_is_400(api: _Api, query: str) -> None:
    answer = await api.client.post(f"/v1/ocr{query}", files={"file": b"good good"}, data={"pages": "2"})
    assert (answer.status_code, "'pages' is given" in answer.json()["detail"]) == (400, True)


async def test_option_may_be_sent_as_a_file(api: _Api) -> None:
    files = {"file": ("a.txt", b"good good"), "pages": ("pages.txt", b"2")}
    answer = await api.client.post("/v1/ocr", files=files)
    assert [page["page"] for page in answer.json()["pages"]] == [2]
    unknown = await api.client.post("/v1/ocr", files={**files, "other": ("other.jpg", b"good")})
    assert (unknown.status_code, "'other' is not known" in unknown.json()["detail"]) == (400, True)
    large = await api.client.post("/v1/ocr", files={**files, "other": ("other.jpg", b"x" * 1_100_000)})
    assert (large.status_code, "'other' has more than" in large.json()["detail"]) == (413, True)


async def test_page_that_is_not_there_is_404_and_too_many_are_413(api: _Api) -> None:
    assert (await api.post(params={"pages": "4"})).status_code == 404
    refused = await api.post("good " * 30)
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert "pages=1-20" in refused.json()["detail"]


@pytest.mark.parametrize("asked", [{"params": {"stream": "true"}}, {"headers": {"Accept": "application/x-ndjson"}}])
async def test_lines_of_pages_end_with_what_became_of_them(api: _Api, asked: dict[str, Any]) -> None:
    answer = await api.post("good bad good", **asked)
    assert answer.headers["Content-Type"].startswith("application/x-ndjson")
    first, second, third, end = _lines(answer)
    assert (first["page"]["page"], first["page"]["text"], first["page_count"], first["warnings"]) == (
        1,
        "page 1",
        3,
        [],
    )
    assert second["page_error"]["page"] == 2
    assert (second["page_error"]["code"], second["page_error"]["message"]) == (
        "undecodable",
        "nothing of it can be read",
    )
    assert third["page"]["page"] == 3
    assert end["end"] == {
        "id": answer.headers["X-Request-ID"],
        "model": "ppocrv6-small",
        "page_count": 3,
        "read": 2,
        "failed": 1,
        "warning_counts": {"page_failed": 1},
    }


@pytest.mark.parametrize(
    ("text", "code", "status"), [("good waits", "deadline", 504), ("good unreachable", "storage_unavailable", 502)]
)
async def test_lines_that_can_not_go_on_end_with_the_error(api: _Api, text: str, code: str, status: int) -> None:
    answer = await api.post(text, params={"stream": "true"}, headers={"X-Request-Timeout": "0.3"})
    page, error = _lines(answer)
    assert (answer.status_code, page["page"]["page"]) == (200, 1)
    assert (error["error"]["code"], error["error"]["status"]) == (code, status)
    assert error["error"]["request_id"] == answer.headers["X-Request-ID"]


async def test_first_page_decides_the_status_of_lines(api: _Api) -> None:
    answer = await api.post("unsupported", params={"stream": "true"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (415, "application/problem+json")


async def test_format_wins_over_accept(api: _Api) -> None:
    answer = await api.post(params={"format": "json"}, headers={"Accept": "image/png"})
    assert answer.headers["Content-Type"] == "application/json"
    assert "Content-Disposition" not in answer.headers


async def test_picture_of_the_first_of_several_pages_says_so(api: _Api) -> None:
    answer = await api.post(headers={"Accept": "image/png"})
    assert (answer.content, answer.headers["X-Rayocr-Warnings"]) == (b"picture of page 1", "first_page_only")
    chosen = await api.post(params={"visualize": "true", "pages": "2"})
    assert (chosen.content, "X-Rayocr-Warnings" in chosen.headers) == (b"picture of page 2", False)


@pytest.mark.parametrize("text", ["good bad", "unsupported", "unforeseen"])
@pytest.mark.parametrize("stream", ["true", "false"])
async def test_place_of_a_request_is_free_at_its_end(api: _Api, text: str, stream: str) -> None:
    await api.post(text, params={"stream": stream})
    async with asyncio.timeout(5):
        await api.service.drain()
