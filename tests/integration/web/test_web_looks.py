"""The page for everybody: keyboard, screen readers, both themes, both languages, narrow screens, few bytes."""

import gzip
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.integration.files import FILES, SIX_PAGES
from tests.integration.web.page import LoadedPage, file_of
from tests.pictures import drawn_page, encoded

_PAGE = encoded(drawn_page("INVOICE 2041", "TOTAL 13.50"))
_MOST_BYTES = 150_000


def _every_view(loaded: LoadedPage) -> list[Callable[[], None]]:
    def document() -> None:
        loaded.read("six.tiff", FILES[SIX_PAGES])
        loaded.picture_is_shown()
        for drawer in ("#read .options-drawer", ".thresholds", ".take-away details"):
            loaded.page.click(f"{drawer} > summary")

    def refused() -> None:
        loaded.give("nothing.png", b"")
        expect(loaded.errors).to_have_count(1)

    def job() -> None:
        loaded.show("batch")
        files = [file_of("page.png", _PAGE), file_of("broken.pdf", b"%PDF-1.7\nnothing")]
        loaded.page.set_input_files("#batch .intake input >> nth=0", files=files)
        loaded.page.click(".hand-in")
        expect(loaded.page.locator(".retry-failed")).to_be_visible()

    def history() -> None:
        loaded.show("history")
        expect(loaded.page.locator("#history tbody")).to_have_count(2)

    def system() -> None:
        loaded.show("system")
        expect(loaded.page.locator("#system dd.state-done, #system dd .state-done")).to_be_visible()

    return [lambda: None, document, refused, job, history, system]


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    open_page: Callable[..., LoadedPage], theme: str, width: int
) -> None:
    loaded = open_page(width=width, color_scheme=theme)
    findings, widths = [], set()
    for go_to in _every_view(loaded):
        go_to()
        findings += loaded.findings()
        widths.add(loaded.page.evaluate("document.documentElement.scrollWidth"))
    assert findings == []
    assert widths == {width}


def test_theme_is_chosen_and_kept(loaded: LoadedPage) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = loaded.page.evaluate(ground)
    loaded.page.select_option("#theme", "dark")
    dark = loaded.page.evaluate(ground)
    assert dark != light
    loaded.page.reload()
    assert loaded.page.evaluate(ground) == dark


def test_both_languages_are_complete(loaded: LoadedPage) -> None:
    texts: dict[str, dict[str, str]] = loaded.page.evaluate("""async () => {
        const folder = document.querySelector('script').src.replace(/[^/]*$/, '');
        const english = await import(folder + 'texts/texts.js');
        const chinese = await import(folder + 'texts/chinese.js');
        return { english: english.ENGLISH, chinese: chinese.CHINESE };
    }""")
    english, chinese = texts["english"], texts["chinese"]
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert text, key
        assert chinese[key], key
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", chinese[key])), key


def test_language_is_that_of_the_browser_and_can_be_switched(open_page: Callable[..., LoadedPage]) -> None:
    loaded = open_page(locale="zh-CN")
    expect(loaded.page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(loaded.page.locator("#views a").first).to_have_text("识别")
    loaded.read("page.png", _PAGE)
    loaded.page.locator("#read .intake form input").fill("s3://scans/a.png")
    loaded.page.select_option("#language", "en")
    expect(loaded.page.locator("#views a").first).to_have_text("Read")
    expect(loaded.lines).to_have_text(["INVOICE 2041", "TOTAL 13.50"])
    expect(loaded.page.locator("#read .intake form input")).to_have_value("s3://scans/a.png")
    assert not re.search("[\u4e00-\u9fff]", loaded.page.inner_text("main"))
    loaded.page.reload()
    expect(loaded.page.locator("html")).to_have_attribute("lang", "en")


def test_keyboard_alone_is_enough(loaded: LoadedPage) -> None:
    focused = "document.activeElement"
    page = loaded.page

    def tab_to(selector: str) -> None:
        for _ in range(60):
            if page.evaluate(f"{focused}.matches({selector!r})"):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key does not reach {selector}")

    page.wait_for_load_state("networkidle")  # what is drawn anew meanwhile has no focus
    tab_to("#read .intake input[type=file]")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(file_of("six.tiff", FILES[SIX_PAGES]))
    loaded.wait_until_read()
    tab_to(".strip button")
    page.keyboard.press("ArrowRight")
    expect(loaded.lines.first).to_have_text("PAGE TWO")
    tab_to(".stage")
    width = page.locator(".stage svg").evaluate("(drawing) => drawing.clientWidth")
    page.keyboard.press("+")
    assert page.locator(".stage svg").evaluate("(drawing) => drawing.clientWidth") > width
    tab_to(".lines button")
    page.keyboard.press("ArrowDown")
    expect(loaded.boxes.nth(1)).to_have_class(re.compile("marked"))
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("ITS SECOND LINE")
    tab_to(".thresholds summary")
    page.keyboard.press("Enter")
    tab_to(".thresholds input[name=least]")
    page.keyboard.press("End")
    expect(loaded.lines).to_have_count(0)
    tab_to(".copy-all")


def test_first_load_is_small(loaded: LoadedPage) -> None:
    sizes: list[int] = []
    loaded.page.on("response", lambda answer: sizes.append(len(gzip.compress(answer.body()))))
    loaded.page.reload()
    loaded.page.wait_for_load_state("networkidle")
    assert 5_000 < sum(sizes) < _MOST_BYTES
