"""The tools and the resource, as the SDK serves them."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListResourcesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    TextResourceContents,
    Tool,
    ToolAnnotations,
)
from pydantic import BaseModel

from deployments.preprocess.formats.signatures import ImageFormat
from serve.api.requests.options import checked_options
from serve.doors.mcp.answers import detection_answer, error_answer, job_answer, reading_answer, started_answer
from serve.doors.mcp.arguments import (
    DetectArguments,
    JobArguments,
    ReadArguments,
    SentDocument,
    StartArguments,
    TextFormat,
    with_path,
)
from serve.doors.mcp.calls import Calls
from serve.results import DetectionResult
from serve.version import rayocr_version

__all__ = ["build_server"]

CallsOf = Callable[[ServerRequestContext[Any, Any]], Calls]

_FORMATS_URI = "rayocr://formats"
_INSTRUCTIONS = (
    "Reads the text in pictures and PDFs. read_document answers with the text; a document of many pages that takes "
    "longer than a call may is read with start_job and job_result. detect_text only finds where text is."
)


async def _read(calls: Calls, asked: Any) -> CallToolResult:
    arguments: ReadArguments = asked
    return await calls.read(
        arguments.document(calls.max_bytes),
        arguments,
        lambda result: reading_answer(result, arguments.format, arguments.name, arguments.export_options),
    )


async def _detect(calls: Calls, asked: Any) -> CallToolResult:
    arguments: DetectArguments = asked
    return detection_answer(await calls.detect(arguments.document(calls.max_bytes), arguments.request()))


async def _start(calls: Calls, asked: Any) -> CallToolResult:
    arguments: StartArguments = asked
    return started_answer(await calls.start(arguments.document(calls.max_bytes), arguments.options()))


async def _result(calls: Calls, asked: Any) -> CallToolResult:
    arguments: JobArguments = asked
    job = await calls.job(arguments.job_id)
    return await asyncio.to_thread(job_answer, job, arguments.format)


@dataclass(frozen=True, slots=True)
class _ToolRow:
    """A tool.

    Args:
        title: Its name for people.
        description: What a model has to know to choose it.
        arguments: The model of its arguments.
        call: Does its work.
        output: The model of its structured answer, if it has one.
        is_of_jobs: Whether it is there only if jobs are taken.
    """

    title: str
    description: str
    arguments: type[BaseModel]
    call: Callable[[Calls, Any], Awaitable[CallToolResult]]
    output: type[BaseModel] | None = None
    is_of_jobs: bool = False


_TOOLS: Mapping[str, _ToolRow] = {
    "read_document": _ToolRow(
        "Read a document",
        "Read the text of a picture or PDF, in reading order. Give the document itself, or where it is. With "
        "`structure`, tables come as Markdown too, and fields, check boxes, signatures and bar codes as JSON.",
        ReadArguments,
        _read,
    ),
    "detect_text": _ToolRow(
        "Find text on a page",
        "Find the lines of one page without reading them: four corners for each, in pixels of the upright page.",
        DetectArguments,
        _detect,
        output=DetectionResult,
    ),
    "start_job": _ToolRow(
        "Start to read a document",
        "Begin to read a document that may take long, such as a PDF of hundreds of pages, and answer with a job_id.",
        StartArguments,
        _start,
        is_of_jobs=True,
    ),
    "job_result": _ToolRow(
        "Ask for the result of a job",
        "Answer with the text of the document as read_document does, or with the state (queued, running) before.",
        JobArguments,
        _result,
        is_of_jobs=True,
    ),
}


def build_server(calls_of: CallsOf, *, has_paths: bool) -> "Server[Any]":
    """Build the server of one transport. It holds no state of its clients.

    Args:
        calls_of: Finds who does the work of a call.
        has_paths: Whether documents may be named by their paths on this machine.
    """
    models = {
        name: with_path(row.arguments) if has_paths and issubclass(row.arguments, SentDocument) else row.arguments
        for name, row in _TOOLS.items()
    }
    tools = {name: _tool(name, row, models[name]) for name, row in _TOOLS.items()}

    def offered(calls: Calls) -> list[Tool]:
        return [tool for name, tool in tools.items() if calls.has_jobs or not _TOOLS[name].is_of_jobs]

    async def list_tools(
        context: ServerRequestContext[Any, Any], _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=offered(calls_of(context)))

    async def call_tool(context: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        calls = calls_of(context)
        known = [tool.name for tool in offered(calls)]
        if params.name not in known:
            raise MCPError(INVALID_PARAMS, f"unknown tool {params.name[:40]!r}; known are {', '.join(known)}")
        try:
            arguments = checked_options(models[params.name], params.arguments or {})
            return await _TOOLS[params.name].call(calls, arguments)
        except Exception as error:
            return error_answer(error, calls.request_id)

    async def list_resources(
        _context: ServerRequestContext[Any, Any], _params: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        return ListResourcesResult(resources=[_FORMATS])

    async def read_resource(
        context: ServerRequestContext[Any, Any], params: ReadResourceRequestParams
    ) -> ReadResourceResult:
        if params.uri != _FORMATS_URI:
            raise MCPError(INVALID_PARAMS, f"there is no resource {params.uri[:80]!r}; known is {_FORMATS_URI}")
        text = json.dumps(_formats(calls_of(context)))
        return ReadResourceResult(
            contents=[TextResourceContents(uri=_FORMATS_URI, mime_type="application/json", text=text)]
        )

    return Server(
        "rayocr",
        version=rayocr_version(),
        title="rayocr",
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_read_resource=read_resource,
    )


_FORMATS = Resource(
    name="formats",
    title="Formats",
    uri=_FORMATS_URI,
    description="The formats of documents that can be read, those of answers, and the limits.",
    mime_type="application/json",
)


def _formats(calls: Calls) -> dict[str, object]:
    return {
        "documents": [str(one) for one in ImageFormat],
        "answers": list(get_args(TextFormat)),
        "max_bytes": calls.max_bytes,
        "max_pages": calls.max_pages,
    }


def _tool(name: str, row: _ToolRow, arguments: type[BaseModel]) -> Tool:
    return Tool(
        name=name,
        title=row.title,
        description=row.description,
        input_schema=arguments.model_json_schema(),
        output_schema=None if row.output is None else row.output.model_json_schema(mode="serialization"),
        annotations=ToolAnnotations(
            read_only_hint=name != "start_job",
            destructive_hint=False,
            open_world_hint=row.arguments is not JobArguments,
        ),
    )
