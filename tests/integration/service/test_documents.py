"""Documents of several pages over HTTP: which pages, in which format, as they come, and clients that leave."""

import io
import json
import time
import zipfile
from typing import Any
from urllib.parse import quote

import httpx
import img2pdf  # type: ignore[import-untyped]
import pikepdf
import pytest
from PIL import Image

from tests.minio import MinioServer
from tests.pictures import drawn_page, encoded
from tests.service import RunningService

_WORDS = ("RAIN", "SNOW", "HAIL", "FROST", "CLOUD")
_SECRET = "schlüssel 7"
# For requests that many others come before.
_LONG = {"X-Request-Timeout": "90"}


def _pdf(*words: str) -> bytes:
    """A scan: a picture a page, no text."""
    content: bytes = img2pdf.convert([encoded(drawn_page(f"{word} TODAY", "TOTAL 13.50")) for word in words])
    return content


def _tiff(*words: str, broken: int = 0) -> bytes:
    """A TIFF whose page of that number has more pixels than may be."""
    pages = [Image.fromarray(drawn_page(f"{word} TODAY")) for word in words]
    if broken:
        pages[broken - 1] = Image.new("1", (13_000, 13_000), 1)
    stream = io.BytesIO()
    pages[0].save(stream, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_deflate")
    return stream.getvalue()


_PDF = _pdf(*_WORDS)


def _post(client: httpx.Client, body: bytes = _PDF, name: str = "weather.pdf", **request: Any) -> httpx.Response:
    return client.post("/v1/ocr", files={"file": (name, body)}, **request)


def _read(answer: httpx.Response) -> list[tuple[int, str]]:
    assert answer.status_code == 200, answer.text
    return [(page["page"], page["text"].split()[0]) for page in answer.json()["pages"]]


def test_all_pages_are_read_in_order(client: httpx.Client) -> None:
    answer = _post(client)
    assert _read(answer) == [*enumerate(_WORDS, 1)]
    assert [text.split()[0] for text in answer.json()["text"].split("\f")] == [*_WORDS]
    assert answer.json()["warnings"] == []


def test_only_the_pages_asked_for_are_read(client: httpx.Client) -> None:
    assert _read(_post(client, params={"pages": "4-,2"})) == [(2, "SNOW"), (4, "FROST"), (5, "CLOUD")]


def test_source_takes_the_options_beside_it(client: httpx.Client, minio: MinioServer) -> None:
    bucket = minio.bucket()
    minio.client.put_object(Bucket=bucket, Key="2026/weather.pdf", Body=_PDF)
    source = {"source": f"s3://{bucket}/2026/weather.pdf", "pages": "2-3"}
    assert _read(client.post("/v1/ocr", json=source)) == [(2, "SNOW"), (3, "HAIL")]
    searchable = client.post("/v1/ocr", json={**source, "format": "pdf"})
    assert searchable.headers["Content-Disposition"] == 'attachment; filename="weather.pdf"'
    with pikepdf.open(io.BytesIO(searchable.content)) as pdf:
        assert len(pdf.pages) == len(_WORDS)


def test_page_that_is_not_there_is_404(client: httpx.Client) -> None:
    for pages in ("6", "1,6"):
        answer = _post(client, params={"pages": pages})
        assert (answer.status_code, answer.json()["code"]) == (404, "source_not_found"), answer.text


@pytest.mark.parametrize("broken", [1, 2])
def test_page_that_can_not_be_read_is_left_out_with_a_warning(client: httpx.Client, broken: int) -> None:
    answer = _post(client, _tiff("RAIN", "SNOW", "HAIL", broken=broken), "weather.tiff")
    expected = [(number, word) for number, word in enumerate(("RAIN", "SNOW", "HAIL"), 1) if number != broken]
    assert _read(answer) == expected
    (warning,) = answer.json()["warnings"]
    assert (warning["code"], warning["page"], "too_large" in warning["message"]) == ("page_failed", broken, True)


def test_page_that_can_not_be_read_is_named_beside_a_file(client: httpx.Client) -> None:
    answer = _post(client, _tiff("RAIN", "SNOW", "HAIL", broken=2), "weather.tiff", params={"format": "text"})
    assert (answer.headers["X-Rayocr-Warnings"], answer.headers["X-Rayocr-Failed-Pages"]) == ("page_failed", "2")
    assert [page.split()[0] for page in answer.text.split("\f")] == ["RAIN", "HAIL"]


@pytest.mark.parametrize(
    ("name", "media_type", "file", "words"),
    [
        ("text", "text/plain; charset=utf-8", "weather.txt", "HAIL"),
        ("markdown", "text/markdown; charset=utf-8", "weather.md", "HAIL"),
        ("tsv", "text/tab-separated-values; charset=utf-8", "weather.tsv", "HAIL"),
        ("hocr", "text/vnd.hocr+html; charset=utf-8", "weather.hocr", "HAIL"),
        ("alto", "application/alto+xml; charset=utf-8", "weather.xml", "HAIL"),
        ("page", "application/vnd.prima.page+xml; charset=utf-8", "weather.xml", "HAIL"),
        ("pdf", "application/pdf", "weather.pdf", None),
    ],
)
def test_each_format_has_its_type_and_name(
    client: httpx.Client, name: str, media_type: str, file: str, words: str | None
) -> None:
    chosen = _post(client, params={"format": name, "pages": "3"})
    assert chosen.status_code == 200, chosen.text
    assert chosen.headers["Content-Type"] == media_type
    assert chosen.headers["Content-Disposition"] == f'attachment; filename="{file}"'
    accepted = _post(client, params={"pages": "3"}, headers={"Accept": media_type.partition(";")[0]})
    assert accepted.headers["Content-Type"] == media_type
    if words is not None:
        assert words in chosen.text


def test_page_xml_of_several_pages_is_an_archive(client: httpx.Client) -> None:
    answer = _post(client, params={"format": "page", "pages": "1-2"})
    assert (answer.headers["Content-Type"], answer.headers["Content-Disposition"]) == (
        "application/zip",
        'attachment; filename="weather.zip"',
    )
    assert len(zipfile.ZipFile(io.BytesIO(answer.content)).namelist()) == 2


@pytest.mark.parametrize("route", ["/v1/ocr", "/v1/detect"])
def test_one_page_of_several_is_drawn_and_said_to_be_the_first(client: httpx.Client, route: str) -> None:
    answer = client.post(route, files={"file": _PDF}, headers={"Accept": "image/png"})
    assert (answer.headers["Content-Type"], answer.headers["X-Rayocr-Warnings"]) == ("image/png", "first_page_only")


def test_detection_searches_the_page_that_is_asked_for(client: httpx.Client) -> None:
    body = _tiff("RAIN", "SNOW", "HAIL", broken=1)
    chosen = client.post("/v1/detect", files={"file": body}, params={"page": "2"}).json()
    assert [(page["page"], len(page["lines"])) for page in chosen["pages"]] == [(2, 1)]
    assert chosen["warnings"] == []
    first = client.post("/v1/detect", files={"file": _PDF}).json()
    assert [warning["code"] for warning in first["warnings"]] == ["first_page_only"]
    assert client.post("/v1/detect", files={"file": _PDF}, params={"page": "6"}).status_code == 404
    assert client.post("/v1/detect", files={"file": _PDF}, params={"page": "0"}).status_code == 400


def test_password_opens_and_stands_in_no_log(service: RunningService, client: httpx.Client) -> None:
    locked = io.BytesIO()
    with pikepdf.open(io.BytesIO(_pdf("RAIN"))) as pdf:
        pdf.save(locked, encryption=pikepdf.Encryption(owner="other", user=_SECRET, R=6))
    assert _post(client, locked.getvalue()).json()["code"] == "undecodable"
    header = {"X-Document-Password": quote(_SECRET)}
    assert _read(_post(client, locked.getvalue(), headers=header)) == [(1, "RAIN")]
    assert _read(_post(client, locked.getvalue(), data={"password": _SECRET})) == [(1, "RAIN")]
    refused = _post(client, locked.getvalue(), params={"password": _SECRET})
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed")
    time.sleep(1)  # logs are written soon after
    for answer_or_log in (refused.text, *(file.read_text() for file in service.log_directory.rglob("*.log"))):
        assert not any(secret in answer_or_log for secret in (_SECRET, quote(_SECRET)))


def test_lines_come_one_by_one_while_the_rest_is_read(client: httpx.Client) -> None:
    rows = [f"ROW {number} OF A LONG PAGE 0123456789" for number in range(12)]
    slow = img2pdf.convert([encoded(drawn_page(f"PAGE {number}", *rows, width=900)) for number in range(12)])
    times, lines = [], []
    headers = {"Accept": "application/x-ndjson", **_LONG}
    started = time.monotonic()
    with client.stream("POST", "/v1/ocr", files={"file": slow}, headers=headers) as answer:
        assert answer.headers["Content-Type"].startswith("application/x-ndjson")
        for line in answer.iter_lines():
            times.append(time.monotonic() - started)
            lines.append(json.loads(line))
    *pages, end = lines
    assert [line["page"]["page"] for line in pages] == [*range(1, 13)]
    assert [line["page"]["text"].split("\n")[0] for line in pages] == [f"PAGE {number}" for number in range(12)]
    assert {line["page_count"] for line in pages} == {12}
    assert (end["end"]["read"], end["end"]["failed"], end["end"]["id"]) == (12, 0, answer.headers["X-Request-ID"])
    # a proxy that held them back would give all of them at the end
    assert times[0] < 0.8 * times[-1]


def test_client_that_leaves_stops_the_work_and_frees_its_place(service: RunningService) -> None:
    body = _pdf(*_WORDS * 12)
    with httpx.Client(base_url=service.url, timeout=100, trust_env=False) as client:
        for attempt in range(3):
            headers = {"Accept": "application/x-ndjson", "X-Request-ID": f"leaves-{attempt}", **_LONG}
            with client.stream("POST", "/v1/ocr", files={"file": body}, headers=headers) as answer:
                assert "page" in json.loads(next(answer.iter_lines()))
        begun = _settled_rows(service, "leaves-")
        assert 0 < begun < 3 * 12, "of 3 * 60 pages"
        assert _read(_post(client)) == [*enumerate(_WORDS, 1)]


def _settled_rows(service: RunningService, request_ids: str) -> int:
    """Pages that recognition was asked for by these requests, once no more are added."""
    before = -1
    while True:
        logs = [file.read_text().splitlines() for file in service.log_directory.rglob("*.log")]
        rows = [row for log in logs for row in log if f'"request_id": "{request_ids}' in row and '"recognition"' in row]
        if len(rows) == before:
            return before
        before = len(rows)
        time.sleep(1)


def test_lines_end_with_the_error_when_the_time_runs_out(client: httpx.Client) -> None:
    body = _pdf(*_WORDS * 30)
    answer = _post(client, body, headers={"Accept": "application/x-ndjson", "X-Request-Timeout": "4"})
    *pages, last = [json.loads(line) for line in answer.text.splitlines()]
    assert (last["error"]["code"], last["error"]["status"]) == ("deadline", 504)
    assert 0 < len(pages) < 150
    assert [line["page"]["page"] for line in pages] == [*range(1, len(pages) + 1)]


def test_openapi_names_options_formats_and_the_lines(client: httpx.Client) -> None:
    post = client.get("/openapi.json").json()["paths"]["/v1/ocr"]["post"]
    named = {parameter["name"] for parameter in post["parameters"]}
    assert named >= {
        "pages",
        "dpi",
        "text_layer",
        "orientation",
        "characters",
        "format",
        "stream",
        "X-Document-Password",
    }
    assert "password" not in named
    content = post["responses"]["200"]["content"]
    assert {"application/json", "application/x-ndjson", "application/pdf", "text/plain"} <= set(content)
    lines = [json.loads(line) for line in content["application/x-ndjson"]["example"].splitlines()]
    assert [next(iter(line)) for line in lines] == ["page", "page_error", "page", "end"]
    fields = post["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    assert {"file", "pages", "password", "format"} <= set(fields)
