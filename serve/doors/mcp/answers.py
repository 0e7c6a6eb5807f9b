"""Writes results and errors as answers of tools, for language models to read."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from mcp.types import CallToolResult, TextContent

from serve.api.problems import problem_of
from serve.doors.mcp.arguments import TextFormat
from serve.doors.mcp.calls import JobView
from serve.exports import AS_USUAL, ExportOptions, ReadDocument, export_format
from serve.exports.markdown import table_markdown
from serve.results import DetectionResult, OcrResult
from serve.structure_results import PlacedTextResult

__all__ = ["detection_answer", "error_answer", "job_answer", "reading_answer", "started_answer"]


def reading_answer(
    result: OcrResult, text_format: TextFormat, name: str | None = None, options: ExportOptions = AS_USUAL
) -> CallToolResult:
    """Write a result as text, and its structure and warnings as texts of their own if the format has no place for them.

    Args:
        result: The result of a document.
        text_format: The format of the text.
        name: The client's name for the document; None if unknown.
        options: How it is written.
    """
    export = export_format(text_format)
    content = [TextContent(text=export.convert(ReadDocument(result, name, options=options)).decode())]
    if text_format != "json":
        content += [TextContent(text=text) for text in _structure_texts(result, text_format)]
    if result.warnings and text_format != "json":
        # A model that reads the text has to know what is missing in it.
        lines = (
            f"warning: {one.message} ({one.code}{f', page {one.page}' if one.page else ''})" for one in result.warnings
        )
        content.append(TextContent(text="\n".join(lines)))
    return CallToolResult(content=[*content])


def _structure_texts(result: OcrResult, text_format: TextFormat) -> Iterator[str]:
    """Write tables as Markdown, and fields, marks and codes as JSON without places, which a model has no use for."""
    structures = [(page.page, page.structure) for page in result.pages if page.structure is not None]
    if text_format != "markdown":  # which has the tables where they stand
        for page, structure in structures:
            for number, table in enumerate(structure.tables or [], 1):
                yield f"Table {number} of page {page}:\n\n{table_markdown(table.table())}"
    parts: dict[str, list[dict[str, Any]]] = {}
    for page, structure in structures:
        for part, write in _WRITTEN.items():
            found = getattr(structure, part)
            if found is not None:
                parts.setdefault(part, []).extend({"page": page, **write(one)} for one in found)
    if parts:
        yield json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def _text(placed: PlacedTextResult | None) -> str | None:
    return None if placed is None else placed.text


_WRITTEN: dict[str, Callable[[Any], dict[str, Any]]] = {
    "fields": lambda one: {
        **one.model_dump(include={"name", "type", "normalized", "confidence"}, exclude_none=True),
        "label": _text(one.label),
        "value": _text(one.value),
    },
    "marks": lambda one: {
        **one.model_dump(include={"kind", "is_set", "name", "confidence"}, exclude_none=True),
        "label": _text(one.label),
    },
    "codes": lambda one: one.model_dump(include={"type", "text"}),
}


def detection_answer(result: DetectionResult) -> CallToolResult:
    """Write the places of lines as JSON, as text and as a structure."""
    return CallToolResult(
        content=[TextContent(text=result.model_dump_json())], structured_content=result.model_dump(mode="json")
    )


def started_answer(job: JobView) -> CallToolResult:
    """Write the id and the state of a job that goes on."""
    state = {"job_id": job.job_id, "state": job.state}
    return CallToolResult(content=[TextContent(text=json.dumps(state))], structured_content=state)


def job_answer(job: JobView, text_format: TextFormat) -> CallToolResult:
    """Write the result of a job as that of a reading, or its state while there is none.

    Args:
        job: The job.
        text_format: The format of the result.

    Raises:
        RayocrError: The document could not be read.
    """
    if job.error is not None:
        raise job.error
    return started_answer(job) if job.result is None else reading_answer(job.result, text_format)


def error_answer(error: Exception, request_id: str) -> CallToolResult:
    """Write an error, with its code and the id of the call, and log it if the service is to blame.

    Args:
        error: The error. A model sees it, and may do better in its next call.
        request_id: Id of the call.
    """
    problem = problem_of(error, request_id)
    content = TextContent(text=f"{problem.detail} ({problem.code}, request {request_id})")
    structured = {"code": problem.code, "message": problem.detail, "request_id": request_id}
    return CallToolResult(content=[content], structured_content=structured, is_error=True)
