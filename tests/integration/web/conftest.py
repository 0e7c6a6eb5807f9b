"""The web page of the real service, in Debian's Chromium without windows, which takes a third of the CPU time."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect, sync_playwright

from tests.integration.web.page import PATIENCE_MS, LoadedPage
from tests.minio import MinioServer
from tests.nets import QUICK_NETS
from tests.service import RunningService, running_service

_CHROMIUM = "/usr/bin/chromium-headless-shell"
_POLICY = re.compile("Content.Security.Policy", re.IGNORECASE)


# Not of the session: a Playwright that runs holds the event loop of its thread, which tests of other files want.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser that the tests of a file share."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        # As root, which CI may be, Chromium starts without its sandbox only.
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def service(minio: MinioServer) -> Iterator[RunningService]:
    """A service with quick nets, a second bundle, small limits, and MinIO as its S3."""
    variables = {
        "RAYOCR_HTTP__MAX_CONCURRENT_REQUESTS": "16",
        "RAYOCR_HTTP__MAX_BODY_BYTES": str(8 * 1024**2),
        "RAYOCR_BUNDLES": '["ppocrv6-tiny"]',
    }
    with running_service({**QUICK_NETS, **minio.environment(), **variables}) as running:
        yield running


@contextmanager
def opener(browser: Browser, service: RunningService) -> Iterator[Callable[..., LoadedPage]]:
    """Opens the page, each time as another person would; at the end no script has failed and no policy was broken."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def refuse(dialog: Dialog) -> None:
        faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def note(page: Page) -> None:
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("dialog", refuse)
        page.on("console", lambda said: faults.append(said.text) if _POLICY.search(said.text) else None)

    def open_one(path: str = "", *, url: str = service.url, width: int = 1440, **options: Any) -> LoadedPage:
        options = {"locale": "en-US", "viewport": {"width": width, "height": 900}, **options}
        context = browser.new_context(base_url=url, permissions=["clipboard-read", "clipboard-write"], **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        note(page)
        page.goto(f"{url}/{path}")
        return LoadedPage(page, url)

    yield open_one
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def open_page(browser: Browser, service: RunningService) -> Iterator[Callable[..., LoadedPage]]:
    """Opens the page for one test."""
    with opener(browser, service) as opened:
        yield opened


@pytest.fixture
def loaded(open_page: Callable[..., LoadedPage]) -> LoadedPage:
    """The page as a new person sees it."""
    return open_page()
