"""Reading the pages of a document: one after the other in the result, several at a time in work."""

import asyncio
import random
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from deployments.context import RequestContext
from deployments.document import Document
from deployments.pipeline.attempts import Pipeline
from deployments.pipeline.shared_document import SharedDocument
from deployments.read_options import ReadOptions
from models.errors import (
    AccessDenied,
    MalformedRequest,
    Overloaded,
    RayocrError,
    SourceNotFound,
    UnsupportedType,
)
from models.page import PageText
from serve.documents.failures import PageFailure, PageFailures
from serve.documents.page_ranges import PageRanges

__all__ = ["PageFailure", "ReadRequest", "all_pages", "read_pages"]

# What no other page of the document would fare better with.
_OF_THE_DOCUMENT = (AccessDenied, MalformedRequest, SourceNotFound, UnsupportedType)


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What is read of a document, and how.

    Args:
        pages: Which.
        options: How.
        max_pages: The most pages that may be asked for.
        pages_at_a_time: So many are in work together.
        time_for_each: Whether each page has the whole time of the request anew: nobody waits for them together.
    """

    pages: PageRanges
    options: ReadOptions
    max_pages: int
    pages_at_a_time: int
    time_for_each: bool = False


async def read_pages(
    pipeline: Pipeline, source: Document | str | SharedDocument, request: ReadRequest, context: RequestContext
) -> AsyncGenerator[PageText | PageFailure]:
    """Read the pages of a document in order, each yielded as soon as it and all before it are read.

    The first one that is asked for tells how many there are, so that no page waits for the document to be looked
    through; where it fails, the document is asked.

    Args:
        pipeline: The stages.
        source: An uploaded document, or where one lies.
        request: What is read of it.
        context: The request's id and deadline.

    Raises:
        TooLarge: More pages are asked for than may be; none but the first was read.
        SourceNotFound: A page is asked for that there is not, or there is no such document.
        RayocrError: The document can't be read, or no page but one was asked for, and it can't be read; or a page
            can't for a reason that does not lie in itself (`PageFailures.of`).
    """
    document = source if isinstance(source, SharedDocument) else SharedDocument(source)
    failures = PageFailures()
    first = await _first(pipeline, document, request, context, failures)
    page_count = first.page_count
    numbers = request.pages.allowed(page_count, request.max_pages)
    yield first
    next(numbers)
    waiting: deque[tuple[int, asyncio.Task[PageText]]] = deque()
    try:
        for number in numbers:
            page_context = context.renewed() if request.time_for_each else context
            read = _patiently(pipeline, document, number, request.options, page_context)
            waiting.append((number, asyncio.create_task(read)))
            if len(waiting) >= request.pages_at_a_time:
                yield await _settled(*waiting.popleft(), failures, page_count)
        while waiting:
            yield await _settled(*waiting.popleft(), failures, page_count)
    finally:
        for _, task in waiting:
            task.cancel()
        await asyncio.gather(*(task for _, task in waiting), return_exceptions=True)


async def all_pages(
    pipeline: Pipeline, source: Document | str | SharedDocument, request: ReadRequest, context: RequestContext
) -> tuple[list[PageText], list[PageFailure]]:
    """As `read_pages`, all at once.

    Returns:
        The pages that were read, one at least, and those that could not be.

    Raises:
        RayocrError: As `read_pages`; or the first page's error, where no page could be read.
    """
    pages: list[PageText] = []
    failures: list[PageFailure] = []
    async with aclosing(read_pages(pipeline, source, request, context)) as outcomes:
        async for outcome in outcomes:
            if isinstance(outcome, PageFailure):
                failures.append(outcome)
            else:
                pages.append(outcome)
    if not pages:
        raise failures[0].error
    return pages, failures


async def _first(
    pipeline: Pipeline,
    document: SharedDocument,
    request: ReadRequest,
    context: RequestContext,
    failures: PageFailures,
) -> PageText | PageFailure:
    """The first page that is asked for."""
    number = request.pages.first
    try:
        return await pipeline.read(document, number, context, request.options)
    except RayocrError as error:
        if error.retryable or isinstance(error, _OF_THE_DOCUMENT) or request.pages.is_single:
            raise
        page_count = await pipeline.page_count(document, context, request.options)
        if request.pages.count(page_count) == 1:
            raise
        return failures.of(number, error, page_count)


async def _patiently(
    pipeline: Pipeline, document: SharedDocument, number: int, options: ReadOptions, context: RequestContext
) -> PageText:
    """Read a page of a request that was admitted: it waits where the queues are full, as long as its time lasts."""
    while True:
        try:
            return await pipeline.read(document, number, context, options)
        except Overloaded as error:
            pause_s = error.retry_after_s * random.uniform(0.5, 1.5)
            if pause_s >= context.remaining_s:
                raise
            await asyncio.sleep(pause_s)


async def _settled(
    number: int, task: "asyncio.Task[PageText]", failures: PageFailures, page_count: int
) -> PageText | PageFailure:
    try:
        return await task
    except RayocrError as error:
        return failures.of(number, error, page_count)
    finally:
        task.cancel()  # where whoever asks for the pages went meanwhile
