"""Which pages are read, in which order, and what one that can't be read costs the others."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from deployments.context import PageCall, RequestContext
from deployments.document import Document
from deployments.pipeline.attempts import Pipeline
from deployments.pipeline.shared_document import SharedDocument
from deployments.read_options import AS_IT_COMES
from models.errors import (
    DeadlineExceeded,
    Overloaded,
    RayocrError,
    ReplicaCrashed,
    SourceNotFound,
    StorageUnavailable,
    TooLarge,
    Undecodable,
    UnsupportedType,
)
from models.page import PageText
from models.structure.result import Cell, PageStructure, Table
from serve.documents.failures import PageFailure
from serve.documents.page_ranges import PageRanges
from serve.documents.reading import ReadRequest, all_pages, read_pages
from tests.unit.serve.documents.scripted_document import ScriptedDocument


def _request(pages: str | None = None, max_pages: int = 1000) -> ReadRequest:
    ranges = PageRanges() if pages is None else PageRanges.parse(pages)
    return ReadRequest(ranges, AS_IT_COMES, max_pages, pages_at_a_time=3)


def _shared(text: bytes) -> SharedDocument:
    return SharedDocument(Document(text))


async def _read(
    text: str, pages: str | None = None, route: ScriptedDocument | None = None, max_pages: int = 1000
) -> tuple[list[int], list[int]]:
    pipeline = Pipeline(route or ScriptedDocument())
    context = RequestContext.starting_now("test", 20)
    read, failed = await all_pages(pipeline, _shared(text.encode()), _request(pages, max_pages), context)
    return [page.number for page in read], [failure.number for failure in failed]


async def test_pages_come_in_order_and_a_few_are_in_work_together() -> None:
    route = ScriptedDocument()
    assert await _read("good " * 20, route=route) == ([*range(1, 21)], [])
    assert route.most_in_work == 3
    assert route.counted == 0


async def test_only_the_pages_asked_for_are_read() -> None:
    route = ScriptedDocument()
    assert await _read("good " * 9, "8-,2,4-5", route) == ([2, 4, 5, 8, 9], [])
    assert route.begun[0] == 2
    assert sorted(route.begun) == [2, 4, 5, 8, 9]


@pytest.mark.parametrize("text", ["bad good good", "good bad good", "good good bad"])
async def test_page_that_fails_costs_itself_alone(text: str) -> None:
    failed = text.split().index("bad") + 1
    assert await _read(text) == ([one for one in (1, 2, 3) if one != failed], [failed])


async def test_first_page_asked_for_may_fail() -> None:
    assert await _read("good bad good good", "2-3") == ([3], [2])


async def test_one_crash_is_a_page_and_two_are_a_document() -> None:
    assert await _read("good crashes good") == ([1, 3], [2])
    with pytest.raises(ReplicaCrashed):
        await _read("crashes good crashes good")


@pytest.mark.parametrize(
    ("text", "pages", "error"),
    [
        ("bad", None, Undecodable),
        ("bad good", "1", Undecodable),  # the others were not asked for
        ("bad bad bad", None, Undecodable),
        ("unsupported", None, UnsupportedType),
        ("good good", "3", SourceNotFound),
        ("good good", "1,3", SourceNotFound),
        ("bad good", "1,3", SourceNotFound),
        ("good unreachable good", None, StorageUnavailable),
        ("unforeseen", None, RayocrError),
    ],
)
async def test_document_fails_where_nothing_of_it_can_be_had(
    text: str, pages: str | None, error: type[RayocrError]
) -> None:
    with pytest.raises(error) as raised:
        await _read(text, pages)
    assert type(raised.value) is error


async def test_more_pages_than_allowed_are_refused_after_the_first() -> None:
    route = ScriptedDocument()
    with pytest.raises(TooLarge, match=r"9 pages are asked for, more than the limit of 4: .*pages=1-4"):
        await _read("good " * 9, route=route, max_pages=4)
    assert route.begun == [1]
    assert await _read("good " * 9, "6-9", max_pages=4) == ([6, 7, 8, 9], [])


async def test_full_queue_holds_up_a_document_that_has_begun_and_refuses_one_that_has_not() -> None:
    with pytest.raises(Overloaded):
        await _read("full-once good")
    assert await _read("good full-once good") == ([1, 2, 3], [])


async def test_time_runs_out_in_the_middle() -> None:
    context = RequestContext.starting_now("test", 0.2)
    with pytest.raises(DeadlineExceeded):
        await all_pages(Pipeline(ScriptedDocument()), _shared(b"good waits good"), _request(), context)


async def test_nothing_is_read_for_whoever_stops_listening() -> None:
    route = ScriptedDocument()
    context = RequestContext.starting_now("test", 20)
    outcomes = read_pages(Pipeline(route), _shared(b"good good waits waits waits waits"), _request(), context)
    async with aclosing(outcomes):
        numbers = [outcome.number async for outcome in _first(outcomes, 2)]
        assert (numbers, route.in_work) == ([1, 2], 2)
    assert (route.in_work, sorted(route.begun)) == (0, [1, 2, 3, 4])


async def _first(
    outcomes: AsyncGenerator[PageText | PageFailure], count: int
) -> AsyncGenerator[PageText | PageFailure]:
    for _ in range(count):
        yield await anext(outcomes)


class _PagesOfOneTable:
    """A document of three pages, each of which is one table."""

    async def read(self, _document: None, call: PageCall) -> PageText:
        corners = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))
        table = Table(corners, 0.9, 1, 1, (Cell(0, 0, 1, 1, corners),))
        structure = PageStructure(("tables",), tables=(table,))
        return PageText(call.number, 9, 9, 0, (), page_count=3, structure=structure)

    async def page_count(self, _document: None, _call: PageCall) -> int:
        return 3


async def test_tables_go_on_over_pages() -> None:
    context = RequestContext.starting_now("test", 20)
    pages, _ = await all_pages(_PagesOfOneTable(), None, _request(), context)
    found = [page.structure.tables[0].continues for page in pages if page.structure is not None]
    assert found == [False, True, True]
