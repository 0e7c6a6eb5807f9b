"""The Python client: requests, retries, errors and results, with and without asyncio."""

import dataclasses
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
import rayocr
from rayocr import jobs, protocol, results
from rayocr.errors import error_class

import models.errors
from serve import results as served
from serve.api import job_models
from serve.api.answers import page_lines
from serve.api.requests.options import DetectRequest, OcrRequest
from serve.documents.options import DocumentOptions
from serve.exports import FORMATS
from serve.jobs.background import file_result

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


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (jobs.Job, job_models.JobResult),
        (jobs.JobList, job_models.JobList),
        (jobs.WebhookResult, job_models.WebhookResult),
        (jobs.WebhookAttempt, job_models.WebhookAttempt),
        (jobs.JobPageError, job_models.PageError),
        (jobs.FileResult, file_result.FileResult),
    ],
)
def test_jobs_have_the_fields_of_the_service(ours: Any, theirs: Any) -> None:
    assert {each.name for each in dataclasses.fields(ours)} == set(theirs.model_fields)


def test_events_have_the_fields_of_the_service_and_their_id() -> None:
    ours = {each.name for each in dataclasses.fields(jobs.PageEvent)}
    assert ours == {*job_models.PageEvent.model_fields, "id"}


def test_options_are_those_of_the_service() -> None:
    sent = {"source", "request_id", "deadline_s", "progress"}
    assert set(protocol.JobOptions.__annotations__) == set(DocumentOptions.model_fields)
    assert {*get_args(protocol.Format), "json"} == set(FORMATS)
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


_JOB = {
    "id": "j1",
    "state": "queued",
    "total": 2,
    "done": 0,
    "failed": 0,
    "progress": 0.0,
    "queue_position": 1,
    "created": "2026-11-22T08:15:30Z",
    "started": None,
    "ended": None,
    "expires": None,
    "warnings": [],
    "links": {"self": "/v1/jobs/j1"},
    "webhook": None,
}
_ENDED = {**_JOB, "state": "partial", "done": 1, "failed": 1, "progress": 1.0, "queue_position": None}


def test_a_job_of_files_is_sent_as_a_form_and_again_with_the_same_key(tmp_path: Path, pauses: list[float]) -> None:
    scan = tmp_path / "ä.jpg"
    scan.write_bytes(b"x" * 200_000)
    client, seen = _client(httpx.ReadError("reset"), httpx.Response(202, json=_JOB))
    sent: list[tuple[int, int]] = []
    job = client.submit(
        [scan, b"bytes", io.BytesIO(b"file")],
        sources=["s3://scans/a"],
        webhook="https://here.test/",
        progress=lambda done, total: sent.append((done, total)),
        pages="1-2",
    )
    assert (job.id, job.is_ended, len(seen)) == ("j1", False, 2)
    first, again = (request.content for request in seen)
    boundaries = [request.headers["Content-Type"].split("boundary=")[1].encode() for request in seen]
    assert first.replace(boundaries[0], b"-") == again.replace(boundaries[1], b"-")
    assert seen[0].headers["Idempotency-Key"] == seen[1].headers["Idempotency-Key"]
    for part in (b"x" * 200_000, b'filename="document-2"', b'{"pages": "1-2"}', b"s3://scans/a", b"https://here.test/"):
        assert first.count(part) == 1
    assert sent[-1] == (len(again), len(again))
    assert len(sent) > 5


def test_a_job_of_places_is_json() -> None:
    client, seen = _client(httpx.Response(202, json=_JOB))
    client.submit(prefix="s3://scans/", format="pdf", idempotency_key="march")
    assert json.loads(seen[0].content) == {"sources": [], "options": {"format": "pdf"}, "prefix": "s3://scans/"}
    assert seen[0].headers["Idempotency-Key"] == "march"


def _event(kind: str, data: object, number: int | None = None) -> str:
    return f"event: {kind}\ndata: {json.dumps(data)}\n" + (f"id: {number}\n" if number else "") + "\n"


def _page(number: int, code: str | None = None) -> dict[str, object]:
    return {"page": number, "name": f"{number}.jpg", "state": "failed" if code else "done", "code": code}


class _Broken(httpx.SyncByteStream):
    def __init__(self, text: str) -> None:
        self._text = text

    def __iter__(self) -> Iterator[bytes]:
        yield self._text.encode()
        raise httpx.ReadTimeout("silence")


def test_events_go_on_after_the_last_one_that_came(pauses: list[float]) -> None:
    whole = _event("page", _page(1), 1)
    client, seen = _client(
        httpx.Response(200, stream=_Broken(_event("state", _JOB) + whole + "event: page\ndata: ")),
        httpx.Response(200, text=_event("state", _JOB) + ": ping\n\n"),
        httpx.ConnectError("refused"),
        httpx.Response(200, text=_event("page", _page(2, "undecodable"), 2) + _event("end", _ENDED, 3)),
    )
    events = [*client.watch("j1")]
    assert [event.id if isinstance(event, jobs.PageEvent) else event.state for event in events] == [
        "queued", 1, "queued", 2, "partial",
    ]  # fmt: skip
    assert [request.headers.get("Last-Event-ID") for request in seen] == [None, "1", "1", "1"]
    assert len(pauses) == 3


def test_events_after_the_last_one_are_none() -> None:
    client, seen = _client(httpx.Response(204))
    assert [*client.watch("j1", after=3)] == []
    assert seen[0].headers["Last-Event-ID"] == "3"


def test_events_that_break_off_again_and_again_are_given_up(pauses: list[float]) -> None:
    client, seen = _client(*[httpx.Response(200, text=": ping\n\n")] * 20)
    with pytest.raises(rayocr.NoAnswer):
        list(client.watch("j1"))
    assert len(seen) == protocol.PATIENT_RETRIES + 1


_READ = {"page": 1, "name": "a.jpg", "state": "done", "error": None, "result": _RESULT}
_FILE = {
    "format": "pdf", "media_type": "application/pdf", "extension": ".pdf", "encoding": "base64",
    "content": "JVBERg==", "warnings": [],
}  # fmt: skip
_WRITTEN = {**_READ, "page": 2, "result": _FILE}
_GIVEN_UP = {
    "page": 3, "name": "c", "state": "failed", "error": {"code": "undecodable", "message": "no"}, "result": None
}  # fmt: skip


def _lines(*lines: object) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


def test_results_follow_the_link_and_go_on_after_the_last_one_that_came(pauses: list[float]) -> None:
    link = {"Link": '</ocr/v1/jobs/j1/result?after=2&limit=2>; rel="next"'}
    client, seen = _client(
        httpx.Response(200, stream=_Broken(_lines(_READ) + '{"page": 2')),
        httpx.Response(200, text=_lines(_WRITTEN), headers=link),
        httpx.Response(200, text=_lines(_GIVEN_UP)),
    )
    pages = [*client.results("j1")]
    assert [request.url.params["after"] for request in seen] == ["0", "1", "2"]
    read, written, given_up = pages
    assert (read.result.text if read.result else None, read.file) == ("RAIN", None)
    assert (written.file.data if written.file else None, written.result) == (b"%PDF", None)
    assert (given_up.error.code if given_up.error else None, given_up.result, given_up.file) == (
        "undecodable", None, None,
    )  # fmt: skip
    assert json.loads(given_up.line) == _GIVEN_UP


def test_jobs_are_listed_to_the_end() -> None:
    client, seen = _client(
        httpx.Response(200, json={"jobs": [_JOB], "next": "7"}),
        httpx.Response(200, json={"jobs": [_ENDED], "next": None}),
    )
    assert [job.state for job in client.jobs(["queued", "partial"])] == ["queued", "partial"]
    assert [request.url.params.get("cursor") for request in seen] == [None, "7"]
    assert seen[0].url.params.get_list("state") == ["queued", "partial"]


def test_a_job_that_may_be_cancelled_already_is_not_cancelled_again(pauses: list[float]) -> None:
    client, seen = _client(httpx.ConnectError("refused"), httpx.ReadError("reset"), httpx.Response(204))
    with pytest.raises(rayocr.NoAnswer):
        client.cancel("j1")
    assert len(seen) == 2
    assert client.cancel("j1") is None


@pytest.mark.parametrize("url", ["localhost:8000", "ocr.test", "http://", "ftp://ocr.test", "http://[::"])
def test_an_address_that_is_none_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(rayocr.MalformedRequest):
        rayocr.Client(url)


@pytest.mark.parametrize("job_id", ["", "..", "../ocr", "a b", "ä"])
def test_an_id_that_is_none_is_refused_before_anything_is_sent(job_id: str) -> None:
    client, seen = _client()
    for asked in (client.job, client.cancel, client.wait, lambda job_id: list(client.results(job_id))):
        with pytest.raises(rayocr.MalformedRequest, match="not the id"):
            asked(job_id)
    assert not seen


@pytest.mark.parametrize("answer", [httpx.Response(200, text="<html>"), httpx.Response(200, json={"ok": True})])
def test_another_service_is_named_as_such(answer: httpx.Response) -> None:
    client, _ = _client(answer)
    with pytest.raises(rayocr.RayocrError, match=r"ocr\.test is not a rayocr service"):
        client.read(b"x")


async def test_jobs_with_asyncio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rayocr.protocol._jitter_s", lambda _: 0.0)
    scan = tmp_path / "a.jpg"
    scan.write_bytes(b"x" * 100_000)
    sent: list[int] = []
    answers = [
        httpx.Response(202, json=_JOB),
        httpx.Response(200, text=_event("page", _page(1), 1)),
        httpx.Response(200, text=_event("end", _ENDED, 3)),
        httpx.Response(200, json=_ENDED),
        httpx.Response(200, text=_lines(_READ, _WRITTEN, _GIVEN_UP)),
        httpx.Response(200, json={"jobs": [_JOB], "next": None}),
        httpx.Response(204),
    ]

    async def answer(request: httpx.Request) -> httpx.Response:
        await request.aread()
        return answers.pop(0)

    async with rayocr.AsyncClient("http://ocr.test", transport=httpx.MockTransport(answer)) as client:
        job = await client.submit([scan], progress=lambda done, _: sent.append(done))
        assert (await client.wait(job.id)).state == "partial"
        assert [page.page async for page in client.results(job.id)] == [1, 2, 3]
        assert [job.id async for job in client.jobs()] == ["j1"]
        assert await client.cancel(job.id) is None
    assert sent == sorted(sent)
    assert sent[-1] > 100_000
