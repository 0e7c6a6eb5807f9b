"""The door of KServe v2: tensors in JSON and in bytes, as Triton's own client writes and reads them, and bad ones."""

import json
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import RayocrError
from serve.doors.kserve import inferred, picture_of
from serve.results import LineResult, OcrPage, OcrResult
from tests.unit.serve.doors.conftest import Doors, Start

_PIXELS = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(1, 2, 3, 3)
_BOX = ((10.0, 20.0), (110.0, 20.0), (110.0, 40.0), (10.0, 40.0))


def _body(*, binary: bool, outputs: tuple[str, ...] = ()) -> tuple[bytes, str | None]:
    """What Triton's client sends, with the language that docling sends too."""
    image = triton.InferInput("image", list(_PIXELS.shape), "UINT8")
    image.set_data_from_numpy(_PIXELS, binary_data=binary)
    language = triton.InferInput("lang_type", [1, 1], "BYTES")
    language.set_data_from_numpy(np.array([["en"]], dtype=object), binary_data=binary)
    wanted = [triton.InferRequestedOutput(name, binary_data=binary) for name in outputs]
    body, length = triton.InferenceServerClient.generate_request_body([language, image], outputs=wanted or None)
    return bytes(body), None if length is None else str(length)


@pytest.mark.parametrize("binary", [True, False])
def test_picture_is_taken_out_of_json_and_of_bytes(binary: bool) -> None:
    _, document = picture_of(*_body(binary=binary))
    assert document.data == b"P6\n3 2\n255\n" + _PIXELS.tobytes()


def test_nested_lists_are_pixels_too() -> None:
    tensor = {"name": "image", "shape": _PIXELS.shape, "datatype": "UINT8", "data": _PIXELS.tolist()}
    _, document = picture_of(json.dumps({"inputs": [tensor]}).encode(), None)
    assert document.data.endswith(_PIXELS.tobytes())


@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize("binary", [True, False])
def test_tensors_are_read_by_the_client(binary: bool, rotation: int) -> None:
    lines = [LineResult(text=text, confidence=score, polygon=_BOX) for text, score in (("TOTAL", 0.5), ("中文", 0.25))]
    page = OcrPage(page=1, width=200, height=100, rotation=rotation, lines=lines, text="")
    result = OcrResult(id="r", model="m", pages=[page], text="", warnings=[], timings_ms={})
    inference, _ = picture_of(*_body(binary=binary, outputs=("boxes", "txts", "scores")))
    content, headers = inferred(result, inference, "ocr")
    length = headers.get("Inference-Header-Content-Length")
    read = triton.InferResult.from_response_body(content, header_length=None if length is None else int(length))
    texts = [one.decode() if isinstance(one, bytes) else one for one in read.as_numpy("txts")]
    assert texts == ["TOTAL", "中文"]
    assert read.as_numpy("scores").tolist() == [0.5, 0.25]
    first = [list(corner) for corner in _BOX] if rotation == 0 else [[20, 190], [20, 90], [40, 90], [40, 190]]
    assert read.as_numpy("boxes").tolist() == [first, first]


def test_only_what_is_asked_for_is_answered() -> None:
    result = OcrResult(id="r", model="m", pages=[], text="", warnings=[], timings_ms={})
    inference, _ = picture_of(*_body(binary=False, outputs=("txts",)))
    content, _ = inferred(result, inference, "ocr")
    assert json.loads(content)["outputs"] == [{"name": "txts", "datatype": "BYTES", "shape": [0], "data": []}]


def _tensor(**changed: object) -> dict[str, Any]:
    return {"name": "image", "shape": [1, 1, 1, 3], "datatype": "UINT8", "data": [1, 2, 3], **changed}


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ([], "image is missing"),
        ([_tensor(), _tensor()], "twice"),
        ([_tensor(shape=[1, 1, 3])], "UINT8"),
        ([_tensor(shape=[2, 1, 1, 3])], "one picture"),
        ([_tensor(shape=[1, 0, 1, 3])], "one picture"),
        ([_tensor(shape=[1, 2, 1, 3])], "3 values"),
        ([_tensor(datatype="FP32")], "FP32"),
        ([_tensor(data=[1, 2, 300])], "0 to 255"),
        ([_tensor(data=["a", 2, 3])], "0 to 255"),
        ([_tensor(data=None)], "0 to 255"),
        ([_tensor(data=[[1, 2], [3]])], "0 to 255"),
        ([_tensor(parameters={"binary_data_size": 9})], "binary_data_size"),
        ([_tensor(name="other")], "inputs"),
    ],
)
async def test_bad_tensors_are_refused_with_words(doors: Doors, inputs: list[Any], words: str) -> None:
    answer = await doors.client.post("/v2/models/ocr/infer", json={"inputs": inputs})
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["error"]


async def test_server_and_model_are_described(doors: Doors) -> None:
    for path in ("/v2", "/v2/health/live", "/v2/models/ocr", "/v2/models/ppocrv6-small/versions/1"):
        assert (await doors.client.get(path)).status_code == 200, path
    for path in ("/v2/models/other", "/v2/models/ocr/versions/2", "/v2/nothing"):
        answer = await doors.client.get(path)
        assert (answer.status_code, "request_id" in answer.json()) == (404, True), path


async def test_probes_need_no_key(start: Start) -> None:
    async with start(keys=True) as guarded:
        statuses = {
            path: (await guarded.client.get(path)).status_code
            for path in ("/v2/health/live", "/v2/health/other", "/v2", "/v2/models/ocr")
        }
    assert statuses == {"/v2/health/live": 200, "/v2/health/other": 401, "/v2": 401, "/v2/models/ocr": 401}


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.binary(max_size=40), st.integers(0, 200), st.none() | st.text(max_size=6))
def test_no_body_is_an_unforeseen_error(extra: bytes, at: int, length: str | None) -> None:
    body, own = _body(binary=True)
    broken = body[:at] + extra + body[at + len(extra) :]
    refusal = None
    try:
        picture_of(broken, own if length is None else length)
    except RayocrError as error:
        refusal = error
    assert refusal is None or refusal.http_status < 500
