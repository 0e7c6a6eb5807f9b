"""Keeps the results of a document's pages as they come, compressed: as objects they take ten times their JSON."""

import asyncio
import zlib
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from itertools import chain, repeat
from typing import Any, cast, overload

from deployments.context import RequestContext
from models.page import PageText, PageWarning
from serve.documents.failures import PageFailure
from serve.documents.reading import AnyDocument, PageReader, ReadRequest, read_pages
from serve.results import OcrPage, OcrResult, WarningResult, summed

__all__ = ["KeptPages", "json_pieces", "read_result"]

# JSON of a page shrinks to a quarter. A higher level would save little and cost much.
_LEVEL = 1


class KeptPages(Sequence[OcrPage]):
    """The pages of a result, in their order. Each is unpacked when it is asked for, and not kept."""

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self.json_bytes = 0
        """The bytes of the pages' JSON, without commas between them."""

    def append(self, page: PageText) -> str:
        """Keep one page more, and return its text."""
        result = OcrPage.of(page)
        json = result.model_dump_json().encode()
        self.json_bytes += len(json)
        self._packed.append(zlib.compress(json, _LEVEL))
        return result.text

    def json(self) -> Iterator[bytes]:
        """Unpack the JSON of each page."""
        return map(zlib.decompress, self._packed)

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, index: int) -> OcrPage: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[OcrPage]: ...
    def __getitem__(self, index: int | slice) -> OcrPage | Sequence[OcrPage]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        return OcrPage.model_validate_json(zlib.decompress(self._packed[index]))


async def read_result(
    reader: PageReader[AnyDocument], document: AnyDocument, request: ReadRequest, context: RequestContext, model: str
) -> tuple[OcrResult, list[PageFailure]]:
    """Read the pages of a document, and make its result. The arguments are those of `read_pages`.

    Args:
        reader: Reads one page.
        document: The document, in the form that the reader takes.
        request: Which pages are read, and how.
        context: The request's id and deadline.
        model: Name of the default model bundle, which reads what names no other.

    Returns:
        The result with at least one page, whose `pages` are `KeptPages`, and the failures. Their warnings are in it.

    Raises:
        RayocrError: `read_pages` raised it, or no page could be read.
    """
    pages = KeptPages()
    texts: list[str] = []
    warnings: list[PageWarning] = []
    timings: list[dict[str, float]] = []
    failures: list[PageFailure] = []
    async with aclosing(read_pages(reader, document, request, context)) as outcomes:
        async for outcome in outcomes:
            if isinstance(outcome, PageFailure):
                failures.append(outcome)
                continue
            texts.append(await asyncio.to_thread(pages.append, outcome))
            warnings += outcome.warnings
            timings.append(outcome.timings_ms)
    if not texts:
        raise failures[0].error
    result = OcrResult.model_construct(
        id=context.request_id,
        model=request.options.model or model,
        pages=cast("Any", pages),
        text="\f".join(texts),
        warnings=[WarningResult.of(one) for one in (*warnings, *(failure.warning for failure in failures))],
        timings_ms=summed(timings),
    )
    return result, failures


def json_pieces(result: OcrResult) -> tuple[Iterator[bytes], int]:
    """Write a result as JSON page by page, just as `model_dump_json` would write it whole.

    Returns:
        The pieces, and the bytes of all of them together.
    """
    if not isinstance(pages := cast("object", result.pages), KeptPages):
        whole = result.model_dump_json().encode()
        return iter([whole]), len(whole)
    # In a string, quotes have a backslash before them, so this is the field.
    frame = result.model_copy(update={"pages": []}).model_dump_json().encode()
    head, field, tail = frame.partition(b'"pages":[]')
    head += field[:-1]
    ends = chain(repeat(b",", len(pages) - 1), [b"]"])
    ended = (page + end for page, end in zip(pages.json(), ends, strict=True))
    return chain([head], ended, [tail]), len(head) + pages.json_bytes + len(pages) + len(tail)
