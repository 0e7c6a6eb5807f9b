"""What a request asks to be read: an uploaded file, a raw body, or the place where a document lies."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from deployments.preprocess.document import Document
from models.errors import MalformedRequest
from serve.api.problems import malformed

__all__ = ["SOURCE_BODY", "SourceRequest", "read_source"]


class SourceRequest(BaseModel):
    """A document that the service fetches itself."""

    model_config = ConfigDict(extra="forbid")

    source: str = Field(
        min_length=1,
        description="`s3://bucket/key`, `data:image/png;base64,...`, or `https://...` where that is switched on.",
        examples=["s3://scans/2026/receipt.jpg"],
    )


#: The request body in OpenAPI: it is read by hand below, since a limit holds while it is read.
SOURCE_BODY: Mapping[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary", "description": "The document."}},
            }
        },
        "application/json": {
            "schema": SourceRequest.model_json_schema(),
            "example": {"source": "s3://scans/2026/receipt.jpg"},
        },
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        "image/*": {"schema": {"type": "string", "format": "binary"}},
    },
}


async def read_source(request: Request) -> Document | str:
    """The document that a request carries, or the place it names.

    Raises:
        MalformedRequest: It carries neither, or both.
        TooLarge: Its body is over the limit; nothing past the limit was read.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _from_form(request)
    body = await request.body()
    if not body:
        raise MalformedRequest(
            'the request has no body: send a file (curl -F file=@page.jpg) or {"source": "s3://..."}'
        )
    # curl -d says it sends a form, whatever it sends.
    if kind == "application/json" or (kind in {"application/x-www-form-urlencoded", "text/plain"} and body[:1] == b"{"):
        return _from_json(body)
    if kind == "application/x-www-form-urlencoded":
        raise MalformedRequest(
            'a form must be multipart (curl -F file=@page.jpg), or send JSON: {"source": "s3://bucket/key"}'
        )
    return Document(body, _name_in_header(request))


async def _from_form(request: Request) -> Document:
    try:
        form = await request.form(max_files=1, max_fields=8)
    except HTTPException as exc:
        raise MalformedRequest(f"the multipart form can't be read: {exc.detail}") from exc
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            named = ", ".join(sorted(form)) or "none"
            raise MalformedRequest(
                f"the form has no file in the field 'file' (its fields: {named}): curl -F file=@page.jpg"
            )
        return Document(await file.read(), file.filename or None)
    finally:
        await form.close()


def _from_json(body: bytes) -> str:
    try:
        return SourceRequest.model_validate(json.loads(body)).source
    except (json.JSONDecodeError, UnicodeDecodeError) as exc:
        raise MalformedRequest(f"the body is not valid JSON: {exc}") from exc
    except ValidationError as exc:
        raise malformed(exc, '{"source": "s3://bucket/key"}') from exc


def _name_in_header(request: Request) -> str | None:
    name = request.headers.get("x-file-name")
    return unquote(name) if name else None
