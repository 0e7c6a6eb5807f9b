"""`rayocr check` against servers that answer what they should not. Against the real service: tests/integration."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest

from serve.cli.application import run
from serve.cli.console import Invocation

Answer = tuple[int, Any]
WORDS = {"id": "1", "model": "m", "pages": [], "text": "RayOCR\n2719", "warnings": [], "timings_ms": {}}


def problem(status: int, code: str, detail: str) -> Answer:
    return status, {"code": code, "detail": detail}


class Service(BaseHTTPRequestHandler):
    """Answers each path with the next of its answers, the last one for good."""

    answers: ClassVar[dict[str, list[Answer]]] = {}
    keys: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        queue = self.answers[self.path.partition("?")[0]]
        status, body = queue.pop(0) if len(queue) > 1 else queue[0]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode() if isinstance(body, str) else json.dumps(body).encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.keys.append(self.headers["X-API-Key"])
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    Service.answers, Service.keys = {"/readyz": [(200, "ok")], "/v1/ocr": [(200, WORDS)]}, []
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def check(*arguments: str) -> int:
    return run(["check", *arguments], Invocation())


def test_words_that_are_read_are_told_with_the_time(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(url) == 0
    assert capsys.readouterr().out.startswith("ok: read 'rayocr 2719' in 0.")
    assert Service.keys == [None]


@pytest.mark.parametrize(
    ("path", "answers"),
    [
        ("/readyz", [problem(503, "overloaded", "not ready: the model loads"), (200, "ok")]),
        ("/readyz", [(404, "Path '/readyz' not found."), (200, "ok")]),
        ("/v1/ocr", [problem(503, "overloaded", "64 requests are in work"), (200, WORDS)]),
    ],
    ids=["not ready", "not deployed", "full"],
)
def test_what_passes_is_waited_for(url: str, path: str, answers: list[Answer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serve.cli.check._PAUSE_S", 0.01)
    Service.answers[path] = answers
    assert check(url, "--timeout", "5") == 0


@pytest.mark.parametrize(
    ("path", "answer", "code", "message"),
    [
        (
            "/readyz",
            problem(503, "overloaded", "not ready: the bucket"),
            75,
            "does not read after 0 s: not ready: the bucket",
        ),
        ("/readyz", (404, "Path '/readyz' not found."), 75, "/readyz answered 404: Path '/readyz' not found."),
        ("/v1/ocr", problem(401, "unauthorized", "an API key is needed"), 77, "an API key is needed"),
        ("/v1/ocr", problem(500, "model_output", "the net broke"), 70, "the net broke"),
        ("/v1/ocr", (500, "Internal Server Error"), 70, "/v1/ocr answered 500: Internal Server Error"),
        (
            "/v1/ocr",
            (200, {**WORDS, "text": "ravocr 2719"}),
            70,
            "a picture of 'rayocr 2719' was read as 'ravocr 2719'",
        ),
        ("/v1/ocr", (200, "<html>welcome</html>"), 70, "is not a rayocr service: it answered '<html>welcome</html>'"),
    ],
    ids=["not ready", "not deployed", "no key", "known error", "unknown error", "misread", "no rayocr"],
)
def test_failure_ends_with_its_code_and_a_sentence(
    url: str, path: str, answer: Answer, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Service.answers[path] = [answer]
    assert check(url, "--timeout", "0") == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_address_without_a_scheme_ends_with_64(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("127.0.0.1:8000") == 64
    assert "is not the address of a service: write http://HOST:PORT" in capsys.readouterr().err


def test_missing_key_file_ends_with_78(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("http://127.0.0.1:9", "--api-key-file", "/nowhere/key") == 78
    assert "the API key can't be read from /nowhere/key" in capsys.readouterr().err
