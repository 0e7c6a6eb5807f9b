"""The plug-in of OCRmyPDF: a service that is full is asked again, and its refusals are not."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from ocrmypdf.exceptions import BadArgsError
from ocrmypdf_rayocr.plugin import RayocrOptions, _reader, check_options, get_ocr_engine
from ocrmypdf_rayocr.readers import ReadingError, reader_of

_PROBLEM = b'{"detail": "all queues are full", "code": "overloaded", "request_id": "r1"}'


@contextmanager
def _answering(*answers: tuple[int, bytes]) -> Iterator[tuple[str, list[str]]]:
    """A server on loopback that gives these answers in turn, and the keys that it was sent."""
    left, keys = list(answers), list[str]()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            keys.append(self.headers.get("Authorization", ""))
            status, content = left.pop(0)
            self.send_response(status)
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", keys
        server.shutdown()
        thread.join()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    page = tmp_path / "page.png"
    page.write_bytes(b"a page")
    return page


def test_full_service_is_asked_again(image: Path) -> None:
    with _answering((503, _PROBLEM), (200, b"<html/>")) as (url, keys):
        assert reader_of(url, "a-key").hocr(image) == b"<html/>"
        assert keys == ["Bearer a-key"] * 2


def test_refusal_is_final_and_keeps_its_words(image: Path) -> None:
    with (
        _answering((422, _PROBLEM)) as (url, _),
        pytest.raises(ReadingError, match=r"rayocr: all queues are full \(overloaded, request r1\)"),
    ):
        reader_of(url, None).hocr(image)


def test_another_service_is_named(image: Path) -> None:
    with _answering((404, b"no such page")) as (url, _), pytest.raises(ReadingError, match="is this a rayocr service"):
        reader_of(url, None).lines(image)


@pytest.mark.parametrize(("engine", "is_ours"), [("auto", True), ("rayocr", True), ("tesseract", False)])
def test_another_engine_can_be_chosen(engine: str, is_ours: bool) -> None:
    options = SimpleNamespace(ocr_engine=engine, pdf_renderer="sandwich", rayocr=RayocrOptions())
    assert (get_ocr_engine(options) is not None) == is_ours
    if is_ours:
        with pytest.raises(BadArgsError, match="sandwich"):
            check_options(options)
    else:
        check_options(options)


def test_key_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    options = SimpleNamespace(rayocr=RayocrOptions(url="http://127.0.0.1:9", api_key_file=str(tmp_path / "none")))
    with pytest.raises(BadArgsError, match="none: No such file"):
        _reader(options)
