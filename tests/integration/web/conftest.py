"""The web page of the real service, in Debian's Chromium."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect, sync_playwright

from tests.integration.web.page import PATIENCE_MS, LoadedPage
from tests.service import RunningService

_CHROMIUM = "/usr/bin/chromium"
_POLICY = re.compile("Content.Security.Policy", re.IGNORECASE)


# Not of the session: a Playwright that runs holds the event loop of its thread, which tests of other files want.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser that the tests of a file share."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        # As root, which CI may be, Chromium starts without its sandbox only.
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, service: RunningService) -> Iterator[Callable[..., LoadedPage]]:
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
def loaded(open_page: Callable[..., LoadedPage]) -> LoadedPage:
    """The page as a new person sees it."""
    return open_page()
