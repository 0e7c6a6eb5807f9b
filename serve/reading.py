"""Reading the pages of a document: one after the other in the result, several at a time in work."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from deployments.context import RequestContext
from deployments.pipeline import Pipeline
from deployments.preprocess.document import Document
from deployments.read_options import ReadOptions
from deployments.shared_document import SharedDocument
from models.errors import RayocrError, TooLarge
from models.page import PageText, PageWarning
from serve.page_ranges import PageRanges

__all__ = ["PageFailure", "ReadRequest", "all_pages", "read_pages"]


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What is read of a document, and how.

    Args:
        pages: Which.
        options: How.
        max_pages: The most pages that may be asked for.
        pages_at_a_time: So many are in work together.
    """

    pages: PageRanges
    options: ReadOptions
    max_pages: int
    pages_at_a_time: int


@dataclass(frozen=True, slots=True)
class PageFailure:
    """A page that could not be read, where others of its document can.

    Args:
        number: Counted from 1.
        error: Why.
    """

    number: int
    error: RayocrError

    @property
    def warning(self) -> PageWarning:
        """The same, for the result of the other pages."""
        message = f"page {self.number} could not be read and is left out ({self.error.code}): {self.error}"
        return PageWarning("page_failed", message, self.number)


async def read_pages(
    pipeline: Pipeline, source: Document | str, request: ReadRequest, context: RequestContext
) -> AsyncGenerator[PageText | PageFailure]:
    """Read the pages of a document in order, each yielded as soon as it and all before it are read.

    The first one that is asked for tells how many there are.

    Args:
        pipeline: The stages.
        source: An uploaded document, or where one lies.
        request: What is read of it.
        context: The request's id and deadline.

    Raises:
        TooLarge: More pages are asked for than may be; none but the first was read.
        SourceNotFound: A page is asked for that there is not, or there is no such document.
        RayocrError: The first page that is asked for can't be read; or another can't for a reason that lies not in
            itself, such as load or a storage that does not answer.
    """
    document = SharedDocument(source)
    first = await pipeline.read(document, request.pages.first, context, request.options)
    count = request.pages.count(first.page_count)
    if count > request.max_pages:
        raise TooLarge(
            f"{count:,} pages are asked for, more than the limit of {request.max_pages:,}: ask for fewer "
            f"(pages=1-{request.max_pages}), or split the document"
        )
    yield first
    numbers = request.pages.numbers(first.page_count)
    next(numbers)
    waiting: deque[tuple[int, asyncio.Task[PageText]]] = deque()
    try:
        for number in numbers:
            read = pipeline.read(document, number, context, request.options)
            waiting.append((number, asyncio.create_task(read)))
            if len(waiting) >= request.pages_at_a_time:
                yield await _settled(*waiting.popleft())
        while waiting:
            yield await _settled(*waiting.popleft())
    finally:
        for _, task in waiting:
            task.cancel()
        await asyncio.gather(*(task for _, task in waiting), return_exceptions=True)


async def all_pages(
    pipeline: Pipeline, source: Document | str, request: ReadRequest, context: RequestContext
) -> tuple[list[PageText], list[PageFailure]]:
    """As `read_pages`, all at once: those that were read, and those that could not be."""
    pages: list[PageText] = []
    failures: list[PageFailure] = []
    async with aclosing(read_pages(pipeline, source, request, context)) as outcomes:
        async for outcome in outcomes:
            if isinstance(outcome, PageFailure):
                failures.append(outcome)
            else:
                pages.append(outcome)
    return pages, failures


async def _settled(number: int, task: "asyncio.Task[PageText]") -> PageText | PageFailure:
    try:
        return await task
    except RayocrError as error:
        if error.retryable:
            raise
        return PageFailure(number, error)
    finally:
        task.cancel()  # where whoever asks for the pages went meanwhile
