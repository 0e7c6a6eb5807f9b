"""Passages of a page: each word once, whatever regions and tables leave out."""

from models.structure.result import Cell, PageStructure, Region, Table, WordSpan
from serve.doors.passages import first_title, passages
from serve.results import OcrPage, OcrResult
from serve.structure_results import StructureResult
from tests.unit.serve.doors.structured import structured
from tests.unit.serve.exports.documents import box, line, page

_LINES = (line("a b c d", 0, 0), line("e", 0, 100), line("f", 0, 200, has_words=False), line("g h", 0, 300))
_CELLS = (
    Cell(0, 0, 1, 1, box(0, 0, 50, 30), "b", (WordSpan(0, 1, 2),)),
    Cell(0, 1, 1, 1, box(50, 0, 99, 30), "d f", (WordSpan(0, 3, 4), WordSpan(2, 0, 0))),
)
_TABLE = Table(box(0, 0, 99, 30), 0.9, 1, 2, _CELLS)
_EMPTY = Table(box(0, 400, 99, 430), 0.9, 1, 1, (Cell(0, 0, 1, 1, box(0, 400, 99, 430)),))


def _page(structure: PageStructure) -> OcrPage:
    return page(1, *_LINES).model_copy(update={"structure": StructureResult.of(structure)})


def _texts(of: OcrPage) -> list[str]:
    """The words of each passage; "table" for the beginning of one."""
    told = []
    for passage in passages(of):
        words = [
            word
            for one in passage.words
            for word in (of.lines[one.line].text.split()[one.start : one.end] or [of.lines[one.line].text])
        ]
        told.append("table" if passage.table is not None and passage.cell is None else " ".join(words))
    return told


def test_words_that_no_cell_and_lines_that_no_region_has_are_passages_too() -> None:
    regions = (Region("text", box(0, 100, 9, 130), 0.9, (1,)), Region("table", _TABLE.polygon, 0.9, (0,)))
    asked = PageStructure(("layout", "tables"), regions, (_TABLE, _EMPTY))
    assert _texts(_page(asked)) == ["e", "table", "b", "d f", "a c", "g h", "table"]


def test_figure_whose_text_is_that_of_a_table_has_its_own_place() -> None:
    regions = (Region("figure", box(0, 0, 500, 500), 0.9, (2,)),)
    of = _page(PageStructure(("layout", "tables"), regions, (_TABLE,)))
    (figure,) = [one for one in passages(of) if one.region is not None]
    assert (figure.words, figure.polygon) == ((), box(0, 0, 500, 500))


def test_tables_stand_among_the_paragraphs_of_a_page_without_regions() -> None:
    assert _texts(_page(PageStructure(("tables",), (), (_TABLE,)))) == ["table", "b", "d f", "a c", "e", "g h"]


def test_title_of_a_document_has_no_text_before_it() -> None:
    heading, logo = Region("title", box(0, 0, 9, 9), 0.9, (0,)), Region("figure", box(0, 0, 9, 9), 0.9)
    text = Region("text", box(0, 0, 9, 9), 0.9, (1,))
    for regions, is_title in (((logo, heading, text), True), ((text, heading), False), ((logo,), False)):
        of = _page(PageStructure(("layout",), regions))
        result = OcrResult(id="r", model="m", pages=[of], text="", warnings=[], timings_ms={})
        assert (first_title(result) is not None) == is_title


def test_words_of_a_page_come_once() -> None:
    for result in (structured(), structured(("layout",)), structured(())):
        (only,) = result.pages
        found = [
            (one.line, word) for each in passages(only) for one in each.words for word in range(one.start, one.end)
        ]
        assert sorted(found) == [(at, word) for at, own in enumerate(only.lines) for word in range(len(own.words))]
