"""What a document is answered with, and what the file is called."""

import re
from urllib.parse import unquote

import pytest

from models.errors import MalformedRequest
from serve.api.answers.documents import FORMAT_TYPES, LINES, PICTURE, answer_format
from serve.api.answers.files import file_headers
from serve.api.answers.negotiation import preferred_type
from serve.api.requests.options import OcrQuery, OcrRequest
from serve.exports import FORMATS, export_format

_OFFERED = ["application/json", "text/plain", "application/pdf", "image/png"]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", None),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/*", "text/plain"),
        ("IMAGE/PNG", "image/png"),
        ("application/pdf;q=0.5, text/plain;q=0.8", "text/plain"),
        ("application/pdf, text/plain", "text/plain"),  # alike: as the server offers them
        ("text/html, application/pdf;q=0.9, */*;q=0.1", "application/pdf"),
        ("application/json;q=0, */*;q=0.1", "text/plain"),  # the narrower range counts
        ("text/plain; charset=utf-8 ; q=1.0", "text/plain"),
        ("application/pdf;q=0", None),
        ("audio/mpeg", None),
        ("text/plain;q=nan, text/plain;q=many, ;;, q=1", None),
        ("x/y, " * 10_000 + "text/plain", None),
    ],
)
def test_client_gets_the_type_it_likes_best(accept: str, expected: str | None) -> None:
    assert preferred_type(accept, _OFFERED) == expected


@pytest.mark.parametrize(
    ("options", "accept", "expected"),
    [
        ({}, "audio/mpeg", "json"),
        ({}, "image/png, application/json", "json"),
        ({}, "text/html,application/xhtml+xml,*/*;q=0.8", "json"),  # a browser
        ({}, "image/png", PICTURE),
        ({}, "application/x-ndjson", LINES),
        ({"stream": False}, "application/x-ndjson", "json"),
        ({"format": "pdf"}, "application/json", "pdf"),
        ({"format": "json", "stream": True}, "application/pdf", LINES),
        ({"visualize": True}, "application/pdf", PICTURE),
        ({}, "text/html", "json"),  # browsers ask for it, whatever they want
        ({"format": "html"}, "*/*", "html"),
        ({"structure": "tables"}, "text/csv", "csv"),
        *(({}, media_type, name) for name, media_type in FORMAT_TYPES.items() if name not in ("html", "csv")),
    ],
)
def test_option_wins_over_accept(options: dict[str, object], accept: str, expected: str) -> None:
    assert answer_format(OcrRequest.model_validate(options), accept) == expected


@pytest.mark.parametrize("options", [{}, {"structure": "layout"}])
def test_csv_needs_tables(options: dict[str, str]) -> None:
    with pytest.raises(MalformedRequest, match="csv holds nothing but tables: add structure=tables"):
        answer_format(OcrRequest.model_validate(options), "text/csv")
    with pytest.raises(MalformedRequest, match="add structure=tables"):
        OcrRequest.model_validate({**options, "format": "csv"})
    OcrQuery.model_validate({**options, "format": "csv"})  # the rest may stand in the body


def test_types_are_those_of_the_formats() -> None:
    assert {name: export_format(name).media_type for name in FORMATS} == FORMAT_TYPES


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("scans/Q1 report.v2.tiff", "Q1 report.v2.pdf"),
        (None, "document.pdf"),
        ("C:\\scans\\page.png", "page.pdf"),
        ("../../.ssh/", "ssh.pdf"),
        ('a"; filename=b.exe', "a_ filename=b.pdf"),
        ("line\r\nSet-Cookie: x.png", "line_Set-Cookie_ x.pdf"),
        ("发票 №7.png", "发票 №7.pdf"),
        ("\udc80.png", "_.pdf"),
        ("x" * 5000 + ".png", "x" * 60 + ".pdf"),
    ],
)
def test_file_is_named_after_the_document(title: str | None, expected: str) -> None:
    header = file_headers(title, "application/pdf", ".pdf")["Content-Disposition"]
    header.encode("latin-1")
    assert not re.search(r"[\r\n]", header)
    plain = re.fullmatch(r'attachment; filename="([^"\\]*)"(?:; filename\*=UTF-8\'\'(\S+))?', header)
    assert plain is not None, header
    assert unquote(plain[2] or plain[1]) == expected
    assert plain[1].isascii()


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("text/plain", "text/plain; charset=utf-8"),
        ("application/alto+xml", "application/alto+xml; charset=utf-8"),
        ("application/pdf", "application/pdf"),
    ],
)
def test_text_says_its_encoding(media_type: str, expected: str) -> None:
    headers = file_headers("a.png", media_type, ".x")
    assert (headers["Content-Type"], headers["X-Content-Type-Options"]) == (expected, "nosniff")
