"""Answers with a document that was read, in the format that the request's options or `Accept` choose."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from fastapi.responses import Response, StreamingResponse

from deployments.context import RequestContext
from deployments.pipeline.shared_document import SharedDocument
from models.errors import MalformedRequest
from serve.api.answers.files import file_headers
from serve.api.answers.negotiation import preferred_type
from serve.api.answers.page_lines import LINES_TYPE
from serve.api.answers.visualize import WARNINGS_HEADER, warning_codes
from serve.api.requests.options import OcrRequest
from serve.api.service import Service
from serve.documents.failures import PageFailure
from serve.documents.kept_pages import json_pieces
from serve.exports import ReadDocument, export_format
from serve.exports.registry import check_part
from serve.results import OcrResult

__all__ = ["FORMAT_TYPES", "LINES", "PICTURE", "answer_format", "document_answer"]

#: Answers that are not a format: a line of JSON for each page as it is read, or a picture of a page.
LINES: Literal["lines"] = "lines"
PICTURE: Literal["picture"] = "picture"

#: Media type of each format, so that no format needs to be imported. A test compares them with the formats.
FORMAT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "json": "application/json",
        "text": "text/plain",
        "markdown": "text/markdown",
        "html": "text/html",
        "tsv": "text/tab-separated-values",
        "csv": "text/csv",
        "hocr": "text/vnd.hocr+html",
        "alto": "application/alto+xml",
        "page": "application/vnd.prima.page+xml",
        "pdf": "application/pdf",
        "archive": "application/zip",
    }
)
_BY_TYPE = {
    # Browsers accept HTML before all else, also from a service that answers them with JSON.
    **{media_type: name for name, media_type in FORMAT_TYPES.items() if name != "html"},
    LINES_TYPE: LINES,
    "image/png": PICTURE,
}
# If the client likes several equally, the first one counts, which is JSON.
_OFFERED = list(_BY_TYPE)

_MOST_FAILED_RANGES = 300
# Longer JSON is unpacked page by page while it is sent.
_WHOLE_BYTES = 1_000_000


def answer_format(asked: OcrRequest, accept: str) -> str:
    """Choose the format of an answer.

    Args:
        asked: The request's options, which win.
        accept: The header `Accept`.

    Returns:
        The name of an export format, LINES or PICTURE; json if the client named nothing that exists.

    Raises:
        MalformedRequest: The options exclude each other, or the format needs a structure that is not asked for.
    """
    if asked.visualize:
        if asked.stream or asked.format is not None:
            raise MalformedRequest("visualize answers with a picture: leave out format and stream")
        return PICTURE
    if asked.stream:
        if asked.format not in (None, "json"):
            raise MalformedRequest(f"stream answers with lines of JSON, not with {asked.format}: leave one of them out")
        return LINES
    if asked.format is not None:
        return asked.format
    offered = _OFFERED if asked.stream is None else [one for one in _OFFERED if one != LINES_TYPE]
    media_type = preferred_type(accept, offered)
    name = "json" if media_type is None else _BY_TYPE[media_type]
    check_part(name, asked.structure)
    return name


async def document_answer(
    service: Service,
    context: RequestContext,
    asked: OcrRequest,
    name: str,
    document: SharedDocument,
    result: OcrResult,
    failures: Sequence[PageFailure],
    title: str | None,
) -> Response:
    """Write a document that was read in an export format. JSON is written while it is sent.

    Args:
        service: The service of this replica.
        context: Context of the request.
        asked: The request's options.
        name: Name of the format.
        document: The document, which is fetched if the format needs it.
        result: The result of reading it.
        failures: The pages that could not be read.
        title: The client's name for the document.

    Raises:
        RayocrError: The document can't be written in this format, or the request's time ran out.
    """
    if name == "json":
        pieces, size = json_pieces(result)
        if size <= _WHOLE_BYTES:
            return Response(b"".join(pieces), media_type=FORMAT_TYPES[name])
        headers = {"Content-Length": str(size)}
        return StreamingResponse(_one_by_one(pieces), headers=headers, media_type=FORMAT_TYPES[name])
    export = await asyncio.to_thread(export_format, name)
    itself = await service.pipeline.document(document, context) if export.needs_document else None

    def write() -> bytes:
        return export.convert(ReadDocument(result, title, itself, asked.secret_password, asked.export_options))

    async with context.limit("writing the result"):
        if itself is None:
            content = await asyncio.to_thread(write)
        else:
            async with service.document_exports:
                content = await asyncio.to_thread(write)
    return Response(content, headers=_headers(export.file_type(content), title, result, failures))


async def _one_by_one(pieces: Iterator[bytes]) -> AsyncGenerator[bytes]:
    """Send each piece when its client has taken the one before. A sync iterator would need a thread for each."""
    for piece in pieces:
        yield piece


def _headers(
    file_type: tuple[str, str], title: str | None, result: OcrResult, failures: Sequence[PageFailure]
) -> dict[str, str]:
    headers = file_headers(title, *file_type)
    if result.warnings:
        headers[WARNINGS_HEADER] = warning_codes(result.warnings)
    if failures:
        headers["X-Rayocr-Failed-Pages"] = _ranges([failure.number for failure in failures])
    return headers


def _ranges(numbers: Sequence[int]) -> str:
    """Write ascending page numbers as a request would ask for them, such as `2,5-9`."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in found[:_MOST_FAILED_RANGES]]
    return ",".join([*shown, *(["..."] if len(found) > _MOST_FAILED_RANGES else [])])
