"""The web page as a person uses it, and documents to give it."""

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.pictures import drawn_page

__all__ = ["PATIENCE_MS", "RECEIPT", "LoadedPage", "file_of", "many_pages"]

PATIENCE_MS = 120_000
_AXE = Path(__file__).parents[3] / "serve/web/node_modules/axe-core/axe.min.js"
RECEIPT = Path(__file__).parents[3] / "docs/images/receipt.jpg"


@dataclass(frozen=True, slots=True)
class LoadedPage:
    """A page in a browser.

    Args:
        page: Playwright's page.
        url: Of the service.
    """

    page: Page
    url: str

    @property
    def lines(self) -> Locator:
        """The texts of the lines beside the picture."""
        return self.page.locator("#read .lines .text")

    @property
    def boxes(self) -> Locator:
        """The boxes over the picture."""
        return self.page.locator("#read .stage .box")

    @property
    def errors(self) -> Locator:
        """The sentences about errors that can be seen."""
        return self.page.locator(".notice.error:visible")

    def findings(self) -> list[str]:
        """What axe finds that people with screen readers or weak eyes could not use."""
        self.page.evaluate(_AXE.read_text(encoding="utf-8"))
        result: dict[str, Any] = self.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        return [f"{found['id']}: {node['html']}" for found in result["violations"] for node in found["nodes"]]

    def give(self, name: str, content: bytes) -> None:
        """Choose a file in the view Read."""
        self.page.set_input_files("#read .intake input[type=file] >> nth=0", files=[file_of(name, content)])

    def read(self, name: str, content: bytes) -> None:
        """Choose a file, and wait until it was read."""
        self.give(name, content)
        self.wait_until_read()

    def wait_until_read(self) -> None:
        """Wait until the document is read, and in the history."""
        expect(self.page.locator("#read .reading-state.state-done")).to_be_visible()
        self.page.wait_for_url(re.compile("kept="))

    def set_slider(self, name: str, value: float) -> None:
        """Move a slider, as a hand would: the browser tells of it by the event `input`."""
        self.page.locator(f"#read .thresholds input[name={name}]").evaluate(
            "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', { bubbles: true })); }",
            value,
        )

    def show(self, view: str) -> None:
        """Go to a view by its link."""
        self.page.click(f"#views a[data-view={view}]")
        expect(self.page.locator(f"#{view}")).to_be_visible()

    def picture_is_shown(self) -> None:
        """Wait until the picture of the page has come."""
        expect(self.page.locator("#read .stage image")).to_have_attribute("href", re.compile("^blob:"))


def file_of(name: str, content: bytes) -> FilePayload:
    """A file as a browser takes it from a person."""
    return {"name": name, "mimeType": "", "buffer": content}


def many_pages(count: int) -> bytes:
    """A TIFF file of small pages, on each of which its number stands."""
    pages = [Image.fromarray(drawn_page(f"PAGE {number}", width=320)) for number in range(1, count + 1)]
    stream = io.BytesIO()
    pages[0].save(stream, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_lzw")
    return stream.getvalue()
