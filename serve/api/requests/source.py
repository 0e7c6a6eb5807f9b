"""Finds the document of a request: an uploaded file, a raw body, or the location of a document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deployments.document import Document
from models.errors import MalformedRequest, TooLarge
from serve.api.browsers import refuse_disguised_json
from serve.api.problems import malformed
from serve.api.requests.form import FormPart, form_parts
from serve.api.requests.json_body import parsed_json

__all__ = ["SentDocument", "document_body", "read_source"]

_EXAMPLE = '{"source": "s3://bucket/key"}'
_MOST_FIELDS = 32
_MOST_FIELD_BYTES = 1024**2


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


async def read_source(request: Request, max_bytes: int, file_field: str = "file") -> SentDocument:
    """Read the document that a request carries, or the location that it names, and the fields beside it.

    Args:
        request: The client's request.
        max_bytes: The most bytes of a document.
        file_field: The field of a form that holds the document.

    Raises:
        MalformedRequest: The request carries neither, or both.
        TooLarge: The body is over the limit. Nothing past the limit was read.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _from_form(request, max_bytes, file_field)
    body = await request.body()
    if not body:
        raise MalformedRequest(
            'the request has no body: send a file (curl -F file=@page.jpg) or {"source": "s3://..."}'
        )
    # curl -d claims to send a form, whatever it sends.
    if kind == "application/json" or (kind in {"application/x-www-form-urlencoded", "text/plain"} and body[:1] == b"{"):
        refuse_disguised_json(request.headers, kind)
        return _from_json(body)
    if kind == "application/x-www-form-urlencoded":
        raise MalformedRequest(f"a form must be multipart (curl -F file=@page.jpg), or send JSON: {_EXAMPLE}")
    return SentDocument(Document(body, _name_in_header(request)))


async def _from_form(request: Request, max_bytes: int, file_field: str) -> SentDocument:
    document: Document | None = None
    fields: dict[str, FormPart] = {}
    too_large = None
    async for part in form_parts(request, max_bytes, _MOST_FIELD_BYTES, _MOST_FIELDS):
        if part.name in fields or (part.name == file_field and document is not None):
            raise MalformedRequest(f"the form has the field {part.name[:40]!r} twice")
        if part.filename is not None and part.name == file_field:
            document = Document(part.content, part.filename or None)
        elif len(part.content) <= _MOST_FIELD_BYTES:
            fields[part.name] = part
        else:
            too_large = part.name
            fields[part.name] = FormPart(part.name, part.filename, b"")
    if document is None or file_field in fields:
        named = ", ".join(sorted(name[:40] for name in fields)) or "none"
        raise MalformedRequest(
            f"the form has no file in the field {file_field!r} (its fields: {named}): curl -F {file_field}=@page.jpg"
        )
    if too_large is not None:
        raise TooLarge(
            f"the form's field {too_large[:40]!r} has more than {_MOST_FIELD_BYTES:,} bytes, which is the limit: the "
            f"document goes into {file_field!r}"
        )
    # A browser sends an empty text for each field that nobody filled in. curl -F name=@file sends a text as a file.
    return SentDocument(document, {name: part.text for name, part in fields.items() if part.content})


def _from_json(body: bytes) -> SentDocument:
    sent = parsed_json(body, "the body")
    try:
        source = _Source.model_validate(sent).source
    except ValidationError as exc:
        raise malformed(exc, _EXAMPLE) from exc
    assert isinstance(sent, dict)  # the model has taken it
    return SentDocument(source, {name: value for name, value in sent.items() if name != "source"})


def _name_in_header(request: Request) -> str | None:
    name = request.headers.get("x-file-name")
    return unquote(name) if name else None
