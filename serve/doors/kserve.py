"""The door for clients of KServe v2 (Open Inference Protocol) and Triton: pictures come in as raw pixels.

The protocol: https://github.com/kserve/open-inference-protocol, with Triton's extension for binary tensors.
"""

import asyncio
import json
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Literal

import numpy as np
import numpy.typing as npt
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, ValidationError

from deployments.document import Document
from deployments.pipeline.shared_document import SharedDocument
from models.errors import MalformedRequest, RayocrError, SourceNotFound
from serve.api.problems import malformed
from serve.api.requests.json_body import parsed_json
from serve.api.service import Admitted, Service, service_of
from serve.config.bundle import served_bundles
from serve.documents.options import DocumentOptions
from serve.doors.base import Door
from serve.doors.documents import stored_corners
from serve.results import OcrResult
from serve.version import rayocr_version

__all__ = ["KserveDoor", "inferred", "picture_of"]

_MODEL = "ocr"
_VERSION = "1"
_JSON_BYTES = "Inference-Header-Content-Length"
_COLORS = 3
_INPUTS: Final = (("image", "UINT8", [1, -1, -1, _COLORS]), ("lang_type", "BYTES", [-1, -1]))
_OUTPUTS: Final = (("boxes", "FP32", [-1, 4, 2]), ("txts", "BYTES", [-1]), ("scores", "FP32", [-1]))
_ERROR: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "`error` says why."},
    "5XX": {"description": "The same."},
}
_TENSOR = {
    "type": "object",
    "required": ["name", "shape", "datatype"],
    "properties": {
        "name": {"enum": [name for name, _, _ in _INPUTS]},
        "shape": {"type": "array", "items": {"type": "integer"}},
        "datatype": {"type": "string"},
        "data": {},
        "parameters": {"type": "object"},
    },
}
_SCHEMA = {
    "type": "object",
    "required": ["inputs"],
    "properties": {"id": {"type": "string"}, "inputs": {"type": "array", "items": _TENSOR}, "outputs": {}},
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _SCHEMA},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}

ServiceHere = Annotated[Service, Depends(service_of)]
_router = APIRouter()


class _Tensor(BaseModel):
    name: Literal["image", "lang_type"]
    shape: list[int]
    datatype: str
    data: Any = None
    parameters: dict[str, Any] = {}


class _Asked(BaseModel):
    name: Literal["boxes", "txts", "scores"]
    parameters: dict[str, Any] = {}


class _Inference(BaseModel):
    id: str | None = Field(default=None, max_length=1000)
    parameters: dict[str, Any] = {}
    inputs: list[_Tensor] = Field(max_length=8)
    outputs: list[_Asked] = Field(default=[], max_length=8)

    def is_binary(self, name: str) -> bool:
        """Whether an output is to be sent as bytes after the JSON."""
        asked = next((one for one in self.outputs if one.name == name), None)
        default = self.parameters.get("binary_data_output", False)
        return bool(default if asked is None else asked.parameters.get("binary_data", default))


class KserveDoor(Door):
    """The routes below `/v2`."""

    name = "kserve"
    paths: ClassVar[tuple[str, ...]] = ("/v2",)
    open_paths: ClassVar[frozenset[str]] = frozenset({"/v2/health/live", "/v2/health/ready"})

    @property
    def router(self) -> APIRouter:
        """The routes of the protocol."""
        return _router

    def error(self, error: RayocrError, request_id: str) -> Response:
        """Answer with `error`, a sentence, as `Door.error` says."""
        content = {"error": error.message, "code": error.code, "request_id": request_id}
        return JSONResponse(content, error.http_status)


@_router.get("/v2", summary="Tell the server's name and extensions")
async def server() -> dict[str, Any]:
    """Tell what speaks this protocol here."""
    return {"name": "rayocr", "version": rayocr_version(), "extensions": ["binary_tensor_data"]}


@_router.get("/v2/health/live", summary="Is the server alive?")
async def live() -> dict[str, bool]:
    """Answer as long as the ingress runs."""
    return {"live": True}


@_router.get("/v2/health/ready", summary="Can the server read?", responses=_ERROR)
async def ready(service: ServiceHere) -> dict[str, bool]:
    """Answer 200 if a document could be read now."""
    await service.check_ready()
    return {"ready": True}


@_router.get("/v2/models/{model}", summary="Describe the tensors", responses=_ERROR)
@_router.get("/v2/models/{model}/versions/{version}", include_in_schema=False)
async def metadata(model: str, service: ServiceHere, version: str = _VERSION) -> dict[str, Any]:
    """Describe the tensors that go in and come out."""
    _check_model(model, version, service)

    def described(tensors: Sequence[tuple[str, str, list[int]]]) -> list[dict[str, Any]]:
        return [{"name": name, "datatype": kind, "shape": shape} for name, kind, shape in tensors]

    return {
        "name": model,
        "versions": [_VERSION],
        "platform": "rayocr",
        "inputs": described(_INPUTS),
        "outputs": described(_OUTPUTS),
    }


@_router.get("/v2/models/{model}/ready", summary="Can the model read?", responses=_ERROR)
@_router.get("/v2/models/{model}/versions/{version}/ready", include_in_schema=False)
async def model_ready(model: str, service: ServiceHere, version: str = _VERSION) -> dict[str, Any]:
    """Answer 200 if the model exists, and a document could be read now."""
    _check_model(model, version, service)
    return {"name": model, **await ready(service)}


@_router.post("/v2/models/{model}/infer", summary="Read a picture", responses=_ERROR, openapi_extra=_BODY)
@_router.post("/v2/models/{model}/versions/{version}/infer", include_in_schema=False)
async def infer(
    model: str, request: Request, service: ServiceHere, admitted: Admitted, version: str = _VERSION
) -> Response:
    """Read one picture, `image` UINT8 [1, height, width, 3] in RGB; `boxes`, `txts` and `scores` have a row a line."""
    _check_model(model, version, service)
    async with admitted.context.limit("receiving the picture"):
        body = await request.body()
    header = request.headers.get(_JSON_BYTES)
    inference, document = await asyncio.to_thread(picture_of, body, header)
    options = DocumentOptions(model=None if model == _MODEL else model)
    admitted.begin(service.model_of(options.model))
    result, _ = await service.read(SharedDocument(document), options, admitted.context)
    admitted.end()
    content, headers = inferred(result, inference, model)
    return Response(content, headers=headers)


def _check_model(model: str, version: str, service: Service) -> None:
    known = (_MODEL, *served_bundles(service.settings))
    if model not in known:
        raise SourceNotFound(f"there is no model {model[:80]!r}; known are {', '.join(known)}")
    if version != _VERSION:
        raise SourceNotFound(f"there is no version {version[:80]!r} of {model}; known is {_VERSION}")


def picture_of(body: bytes, json_bytes: str | None) -> tuple[_Inference, Document]:
    """Take the picture out of a request, as a Netpbm file, whose pixels need no decoding.

    Args:
        body: The request's body: JSON, and after it the bytes of tensors that are not in the JSON.
        json_bytes: The header that tells the length of the JSON; None if it is all of the body.

    Raises:
        MalformedRequest: The request is not of the protocol, or its tensor is not one picture.
        TooLarge: The JSON holds more numbers than a body may have bytes.
    """
    length = len(body)
    if json_bytes is not None:
        if not (json_bytes.isascii() and json_bytes.isdigit() and len(json_bytes) < 12 and int(json_bytes) <= length):
            raise MalformedRequest(f"{_JSON_BYTES} is {json_bytes[:40]!r}, and the body has {length:,} bytes")
        length = int(json_bytes)
    try:
        inference = _Inference.model_validate(parsed_json(body[:length], "the body", most_entries=len(body)))
    except ValidationError as exc:
        raise malformed(exc, "inputs: [image UINT8 [1, height, width, 3]]") from exc
    tensors: dict[str, bytes | object] = {}
    rest = memoryview(body)[length:]
    for tensor in inference.inputs:
        if tensor.name in tensors:
            raise MalformedRequest(f"the input {tensor.name} is given twice")
        size = tensor.parameters.get("binary_data_size")
        if size is None:
            tensors[tensor.name] = tensor.data
            continue
        if not isinstance(size, int) or not 0 <= size <= len(rest):
            raise MalformedRequest(f"binary_data_size of {tensor.name} is {str(size)[:40]}, and {len(rest):,} are left")
        tensors[tensor.name], rest = bytes(rest[:size]), rest[size:]
    if len(rest):
        raise MalformedRequest(f"{len(rest):,} bytes are left after the last input: binary_data_size must name them")
    image = next((one for one in inference.inputs if one.name == "image"), None)
    if image is None:
        raise MalformedRequest("the input image is missing: UINT8 [1, height, width, 3]")
    return inference, _netpbm(image, tensors["image"])


def _netpbm(image: _Tensor, data: object) -> Document:
    shape = image.shape
    if image.datatype != "UINT8" or len(shape) != 4 or shape[0] != 1 or shape[3] != _COLORS or min(shape) < 1:
        raise MalformedRequest(
            f"image is {image.datatype[:20]} {str(shape)[:80]}: one picture is read at a time, as UINT8 "
            "[1, height, width, 3] in RGB"
        )
    if not isinstance(data, bytes):
        try:
            values = np.asarray(data, dtype=np.float64)
            pixels = values.astype(np.uint8) if values.size and 0 <= values.min() <= values.max() <= 255 else None
        except (ValueError, TypeError, OverflowError):
            pixels = None
        if pixels is None:
            raise MalformedRequest("image: data needs numbers from 0 to 255, in one list or nested by rows")
        data = pixels.tobytes()
    if len(data) != math.prod(shape):
        raise MalformedRequest(f"image has {len(data):,} values, and its shape {shape} {math.prod(shape):,}")
    return Document(f"P6\n{shape[2]} {shape[1]}\n255\n".encode() + data, "image.ppm")


def inferred(result: OcrResult, inference: _Inference, model: str) -> tuple[bytes, dict[str, str]]:
    """Translate a result to tensors.

    Args:
        result: The result of a picture. Places become those of the picture as it was sent, however it is turned.
        inference: The request, which says what is answered, and how.
        model: The model that the client named.

    Returns:
        The body, and its headers.
    """
    lines = [line for page in result.pages for line in page.lines]
    places = [stored_corners(page, [line.polygon for line in page.lines]) for page in result.pages]
    boxes = np.concatenate([np.zeros((0, 4, 2)), *places]).astype(np.float32)
    scores = np.array([line.confidence for line in lines], np.float32)
    tensors: Mapping[str, npt.NDArray[np.float32] | list[str]] = {
        "boxes": boxes,
        "txts": [line.text for line in lines],
        "scores": scores,
    }
    asked = {one.name for one in inference.outputs}
    outputs, binary = [], []
    for name, kind, _ in _OUTPUTS:
        if asked and name not in asked:
            continue
        tensor = tensors[name]
        shape = list(tensor.shape) if isinstance(tensor, np.ndarray) else [len(tensor)]
        output: dict[str, Any] = {"name": name, "datatype": kind, "shape": shape}
        if inference.is_binary(name):
            binary.append(_packed(tensor))
            output["parameters"] = {"binary_data_size": len(binary[-1])}
        else:
            output["data"] = tensor.ravel().tolist() if isinstance(tensor, np.ndarray) else tensor
        outputs.append(output)
    answer: dict[str, Any] = {"model_name": model, "model_version": _VERSION, "outputs": outputs}
    if inference.id is not None:
        answer["id"] = inference.id
    if result.warnings:
        answer["parameters"] = {"warnings": "; ".join(warning.message for warning in result.warnings)}
    content = json.dumps(answer, ensure_ascii=False).encode(errors="replace")
    if not binary:
        return content, {"Content-Type": "application/json"}
    headers = {"Content-Type": "application/octet-stream", _JSON_BYTES: str(len(content))}
    return b"".join([content, *binary]), headers


def _packed(tensor: npt.NDArray[np.float32] | list[str]) -> bytes:
    """Write a tensor as bytes; each text has its length before it."""
    if isinstance(tensor, np.ndarray):
        return tensor.astype("<f4").tobytes()
    encoded = [text.encode(errors="replace") for text in tensor]
    return b"".join(struct.pack("<I", len(text)) + text for text in encoded)
