"""The Python client: requests, retries, errors and results, with and without asyncio."""

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import rayocr
from rayocr import protocol, results
from rayocr.errors import error_class

import models.errors
from serve import results as served
from serve.api.answers import page_lines
from serve.api.requests.options import DetectRequest, OcrRequest

_PAGE = {"page": 1, "width": 9, "height": 9, "rotation": 0, "source": "ocr", "text": "RAIN", "lines": [], "new": 1}
_RESULT = {"id": "r1", "model": "m", "pages": [_PAGE], "text": "RAIN", "warnings": [], "timings_ms": {}}
_FULL = {"code": "overloaded", "detail": "all queues are full"}


def _client(*answers: httpx.Response | Exception, **arguments: Any) -> tuple[rayocr.Client, list[httpx.Request]]:
    left, seen = list(answers), list[httpx.Request]()

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        match left.pop(0):
            case httpx.Response() as given:
                return given
            case problem:
                raise problem

    return rayocr.Client("http://ocr.test", transport=httpx.MockTransport(answer), **arguments), seen


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr("rayocr.client.time.sleep", slept.append)
    return slept


def test_errors_are_those_of_the_service() -> None:
    theirs = {
        vars(kind)["code"]: name
        for name, kind in vars(models.errors).items()
        if "code" in getattr(kind, "__dict__", ())
    }
    ours = {code: error_class(code).__name__ for code in theirs}
    assert ours == theirs


@pytest.mark.parametrize(
    "name",
    [
        "WarningResult",
        "CharacterResult",
        "WordResult",
        "LineResult",
        "OcrPage",
        "OcrResult",
        "QuadResult",
        "DetectionPage",
        "DetectionResult",
    ],
)
def test_results_have_the_fields_of_the_service(name: str) -> None:
    ours = {each.name for each in dataclasses.fields(getattr(results, name))}
    assert ours == set(getattr(served, name).model_fields)


@pytest.mark.parametrize("name", ["PageLine", "PageError", "End"])
def test_streamed_lines_have_the_fields_of_the_service(name: str) -> None:
    ours = {each.name for each in dataclasses.fields(getattr(results, name))}
    assert ours == set(getattr(page_lines, f"_{name}").model_fields)


def test_options_are_those_of_the_service() -> None:
    sent = {"source", "request_id", "deadline_s"}
    methods = {"format", "stream", "visualize"}
    assert set(protocol.ReadOptions.__annotations__) - sent == set(OcrRequest.model_fields) - methods
    assert set(protocol.DetectOptions.__annotations__) - sent == set(DetectRequest.model_fields) - {"visualize"}


@pytest.mark.parametrize("form", ["path", "bytes", "file"])
def test_a_document_comes_as_path_bytes_or_file(form: str, tmp_path: Path) -> None:
    path = tmp_path / "ä.jpg"
    path.write_bytes(b"picture")
    client, seen = _client(httpx.Response(200, json=_RESULT), api_key="k")
    document = {"path": path, "bytes": b"picture", "file": io.BytesIO(b"picture")}[form]
    result = client.read(document, pages="1-", characters=True, password="p w")  # type: ignore[arg-type]
    assert (result.id, result.pages[0].text) == ("r1", "RAIN")
    assert seen[0].content == b"picture"
    assert dict(seen[0].url.params) == {"pages": "1-", "characters": "true", "format": "json"}
    assert (seen[0].headers["X-API-Key"], seen[0].headers["X-Document-Password"]) == ("k", "p%20w")


def test_a_source_is_sent_as_json_and_excludes_a_document() -> None:
    client, seen = _client(httpx.Response(200, json=_RESULT))
    client.read(source="s3://scans/1.jpg")
    assert json.loads(seen[0].content) == {"source": "s3://scans/1.jpg"}
    with pytest.raises(ValueError, match="either"):
        client.read(b"x", source="s3://scans/1.jpg")


def test_a_full_service_is_asked_again_after_the_pause_it_asks_for(pauses: list[float]) -> None:
    full = httpx.Response(503, json=_FULL, headers={"Retry-After": "7"})
    client, seen = _client(full, httpx.ConnectError("refused"), httpx.Response(200, json=_RESULT))
    assert client.read(b"x").text == "RAIN"
    assert len(seen) == 3
    assert 7 <= pauses[0] < 8
    assert pauses[1] < 2


@pytest.mark.parametrize(
    ("answer", "kind", "times"),
    [
        (httpx.Response(422, json={"code": "undecodable", "detail": "damaged"}), rayocr.Undecodable, 1),
        (httpx.Response(503, json=_FULL, headers={"Retry-After": "900"}), rayocr.Overloaded, 1),
        (httpx.Response(503, json=_FULL), rayocr.Overloaded, 2),
        (httpx.Response(500, text="<html>"), rayocr.RayocrError, 1),
        (httpx.ReadTimeout("slow"), rayocr.NoAnswer, 1),
        (httpx.ConnectError("refused"), rayocr.NoAnswer, 2),
    ],
    ids=["refused", "long pause", "full", "proxy", "slow", "away"],
)
def test_what_does_not_pass_is_raised(
    answer: httpx.Response | Exception, kind: type[rayocr.RayocrError], times: int, pauses: list[float]
) -> None:
    client, seen = _client(answer, answer, retries=1)
    with pytest.raises(kind) as caught:
        client.read(b"x")
    assert type(caught.value) is kind
    assert len(seen) == times


def test_a_file_has_its_warnings() -> None:
    headers = {"X-Rayocr-Warnings": "page_failed, truncated", "X-Rayocr-Failed-Pages": "2", "X-Request-ID": "r1"}
    client, seen = _client(httpx.Response(200, text="RAIN", headers=headers))
    file = client.export(b"x", format="text")
    assert (file.text, file.warnings, file.failed_pages) == ("RAIN", ("page_failed", "truncated"), "2")
    assert seen[0].url.params["format"] == "text"


_LINES = [
    {"page": _PAGE, "page_count": 2, "warnings": [], "timings_ms": {}},
    {"page_error": {"page": 2, "code": "too_large", "message": "large"}},
    {"end": {"id": "r1", "model": "m", "page_count": 2, "read": 1, "failed": 1, "warning_counts": {}}},
]


def _streamed(*lines: object) -> httpx.Response:
    return httpx.Response(200, text="".join(json.dumps(line) + "\n" for line in lines))


def test_pages_come_one_by_one_and_an_answer_without_its_end_broke_off() -> None:
    error = {"error": {"code": "deadline", "detail": "late", "status": 504, "request_id": "r1"}}
    client, _ = _client(_streamed(*_LINES), _streamed(_LINES[0]), _streamed(_LINES[0], error))
    kinds = [type(line) for line in client.pages(b"x")]
    assert kinds == [results.PageLine, results.PageError, results.End]
    with pytest.raises(rayocr.NoAnswer):
        list(client.pages(b"x"))
    with pytest.raises(rayocr.DeadlineExceeded) as caught:
        list(client.pages(b"x"))
    assert caught.value.request_id == "r1"


async def test_asyncio_does_the_same() -> None:
    answers = [httpx.Response(503, json=_FULL), httpx.Response(200, json=_RESULT), _streamed(*_LINES)]
    transport = httpx.MockTransport(lambda _: answers.pop(0))
    async with rayocr.AsyncClient("http://ocr.test", transport=transport) as client:
        assert (await client.read(b"x")).text == "RAIN"
        assert len([line async for line in client.pages(b"x")]) == 3
