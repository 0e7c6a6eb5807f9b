"""The door of Textract: blocks on the page as stored, jobs and their parts, errors, and signatures."""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from botocore.parsers import create_parser
from botocore.session import get_session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serve.doors.textract.answers import blocks, read_document
from serve.doors.textract.structure import Feature
from serve.results import LineResult, OcrPage, OcrResult, WordResult
from tests.unit.serve.doors.conftest import ALICE, BOB, Doors, Start
from tests.unit.serve.doors.structured import structured
from tests.unit.serve.doors.textract_client import signed

_BOX = ((10.0, 20.0), (110.0, 20.0), (110.0, 40.0), (10.0, 40.0))
_GOOD = {"Bytes": base64.b64encode(b"good").decode()}
_ALL: list[Feature] = ["TABLES", "FORMS", "SIGNATURES", "LAYOUT"]
_IN_S3 = {"DocumentLocation": {"S3Object": {"Bucket": "pages", "Name": "good bad good"}}}


def _result(rotation: int = 0, pages: int = 1) -> OcrResult:
    words = [WordResult(text=word, confidence=0.9, polygon=_BOX) for word in ("TOTAL", "13.50")]
    line = LineResult(text="TOTAL 13.50", confidence=0.98765, polygon=_BOX, words=words)
    made = [
        OcrPage(page=number, width=200, height=100, rotation=rotation, lines=[line, line], text="")
        for number in range(1, pages + 1)
    ]
    return OcrResult(id="r", model="m", pages=made, text="", warnings=[], timings_ms={})


def test_blocks_are_a_tree_of_pages_lines_and_words() -> None:
    found, count = blocks(_result(), ["LAYOUT"])
    assert [block["BlockType"] for block in found] == ["PAGE", *["LINE"] * 2, *["WORD"] * 4, "LAYOUT_TEXT"]
    assert count == len(found)
    by_id = {block["Id"]: block for block in found}
    assert len(by_id) == count
    children = {block["Id"]: block.get("Relationships", [{"Ids": []}])[0]["Ids"] for block in found}
    assert [by_id[one]["BlockType"] for one in children[found[0]["Id"]]] == ["LINE", "LINE", "LAYOUT_TEXT"]
    assert [by_id[one]["Text"] for one in children[found[1]["Id"]]] == ["TOTAL", "13.50"]
    assert children[found[-1]["Id"]] == [found[1]["Id"], found[2]["Id"]]
    assert (found[1]["Text"], found[1]["Confidence"]) == ("TOTAL 13.50", 98.765)
    assert found[3]["TextType"] == "PRINTED"


def test_places_are_shares_of_the_page_as_stored() -> None:
    geometry = blocks(_result(), [])[0][1]["Geometry"]
    assert geometry["BoundingBox"] == {"Left": 0.05, "Top": 0.2, "Width": 0.5, "Height": 0.2}
    assert geometry["Polygon"][2] == {"X": 0.55, "Y": 0.4}
    turned = blocks(_result(rotation=90), [])[0][1]["Geometry"]
    assert turned["Polygon"][:2] == [{"X": 0.2, "Y": 0.95}, {"X": 0.2, "Y": 0.45}]  # upwards on the page as stored
    assert turned["BoundingBox"] == {"Left": 0.2, "Top": 0.45, "Width": 0.2, "Height": 0.5}


@pytest.mark.parametrize("features", [[], ["LAYOUT"], _ALL])
def test_parts_are_the_whole(features: Sequence[Feature]) -> None:
    result = structured(pages=3) if len(features) > 1 else _result(pages=3)
    whole, count = blocks(result, features)
    assert len({block["Id"] for block in whole}) == count
    for size in (1, 4, 7, 100):
        parts = [blocks(result, features, at, at + size) for at in range(0, count, size)]
        assert [block for part, _ in parts for block in part] == whole
        assert {each for _, each in parts} == {count}


def _parsed(result: OcrResult, features: Sequence[Feature]) -> list[dict[str, Any]]:
    """The blocks of a result as AWS's own client sees them; it knows every member."""
    answer = read_document(result, features)
    shape = get_session().get_service_model("textract").operation_model("AnalyzeDocument").output_shape
    sent = {"body": json.dumps(answer).encode(), "headers": {}, "status_code": 200}
    parsed: list[dict[str, Any]] = create_parser("json").parse(sent, shape)["Blocks"]
    assert parsed == answer["Blocks"]
    return parsed


def _related(block: dict[str, Any], kind: str = "CHILD") -> list[str]:
    return [one for relation in block.get("Relationships", []) if relation["Type"] == kind for one in relation["Ids"]]


class _Tree:
    """The blocks of one page by their types, and what they say."""

    def __init__(self, blocks_: list[dict[str, Any]]) -> None:
        self.by_id = {block["Id"]: block for block in blocks_}

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [block for block in self.by_id.values() if block["BlockType"] == kind]

    def text(self, block: dict[str, Any]) -> str:
        """The words below a block, or the state of a box."""
        own = block.get("Text") or block.get("SelectionStatus")
        return own or " ".join(self.text(self.by_id[one]) for one in _related(block))


def test_tables_have_a_cell_for_each_place_of_the_grid() -> None:
    tree = _Tree(_parsed(structured(), ["TABLES", "LAYOUT"]))
    (table,) = tree.of("TABLE")
    assert (table["EntityTypes"], table["Confidence"]) == (["STRUCTURED_TABLE"], 88.0)
    cells = [tree.by_id[one] for one in _related(table)]
    assert [(one["RowIndex"], one["ColumnIndex"], tree.text(one)) for one in cells] == [
        (1, 1, "Goods"),
        (1, 2, "Price"),
        (2, 1, "Tea"),
        (2, 2, "3.50 NOT_SELECTED"),
        (3, 1, ""),
        (3, 2, ""),
    ]
    assert [one.get("EntityTypes") for one in cells] == [["COLUMN_HEADER"], ["COLUMN_HEADER"], None, None, None, None]
    (merged,) = (tree.by_id[one] for one in _related(table, "MERGED_CELL"))
    assert (merged["RowIndex"], merged["RowSpan"], merged["ColumnSpan"]) == (3, 1, 2)
    assert _related(merged) == [cell["Id"] for cell in cells[4:]]
    assert cells[4]["Geometry"]["BoundingBox"] == {"Left": 0.05, "Top": 0.2714286, "Width": 0.275, "Height": 0.0285714}
    (title,) = (tree.by_id[one] for one in _related(table, "TABLE_TITLE"))
    assert tree.text(title) == "Table 1: goods"
    assert table["Id"] in _related(tree.of("PAGE")[0])
    assert not {one["Id"] for one in cells} & {*_related(tree.of("PAGE")[0])}


def test_layout_is_that_of_the_regions() -> None:
    found = _parsed(structured(), ["FORMS", "LAYOUT"])
    tree = _Tree(found)
    layout = [block for block in found if block["BlockType"].startswith("LAYOUT")]
    assert [(block["BlockType"], tree.text(block)) for block in layout] == [
        ("LAYOUT_HEADER", "ACME Ltd"),
        ("LAYOUT_TITLE", "INVOICE 2041"),
        ("LAYOUT_KEY_VALUE", "Date: 2026-01-31"),
        ("LAYOUT_TEXT", "Table 1: goods"),
        ("LAYOUT_TABLE", "Goods Price Tea 3.50"),
        ("LAYOUT_FIGURE", ""),
        ("LAYOUT_TEXT", "Fig. 1"),
        ("LAYOUT_SECTION_HEADER", "Terms"),
        ("LAYOUT_TEXT", "[ ] agreed"),  # an item of the list
        ("LAYOUT_LIST", "[ ] agreed"),
        ("LAYOUT_PAGE_NUMBER", "Page 1"),
    ]
    assert tree.by_id[_related(layout[9])[0]] == layout[8]
    assert layout[1]["Confidence"] == 95.0


def test_forms_have_pairs_and_boxes_and_signatures_are_of_their_own() -> None:
    tree = _Tree(_parsed(structured(), ["FORMS", "SIGNATURES"]))
    keys = [block for block in tree.of("KEY_VALUE_SET") if block["EntityTypes"] == ["KEY"]]
    values = [tree.by_id[_related(key, "VALUE")[0]] for key in keys]
    assert {value["EntityTypes"][0] for value in values} == {"VALUE"}
    assert [(tree.text(key), tree.text(value)) for key, value in zip(keys, values, strict=True)] == [
        ("Date:", "2026-01-31"),
        ("Terms", ""),
        ("Table", "typed"),
        ("agreed", "SELECTED"),
    ]
    (signature,) = tree.of("SIGNATURE")
    assert (signature["Confidence"], signature["Geometry"]["BoundingBox"]["Left"]) == (80.0, 0.6)
    below = {one for block in tree.by_id.values() for one in _related(block)}
    assert {*tree.by_id} - below == {tree.of("PAGE")[0]["Id"]}  # everything can be reached from the page
    alone = _Tree(_parsed(structured(), ["SIGNATURES"]))
    assert [len(alone.of(kind)) for kind in ("SIGNATURE", "SELECTION_ELEMENT", "KEY_VALUE_SET")] == [1, 0, 0]


async def test_features_ask_for_parts_and_stand_in_the_id_of_a_job(doors: Doors, start: Start) -> None:
    every = ["SIGNATURES", "LAYOUT", "TABLES", "FORMS"]
    job = (await _call(doors, "StartDocumentAnalysis", {**_IN_S3, "FeatureTypes": every})).json()
    assert job["JobId"][32:] == "-tables-forms-signatures-layout"
    assert len(job["JobId"]) <= 64  # as AWS's clients check
    await doors.settle()
    assert [one.structure for one in doors.document.options] == [("layout", "tables", "fields", "marks")] * 3
    answer = (await _call(doors, "GetDocumentAnalysis", job)).json()
    assert answer["AnalyzeDocumentModelVersion"]
    await _call(doors, "AnalyzeDocument", {"Document": _GOOD, "FeatureTypes": ["TABLES"]})
    assert doors.document.options[-1].structure == ("tables", "marks")
    for wrong in ("-forms-x", "-text", "-"):
        answer = (await _call(doors, "GetDocumentAnalysis", {"JobId": job["JobId"][:32] + wrong})).json()
        assert answer["__type"] == "InvalidJobIdException"


async def test_without_structure_only_the_layout_of_the_text_is_found(start: Start) -> None:
    async with start(structure={"enabled": False}) as doors:
        answer = await _call(doors, "AnalyzeDocument", {"Document": _GOOD, "FeatureTypes": ["LAYOUT"]})
        assert [block["BlockType"] for block in answer.json()["Blocks"]] == ["PAGE", "LINE", "LAYOUT_TEXT"]
        for operation, document in (("AnalyzeDocument", {"Document": _GOOD}), ("StartDocumentAnalysis", _IN_S3)):
            refused = (await _call(doors, operation, {**document, "FeatureTypes": ["TABLES"]})).json()
            assert refused["__type"] == "InvalidParameterException"
            assert "structure.enabled" in refused["message"]


async def _call(doors: Doors, operation: str, members: Any, **changes: str) -> httpx.Response:
    return await doors.client.post(**signed(operation, members, **changes))


async def test_job_is_followed_to_its_blocks_in_parts(doors: Doors) -> None:
    start = {**_IN_S3, "ClientRequestToken": "once"}
    job = (await _call(doors, "StartDocumentTextDetection", start)).json()
    assert (await _call(doors, "StartDocumentTextDetection", start)).json() == job
    other = {"DocumentLocation": {"S3Object": {"Bucket": "pages", "Name": "good"}}, "ClientRequestToken": "once"}
    refused = (await _call(doors, "StartDocumentTextDetection", other)).json()
    assert refused["__type"] == "IdempotentParameterMismatchException"
    assert (await _call(doors, "GetDocumentTextDetection", job)).json() == {"JobStatus": "IN_PROGRESS"}
    await doors.settle()
    whole = (await _call(doors, "GetDocumentTextDetection", job)).json()
    assert whole["JobStatus"] == "PARTIAL_SUCCESS"
    assert whole["DocumentMetadata"] == {"Pages": 3}
    assert whole["Warnings"] == [{"ErrorCode": "page_failed", "Pages": [2]}]
    assert "NextToken" not in whole
    part = (await _call(doors, "GetDocumentTextDetection", {**job, "MaxResults": 3})).json()
    rest = (await _call(doors, "GetDocumentTextDetection", {**job, "NextToken": part["NextToken"]})).json()
    assert part["Blocks"] + rest["Blocks"] == whole["Blocks"]
    for wrong in ({"NextToken": "999"}, {"NextToken": "x"}, {"MaxResults": 0}):
        answer = (await _call(doors, "GetDocumentTextDetection", {**job, **wrong})).json()
        assert answer["__type"] == "InvalidParameterException"
    assert (await _call(doors, "GetDocumentAnalysis", job)).json()["__type"] == "InvalidJobIdException"


async def test_analysis_has_jobs_of_its_own(doors: Doors) -> None:
    job = (await _call(doors, "StartDocumentAnalysis", {**_IN_S3, "FeatureTypes": ["LAYOUT"]})).json()
    await doors.settle()
    found = (await _call(doors, "GetDocumentAnalysis", job)).json()["Blocks"]
    assert "LAYOUT_TEXT" in {block["BlockType"] for block in found}
    assert (await _call(doors, "GetDocumentTextDetection", job)).json()["__type"] == "InvalidJobIdException"


async def test_document_that_can_not_be_read_fails_with_words(doors: Doors) -> None:
    location = {"DocumentLocation": {"S3Object": {"Bucket": "pages", "Name": "unsupported"}}}
    job = (await _call(doors, "StartDocumentTextDetection", location)).json()
    await doors.settle()
    failed = (await _call(doors, "GetDocumentTextDetection", job)).json()
    assert failed == {"JobStatus": "FAILED", "StatusMessage": "unsupported_type: unsupported format: .txt"}


@pytest.mark.parametrize("url", ["http://rayocr/", "http://rayocr/textract", "http://rayocr/textract/"])
async def test_document_is_read_at_once_at_each_path(doors: Doors, url: str) -> None:
    answer = await _call(doors, "AnalyzeDocument", {"Document": _GOOD, "FeatureTypes": ["LAYOUT"]}, url=url)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-amzn-RequestId"] == answer.headers["X-Request-ID"]
    assert [block["BlockType"] for block in answer.json()["Blocks"]] == ["PAGE", "LINE", "LAYOUT_TEXT"]


async def test_paths_without_an_operation_are_as_before(doors: Doors) -> None:
    assert (await doors.client.get("/")).status_code == (await doors.client.post("/")).status_code == 404
    assert (await doors.client.get("/")).json()["code"] == "no_such_route"


@pytest.mark.parametrize(
    ("operation", "members", "name", "words"),
    [
        ("DetectText", {}, "UnknownOperationException", "DetectDocumentText"),
        ("DetectDocumentText", b"{", "InvalidParameterException", "JSON"),
        ("DetectDocumentText", {}, "InvalidParameterException", "Document"),
        ("DetectDocumentText", {"Document": {}}, "InvalidParameterException", "one of Bytes"),
        ("DetectDocumentText", {"Document": {"Bytes": "?"}}, "InvalidParameterException", "not base64"),
        ("DetectDocumentText", {"Document": {"Bytes": "A" * 1600}}, "DocumentTooLargeException", "the limit is"),
        ("DetectDocumentText", {"Document": {"Bytes": "A" * 30000}}, "DocumentTooLargeException", "the limit is"),
        (
            "DetectDocumentText",
            {"Document": {"Bytes": base64.b64encode(b"good good").decode()}},
            "UnsupportedDocumentException",
            "StartDocumentTextDetection",
        ),
        (
            "DetectDocumentText",
            {"Document": {"Bytes": base64.b64encode(b"bad").decode()}},
            "BadDocumentException",
            "nothing of it",
        ),
        (
            "DetectDocumentText",
            {"Document": {"S3Object": {"Bucket": "pages", "Name": "good", "Version": "1"}}},
            "InvalidParameterException",
            "Version",
        ),
        ("AnalyzeDocument", {"Document": _GOOD}, "InvalidParameterException", "LAYOUT"),
        (
            "AnalyzeDocument",
            {"Document": _GOOD, "FeatureTypes": ["LAYOUT", "QUERIES"]},
            "InvalidParameterException",
            "QUERIES",
        ),
        (
            "AnalyzeDocument",
            {"Document": _GOOD, "FeatureTypes": ["LAYOUT"], "QueriesConfig": {"Queries": [{"Text": "?"}]}},
            "InvalidParameterException",
            "QueriesConfig",
        ),
        ("StartDocumentTextDetection", {**_IN_S3, "NotificationChannel": {}}, "InvalidParameterException", "Notif"),
        ("StartDocumentTextDetection", {**_IN_S3, "ClientRequestToken": "?"}, "InvalidParameterException", "Token"),
        ("GetDocumentTextDetection", {"JobId": "nothing"}, "InvalidJobIdException", "nothing"),
        ("GetDocumentTextDetection", {"JobId": "0" * 32}, "InvalidJobIdException", "0000"),
    ],
)
async def test_errors_have_the_form_of_the_service(
    start: Start, operation: str, members: Any, name: str, words: str
) -> None:
    async with start(max_body_bytes=1024) as doors:
        answer = await _call(doors, operation, members)
    assert (answer.status_code, answer.json()["__type"]) == (400, name), answer.text
    assert words in answer.json()["message"]
    assert answer.json()["RequestId"] == answer.headers["x-amzn-RequestId"] == answer.headers["X-Request-ID"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Document", "Bytes", "S3Object", "Bucket", "Name", "DocumentLocation", "JobId"]), inner
        )
    ),
    max_leaves=8,
)


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    operation=st.sampled_from(["DetectDocumentText", "AnalyzeDocument", "StartDocumentTextDetection"])
    | st.sampled_from(["GetDocumentTextDetection", "StartDocumentAnalysis", "GetDocumentAnalysis", "x"]),
    members=_JSON | st.binary(max_size=20),
)
async def test_no_input_is_the_fault_of_the_service(doors: Doors, operation: str, members: Any) -> None:
    assert (await _call(doors, operation, members)).status_code < 500


def _changed(request: dict[str, Any], **headers: str) -> dict[str, Any]:
    return request | {"headers": request["headers"] | headers}


def _at(minutes: int) -> dict[str, Any]:
    """A request that was signed so many minutes ago."""
    with patch("botocore.auth.get_current_datetime", lambda: datetime.now(UTC) - timedelta(minutes=minutes)):
        return signed("DetectDocumentText", {"Document": _GOOD}, ALICE)


async def test_signature_holds_for_what_was_signed_only(start: Start) -> None:
    good = signed("DetectDocumentText", {"Document": _GOOD}, ALICE)
    parts = good["headers"]["Authorization"]
    digest = {"X_Amz_Content_SHA256": "UNSIGNED-PAYLOAD"}
    cases = [
        (good, ""),
        (signed("DetectDocumentText", {"Document": _GOOD}, ALICE, url="http://rayocr/textract?a=b%20c&a=1"), ""),
        (signed("DetectDocumentText", {"Document": _GOOD}, BOB, "bob"), ""),
        (_at(14), ""),
        (_at(16), "InvalidSignatureException"),
        (_at(-16), "InvalidSignatureException"),
        (good | {"content": json.dumps({"Document": _GOOD, "x": 1}).encode()}, "InvalidSignatureException"),
        (good | {"url": "http://rayocr/textract"}, "InvalidSignatureException"),
        (_changed(good, **{"X-Amz-Target": "Textract.AnalyzeDocument"}), "InvalidSignatureException"),
        (_changed(good, Authorization=parts.replace(";x-amz-target", "")), "InvalidSignatureException"),
        (_changed(good, Authorization=parts.replace("Signature=", "Signature=0")), "InvalidSignatureException"),
        (_changed(good, Authorization=parts.partition(", Signature=")[0]), "InvalidSignatureException"),
        (_changed(good, Authorization=parts.replace("aws4_request", "x")), "IncompleteSignatureException"),
        (_changed(good, Authorization="AWS4-HMAC-SHA256"), "IncompleteSignatureException"),
        (_changed(good, **{"X-Amz-Date": "today"}), "IncompleteSignatureException"),
        (_changed(good, Authorization=f"Bearer {ALICE}"), "MissingAuthenticationTokenException"),
        (signed("DetectDocumentText", {}, BOB, "alice"), "InvalidSignatureException"),
        (signed("DetectDocumentText", {}, ALICE, "carol"), "UnrecognizedClientException"),
        (signed("DetectDocumentText", {}, ALICE, "../keys/alice"), "IncompleteSignatureException"),
        (signed("DetectDocumentText", {}, ALICE, service="s3"), "InvalidSignatureException"),
        (signed("DetectDocumentText", {}, ALICE, **digest), "InvalidSignatureException"),
    ]
    # The web page needs no key at the same path.
    async with start(keys=True, doors=["textract"], web_page=True) as guarded:
        for request, name in cases:
            answer = await guarded.client.post(**request)
            assert answer.json().get("__type", "") == name, (request, answer.text)
            assert answer.status_code == (400 if name else 200)


async def test_jobs_of_other_clients_are_not_found(start: Start) -> None:
    async with start(keys=True, doors=["textract"]) as guarded:
        began = await guarded.client.post(**signed("StartDocumentTextDetection", _IN_S3, ALICE))
        for key, client, status in ((BOB, "bob", 400), (ALICE, "alice", 200)):
            asked = signed("GetDocumentTextDetection", began.json(), key, client)
            assert (await guarded.client.post(**asked)).status_code == status
