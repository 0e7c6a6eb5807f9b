"""Six documents, and some mistakes, through every door: the same text, places and errors as by /v1/ocr."""

import base64
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import img2pdf  # type: ignore[import-untyped]
import numpy as np
import pytest
from PIL import Image

from models.upright import upright_points, upright_size
from tests.pdfs import helvetica_pdf
from tests.pictures import drawn_page, encoded, labeled, long_page
from tests.waiting import until_true

Lines = list[tuple[int, str, list[list[float]]]]
"""The page, the text and the corners of each line, in pixels of the page as /v1/ocr measures it."""

_RECEIPT = drawn_page("INVOICE 2041", "COFFEE 3.50", "TOTAL 13.50")
_DOCUMENTS: dict[str, bytes] = {
    "receipt.png": encoded(_RECEIPT),
    "on its side.png": encoded(np.rot90(drawn_page("INVOICE 2041", "COFFEE 3.50", "TEA 2.00", "TOTAL 13.50")).copy()),
    "with text.pdf": helvetica_pdf(["INVOICE 2041", "TOTAL 13.50"]),
    "scanned.pdf": img2pdf.convert([encoded(drawn_page(f"PAGE {number}", "TOTAL 13.50")) for number in (1, 2)]),
    "two pages.tiff": encoded(drawn_page("RAIN TODAY"), drawn_page("SNOW TODAY"), kind="TIFF"),
    # Chinese: no font that draws it is on every machine.
    **{path.name: path.read_bytes() for path in labeled("zh_line_crops", 1)},
}
_TOO_LARGE = b"\x89PNG\r\n\x1a\n" + bytes(9 * 1024**2)  # over the limit of the fixture
_AT_ONCE = {"X-Request-Timeout": "0.001"}
_IN_THE_MIDDLE = {"X-Request-Timeout": "0.5"}
_OF_TWO_PAGES = {"scanned.pdf", "two pages.tiff"}

Send = Callable[[httpx.Client], httpx.Response]


@dataclass(frozen=True)
class Row:
    """How the tests go through a door.

    Args:
        read: Reads a document by its name. It also gets the answer of /v1/ocr, for the sizes of its pages.
        errors: What is sent for each mistake, and the status of the answer. A mistake that the protocol can't make is
            missing.
        takes: Whether the protocol can carry the document of this name.
        tolerance_px: How far a corner may be from that of /v1/ocr, because the protocol has other units.
    """

    read: Callable[[httpx.Client, str, Mapping[str, Any]], Lines]
    errors: Mapping[str, tuple[Send, int]]
    takes: Callable[[str], bool] = field(default=lambda name: True)
    tolerance_px: float = 0.0


# What each error says, in whatever form, beside the id of its request.
_WORDS = {
    "bad file": "unsupported format",
    "too large": "the limit is",
    "unknown id": "there is no",
    "unknown option": "known",
    "deadline": "s ran out in",
}


def _legacy(client: httpx.Client, name: str, _expected: Mapping[str, Any]) -> Lines:
    answer = client.post("/api/predict/", files={"image": (name, _DOCUMENTS[name])}).json()
    return list(zip(answer["pages"], answer["texts"], answer["boxes"], strict=True))


def _mcp(tool: str, arguments: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Send:
    params = {"name": tool, "arguments": arguments}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    return lambda client: client.post("/mcp", json=message, headers={"Accept": "application/json", **(headers or {})})


def _read_by_mcp(client: httpx.Client, name: str, _expected: Mapping[str, Any]) -> Lines:
    arguments = {"content": _base64(_DOCUMENTS[name]), "name": name, "format": "json"}
    answer = json.loads(_mcp("read_document", arguments)(client).json()["result"]["content"][0]["text"])
    return [(page["page"], line["text"], line["polygon"]) for page in answer["pages"] for line in page["lines"]]


def _infer(client: httpx.Client, name: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
    pixels = np.array(Image.open(io.BytesIO(_DOCUMENTS[name])).convert("RGB"))[None]
    tensor = {"name": "image", "shape": pixels.shape, "datatype": "UINT8", "data": pixels.ravel().tolist()}
    return client.post("/v2/models/ocr/infer", json={"inputs": [tensor]}, headers=headers)


def _read_by_kserve(client: httpx.Client, name: str, expected: Mapping[str, Any]) -> Lines:
    tensors = {one["name"]: one for one in _infer(client, name).json()["outputs"]}
    (direct,) = expected["pages"]
    size = upright_size((direct["width"], direct["height"]), direct["rotation"])
    stored = np.array(tensors["boxes"]["data"]).reshape(tensors["boxes"]["shape"])
    upright = upright_points(stored, size, direct["rotation"])
    return [(1, text, box.tolist()) for text, box in zip(tensors["txts"]["data"], upright, strict=True)]


_AZURE = "/documentintelligence/documentModels/prebuilt-read"


def _analyze(content: bytes, query: str = "") -> Send:
    return lambda client: client.post(f"{_AZURE}:analyze{query}", content=content)


def _read_by_azure(client: httpx.Client, name: str, expected: Mapping[str, Any]) -> Lines:
    location = _analyze(_DOCUMENTS[name])(client).headers["Operation-Location"]
    until_true(lambda: client.get(location).json()["status"] not in ("notStarted", "running"), every_s=0.1)
    answer = client.get(location).json()
    lines: Lines = []
    for page, direct in zip(answer["analyzeResult"]["pages"], expected["pages"], strict=True):
        size = upright_size((direct["width"], direct["height"]), direct["rotation"])
        for line in page["lines"]:
            stored = np.array(line["polygon"]).reshape(4, 2) * direct.get("dpi", 1.0)
            upright = upright_points(stored, size, direct["rotation"])
            lines.append((page["pageNumber"], line["content"], upright.tolist()))
    return lines


def _textract(operation: str, members: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Send:
    target = {"X-Amz-Target": f"Textract.{operation}", **(headers or {})}
    return lambda client: client.post("/", json=members, headers=target)


def _detect_text(content: bytes, headers: Mapping[str, str] | None = None) -> Send:
    return _textract("DetectDocumentText", {"Document": {"Bytes": _base64(content)}}, headers)


def _read_by_textract(client: httpx.Client, name: str, expected: Mapping[str, Any]) -> Lines:
    (direct,) = expected["pages"]
    size = upright_size((direct["width"], direct["height"]), direct["rotation"])
    lines: Lines = []
    for block in _detect_text(_DOCUMENTS[name])(client).json()["Blocks"]:
        if block["BlockType"] == "LINE":
            corners = [[corner["X"], corner["Y"]] for corner in block["Geometry"]["Polygon"]]
            stored = np.array(corners, np.float32) * np.array(size, np.float32)
            lines.append((block["Page"], block["Text"], upright_points(stored, size, direct["rotation"]).tolist()))
    return lines


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


_ROWS = {
    "legacy": Row(
        read=_legacy,
        errors={
            "bad file": (lambda client: client.post("/api/predict/", files={"image": b"only words"}), 415),
            "too large": (lambda client: client.post("/api/predict/", files={"image": _TOO_LARGE}), 413),
            "unknown id": (lambda client: client.get("/status/nothing"), 404),
            "deadline": (
                lambda client: client.post(
                    "/api/predict/", files={"image": _DOCUMENTS["receipt.png"]}, headers=_AT_ONCE
                ),
                504,
            ),
        },
    ),
    "mcp": Row(
        read=_read_by_mcp,
        errors={  # those of a tool are its result, which a model reads
            "bad file": (_mcp("read_document", {"content": _base64(b"only words")}), 200),
            "too large": (_mcp("read_document", {"content": _base64(_TOO_LARGE)}), 413),
            "unknown id": (_mcp("job_result", {"job_id": "nothing"}), 200),
            "unknown option": (_mcp("read_document", {"content": "AAAA", "colour": True}), 200),
            # In the middle of the work: a deadline that ends before the message is there is an error of the protocol.
            "deadline": (_mcp("read_document", {"content": _base64(long_page(120))}, _IN_THE_MIDDLE), 200),
        },
    ),
    "kserve": Row(
        read=_read_by_kserve,
        errors={  # raw pixels are no file that could be bad, and are never in a queue of their own
            "unknown id": (lambda client: client.get("/v2/models/nothing"), 404),
            "deadline": (lambda client: _infer(client, "receipt.png", _AT_ONCE), 504),
        },
        takes=lambda name: name.endswith("png"),
        tolerance_px=0.001,  # of float32
    ),
    "azure": Row(
        read=_read_by_azure,
        errors={  # test_door_azure.py follows an operation that fails; a document that is submitted has time
            "too large": (_analyze(_TOO_LARGE), 413),
            "unknown id": (lambda client: client.get(f"{_AZURE}/analyzeResults/nothing"), 404),
            "unknown option": (_analyze(_DOCUMENTS["receipt.png"], "?features=formulas"), 400),
        },
        tolerance_px=0.11,
    ),
    "textract": Row(
        read=_read_by_textract,
        takes=lambda name: name not in _OF_TWO_PAGES,  # at once; test_door_textract.py reads them by jobs
        errors={
            "bad file": (_detect_text(b"only words"), 400),
            "too large": (_detect_text(_TOO_LARGE), 400),
            "unknown id": (_textract("GetDocumentTextDetection", {"JobId": "nothing"}), 400),
            "unknown option": (
                _textract("AnalyzeDocument", {"Document": {"Bytes": "AAAA"}, "FeatureTypes": ["QUERIES"]}),
                400,
            ),
            "deadline": (_detect_text(_DOCUMENTS["receipt.png"], _AT_ONCE), 504),
        },
        tolerance_px=0.01,
    ),
}
_READ = [(door, name) for door, row in _ROWS.items() for name in _DOCUMENTS if row.takes(name)]
_FAILED = [(door, mistake) for door, row in _ROWS.items() for mistake in row.errors]


@pytest.fixture(scope="module")
def read_directly() -> dict[str, dict[str, Any]]:
    """What /v1/ocr has answered for a document, by its name."""
    return {}


@pytest.mark.parametrize(("door", "name"), _READ)
def test_text_and_places_are_those_of_the_api(
    client: httpx.Client, read_directly: dict[str, dict[str, Any]], door: str, name: str
) -> None:
    if name not in read_directly:
        read_directly[name] = client.post("/v1/ocr", files={"file": (name, _DOCUMENTS[name])}).json()
    direct = read_directly[name]
    expected = [(page["page"], line["text"], line["polygon"]) for page in direct["pages"] for line in page["lines"]]
    assert expected, "nothing was read"
    found = _ROWS[door].read(client, name, direct)
    assert [line[:2] for line in found] == [line[:2] for line in expected]
    corners, at = (np.array([line[2] for line in lines]) for lines in (found, expected))
    assert np.abs(corners - at).max() <= _ROWS[door].tolerance_px


@pytest.mark.parametrize(("door", "mistake"), _FAILED)
def test_errors_say_the_same_with_the_id_of_the_request(client: httpx.Client, door: str, mistake: str) -> None:
    send, status = _ROWS[door].errors[mistake]
    answer = send(client)
    assert answer.status_code == status, answer.text
    assert _WORDS[mistake] in answer.text
    assert answer.headers["X-Request-ID"] in answer.text
