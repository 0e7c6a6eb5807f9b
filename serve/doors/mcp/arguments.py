"""The arguments of each tool: a document, and how it is read."""

import base64
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.json_schema import SkipJsonSchema

from deployments.document import Document
from models.errors import MalformedRequest, TooLarge
from serve.api.requests.options import DetectRequest
from serve.documents.options import DocumentOptions, Dpi, Orientation, Password

__all__ = [
    "DetectArguments",
    "JobArguments",
    "ReadArguments",
    "SentDocument",
    "StartArguments",
    "TextFormat",
    "with_path",
]

TextFormat = Literal["text", "markdown", "html", "json", "tsv", "hocr", "alto"]
"""The formats that are text whatever the document is, since a language model gets them."""

Arguments = TypeVar("Arguments", bound="SentDocument")

_LONGEST_NAME = 1024
_LONGEST_JOB_ID = 100
_FORMAT_HELP = "Format of the answer. `json` also has the place and confidence of each line and word."


class SentDocument(BaseModel):
    """A document, in one of the ways in which a tool takes it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    content: str | None = Field(default=None, description="The document itself, in base64.")
    name: str | None = Field(default=None, max_length=_LONGEST_NAME, description="The file name of `content`.")
    source: str | None = Field(
        default=None,
        description="The location of the document: `s3://bucket/key`, `data:image/png;base64,...`, or `https://...` if "
        "that is switched on.",
        examples=["s3://scans/2026/receipt.jpg"],
    )

    def document(self, max_bytes: int) -> Document | str:
        """Find the document, or its location.

        Args:
            max_bytes: The most bytes of a document.

        Raises:
            MalformedRequest: There is none or more than one, or `content` is not base64.
            TooLarge: The document has more bytes.
        """
        ways = [name for name in ("content", "source", "path") if name in type(self).model_fields]
        given = [name for name in ways if getattr(self, name) is not None]
        if len(given) != 1:
            raise MalformedRequest(f"one of {', '.join(ways)} is needed, and {' and '.join(given) or 'none'} is given")
        if self.content is None:
            location: str = getattr(self, given[0])
            return location
        size = len(self.content) // 4 * 3 - self.content[-2:].count("=")
        if size > max_bytes:
            raise TooLarge(
                f"content is {size:,} bytes, the limit is {max_bytes:,} bytes: give its source, or raise "
                "http.max_body_bytes"
            )
        try:
            return Document(base64.b64decode(self.content, validate=True), self.name)
        except ValueError as exc:
            raise MalformedRequest(f"content is not base64: {exc}") from exc


class ReadArguments(SentDocument, DocumentOptions):
    """The arguments of `read_document`."""

    format: TextFormat = Field(default="text", description=_FORMAT_HELP)


class StartArguments(SentDocument, DocumentOptions):
    """The arguments of `start_job`. The format is chosen when the result is asked for."""

    format: SkipJsonSchema[None] = None
    spreadsheet_safe: SkipJsonSchema[Literal[False]] = False

    def options(self) -> DocumentOptions:
        """The options without the document."""
        given = self.model_dump(include=set(DocumentOptions.model_fields), exclude_unset=True)
        return DocumentOptions.model_validate(given)


class DetectArguments(SentDocument):
    """The arguments of `detect_text`."""

    page: int | None = Field(default=None, ge=1, description="The page to search. Not given: the first.")
    dpi: Dpi = None
    orientation: Orientation = "auto"
    thorough: bool = Field(default=False, description="Finds more small text, and takes longer.")
    password: Password = None

    def request(self) -> DetectRequest:
        """Make the same request as `POST /v1/detect` takes."""
        return DetectRequest.model_validate(
            self.model_dump(include=set(DetectRequest.model_fields), exclude_unset=True)
        )


class JobArguments(BaseModel):
    """The arguments of `job_result`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    job_id: str = Field(max_length=_LONGEST_JOB_ID, description="The id that `start_job` gave.")
    format: TextFormat = Field(default="text", description=_FORMAT_HELP)


def with_path(arguments: type[Arguments]) -> type[Arguments]:
    """Let a tool take a document by its path, too, for clients of this machine."""
    path = Field(default=None, description="The path of a file on this machine.")
    return create_model(arguments.__name__, __base__=arguments, path=(str | None, path))
