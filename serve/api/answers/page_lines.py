"""Sends the pages of a document as JSON lines, each as soon as it and all before it are read."""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.types import Receive, Scope, Send

from models.page import PageText
from serve.api.problems import Problem, problem_of
from serve.documents.failures import PageFailure
from serve.results import OcrPage, WarningResult

__all__ = ["LINES_EXAMPLE", "LINES_TYPE", "LinesResponse", "page_lines"]

LINES_TYPE = "application/x-ndjson"

LINES_EXAMPLE = """\
{"page":{"page":1,"width":1240,"height":1754,"rotation":0,"source":"ocr","lines":[],"text":""},"page_count":3,\
"warnings":[],"timings_ms":{"decoding":21.4,"detection":193.0,"recognition":310.8}}
{"page_error":{"page":2,"code":"undecodable","message":"the PNG picture is damaged: no part of it can be read"}}
{"page":{"page":3,"width":1240,"height":1754,"rotation":0,"source":"ocr","lines":[],"text":""},"page_count":3,\
"warnings":[],"timings_ms":{"decoding":20.9,"detection":188.1,"recognition":297.5}}
{"end":{"id":"5d2f6a0e","model":"ppocrv6-small","page_count":3,"read":2,"failed":1,"warning_counts":{"page_failed":1}}}
"""


class _PageLine(BaseModel):
    page: OcrPage
    page_count: int = Field(description="Number of pages in the document.")
    warnings: list[WarningResult]
    timings_ms: dict[str, float]


class _PageError(BaseModel):
    page: int
    code: str
    message: str


class _PageErrorLine(BaseModel):
    page_error: _PageError


class _End(BaseModel):
    id: str
    model: str
    page_count: int
    read: int
    failed: int
    warning_counts: dict[str, int]


class _EndLine(BaseModel):
    end: _End


class _ErrorLine(BaseModel):
    error: Problem


class LinesResponse(StreamingResponse):
    """Sends lines as they come. When the client leaves, the lines are closed at once, and the work on them ends.

    Args:
        lines: The lines, each with its line break.
    """

    def __init__(self, lines: AsyncGenerator[bytes]) -> None:
        # This header keeps proxies from holding lines back.
        super().__init__(lines, headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}, media_type=LINES_TYPE)
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        async with aclosing(self._lines):
            await super().__call__(scope, receive, send)


async def page_lines(
    first: PageText | PageFailure, others: AsyncGenerator[PageText | PageFailure], request_id: str, model: str
) -> AsyncGenerator[bytes]:
    """Write pages as JSON lines.

    The last line is always `end` or `error`. An answer without it was cut off.

    Args:
        first: The first outcome of `read_pages`.
        others: The outcomes after it. They are closed at the end.
        request_id: Id of the request.
        model: Name of the model bundle.
    """
    counts: Counter[str] = Counter()
    read = failed = 0
    async with aclosing(others):
        try:
            outcome: PageText | PageFailure | None = first
            while outcome is not None:
                if isinstance(outcome, PageFailure):
                    failed += 1
                    counts[outcome.warning.code] += 1
                else:
                    read += 1
                    counts.update(warning.code for warning in outcome.warnings)
                yield _line(_of_page(outcome))
                outcome = await anext(others, None)
            end = _End(
                id=request_id,
                model=model,
                page_count=first.page_count,
                read=read,
                failed=failed,
                warning_counts=dict(sorted(counts.items())),
            )
            yield _line(_EndLine(end=end))
        except Exception as error:
            yield _line(_ErrorLine(error=problem_of(error, request_id)))


def _of_page(outcome: PageText | PageFailure) -> BaseModel:
    if isinstance(outcome, PageFailure):
        error = _PageError(page=outcome.number, code=outcome.error.code, message=outcome.error.message)
        return _PageErrorLine(page_error=error)
    return _PageLine(
        page=OcrPage.of(outcome),
        page_count=outcome.page_count,
        warnings=[WarningResult.of(warning) for warning in outcome.warnings],
        timings_ms=outcome.timings_ms,
    )


def _line(value: BaseModel) -> bytes:
    return value.model_dump_json().encode() + b"\n"
