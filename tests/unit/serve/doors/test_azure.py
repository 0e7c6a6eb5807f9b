"""The door of Document Intelligence: spans in each unit, places on the page as stored, states, errors and keys."""

import base64
from typing import Any
from urllib.parse import quote

import pytest
from azure.ai.documentintelligence.models import AnalyzeResult, DocumentKeyValuePair
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serve.doors.azure.answers import analyze_result
from serve.doors.azure.contents import ContentFormat, IndexType
from serve.results import LineResult, OcrPage, OcrResult, WordResult
from tests.unit.serve.doors.conftest import ALICE, BOB, Doors, Start
from tests.unit.serve.doors.structured import PHOTO, TABLE, structured

_READ = "/documentintelligence/documentModels/prebuilt-read"
_ANALYZE = f"{_READ}:analyze"
_BOX = ((10.0, 20.0), (110.0, 20.0), (110.0, 40.0), (10.0, 40.0))


def _result(*texts: str, rotation: int = 0, dpi: float | None = None) -> OcrResult:
    lines = [
        LineResult(
            text=text,
            confidence=0.9,
            polygon=_BOX,
            words=[WordResult(text=word, confidence=0.9, polygon=_BOX) for word in text.split()],
        )
        for text in texts
    ]
    page = OcrPage(page=1, width=200, height=100, rotation=rotation, dpi=dpi, lines=lines, text="\n".join(texts))
    return OcrResult(id="r", model="m", pages=[page], text=page.text, warnings=[], timings_ms={})


def _analyzed(result: OcrResult, index_type: IndexType = "unicodeCodePoint") -> dict[str, Any]:
    return analyze_result(result, "prebuilt-read", "2024-11-30", "text", index_type)


@pytest.mark.parametrize(
    ("index_type", "cut"),
    [
        ("unicodeCodePoint", lambda text, offset, length: text[offset : offset + length]),
        (
            "utf16CodeUnit",
            lambda text, offset, length: text.encode("utf-16-le")[2 * offset : 2 * (offset + length)].decode(
                "utf-16-le"
            ),
        ),
    ],
)
def test_spans_cut_words_and_lines_out_of_the_content(index_type: IndexType, cut: Any) -> None:
    answer = _analyzed(_result("🙂🙂 total", "e\u0301te\u0301 中文 𠮷", "TOTAL TOTAL"), index_type)
    (page,) = answer["pages"]
    for part in (*page["words"], *({**line, "span": line["spans"][0]} for line in page["lines"])):
        assert cut(answer["content"], part["span"]["offset"], part["span"]["length"]) == part["content"]
    assert [word["content"] for word in page["words"]][-2:] == ["TOTAL", "TOTAL"]
    assert page["words"][-1]["span"]["offset"] - page["words"][-2]["span"]["offset"] == 6


def test_text_elements_are_characters_as_people_see_them() -> None:
    answer = _analyzed(_result("👩‍👩‍👧 e\u0301t", "end"), "textElements")
    spans = [word["span"] for word in answer["pages"][0]["words"]]
    assert spans == [{"offset": 0, "length": 1}, {"offset": 2, "length": 2}, {"offset": 5, "length": 3}]


def test_places_are_in_inches_for_pdfs_and_on_the_page_as_stored() -> None:
    (page,) = _analyzed(_result("total", dpi=100.0))["pages"]
    assert (page["unit"], page["width"], page["height"], page["angle"]) == ("inch", 2.0, 1.0, 0)
    assert page["lines"][0]["polygon"] == [0.1, 0.2, 1.1, 0.2, 1.1, 0.4, 0.1, 0.4]
    (turned,) = _analyzed(_result("total", rotation=90))["pages"]
    assert (turned["unit"], turned["width"], turned["height"], turned["angle"]) == ("pixel", 100, 200, -90)
    assert turned["lines"][0]["polygon"][:4] == [20.0, 190.0, 20.0, 90.0]  # upwards on the page as stored


def test_paragraphs_have_their_lines_and_a_box() -> None:
    (paragraph,) = _analyzed(_result("total"))["paragraphs"]
    assert (paragraph["content"], paragraph["spans"]) == ("total", [{"offset": 0, "length": 5}])
    assert paragraph["boundingRegions"] == [{"pageNumber": 1, "polygon": [10, 20, 110, 20, 110, 40, 10, 40]}]


def _of_layout(result: OcrResult, content_format: ContentFormat = "text") -> AnalyzeResult:
    """The layout of a result, as the vendor's client sees it."""
    return AnalyzeResult(analyze_result(result, "prebuilt-layout", "2024-11-30", content_format, "unicodeCodePoint"))


def _flat(polygon: Any) -> list[float]:
    return [value for point in polygon for value in point]


def _cut(result: AnalyzeResult, spans: Any) -> list[str]:
    return [result.content[span.offset : span.offset + span.length] for span in spans]


@pytest.mark.parametrize("content_format", ["text", "markdown"])
def test_layout_has_paragraphs_with_roles_and_spans(content_format: ContentFormat) -> None:
    result = _of_layout(structured(), content_format)
    assert [(one.role, one.content) for one in result.paragraphs or []] == [
        ("pageHeader", "ACME Ltd"),
        ("title", "INVOICE 2041"),
        (None, "Date: 2026-01-31"),
        (None, "Table 1: goods"),
        (None, "Goods"),  # of one line, which crosses two cells
        (None, "Price"),
        (None, "Tea"),
        (None, "3.50"),
        (None, "Fig. 1"),
        ("sectionHeading", "Terms"),
        (None, "[ ] agreed"),
        ("pageNumber", "Page 1"),
    ]
    for one in result.paragraphs or []:
        (text,) = _cut(result, one.spans)
        # Markdown has the state of a check box in place of what the box was read as
        assert text.replace("\\", "").replace("[x]", "[ ]") == one.content
    assert [word.content for word in result.pages[0].words or []][:3] == ["ACME", "Ltd", "INVOICE"]
    assert result.warnings == []


def test_layout_has_tables_figures_and_sections_that_name_their_elements() -> None:
    result = _of_layout(structured(pages=2))
    table, on_second = result.tables or []
    assert (table.row_count, table.column_count, _cut(result, table.spans)) == (3, 2, ["Goods Price\nTea\n3.50"])
    assert [(one.page_number, one.polygon) for one in table.bounding_regions or []] == [(1, _flat(TABLE))]
    cells = [(one.kind, one.row_index, one.column_index, one.content, one.elements) for one in table.cells]
    assert cells == [
        ("columnHeader", 0, 0, "Goods", ["/paragraphs/4"]),
        ("columnHeader", 0, 1, "Price", ["/paragraphs/5"]),
        ("content", 1, 0, "Tea", ["/paragraphs/6"]),
        ("content", 1, 1, "3.50", ["/paragraphs/7"]),
        ("content", 2, 0, "", None),
    ]
    assert [_cut(result, cell.spans) for cell in table.cells] == [["Goods"], ["Price"], ["Tea"], ["3.50"], []]
    assert (table.cells[4].row_span, table.cells[4].column_span) == (1, 2)
    assert table.cells[4].bounding_regions
    assert table.caption
    assert (table.caption.content, table.caption.elements) == ("Table 1: goods", ["/paragraphs/3"])
    assert on_second.cells[0].elements == ["/paragraphs/16"]
    figure, other = result.figures or []
    assert figure.caption
    assert figure.bounding_regions
    assert (figure.id, other.id, figure.caption.content) == ("1.1", "2.1", "Fig. 1")
    assert figure.bounding_regions[0].polygon == _flat(PHOTO)
    root, terms, *_ = result.sections or []
    assert root.elements == [
        *("/paragraphs/1", "/paragraphs/2", "/paragraphs/3", "/tables/0", "/figures/0", "/paragraphs/8"),
        *("/sections/1", "/sections/2", "/sections/3"),  # only the document's first title is its title
    ]
    assert terms.elements == ["/paragraphs/9", "/paragraphs/10"]
    assert _cut(result, terms.spans) == ["Terms\n[ ] agreed"]


def test_layout_has_marks_codes_and_pairs_of_what_was_asked_for() -> None:
    result = _of_layout(structured())
    (page,) = result.pages
    checked, radio = page.selection_marks or []  # a signature is not one
    assert (checked.state, checked.confidence, radio.state) == ("selected", 0.97, "unselected")
    assert result.content[checked.span.offset :].startswith("agreed")
    assert (checked.span.length, checked.polygon) == (0, [50, 660, 80, 660, 80, 690, 50, 690])
    known, other = page.barcodes or []
    assert (known.kind, known.value, known.confidence, other.kind) == ("QRCode", "https://example.com", 1, "rmqrcode")

    def told(pair: DocumentKeyValuePair) -> tuple[str, str | None, float]:
        return pair.key.content, pair.value.content if pair.value else None, pair.confidence

    assert [told(pair) for pair in result.key_value_pairs or []] == [
        ("Date:", "2026-01-31", 0.9),
        ("Terms", None, 0.5),
        ("Table", "typed", 1.0),
        ("agreed", ":selected:", 0.97),
    ]
    date = (result.key_value_pairs or [])[0]
    assert date.value
    assert _cut(result, [*date.key.spans, *date.value.spans]) == ["Date:", "2026-01-31"]
    less = _of_layout(structured(("layout", "tables", "marks")))
    assert (less.key_value_pairs, less.pages[0].barcodes) == (None, None)


def test_layout_of_a_turned_page_is_on_the_page_as_stored() -> None:
    (table, *_) = _of_layout(structured(rotation=90)).tables or []
    assert table.bounding_regions
    assert table.bounding_regions[0].polygon == [300, 950, 300, 400, 420, 400, 420, 950]


async def test_layout_asks_for_the_parts_of_its_features(doors: Doors, start: Start) -> None:
    layout = _ANALYZE.replace("read", "layout")
    for url, features, parts in (
        (_ANALYZE, "", ()),
        (_ANALYZE, "barcodes", ("codes",)),
        (layout, "", ("layout", "tables", "marks")),
        (layout, "barcodes,ocrHighResolution", ("layout", "tables", "marks", "codes")),
        (layout, "KeyValuePairs,barcodes", ("layout", "tables", "fields", "marks", "codes")),
    ):
        await _submit(doors, url=url, content=b"good", params={"features": features})
        await doors.settle()
        assert doors.document.options[-1].structure == parts
    for model, feature in (("read", "keyValuePairs"), ("layout", "formulas")):
        url = f"{_ANALYZE.replace('read', model)}?features={feature}"
        refused = (await doors.client.post(url, content=b"good")).json()["error"]
        assert (refused["code"], refused["innererror"]["code"]) == ("InvalidRequest", "InvalidParameter")
        assert f"The parameter {feature} is invalid: The feature is invalid or not supported" in refused["message"]


async def test_layout_without_structure_is_the_text_and_a_warning(start: Start) -> None:
    layout = _ANALYZE.replace("read", "layout")
    async with start(structure={"enabled": False}) as doors:
        location = await _submit(doors, url=layout, content=b"good")
        await doors.settle()
        answer = (await doors.client.get(location)).json()["analyzeResult"]
        assert (answer["content"], answer["tables"], answer["warnings"][0]["code"]) == ("page 1", [], "no_structure")
        refused = await doors.client.post(f"{layout}?features=barcodes", content=b"good")
        assert (refused.status_code, "structure.enabled" in refused.text) == (400, True)


async def _submit(doors: Doors, **request: Any) -> str:
    answer = await doors.client.post(request.pop("url", _ANALYZE), **request)
    assert answer.status_code == 202, answer.text
    assert answer.headers["Retry-After"] == "1"
    return answer.headers["Operation-Location"]


async def test_operation_goes_from_not_started_to_succeeded(doors: Doors) -> None:
    location = await _submit(
        doors, content=b"good bad good", params={"pages": "1,3", "outputContentFormat": "markdown"}
    )
    assert location.startswith("http://rayocr/documentintelligence/documentModels/prebuilt-read/analyzeResults/")
    waiting = (await doors.client.get(location)).json()
    assert (waiting["status"], waiting["percentCompleted"]) == ("notStarted", 0)
    await doors.settle()
    done = (await doors.client.get(location)).json()
    assert done["status"] == "succeeded"
    assert done["analyzeResult"]["contentFormat"] == "markdown"
    assert [page["pageNumber"] for page in done["analyzeResult"]["pages"]] == [1, 3]
    assert (await doors.client.delete(location)).status_code == 204
    assert (await doors.client.get(location)).status_code == 404


async def test_document_that_can_not_be_read_fails_with_words(doors: Doors) -> None:
    location = await _submit(doors, json={"base64Source": base64.b64encode(b"unsupported").decode()})
    await doors.settle()
    failed = (await doors.client.get(location)).json()
    assert (failed["status"], failed["error"]["code"]) == ("failed", "InvalidRequest")
    assert failed["error"]["innererror"] == {"code": "InvalidContent", "message": "unsupported format: .txt"}


@pytest.mark.parametrize(
    ("url", "request_", "status", "words"),
    [
        (_ANALYZE.replace("read", "invoice"), {"content": b"good"}, 404, "ModelNotFound"),
        (f"{_ANALYZE}?features=formulas", {"content": b"good"}, 400, "formulas"),
        (f"{_ANALYZE}?output=figures", {"content": b"good"}, 400, "figures"),
        (f"{_ANALYZE}?pages=x", {"content": b"good"}, 400, "pages"),
        (f"{_ANALYZE}?api-version=1", {"content": b"good"}, 400, "api-version"),
        (_ANALYZE, {"content": b""}, 400, "no body"),
        (_ANALYZE, {"json": {}}, 400, "base64Source"),
        (_ANALYZE, {"json": {"base64Source": "?"}}, 400, "not base64"),
        (_ANALYZE, {"json": {"urlSource": "ftp://a/b"}}, 403, "ftp"),
        (_ANALYZE, {"json": {"urlSource": "file:///etc/passwd"}}, 403, "file"),
        (_ANALYZE, {"content": b"x" * 3000}, 413, "the limit is"),
        ("/documentintelligence/nothing", {"content": b"good"}, 404, "Not Found"),
    ],
)
async def test_errors_have_the_form_of_the_service(
    start: Start, url: str, request_: dict[str, Any], status: int, words: str
) -> None:
    async with start(max_body_bytes=1024) as doors:
        answer = await doors.client.post(url, **request_)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["requestId"] == answer.headers["X-Request-ID"] == answer.headers["apim-request-id"]
    assert error.keys() >= {"code", "message", "innererror"}
    assert words in answer.text


async def test_unknown_results_and_those_of_other_clients_are_not_found(start: Start) -> None:
    async with start(keys=True, doors=["azure"]) as doors:
        refused = await doors.client.post(_ANALYZE, content=b"good")
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "401")
        key = {"Ocp-Apim-Subscription-Key": ALICE}
        location = await _submit(doors, content=b"good", headers=key)
        assert (await doors.client.get(location, headers=key)).status_code == 200
        for other in (location, f"{_READ}/analyzeResults/x", f"{_READ}/analyzeResults/{'0' * 32}-te0"):
            assert (await doors.client.get(other, headers={"Ocp-Apim-Subscription-Key": BOB})).status_code == 404
            assert (await doors.client.delete(other, headers={"Ocp-Apim-Subscription-Key": BOB})).status_code == 404
        assert (await doors.client.get(location, headers=key)).status_code == 200


_WORDS = st.text(max_size=12) | st.sampled_from(
    ["pdf", "markdown", "utf16CodeUnit", "1-", "2023-07-31", "languages", "0"]
)
_QUERY = st.dictionaries(
    st.sampled_from(
        [
            "pages",
            "features",
            "output",
            "outputContentFormat",
            "stringIndexType",
            "api-version",
            "locale",
            "queryFields",
        ]
    ),
    _WORDS,
)
_VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.just("QUJD") | st.just("s3://scans/a")
_SENT = st.dictionaries(
    st.sampled_from(["base64Source", "urlSource", "other"]), _VALUES | st.lists(_VALUES, max_size=2)
)
_IDS = st.text(max_size=8) | st.from_regex(r"[0-9a-f]{32}-[tm][ecu][0-9]p?", fullmatch=True)


@settings(max_examples=80, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(model=_WORDS | st.just("prebuilt-read"), query=_QUERY, body=_SENT | st.binary(max_size=20), result_id=_IDS)
async def test_no_input_is_the_fault_of_the_service(
    doors: Doors, model: str, query: dict[str, str], body: Any, result_id: str
) -> None:
    sent: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
    path = f"/documentintelligence/documentModels/{quote(model, safe='')}"
    answers = [await doors.client.post(f"{path}:analyze", params=query, **sent)]
    for method in ("GET", "DELETE"):
        answers.append(await doors.client.request(method, f"{path}/analyzeResults/{quote(result_id, safe='')}"))
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
