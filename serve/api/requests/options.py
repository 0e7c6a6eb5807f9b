"""Reads a request's options, and is the only place that takes them out of URL, header and body."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar
from urllib.parse import unquote

from fastapi import Header, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deployments.read_options import ReadOptions
from models.errors import MalformedRequest
from models.settings import DetectionOptions
from serve.documents.options import (
    DocumentOptions,
    Dpi,
    Model,
    OpenDocumentOptions,
    Orientation,
    Password,
    detection_options,
)

__all__ = [
    "LARGEST_PAGE",
    "DetectQuery",
    "DetectRequest",
    "DocumentPassword",
    "OcrQuery",
    "OcrRequest",
    "PageImageQuery",
    "PageImageRequest",
    "PageImageSize",
    "checked_options",
    "refuse_password_in_url",
    "request_options",
]

Options = TypeVar("Options", bound=BaseModel)

DocumentPassword = Annotated[
    str | None,
    Header(
        alias="X-Document-Password",
        description="Opens an encrypted PDF; URL-encoded. The field `password` of the form or JSON does the same. The "
        "URL must not hold it.",
        json_schema_extra={"format": "password"},
    ),
]
"""The password of the header X-Document-Password."""

LARGEST_PAGE = 999_999_999
"""The highest number of a page that is looked at."""

_VISUALIZE = Field(default=False, description="Answer with one page and its boxes as PNG.")


class OcrQuery(OpenDocumentOptions):
    """The query of `POST /v1/ocr`."""

    visualize: bool = _VISUALIZE
    stream: bool | None = Field(
        default=None,
        description="Answer with a line of JSON for each page, as soon as it is read. Not given: `Accept` decides.",
    )


class OcrRequest(OcrQuery, DocumentOptions):
    """All options of `POST /v1/ocr`."""


class DetectQuery(BaseModel):
    """The query of `POST /v1/detect`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    page: int | None = Field(
        default=None, ge=1, le=LARGEST_PAGE, description="The page to search. Not given: the first."
    )
    dpi: Dpi = None
    orientation: Orientation = "auto"
    model: Model = None
    threshold: float | None = Field(
        default=None, ge=0, le=1, allow_inf_nan=False, description="A pixel of a higher probability is text."
    )
    box_threshold: float | None = Field(
        default=None, ge=0, le=1, allow_inf_nan=False, description="A box with a lower mean probability is dropped."
    )
    unclip_ratio: float | None = Field(
        default=None, gt=0, le=10, allow_inf_nan=False, description="How far boxes are grown."
    )
    thorough: bool | None = Field(
        default=None, description="Search at the full size at once. This finds more small text, and takes longer."
    )
    visualize: bool = _VISUALIZE


class DetectRequest(DetectQuery):
    """All options of `POST /v1/detect`."""

    password: Password = None

    def read_options(self) -> ReadOptions:
        """The options as the stages take them."""
        own = DetectionOptions(
            threshold=self.threshold,
            box_threshold=self.box_threshold,
            unclip_ratio=self.unclip_ratio,
            thorough=self.thorough,
        )
        return ReadOptions(
            password=None if self.password is None else self.password.get_secret_value(),
            dpi=self.dpi,
            text_layer="never",
            detection=detection_options(self.orientation, own),
            model=self.model,
        )


class PageImageSize(BaseModel):
    """The query of a picture of a page, where the path names the page."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    dpi: Dpi = None
    width: int | None = Field(
        default=None, ge=16, le=8000, description="The most pixels across. Not given: those at which the page is read."
    )


class PageImageQuery(PageImageSize):
    """The query of `POST /v1/page-image`."""

    page: int = Field(default=1, ge=1, le=LARGEST_PAGE, description="The page to draw.")


class PageImageRequest(PageImageQuery):
    """All options of `POST /v1/page-image`."""

    password: Password = None

    def read_options(self) -> ReadOptions:
        """The options as the stages take them."""
        password = None if self.password is None else self.password.get_secret_value()
        return ReadOptions(password=password, dpi=self.dpi, text_layer="never")


def refuse_password_in_url(request: Request) -> None:
    """Refuse a URL with a password in it, since proxies and logs keep URLs; a FastAPI dependency.

    Raises:
        MalformedRequest: The URL has a password in it.
    """
    if "password" in request.query_params:
        raise MalformedRequest(
            "a password must not stand in the URL, which logs keep: send it as the header X-Document-Password, or as "
            "the field 'password' of the form or JSON"
        )


def request_options(
    model: type[Options], request: Request, fields: Mapping[str, object], password: str | None
) -> Options:
    """Collect the options of a request.

    Args:
        model: The model of all options.
        request: The request, with its query.
        fields: The fields of its form or JSON, beside the document.
        password: The header X-Document-Password, as it came.

    Raises:
        MalformedRequest: An option is not known, out of range, or given twice.
    """
    query = request.query_params.multi_items()
    header = [] if password is None else [("password", _decoded(password))]
    given: list[tuple[str, Any]] = [*query, *header, *fields.items()]
    for name, times in Counter(name for name, _ in given).items():
        if times > 1:
            raise MalformedRequest(f"{name[:40]!r} is given {times} times: once is enough, in the URL or in the body")
    return checked_options(model, dict(given))


def checked_options(model: type[Options], given: Mapping[str, object]) -> Options:
    """Check options that were collected.

    Args:
        model: The model of all options.
        given: The options by their names.

    Raises:
        MalformedRequest: An option is not known, or out of range.
    """
    try:
        return model.model_validate(given)
    except ValidationError as exc:
        problem = exc.errors()[0]
        if problem["type"] == "extra_forbidden":
            known = ", ".join(model.model_fields)
            raise MalformedRequest(f"{str(problem['loc'][0])[:40]!r} is not known; known are {known}") from exc
        raise MalformedRequest(f"{problem['loc'][0]}: {problem['msg']}") from exc


def _decoded(header: str) -> str:
    """Decode a header's text, which is URL-encoded, or plain UTF-8 that servers take for Latin-1."""
    try:
        return unquote(header.encode("latin-1").decode(), errors="strict")
    except UnicodeError as exc:
        raise MalformedRequest("the header X-Document-Password is not UTF-8: URL-encode it") from exc
