"""The option `structure`, from outside, on a running service."""

import json
from typing import Any

import httpx

from tests.pictures import encoded
from tests.structured_page import CELLS, CODE_TEXT, structured_page

_PNG = encoded(structured_page())
_TEXTS = [row for cells in CELLS for row in cells]


def _page(client: httpx.Client, **options: str) -> dict[str, Any]:
    answer = client.post("/v1/ocr", files={"file": ("page.png", _PNG)}, data=options)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()["pages"][0]
    return page


def _values(structure: dict[str, Any]) -> dict[str | None, tuple[str, str | None]]:
    return {one["name"]: (one["value"]["text"], one["normalized"]) for one in structure["fields"] if one["value"]}


def test_all_parts_of_a_page(client: httpx.Client) -> None:
    page, plain = _page(client, structure="all"), _page(client)
    structure = page.pop("structure")
    assert page == plain
    assert [set(structure)] == [{"regions", "tables", "fields", "marks", "codes"}]
    assert {region["kind"] for region in structure["regions"]} >= {"title", "text", "table"}
    lines = [line for region in structure["regions"] for line in region["lines"]]
    assert sorted(lines) == list(range(len(page["lines"])))
    (table,) = structure["tables"]
    assert (table["rows"], table["columns"], table["is_ruled"]) == (4, 3, True)
    assert [cell["text"] for cell in table["cells"]] == _TEXTS
    assert [cell["is_header"] for cell in table["cells"]] == [True] * 3 + [False] * 9
    line, start, end = table["cells"][3]["words"][0]
    assert " ".join(word["text"] for word in page["lines"][line]["words"][start:end]) == "Paper A4"
    values = _values(structure)
    assert values["invoice_number"][0] == "4711"
    assert values["date"] == ("31.01.2026", "2026-01-31")
    assert values["phone"] == ("+49 30 1234567", "+49301234567")
    marks = [(mark["kind"], mark["is_set"], mark["label"]["text"]) for mark in structure["marks"]]
    assert marks == [("checkbox", True, "Paid by card"), ("checkbox", False, "Paid in cash")]
    (code,) = structure["codes"]
    assert (code["type"], code["text"]) == ("qrcode", CODE_TEXT)


def test_only_what_is_asked_for_is_there(client: httpx.Client) -> None:
    assert set(_page(client, structure="codes,tables")["structure"]) == {"tables", "codes"}
    answer = client.post("/v1/ocr", files={"file": ("page.png", _PNG)}, params={"structure": "tables,cells"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert "'cells' is not a part; known are layout, tables, fields, marks, codes, all" in answer.json()["detail"]


def test_template_finds_fields_of_its_own(client: httpx.Client) -> None:
    template = "fields:\n- {name: reference, anchors: Invoice no.|Rechnung, where: right}\n"
    structure = _page(client, structure="fields", fields_template=template)["structure"]
    assert _values(structure)["reference"][0] == "4711"
    refused = client.post("/v1/ocr", files={"file": ("page.png", _PNG)}, data={"fields_template": template})
    assert (refused.status_code, "fields_template needs structure=fields" in refused.json()["detail"]) == (400, True)


def test_job_has_the_structure_too(client: httpx.Client) -> None:
    options = json.dumps({"structure": "tables"})
    job = {"file": ("1.png", _PNG), "options": (None, options.encode())}
    submitted = client.post("/v1/jobs", files=job).json()["links"]["self"]
    with client.stream("GET", f"{submitted}/events") as events:
        assert "event: end" in events.read().decode()
    (page,) = client.get(f"{submitted}/result/1").json()["pages"]
    assert page["structure"] == _page(client, structure="tables")["structure"]
