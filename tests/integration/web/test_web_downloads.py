"""What a person takes away from the page: each download is a valid file of its kind."""

import csv
import io
import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest
from lxml import etree
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.integration.files import FILES, SIX_PAGES, SIX_TEXTS
from tests.integration.web.conftest import opener
from tests.integration.web.page import LoadedPage
from tests.pictures import drawn_page, encoded
from tests.poppler import text_by_pdfium
from tests.service import RunningService

_PAGE = encoded(drawn_page("INVOICE 2041", "TOTAL 13.50"))


@pytest.fixture(scope="module")
def read(browser: Browser, service: RunningService) -> Iterator[LoadedPage]:
    """The page with a document that was read; no download changes it."""
    with opener(browser, service) as open_page:
        loaded = open_page()
        loaded.read("an invoice.png", _PAGE)
        yield loaded


def _download(loaded: LoadedPage, kind: str) -> tuple[str, bytes]:
    with loaded.page.expect_download() as started:
        loaded.page.click(f".take-away [data-format={kind}]")
    return started.value.suggested_filename, Path(started.value.path()).read_bytes()


def test_json_is_the_result(read: LoadedPage) -> None:
    name, content = _download(read, "json")
    result = json.loads(content)
    assert name == "an invoice.json"
    assert result["text"] == "INVOICE 2041\nTOTAL 13.50"
    assert set(result) == {"id", "model", "pages", "text", "warnings", "timings_ms"}
    assert result["pages"][0]["lines"][0]["words"][0]["text"] == "INVOICE"


@pytest.mark.parametrize(("kind", "ending"), [("text", ".txt"), ("markdown", ".md")])
def test_text_is_text(read: LoadedPage, kind: str, ending: str) -> None:
    name, content = _download(read, kind)
    assert name == f"an invoice{ending}"
    assert "TOTAL 13.50" in content.decode()


def test_tsv_is_a_table(read: LoadedPage) -> None:
    _, content = _download(read, "tsv")
    rows = list(csv.DictReader(io.StringIO(content.decode()), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [row["text"] for row in rows if row["text"]] == ["INVOICE", "2041", "TOTAL", "13.50"]


@pytest.mark.parametrize(("kind", "root"), [("hocr", "html"), ("alto", "alto"), ("page", "PcGts")])
def test_xml_is_of_its_schema(read: LoadedPage, kind: str, root: str) -> None:
    _, content = _download(read, kind)
    document = etree.fromstring(content)
    assert etree.QName(document).localname == root
    assert b"INVOICE" in content


def test_pdf_can_be_searched(read: LoadedPage) -> None:
    name, content = _download(read, "pdf")
    assert name == "an invoice.pdf"
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert len(pdf.pages) == 1
    assert "INVOICE 2041" in text_by_pdfium(content)[0]


def test_archive_holds_pdf_and_json(read: LoadedPage) -> None:
    _, content = _download(read, "archive")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert sorted(Path(name).suffix for name in archive.namelist()) == [".json", ".pdf"]


def test_picture_shows_the_boxes(read: LoadedPage) -> None:
    _, content = _download(read, "boxes")
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    assert picture.size == (640, 180)
    colors = {pixel for _, pixel in picture.getcolors(1 << 20) or []}
    assert any(max(color) - min(color) > 100 for color in colors)  # type: ignore[arg-type]


def test_all_pages_are_taken_away(loaded: LoadedPage) -> None:
    loaded.read("six.tiff", FILES[SIX_PAGES])
    loaded.page.click(".copy-all")
    expect(loaded.page.locator("#status")).to_have_text("The text is copied.")
    assert loaded.page.evaluate("navigator.clipboard.readText()") == "\n\n".join(SIX_TEXTS)
    _, content = _download(loaded, "page")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(archive.namelist()) == 6


def test_curl_command_does_the_same(read: LoadedPage, tmp_path: Path) -> None:
    read.page.click(".take-away summary")
    read.page.get_by_role("button", name="Copy the command").click()
    expect(read.page.locator("#status")).to_have_text("The command is copied.")
    command = read.page.evaluate("navigator.clipboard.readText()")
    (tmp_path / "an invoice.png").write_bytes(_PAGE)
    answer = subprocess.run(
        ["bash", "-c", f"{command} --silent --fail-with-body"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "no_proxy": "*"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert json.loads(answer.stdout)["text"] == "INVOICE 2041\nTOTAL 13.50"
