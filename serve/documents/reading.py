"""Reads the pages of a document, several at a time, and gives them in order."""

import asyncio
import random
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol, TypeVar

from deployments.context import PageCall, RequestContext
from deployments.read_options import ReadOptions
from models.errors import (
    AccessDenied,
    ConfigurationError,
    MalformedRequest,
    Overloaded,
    RayocrError,
    SourceNotFound,
    UnsupportedType,
)
from models.page import PageText
from models.structure.tables.continued import ContinuedTables
from serve.documents.failures import PageFailure, PageFailures, whole_document
from serve.documents.page_ranges import PageRanges

__all__ = ["PageReader", "ReadRequest", "all_pages", "read_pages"]

# Errors that lie in the document: no other page of it could be read either.
_DOCUMENT_ERRORS = (AccessDenied, ConfigurationError, MalformedRequest, SourceNotFound, UnsupportedType)

AnyDocument = TypeVar("AnyDocument", contravariant=True)


class PageReader(Protocol[AnyDocument]):
    """Reads single pages: through the pipeline of a service, in a worker of a bulk run, or in this process."""

    async def read(self, document: AnyDocument, call: PageCall, /) -> PageText:
        """Read one page of a document."""

    async def page_count(self, document: AnyDocument, call: PageCall, /) -> int:
        """Count the pages of a document."""


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """Which pages of a document are read, and how.

    Args:
        pages: The pages.
        options: How they are read.
        max_pages: The most pages that may be asked for.
        pages_at_a_time: The most pages that are in work together.
        time_for_each: Whether each page has the whole time of the request to itself, as nobody waits for all of them.
        limit_name: Name of the setting behind `max_pages`, for the message.
    """

    pages: PageRanges
    options: ReadOptions
    max_pages: int
    pages_at_a_time: int
    time_for_each: bool = False
    limit_name: str = "http.max_pages"

    def numbers(self, page_count: int) -> Iterator[int]:
        """Return the pages to read of a document that has so many pages, ascending.

        Raises:
            SourceNotFound: The document lacks a page that is named.
            TooLarge: More pages are asked for than `max_pages`.
        """
        return self.pages.allowed(page_count, self.max_pages, self.limit_name)


async def read_pages(
    reader: PageReader[AnyDocument], document: AnyDocument, request: ReadRequest, context: RequestContext
) -> AsyncGenerator[PageText | PageFailure]:
    """Read the pages of a document, and yield them in order, each as soon as it and all before it are read.

    Tables that go on with one of the page before say so.

    The first page that is asked for tells how many pages there are, so that no page waits for them to be counted. If
    that page fails, they are counted.

    Args:
        reader: Reads one page.
        document: The document, in the form that the reader takes.
        request: Which pages are read, and how.
        context: The request's id and deadline.

    Raises:
        TooLarge: More pages are asked for than `max_pages`; only the first was read.
        SourceNotFound: The document lacks a page that is named, or does not exist.
        RayocrError: The document can't be read, the only page that is asked for can't be read, or a page failed for a
            reason that does not lie in the page (`PageFailures.of`).
    """
    tables = ContinuedTables()
    async with aclosing(_outcomes(reader, document, request, context)) as outcomes:
        async for outcome in outcomes:
            yield tables.of(outcome) if isinstance(outcome, PageText) else outcome


async def _outcomes(
    reader: PageReader[AnyDocument], document: AnyDocument, request: ReadRequest, context: RequestContext
) -> AsyncGenerator[PageText | PageFailure]:
    failures = PageFailures()
    first = await _first(reader, document, request, context, failures)
    page_count = first.page_count
    numbers = request.numbers(page_count)
    yield first
    next(numbers)
    waiting: deque[tuple[int, asyncio.Task[PageText]]] = deque()
    try:
        for number in numbers:
            call = PageCall(number, context.renewed() if request.time_for_each else context, request.options)
            waiting.append((number, asyncio.create_task(_read_patiently(reader, document, call))))
            if len(waiting) >= request.pages_at_a_time:
                yield await _outcome(*waiting.popleft(), failures, page_count)
        while waiting:
            yield await _outcome(*waiting.popleft(), failures, page_count)
    finally:
        for _, task in waiting:
            task.cancel()
        await asyncio.gather(*(task for _, task in waiting), return_exceptions=True)


async def all_pages(
    reader: PageReader[AnyDocument], document: AnyDocument, request: ReadRequest, context: RequestContext
) -> tuple[list[PageText], list[PageFailure]]:
    """Read the pages of a document and return them together. The arguments are those of `read_pages`.

    Returns:
        The pages that were read, at least one, and the failures.

    Raises:
        RayocrError: `read_pages` raised it, or no page could be read.
    """
    async with aclosing(read_pages(reader, document, request, context)) as outcomes:
        return whole_document([outcome async for outcome in outcomes])


async def _first(
    reader: PageReader[AnyDocument],
    document: AnyDocument,
    request: ReadRequest,
    context: RequestContext,
    failures: PageFailures,
) -> PageText | PageFailure:
    """Read the first page that is asked for."""
    call = PageCall(request.pages.first, context, request.options)
    try:
        return await reader.read(document, call)
    except RayocrError as error:
        if error.retryable or isinstance(error, _DOCUMENT_ERRORS) or request.pages.is_single:
            raise
        page_count = await reader.page_count(document, call)
        if request.pages.count(page_count) == 1:
            raise
        return failures.of(call.number, error, page_count)


async def _read_patiently(reader: PageReader[AnyDocument], document: AnyDocument, call: PageCall) -> PageText:
    """Read a page of a request that was admitted. While the queues are full, it waits until its time runs out."""
    while True:
        try:
            return await reader.read(document, call)
        except Overloaded as error:
            pause_s = error.retry_after_s * random.uniform(0.5, 1.5)
            if pause_s >= call.context.remaining_s:
                raise
            await asyncio.sleep(pause_s)


async def _outcome(
    number: int, task: "asyncio.Task[PageText]", failures: PageFailures, page_count: int
) -> PageText | PageFailure:
    try:
        return await task
    except RayocrError as error:
        return failures.of(number, error, page_count)
    finally:
        task.cancel()  # the caller may have gone meanwhile
