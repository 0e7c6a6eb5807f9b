"""What a page is made of, on the page: tables, fields, marks and codes beside the picture, and drawn over it."""

import json
import re
from typing import Any

from playwright.sync_api import Route, expect

from tests.integration.web.page import LoadedPage
from tests.pictures import drawn_page, encoded

_ATTACK = "<img src=x onerror=alert(1)>"
_FORMULA = '=HYPERLINK("http://a","b"),1'


def _box(left: float, top: float, right: float, bottom: float) -> list[list[float]]:
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def _placed(text: str, left: float, top: float) -> dict[str, Any]:
    return {"text": text, "polygon": _box(left, top, left + 120, top + 30), "words": []}


def _cell(row: int, column: int, text: str, *, columns: int = 1, is_header: bool = False) -> dict[str, Any]:
    polygon = _box(20 + 150 * column, 60 + 30 * row, 20 + 150 * (column + columns), 90 + 30 * row)
    place = {"row": row, "column": column, "row_span": 1, "column_span": columns}
    return {**place, "is_header": is_header, "text": text, "polygon": polygon, "words": []}


_SURE = {"confidence": 0.95}
_STRUCTURE: dict[str, Any] = {
    "regions": [{"kind": "title", "polygon": _box(20, 10, 300, 50), "lines": [0], **_SURE}],
    "tables": [
        {
            **{"polygon": _box(20, 60, 320, 150), "rows": 3, "columns": 2, "is_ruled": True, "continues": False},
            **_SURE,
            "cells": [
                _cell(0, 0, "Goods, all", columns=2, is_header=True),
                _cell(1, 0, _ATTACK),
                _cell(1, 1, "two\nlines"),
                _cell(2, 0, _FORMULA),
                _cell(2, 1, ""),
            ],
        }
    ],
    "fields": [
        {
            **{"name": "date", "type": "date", "normalized": "2026-01-31", **_SURE},
            **{"label": _placed("Date", 340, 60), "value": _placed("31.1.2026", 480, 60)},
        },
        {"name": None, "type": "text", "normalized": None, **_SURE, "label": _placed("Empty", 340, 100), "value": None},
    ],
    "marks": [
        {"kind": "checkbox", "is_set": True, "label": _placed("agreed", 380, 140), "polygon": _box(340, 140, 370, 170)},
        {"kind": "signature", "is_set": False, "label": None, "polygon": _box(500, 140, 620, 170)},
    ],
    "codes": [{"type": "qrcode", "text": _ATTACK, "polygon": _box(560, 10, 620, 50), "lines": []}],
}


def _read(loaded: LoadedPage, *, spreadsheet_safe: bool = False) -> list[str]:
    """Read a page with all parts of the structure, which the service finds as above. Answers with what was asked."""
    asked: list[str] = []
    line = {"text": "INVOICE 2041", "polygon": _box(20, 10, 300, 50), "words": [], **_SURE}
    marks = [{"name": None, **_SURE, **mark} for mark in _STRUCTURE["marks"]]
    page = {"page": 1, "width": 640, "height": 180, "rotation": 0, "source": "ocr", "lines": [line], "text": "-"}
    lines = [
        {"page": {**page, "structure": {**_STRUCTURE, "marks": marks}}, "page_count": 1, "warnings": []},
        {"end": {"id": "r", "model": "m", "page_count": 1, "read": 1, "failed": 0, "warning_counts": {}}},
    ]

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(content_type="application/x-ndjson", body="".join(f"{json.dumps(one)}\n" for one in lines))

    loaded.page.route("**/v1/ocr?*", answer)
    loaded.page.click("#read .options-drawer summary")
    for box in loaded.page.locator("#read .parts input").all():
        box.check()
    if spreadsheet_safe:
        loaded.page.check("#read .options-drawer [name=spreadsheet_safe]")
    loaded.read("page.png", encoded(drawn_page("INVOICE 2041", "TOTAL 13.50")))
    loaded.page.click("#read .options-drawer summary")
    loaded.page.click("#read [data-tab=structure]")
    return asked


def test_structure_is_asked_for_and_its_tables_are_tables(loaded: LoadedPage) -> None:
    (asked,) = _read(loaded)
    assert "structure=layout%2Ctables%2Cfields%2Cmarks%2Ccodes" in asked
    cells = loaded.page.locator("#read .cells")
    expect(cells.locator("th")).to_have_text(["Goods, all"])
    expect(cells.locator("th")).to_have_attribute("colspan", "2")
    expect(cells.locator("td")).to_have_text([_ATTACK, "two\nlines", _FORMULA, ""])
    assert loaded.page.locator("img[src='x']").count() == 0
    cells.locator("td").nth(1).click()
    expect(loaded.page.locator(".shape.marked")).to_have_attribute("points", "170,90 320,90 320,120 170,120")
    loaded.page.click(".copy-csv")
    expect(loaded.page.locator("#status")).to_have_text("The table is copied as CSV.")
    copied = loaded.page.evaluate("navigator.clipboard.readText()").replace("\r\n", "\n")
    quoted = _FORMULA.replace('"', '""')
    assert copied == f'"Goods, all",\n{_ATTACK},"two\nlines"\n"{quoted}",\n'


def test_formulas_are_guarded_if_the_option_asks_for_it(loaded: LoadedPage) -> None:
    _read(loaded, spreadsheet_safe=True)
    loaded.page.click(".copy-csv")
    expect(loaded.page.locator("#status")).to_have_text("The table is copied as CSV.")
    assert "\"'=HYPERLINK" in loaded.page.evaluate("navigator.clipboard.readText()")


def test_fields_marks_and_codes_show_their_places(loaded: LoadedPage) -> None:
    _read(loaded)
    page = loaded.page
    fields, marks = page.locator(".found-fields button"), page.locator(".found-marks button")
    expect(fields).to_have_text([re.compile(r"Date 31\.1\.2026.*date = 2026-01-31 95 %"), re.compile("Empty —")])
    fields.first.click()
    expect(page.locator(".shape.marked")).to_have_count(2)
    expect(marks).to_have_text([re.compile("☒ agreed.*check box"), re.compile("not signed.*signature")])
    marks.nth(1).click()
    expect(page.locator(".shape.marked")).to_have_count(1)
    expect(page.locator(".found-codes button .text")).to_have_text([_ATTACK])
    expect(page.locator(".found-regions button .text")).to_have_text(["title INVOICE 2041"])
    assert loaded.findings() == []
    page.select_option("#language", "zh")
    expect(page.locator(".found-regions button .text")).to_have_text(["标题 INVOICE 2041"])


def test_layers_can_be_switched_and_the_text_stays_a_tab_away(loaded: LoadedPage) -> None:
    _read(loaded)
    page = loaded.page
    shapes = {layer: page.locator(f".stage [data-layer={layer}]") for layer in ("regions", "tables", "fields")}
    expect(shapes["tables"].locator("polygon")).to_have_count(6)  # the table and its cells
    expect(shapes["regions"].locator("text")).to_have_text(["title"])
    for name, shown in (("tables", shapes["tables"]), ("lines", loaded.boxes.first)):
        expect(shown).to_be_visible()
        page.uncheck(f"[name=layer-{name}]")
        expect(shown).to_be_hidden()
    expect(shapes["fields"]).to_be_visible()
    expect(loaded.lines).to_have_count(1)
    expect(loaded.lines).to_be_hidden()
    page.click("#read [data-tab=textOfPage]")
    expect(loaded.lines).to_be_visible()
    expect(page.locator("#read .cells")).to_be_hidden()
    page.reload()  # from the history, with its structure
    page.click("#read [data-tab=structure]")
    expect(page.locator("#read .cells td").first).to_have_text(_ATTACK)
