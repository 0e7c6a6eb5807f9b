"""A document on the page: what was read and where, from every kind of file and every way in."""

import base64
import io
import re
from collections.abc import Callable

import numpy as np
import pikepdf
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.integration.files import FILES, SIX_PAGES
from tests.integration.web.page import RECEIPT, LoadedPage
from tests.minio import MinioServer
from tests.pdfs import helvetica_pdf
from tests.pictures import drawn_page, encoded

_PAGE = encoded(drawn_page("INVOICE 2041", "TOTAL 13.50"))
_PDF_TEXTS = ("FIRST PAGE OF THREE", "SECOND PAGE OF THREE", "THIRD PAGE OF THREE")


def _pdf() -> bytes:
    pages = [Image.fromarray(drawn_page(text)) for text in _PDF_TEXTS]
    stream = io.BytesIO()
    pages[0].save(stream, "PDF", save_all=True, append_images=pages[1:], resolution=100)
    return stream.getvalue()


def _on_picture(page: Page, selector: str) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of an element, as shares of the page's picture."""
    shares: list[float] = page.locator(selector).first.evaluate("""(element) => {
        const box = element.getBoundingClientRect();
        const sheet = element.closest('svg').getBoundingClientRect();
        return [(box.left - sheet.left) / sheet.width, (box.top - sheet.top) / sheet.height,
                (box.right - sheet.left) / sheet.width, (box.bottom - sheet.top) / sheet.height];
    }""")
    return (shares[0], shares[1], shares[2], shares[3])


def test_receipt_shows_its_text_and_a_box_over_its_total(loaded: LoadedPage) -> None:
    loaded.read("receipt.jpg", RECEIPT.read_bytes())
    expect(loaded.lines.filter(has_text=re.compile("^TOTAL EUR$"))).to_have_count(1)
    box = _on_picture(loaded.page, ".stage .box:has(title:text-is('TOTAL EUR'))")
    assert box == pytest.approx((111 / 760, 702 / 1040, 315 / 760, 748 / 1040), abs=0.02)
    loaded.picture_is_shown()


def test_line_is_marked_on_both_sides_and_a_click_copies_it(loaded: LoadedPage) -> None:
    loaded.read("page.png", _PAGE)
    loaded.lines.nth(1).hover()
    expect(loaded.boxes.nth(1)).to_have_class(re.compile("marked"))
    loaded.boxes.first.hover()
    expect(loaded.page.locator(".lines button.marked")).to_have_text(re.compile("INVOICE 2041"))
    for click in (loaded.boxes.first.click, loaded.lines.first.click):
        loaded.page.evaluate("navigator.clipboard.writeText('')")
        click()
        expect(loaded.page.locator("#status")).to_contain_text("INVOICE 2041")
        assert loaded.page.evaluate("navigator.clipboard.readText()") == "INVOICE 2041"


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("orientation", [1, 6])
def test_boxes_lie_on_the_ink_of_turned_pictures(loaded: LoadedPage, turns: int, orientation: int) -> None:
    rows = ("THE QUICK BROWN FOX", "JUMPS OVER THE LAZY", "DOG AND RUNS AWAY", "OVER THE HILL 1234")
    picture = Image.fromarray(np.rot90(drawn_page(*rows), turns).copy())
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = io.BytesIO()
    picture.save(stream, "JPEG", exif=exif, quality=95)
    loaded.read("turned.jpg", stream.getvalue())
    expect(loaded.lines.first).to_have_text(rows[0])
    left, top, right, bottom = _on_picture(loaded.page, ".stage .box")
    # Without the boxes only the picture is left on the sheet.
    loaded.page.locator(".stage svg > g").evaluate_all("(layers) => layers.forEach((layer) => layer.remove())")
    shown = Image.open(io.BytesIO(loaded.page.locator(".stage svg").screenshot())).convert("L")
    dark = np.asarray(shown) < 128
    height, width = dark.shape
    inside = dark[int(top * height) : int(bottom * height) + 1, int(left * width) : int(right * width) + 1]
    assert inside.mean() > 0.05
    assert inside.sum() == pytest.approx(dark[: int(bottom * height) + 1].sum(), rel=0.1)


def test_pages_of_a_pdf_can_be_turned_linked_and_left(loaded: LoadedPage) -> None:
    loaded.read("three.pdf", _pdf())
    expect(loaded.lines).to_have_text([_PDF_TEXTS[0]])
    tiles = loaded.page.locator(".strip button")
    expect(tiles).to_have_count(3)
    expect(loaded.page.locator(".strip img")).to_have_count(3)
    loaded.picture_is_shown()
    tiles.nth(2).click()
    expect(loaded.lines).to_have_text([_PDF_TEXTS[2]])
    loaded.picture_is_shown()
    loaded.page.get_by_label("Page before").click()
    expect(loaded.lines).to_have_text([_PDF_TEXTS[1]])
    assert "page=2" in loaded.page.url
    loaded.page.reload()
    expect(loaded.lines).to_have_text([_PDF_TEXTS[1]])
    loaded.picture_is_shown()
    loaded.show("system")
    loaded.page.go_back()
    expect(loaded.lines).to_have_text([_PDF_TEXTS[1]])


def test_tiff_which_browsers_cannot_show_is_shown(loaded: LoadedPage) -> None:
    loaded.read("six.tiff", FILES[SIX_PAGES])
    expect(loaded.lines).to_have_text(["PAGE ONE"])
    loaded.picture_is_shown()
    loaded.page.locator(".page-number").fill("2")
    loaded.page.locator(".page-number").press("Enter")
    expect(loaded.lines).to_have_text(["PAGE TWO", "ITS SECOND LINE"])


def test_threshold_changes_the_boxes_and_the_text_comes_back(loaded: LoadedPage) -> None:
    loaded.read("receipt.jpg", RECEIPT.read_bytes())
    before = loaded.boxes.count()
    loaded.page.click(".thresholds summary")
    loaded.set_slider("box_threshold", 0.8)
    expect(loaded.page.locator(".thresholds .found")).to_have_text(re.compile("^Boxes found: 18"))
    expect(loaded.page.locator(".stage .box.found").first).to_be_attached()
    assert 0 < loaded.boxes.count() < before
    loaded.page.get_by_role("button", name="Back to the text").click()
    expect(loaded.boxes).to_have_count(before)


def test_least_confidence_hides_lines_at_once_and_of_the_copy_too(loaded: LoadedPage) -> None:
    loaded.read("receipt.jpg", RECEIPT.read_bytes())
    before = loaded.lines.count()
    asked: list[str] = []
    loaded.page.on("request", lambda request: asked.append(request.url))
    loaded.page.click(".thresholds summary")
    loaded.set_slider("least", 0.98)
    expect(loaded.page.locator("#read h2 small").first).to_contain_text("hidden by the least confidence")
    left = loaded.lines.all_inner_texts()
    assert 0 < len(left) < before
    assert loaded.boxes.count() == len(left)
    loaded.page.click(".copy-all")
    expect(loaded.page.locator("#status")).to_have_text("The text is copied.")
    assert loaded.page.evaluate("navigator.clipboard.readText()") == "\n".join(left)
    assert asked == []


def test_options_are_sent_and_warnings_are_shown_at_their_page(loaded: LoadedPage) -> None:
    loaded.page.click(".options-drawer summary")
    loaded.page.fill(".options-drawer [name=pages]", "2-3")
    loaded.read("three.pdf", _pdf())
    expect(loaded.lines).to_have_text([_PDF_TEXTS[1]])
    expect(loaded.page.locator(".strip button")).to_have_count(2)
    loaded.page.fill(".options-drawer [name=pages]", "")
    cut = RECEIPT.read_bytes()[:60000]
    loaded.read("cut.jpg", cut)
    expect(loaded.page.locator(".warnings .notice.warning").first).to_contain_text("cut off or damaged")


def test_model_is_chosen(loaded: LoadedPage) -> None:
    loaded.page.click("#read .options-drawer summary")
    loaded.page.select_option("#read .options-drawer [name=model]", "ppocrv6-tiny")
    loaded.read("page.png", encoded(drawn_page("INVOICE 2041")))
    expect(loaded.lines).to_have_text(["INVOICE 2041"])
    expect(loaded.page.locator("#read .reading-state")).to_contain_text("model: ppocrv6-tiny")


def test_text_layer_is_named(loaded: LoadedPage) -> None:
    loaded.read("letter.pdf", helvetica_pdf(["Dear reader,", "this page carries its own text."]))
    expect(loaded.page.locator("#read .document h2")).to_contain_text("from the text layer")


def test_text_that_looks_like_a_script_is_shown_as_text(loaded: LoadedPage) -> None:
    attack = "<img src=x onerror=alert(1)>"
    loaded.read(f"{attack}.png", encoded(drawn_page(attack, width=760)))
    expect(loaded.lines.first).to_contain_text(re.compile(r"<img src.*onerror.*alert\(1\)>"))
    expect(loaded.page.locator(".progress strong")).to_have_text(f"{attack}.png")
    loaded.show("history")
    expect(loaded.page.locator("#history a[href*='kept=']")).to_have_text(f"{attack}.png")
    assert loaded.page.locator("img[src='x'], main script").count() == 0


_TRANSFER = """([name, type, content]) => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type }));
    return transfer;
}"""


def _dispatch(page: Page, event: str) -> None:
    page.evaluate(
        f"""(given) => {{
            const transfer = ({_TRANSFER})(given);
            const options = {{ bubbles: true, cancelable: true }};
            const event = '{event}' === 'paste'
                ? new ClipboardEvent('paste', {{ ...options, clipboardData: transfer }})
                : new DragEvent('{event}', {{ ...options, dataTransfer: transfer }});
            document.body.dispatchEvent(event);
        }}""",
        ["picture.png", "image/png", base64.b64encode(_PAGE).decode()],
    )


def test_picture_can_be_pasted_or_dropped_anywhere(loaded: LoadedPage) -> None:
    _dispatch(loaded.page, "paste")
    expect(loaded.lines).to_have_text(["INVOICE 2041", "TOTAL 13.50"])
    loaded.wait_until_read()
    loaded.page.reload()
    loaded.page.goto(f"{loaded.url}/#view=system")
    loaded.page.goto(f"{loaded.url}/#view=read")
    _dispatch(loaded.page, "dragenter")
    expect(loaded.page.locator("#drop-hint")).to_be_visible()
    _dispatch(loaded.page, "drop")
    expect(loaded.page.locator("#drop-hint")).to_be_hidden()
    expect(loaded.page.locator(".progress strong")).to_have_text("picture.png")
    expect(loaded.lines).to_have_text(["INVOICE 2041", "TOTAL 13.50"])


def test_document_of_a_bucket_is_read_by_its_address(loaded: LoadedPage, minio: MinioServer) -> None:
    bucket = minio.bucket()
    minio.client.put_object(Bucket=bucket, Key="scans/page.png", Body=_PAGE)
    address = loaded.page.locator("#read .intake form input")
    address.fill(f"s3://{bucket}/scans/missing.png")
    address.press("Enter")
    expect(loaded.errors).to_contain_text("does not exist")
    expect(address).to_have_value(f"s3://{bucket}/scans/missing.png")
    address.fill(f"s3://{bucket}/scans/page.png")
    address.press("Enter")
    expect(loaded.lines).to_have_text(["INVOICE 2041", "TOTAL 13.50"])
    loaded.picture_is_shown()


@pytest.mark.slow
def test_document_of_300_pages_keeps_few_pictures(open_page: Callable[..., LoadedPage]) -> None:
    loaded = open_page()
    loaded.page.click(".options-drawer summary")
    loaded.page.select_option(".options-drawer [name=text_layer]", "always")
    loaded.read("book.pdf", _book(300))
    most = 0
    strip = loaded.page.locator(".strip")
    count_pictures = "document.querySelectorAll('img, .stage image[href]').length"
    width = strip.evaluate("(strip) => strip.scrollWidth")
    for share in (0.0, 0.1, 0.3, 0.31, 0.5, 0.8, 1.0):
        strip.evaluate("(strip, left) => { strip.scrollLeft = left; }", share * width)
        seen = round(share * 299)
        expect(loaded.page.locator(f".strip img[src][data-page='{max(1, min(300, seen))}']")).to_be_attached()
        most = max(most, loaded.page.evaluate(count_pictures))
    assert 5 < most <= 30
    loaded.page.locator(".strip button", has_text=re.compile("^300$")).click()
    expect(loaded.lines).to_have_text(["Page 300 of the book"])
    loaded.picture_is_shown()
    assert loaded.page.evaluate(count_pictures) <= 30


def _book(count: int) -> bytes:
    book = pikepdf.new()
    for number in range(1, count + 1):
        with pikepdf.open(io.BytesIO(helvetica_pdf([f"Page {number} of the book"]))) as one:
            book.pages.extend(one.pages)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
