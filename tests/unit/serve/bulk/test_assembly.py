"""Documents put together from pages that come in any order."""

from dataclasses import replace

from models.errors import RayocrError, ReplicaCrashed, SourceNotFound, Undecodable
from models.page import Line, PageText
from models.structure.result import Cell, PageStructure, Table, WordSpan
from serve.bulk.documents import DocumentError, DocumentResult, InputDocument
from serve.bulk.stages.chunks import Failure, WorkPage, decode_pages, encode_pages
from serve.bulk.write.assembly import DocumentAssembly

DOCUMENT = InputDocument(key="a.pdf", location="s3://in/a.pdf", etag="e", size_bytes=9)
CORNERS = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))


def read(number: int, page_count: int = 3) -> WorkPage:
    text = PageText(number, 10, 10, 0, (Line(f"page {number}", 0.9, CORNERS),))
    return WorkPage(DOCUMENT, number, page_count, text=text)


def lost(number: int, page_count: int = 3, error: type[RayocrError] = Undecodable) -> WorkPage:
    return WorkPage(DOCUMENT, number, page_count, failure=Failure(error(f"no {number}"), attempts=2))


def test_pages_stand_in_their_order_whatever_order_they_came_in() -> None:
    assembly = DocumentAssembly("model")

    assert [assembly.add(read(3)), assembly.add(read(1))] == [None, None]
    whole = assembly.add(read(2))

    assert isinstance(whole, DocumentResult)
    assert whole.result.text == "page 1\fpage 2\fpage 3"
    assert assembly.add(read(1)) is None  # as if it had never been there


def test_page_that_failed_is_left_out_with_a_warning() -> None:
    assembly = DocumentAssembly("model")
    for page in (read(1), lost(2)):
        assert assembly.add(page) is None

    whole = assembly.add(read(3))

    assert isinstance(whole, DocumentResult)
    assert [page.page for page in whole.result.pages] == [1, 3]
    [warning] = whole.result.warnings
    assert (warning.code, warning.page) == ("page_failed", 2)
    assert "undecodable" in warning.message


def test_document_without_any_page_is_an_error() -> None:
    assembly = DocumentAssembly("model")
    for page in (lost(2), lost(3)):
        assert assembly.add(page) is None

    assert assembly.add(lost(1)) == DocumentError("a.pdf", "e", "undecodable", "no 1", 2)


def test_document_that_can_not_be_fetched_is_an_error_at_once() -> None:
    error = DocumentAssembly("model").add(WorkPage(DOCUMENT, failure=Failure(SourceNotFound("gone"))))

    assert error == DocumentError("a.pdf", "e", "source_not_found", "gone", 1)


def test_second_page_that_ends_its_worker_costs_the_document() -> None:
    assembly = DocumentAssembly("model")
    for page in (read(1), lost(2, error=ReplicaCrashed)):
        assembly.add(page)
    whole = assembly.add(read(3))
    assert isinstance(whole, DocumentResult)

    for page in (read(1), lost(2, error=ReplicaCrashed)):
        assembly.add(page)
    assert assembly.add(lost(3, error=ReplicaCrashed)) == DocumentError("a.pdf", "e", "replica_crashed", "no 3", 2)


def test_structure_travels_with_the_page_and_tables_go_on() -> None:
    assembly = DocumentAssembly("model")
    table = Table(CORNERS, 0.9, 1, 1, (Cell(0, 0, 1, 1, CORNERS, "page", (WordSpan(0, 0, 1),)),))
    structure = PageStructure(("tables",), tables=(table,))
    pages = [
        replace(page, text=replace(page.text, structure=structure))
        for page in (read(2, 2), read(1, 2))
        if page.text is not None
    ]
    sent, _ = decode_pages(encode_pages(pages))
    assert sent == pages

    assert assembly.add(sent[0]) is None
    whole = assembly.add(sent[1])

    assert isinstance(whole, DocumentResult)
    tables = [page.structure.tables for page in whole.result.pages if page.structure is not None]
    assert [[one.continues for one in found or ()] for found in tables] == [[False], [True]]
