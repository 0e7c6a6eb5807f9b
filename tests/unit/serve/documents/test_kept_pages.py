"""Results of long documents are kept compressed, and written as if they had not been."""

import tracemalloc
from collections.abc import Sequence
from dataclasses import replace

import httpx
import pytest

from deployments.context import PageCall, RequestContext
from deployments.pipeline.attempts import Pipeline
from deployments.read_options import AS_IT_COMES
from models.errors import Undecodable
from models.page import Character, Line, PageText, PageWarning, Word
from models.structure.result import Cell, PageStructure, Region, Table, WordSpan
from models.structure.tables.continued import ContinuedTables
from serve.api.answers import documents
from serve.api.application import build_api
from serve.api.service import Service
from serve.config.settings import Settings
from serve.documents.kept_pages import json_pieces, read_result
from serve.documents.page_ranges import PageRanges
from serve.documents.reading import ReadRequest
from serve.exports import ReadDocument, export_format
from serve.results import OcrResult
from tests.unit.serve.documents.scripted_document import ScriptedDocument

_QUAD = ((0.1, 0.2), (9.3, 0.0), (9.0, 9.7), (1e-7, 1234567.9))
_ALL = ReadRequest(PageRanges.parse("1-"), AS_IT_COMES, 1000, 4)


def page(number: int, count: int, lines: int = 2) -> PageText:
    characters = tuple(Character(one, 0.5, _QUAD) for one in 'a"\u00e9')
    words = (Word('a"\u00e9', 0.123456789, _QUAD, characters), Word('"pages":[]', 0.7, _QUAD))
    line = Line('a"\u00e9 "pages":[]', 0.9, _QUAD, words=words, source="text_layer")
    warnings = (PageWarning("truncated", "cut", number),)
    return PageText(
        number, 10, 10, 90, (line,) * lines, warnings=warnings, timings_ms={"decoding": 1.23}, page_count=count
    )


class Reader:
    def __init__(self, pages: Sequence[PageText | None]) -> None:
        self._pages = pages

    async def read(self, _document: str, call: PageCall) -> PageText:
        if (found := self._pages[call.number - 1]) is None:
            raise Undecodable("damaged")
        return found

    async def page_count(self, _document: str, _call: PageCall) -> int:
        return len(self._pages)


async def kept(pages: Sequence[PageText | None]) -> OcrResult:
    result, _ = await read_result(Reader(pages), "", _ALL, RequestContext.starting_now("an id", 60), "a model")
    return result


@pytest.mark.parametrize("count", [1, 2, 5])
async def test_json_is_the_same_byte_for_byte(count: int) -> None:
    pages = [page(number, count) for number in range(1, count + 1)]
    result, plain = await kept(pages), OcrResult.of("an id", "a model", pages)
    pieces, size = json_pieces(result)
    assert b"".join(pieces) == plain.model_dump_json().encode()
    assert size == len(plain.model_dump_json().encode())
    assert list(result.pages) == plain.pages
    assert result.pages[-1:] == plain.pages[-1:]
    assert b"".join(json_pieces(plain)[0]) == plain.model_dump_json().encode()


@pytest.mark.parametrize("name", ["json", "text", "markdown", "html", "tsv", "csv", "hocr", "alto", "page"])
async def test_every_format_is_the_same(name: str) -> None:
    cells = (Cell(0, 0, 1, 1, _QUAD, "cell", (WordSpan(0, 1, 2),)),)
    regions = (Region("text", _QUAD, 0.123456, (0, 1)),)
    structure = PageStructure(("layout", "tables"), regions=regions, tables=(Table(_QUAD, 0.654321, 1, 1, cells),))
    pages = [replace(page(number, 3), structure=structure) for number in (1, 2, 3)]
    export = export_format(name)
    plain = OcrResult.of("an id", "a model", [*map(ContinuedTables().of, pages)])
    assert export.convert(ReadDocument(await kept(pages), "a.pdf")) == export.convert(ReadDocument(plain, "a.pdf"))


async def test_page_that_fails_is_a_warning_and_a_document_without_pages_an_error() -> None:
    result = await kept([page(1, 2), None])
    assert [(one.code, one.page) for one in result.warnings] == [("truncated", 1), ("page_failed", 2)]
    with pytest.raises(Undecodable):
        await kept([None, None])


async def test_long_document_takes_little_memory() -> None:
    class Book(Reader):
        async def read(self, _document: str, call: PageCall) -> PageText:
            return page(call.number, 100, lines=100)

    tracemalloc.start()
    try:
        context = RequestContext.starting_now("an id", 60)
        result, _ = await read_result(Book([]), "", _ALL, context, "a model")
        packed, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    del result
    one = len(b"".join(json_pieces(OcrResult.of("", "", [page(1, 1, lines=100)]))[0]))
    assert packed < 100 * one / 4


async def test_long_json_is_sent_in_pieces_with_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    api = build_api(Service(Settings(), Pipeline(ScriptedDocument())))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://rayocr") as client:
        whole = await client.post("/v1/ocr", content=b"good good", headers={"X-Request-ID": "1"})
        monkeypatch.setattr(documents, "_WHOLE_BYTES", 0)
        pieces = await client.post("/v1/ocr", content=b"good good", headers={"X-Request-ID": "1"})
    assert (whole.status_code, whole.content, dict(whole.headers)) == (200, pieces.content, dict(pieces.headers))
