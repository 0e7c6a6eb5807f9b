"""Bad input and a service that fails: each is a sentence that says what to do, and nothing is lost by any of them."""

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pikepdf
import pytest
from playwright.sync_api import Route, expect

from tests.integration.web.page import RECEIPT, LoadedPage, file_of, many_pages
from tests.integration.web.wire import Wire, wire_to
from tests.nets import QUICK_NETS
from tests.pdfs import helvetica_pdf
from tests.pictures import drawn_page, encoded
from tests.service import RunningService, running_service
from tests.waiting import until_true

_PAGE = encoded(drawn_page("INVOICE 2041", "TOTAL 13.50"))
_TEXTS = ["INVOICE 2041", "TOTAL 13.50"]
_MIB = 1024**2
_KEY, _NEXT_KEY = "alice-0123456789abcdef", "alice-fedcba9876543210"
_REQUEST_ID = re.compile("request [0-9a-f-]{36}")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.txt", b"only some notes", "rayocr reads PDF, JPEG"),
        ("damaged.pdf", b"%PDF-1.7\nnothing of a PDF", "send an undamaged copy"),
    ],
)
def test_document_that_cannot_be_read_is_refused_in_words_of_the_api(
    loaded: LoadedPage, name: str, content: bytes, words: str
) -> None:
    loaded.give(name, content)
    expect(loaded.errors).to_have_count(1)
    expect(loaded.errors).to_contain_text(words)
    expect(loaded.errors).to_contain_text(_REQUEST_ID)
    expect(loaded.page.locator(".progress strong")).to_have_text(name)
    loaded.read("page.png", _PAGE)
    expect(loaded.lines).to_have_text(_TEXTS)
    expect(loaded.errors).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("nothing.png", b"", "nothing.png is empty (0 bytes)"),
        ("large.png", bytes(9 * _MIB), "large.png has 9.0 MiB; this service takes at most 8.0 MiB"),
    ],
)
def test_file_that_cannot_be_sent_is_not_sent(loaded: LoadedPage, name: str, content: bytes, words: str) -> None:
    loaded.read("page.png", _PAGE)
    asked: list[str] = []
    loaded.page.on("request", lambda request: asked.append(request.url))
    loaded.give(name, content)
    expect(loaded.errors).to_contain_text(words)
    expect(loaded.lines).to_have_text(_TEXTS)
    assert [url for url in asked if "/v1/" in url] == []


def test_wrong_option_is_named_and_can_be_mended(loaded: LoadedPage) -> None:
    loaded.page.click(".options-drawer summary")
    loaded.page.fill(".options-drawer [name=pages]", "one")
    loaded.give("page.png", _PAGE)
    expect(loaded.errors).to_contain_text("pages")
    loaded.page.fill(".options-drawer [name=pages]", "1")
    loaded.page.click(".notice.error .retry")
    expect(loaded.lines).to_have_text(_TEXTS)


def test_encrypted_pdf_asks_for_its_password(loaded: LoadedPage) -> None:
    stream = io.BytesIO()
    with pikepdf.open(io.BytesIO(helvetica_pdf(["A letter that is locked"]))) as pdf:
        pdf.save(stream, encryption=pikepdf.Encryption(user="pass wörd", owner="other"))
    loaded.give("locked.pdf", stream.getvalue())
    expect(loaded.errors).to_contain_text("password")
    field = loaded.page.locator("#read [name=password]")
    expect(field).to_be_focused()
    field.fill("pass wörd")
    loaded.page.click(".notice.error .retry")
    expect(loaded.lines).to_have_text(["A letter that is locked"])
    loaded.picture_is_shown()


def test_full_service_is_asked_three_times_more_with_a_countdown(loaded: LoadedPage) -> None:
    asked = 0

    def full(route: Route) -> None:
        nonlocal asked
        asked += 1
        problem = {"status": 503, "code": "overloaded", "detail": "every queue is full", "request_id": "r-1"}
        route.fulfill(status=503, json=problem, headers={"Retry-After": "1"})

    loaded.page.route("**/v1/ocr?*", full)
    loaded.give("page.png", _PAGE)
    for attempt in (1, 2, 3):
        expect(loaded.page.locator(".reading-state")).to_have_text(
            f"The service is full. The next attempt ({attempt} of 3) is in 1 s."
        )
    expect(loaded.errors).to_contain_text("every queue is full (overloaded, request r-1)")
    assert asked == 4
    loaded.page.unroute_all()
    loaded.page.click(".notice.error .retry")
    expect(loaded.lines).to_have_text(_TEXTS)


@pytest.fixture
def wire(service: RunningService) -> Iterator[Wire]:
    with wire_to(service.url) as wire:
        yield wire


def test_stopped_service_is_told_and_noticed_when_it_is_back(open_page: Callable[..., LoadedPage], wire: Wire) -> None:
    loaded = open_page(url=wire.url)
    expect(loaded.page.locator("#read .intake")).to_be_visible()
    wire.stop()
    loaded.give("page.png", _PAGE)
    expect(loaded.page.locator("#connection")).to_contain_text("The service does not answer.")
    expect(loaded.page.locator(".progress strong")).to_have_text("page.png")
    loaded.show("system")
    expect(loaded.page.locator("#system")).to_contain_text("Not ready")
    wire.start()
    expect(loaded.page.locator("#connection")).to_be_hidden()
    expect(loaded.page.locator("#system")).to_contain_text("Every stage answers")
    loaded.show("read")
    expect(loaded.lines).to_have_text(_TEXTS)
    expect(loaded.errors).to_have_count(0)


def test_page_that_is_loaded_before_the_service_answers_starts_by_itself(
    open_page: Callable[..., LoadedPage], wire: Wire
) -> None:
    loaded = open_page("#view=system", url=wire.url)
    expect(loaded.page.locator("#system")).to_contain_text("Every stage answers")
    loaded.page.route("**/v1/page", lambda route: route.abort())
    loaded.page.reload()
    expect(loaded.page.locator("#views a").first).to_be_visible()
    loaded.page.unroute_all()
    loaded.show("read")
    loaded.read("page.png", _PAGE)
    expect(loaded.lines).to_have_text(_TEXTS)


@pytest.mark.slow
def test_upload_that_breaks_off_is_sent_again(open_page: Callable[..., LoadedPage], wire: Wire) -> None:
    # So faint that nothing but the lines is searched for text, and it can't be compressed all the same.
    noise = np.random.default_rng(1).integers(248, 255, (1700, 1600, 3), dtype=np.uint8)
    noise[200:380, 100:740] = drawn_page(*_TEXTS)
    content = encoded(noise)
    assert len(content) > 2.5 * _MIB
    loaded = open_page(url=wire.url)
    expect(loaded.page.locator("#read .intake")).to_be_visible()
    wire.cut_after(2 * _MIB)
    loaded.give("noise.png", content)
    expect(loaded.lines.filter(has_text="INVOICE 2041")).to_have_count(1)
    expect(loaded.errors).to_have_count(0)


@pytest.mark.slow
def test_reading_that_breaks_off_goes_on_where_it_was(open_page: Callable[..., LoadedPage], wire: Wire) -> None:
    loaded = open_page(url=wire.url)
    asked: list[str] = []
    loaded.page.on("request", lambda request: asked.append(request.url) if "/v1/ocr" in request.url else None)
    loaded.give("pages.tiff", many_pages(30))
    expect(loaded.page.locator(".strip button.read").first).to_be_attached()
    wire.break_off()
    loaded.wait_until_read()
    expect(loaded.page.locator(".reading-state")).to_contain_text("Pages: 30;")
    assert re.search("pages=[0-9]+-", asked[1])


def test_reading_is_stopped_and_goes_on(loaded: LoadedPage) -> None:
    loaded.give("pages.tiff", many_pages(30))
    stop = loaded.page.get_by_role("button", name="Stop")
    stop.focus()
    expect(loaded.page.locator(".strip button.read").nth(1)).to_be_attached()
    expect(stop).to_be_focused()
    stop.click()
    expect(loaded.page.locator(".reading-state")).to_contain_text("Stopped.")
    loaded.page.get_by_role("button", name="Go on").click()
    expect(loaded.page.locator(".reading-state")).to_contain_text("Pages: 30;")


def test_connection_that_always_breaks_off_is_told(loaded: LoadedPage) -> None:
    asked: list[str] = []

    def break_off(route: Route) -> None:
        asked.append(route.request.url)
        route.abort("connectionreset")

    loaded.page.route("**/v1/ocr?*", break_off)
    loaded.give("page.png", _PAGE)
    while len(asked) < 3:  # it is sent twice more without being asked
        loaded.page.wait_for_timeout(20)
    expect(loaded.errors).to_contain_text("Your document is still here: try again.")
    loaded.page.unroute_all()
    loaded.page.click(".notice.error .retry")
    expect(loaded.lines).to_have_text(_TEXTS)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of keys."""
    folder = tmp_path_factory.mktemp("keys")
    (folder / "alice").write_text(f"{_KEY}\n")
    return folder


@pytest.fixture(scope="module")
def guarded(keys: Path) -> Iterator[RunningService]:
    """A service that asks for keys, below a prefix."""
    variables = {"RAYOCR_HTTP__API_KEYS_DIRECTORY": str(keys), "RAYOCR_HTTP__ROOT_PATH": "/ocr"}
    with running_service({**QUICK_NETS, **variables}) as running:
        yield running


def _wait_until_known(guarded: RunningService, key: str) -> None:
    with httpx.Client(base_url=f"{guarded.url}/ocr", headers={"X-API-Key": key}, trust_env=False) as client:
        until_true(lambda: client.get("/v1/models").status_code == 200)


def _give_key(loaded: LoadedPage, key: str, reason: str) -> None:
    expect(loaded.page.locator("#key-dialog")).to_be_visible()
    expect(loaded.page.locator("#key-reason")).to_contain_text(reason)
    loaded.page.fill("#key-input", key)
    loaded.page.press("#key-input", "Enter")


@pytest.mark.slow
def test_wrong_and_expired_keys_are_asked_for_again(
    open_page: Callable[..., LoadedPage], guarded: RunningService, keys: Path
) -> None:
    loaded = open_page(url=f"{guarded.url}/ocr")
    loaded.give("page.png", _PAGE)
    _give_key(loaded, "wrong", "asks for an API key")
    _give_key(loaded, _KEY, "does not know this key")
    expect(loaded.lines).to_have_text(_TEXTS)
    loaded.wait_until_read()

    (keys / "alice").write_text(f"{_NEXT_KEY}\n")
    _wait_until_known(guarded, _NEXT_KEY)
    loaded.give("receipt.jpg", RECEIPT.read_bytes())
    _give_key(loaded, _NEXT_KEY, "expired")
    expect(loaded.page.locator(".progress strong")).to_have_text("receipt.jpg")
    expect(loaded.lines.filter(has_text="TOTAL EUR")).to_have_count(1)

    assert loaded.page.evaluate("localStorage.getItem('rayocr-api-key')") is None
    loaded.show("batch")
    loaded.page.set_input_files("#batch .intake input >> nth=0", files=[file_of("one.png", _PAGE)])
    loaded.page.click(".hand-in")
    expect(loaded.page.locator(".job-state")).to_contain_text("Done: 1 done")
    with loaded.page.expect_download() as started:
        loaded.page.click(".download-all")
    assert Path(started.value.path()).read_bytes().startswith(b"PK")


@pytest.mark.slow
def test_key_can_be_refused_remembered_and_forgotten(
    open_page: Callable[..., LoadedPage], guarded: RunningService, keys: Path
) -> None:
    (keys / "alice").write_text(f"{_KEY}\n")
    _wait_until_known(guarded, _KEY)
    loaded = open_page(url=f"{guarded.url}/ocr")
    loaded.give("page.png", _PAGE)
    loaded.page.click("#key-cancel")
    expect(loaded.errors).to_contain_text("your document is still here")
    loaded.page.click(".notice.error .retry")
    loaded.page.check("#key-remember")
    _give_key(loaded, _KEY, "asks for an API key")
    expect(loaded.lines).to_have_text(_TEXTS)
    loaded.wait_until_read()
    loaded.page.reload()
    loaded.show("system")
    expect(loaded.page.locator("#system")).to_contain_text("ppocrv6-small")
    loaded.page.click("#key-button")
    loaded.page.click("#key-forget")
    loaded.page.reload()
    expect(loaded.page.locator("#key-dialog")).to_be_visible()
