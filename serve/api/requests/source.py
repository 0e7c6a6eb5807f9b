"""Finds the document of a request: an uploaded file, a raw body, or the location of a document."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from deployments.document import Document
from models.errors import MalformedRequest
from serve.api.problems import malformed

__all__ = ["SentDocument", "document_body", "read_source"]

_EXAMPLE = '{"source": "s3://bucket/key"}'
_MOST_FIELDS = 32


class _Source(BaseModel):
    """A document that the service fetches itself."""

    model_config = ConfigDict(hide_input_in_errors=True)  # a password stands beside it

    source: str = Field(
        min_length=1,
        description="`s3://bucket/key`, `data:image/png;base64,...`, or `https://...` if that is switched on.",
        examples=["s3://scans/2026/receipt.jpg"],
    )


@dataclass(frozen=True, slots=True)
class SentDocument:
    """The body of a request.

    Args:
        source: The document, or its location.
        fields: The other fields of the form or JSON.
    """

    source: Document | str
    fields: Mapping[str, object] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str | None:
        """The client's name for the document; None if unknown."""
        if isinstance(self.source, Document):
            return self.source.name
        if self.source[:5].lower() == "data:":
            return None
        # In the key of an object "?" and "%" stand for themselves.
        is_url = self.source[:8].lower() == "https://"
        return PurePosixPath(unquote(urlsplit(self.source).path) if is_url else self.source).name or None


def document_body(options: type[BaseModel], example: Mapping[str, object]) -> Mapping[str, Any]:
    """Describe the request body for OpenAPI. It is read by hand below, since a limit holds while it is read.

    Args:
        options: The model of all options beside the document.
        example: An example of some options.
    """
    fields = options.model_json_schema(ref_template="#/components/schemas/{model}")["properties"]
    file = {"type": "string", "format": "binary", "description": "The document."}
    source = _Source.model_json_schema()["properties"]["source"]
    return {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["file"], "properties": {"file": file, **fields}}
            },
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["source"],
                    "properties": {"source": source, **fields},
                    "additionalProperties": False,
                },
                "example": {"source": "s3://scans/2026/receipt.jpg", **example},
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "application/pdf": {"schema": {"type": "string", "format": "binary"}},
            "image/*": {"schema": {"type": "string", "format": "binary"}},
        },
    }


async def read_source(request: Request) -> SentDocument:
    """Read the document that a request carries, or the location that it names, and the fields beside it.

    Raises:
        MalformedRequest: The request carries neither, or both.
        TooLarge: The body is over the limit. Nothing past the limit was read.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _from_form(request)
    body = await request.body()
    if not body:
        raise MalformedRequest(
            'the request has no body: send a file (curl -F file=@page.jpg) or {"source": "s3://..."}'
        )
    # curl -d claims to send a form, whatever it sends.
    if kind == "application/json" or (kind in {"application/x-www-form-urlencoded", "text/plain"} and body[:1] == b"{"):
        return _from_json(body)
    if kind == "application/x-www-form-urlencoded":
        raise MalformedRequest(f"a form must be multipart (curl -F file=@page.jpg), or send JSON: {_EXAMPLE}")
    return SentDocument(Document(body, _name_in_header(request)))


async def _from_form(request: Request) -> SentDocument:
    try:
        form = await request.form(max_files=1, max_fields=_MOST_FIELDS)
    except HTTPException as exc:
        raise MalformedRequest(f"the multipart form can't be read: {exc.detail}") from exc
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            named = ", ".join(sorted(form)) or "none"
            raise MalformedRequest(
                f"the form has no file in the field 'file' (its fields: {named}): curl -F file=@page.jpg"
            )
        fields: dict[str, object] = {}
        for name, value in form.multi_items():
            if name in fields or (name == "file" and value is not file):
                raise MalformedRequest(f"the form has the field {name[:40]!r} twice")
            # A browser sends an empty text for each field that nobody filled in.
            if name != "file" and value != "":
                fields[name] = value
        return SentDocument(Document(await file.read(), file.filename or None), fields)
    finally:
        await form.close()


def _from_json(body: bytes) -> SentDocument:
    try:
        sent = json.loads(body)
        source = _Source.model_validate(sent).source
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise MalformedRequest(f"the body is not valid JSON: {exc}") from exc
    except ValidationError as exc:
        raise malformed(exc, _EXAMPLE) from exc
    return SentDocument(source, {name: value for name, value in sent.items() if name != "source"})


def _name_in_header(request: Request) -> str | None:
    name = request.headers.get("x-file-name")
    return unquote(name) if name else None
