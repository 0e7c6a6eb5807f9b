"""Text, Markdown, HTML and CSV follow the structure of a page."""

import csv
import io
import zipfile
from dataclasses import replace

import pytest

from models.errors import MalformedRequest
from models.structure.result import Cell, Code, Mark, PageStructure, PlacedText, Table, WordSpan
from serve.exports import AS_USUAL, ExportOptions, export_format
from serve.results import LineResult, OcrPage
from tests.unit.serve.exports.documents import box, line, page, read, region, table, table_lines

GOODS = table(("Item", "Price"), ("Tea", "7.80"), ("Cake", "5.70"), first_line=1)


def written(name: str, *pages: OcrPage, options: ExportOptions = AS_USUAL) -> str:
    return export_format(name).convert(read(*pages, options=options)).decode()


def body(*pages: OcrPage) -> str:
    """The sections of an HTML document."""
    return written("html", *pages).partition("<body>\n")[2].partition("</body>")[0]


def sized(text: str, left: float, top: float, height: float) -> LineResult:
    return LineResult(text=text, confidence=0.9, polygon=box(left, top, left + 300, top + height), words=[])


def article() -> OcrPage:
    """A page whose regions are in another order than its lines stand."""
    lines = [
        line("Journal of Tea", 300, 10),  # 0: header
        sized("A Title", 20, 60, 60),  # 1
        line("Text on the left that is long", 20, 200),  # 2
        line("enough to go on in a second row", 20, 240),  # 3
        sized("A Section", 20, 320, 42),  # 4
        line("• one", 20, 400),  # 5
        line("• two is long", 20, 440),  # 6
        line("and goes on", 40, 480),  # 7
        line("Figure 1. A pot", 500, 400),  # 8: caption
        line("x = y + 1", 500, 480),  # 9: formula
        line("[1] A. Book,", 20, 600),  # 10: reference
        line("London.", 40, 640),  # 11
        line("7", 500, 1350),  # 12: page number
    ]
    regions = (
        region("title", 1),
        region("text", 2, 3),
        region("title", 4),
        region("list", 5, 6, 7),
        region("figure", polygon=box(500, 200, 900, 390)),
        region("caption", 8),
        region("formula", 9),
        region("reference", 10, 11),
        region("header", 0),
        region("page_number", 12),
    )
    return page(1, *lines, structure=PageStructure(("layout",), regions=regions))


def test_text_follows_the_regions() -> None:
    assert written("text", article()) == (
        "A Title\n\nText on the left that is long\nenough to go on in a second row\n\nA Section\n\n"
        "• one\n• two is long\nand goes on\n\nFigure 1. A pot\n\nx = y + 1\n\n[1] A. Book,\nLondon.\n\n"
        "Journal of Tea\n\n7\n"
    )


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_furniture_is_dropped_if_that_is_asked_for(name: str) -> None:
    kept, dropped = (written(name, article(), options=ExportOptions(drops_furniture=drops)) for drops in (False, True))
    assert "Journal of Tea" in kept
    assert "Journal of Tea" not in dropped
    assert "London." in dropped


def test_markdown_of_regions() -> None:
    assert written("markdown", article()) == (
        "# A Title\n\nText on the left that is long enough to go on in a second row\n\n## A Section\n\n"
        "- one\n- two is long and goes on\n\n*Figure 1. A pot*\n\nx = y + 1\n\n\\[1\\] A. Book, London.\n\n"
        "Journal of Tea\n\n7\n"
    )


def test_html_of_regions() -> None:
    assert body(article()) == (
        '<section id="page-1">\n<h1 dir="auto">A Title</h1>\n'
        '<p dir="auto">Text on the left that is long enough to go on in a second row</p>\n'
        '<h2 dir="auto">A Section</h2>\n'
        '<ul>\n<li dir="auto">one</li>\n<li dir="auto">two is long and goes on</li>\n</ul>\n'
        '<p dir="auto"><em>Figure 1. A pot</em></p>\n<p dir="auto">x = y + 1</p>\n'
        '<p dir="auto">[1] A. Book, London.</p>\n'
        '<p dir="auto">Journal of Tea</p>\n<p dir="auto">7</p>\n</section>\n'
    )


def test_numbered_list() -> None:
    lines = [line(text, 20, 40 + 40 * row) for row, text in enumerate(["3. three", "4) four", "a) letter"])]
    both = PageStructure(("layout",), regions=(region("list", 0, 1), region("list", 2)))
    assert written("markdown", page(1, *lines, structure=both)) == "3. three\n4. four\n\n- a) letter\n"
    assert '<ol>\n<li value="3" dir="auto">three</li>\n<li value="4"' in body(page(1, *lines, structure=both))


def with_table(found: Table = GOODS, *, number: int = 1, layout: bool = False) -> OcrPage:
    """A line, a table and another line."""
    lines = [line("Before it", 20, 20), *table_lines(found), line("Behind it", 20, 400)]
    inside = tuple(range(1, len(lines) - 1))
    regions = (region("text", 0), region("table", *inside), region("text", len(lines) - 1))
    parts = PageStructure(("tables",), tables=(found,))
    return page(
        number, *lines, structure=replace(parts, parts=("layout", "tables"), regions=regions) if layout else parts
    )


@pytest.mark.parametrize("layout", [False, True])
def test_table_stands_in_its_place(layout: bool) -> None:
    shown = with_table(layout=layout)
    assert written("text", shown) == "Before it\n\nItem\tPrice\nTea\t7.80\nCake\t5.70\n\nBehind it\n"
    assert written("markdown", shown) == (
        "Before it\n\n| Item | Price |\n| --- | --- |\n| Tea | 7.80 |\n| Cake | 5.70 |\n\nBehind it\n"
    )
    assert body(shown) == (
        '<section id="page-1">\n<p dir="auto">Before it</p>\n<table>\n<tr><th>Item</th><th>Price</th></tr>\n'
        "<tr><td>Tea</td><td>7.80</td></tr>\n<tr><td>Cake</td><td>5.70</td></tr>\n</table>\n"
        '<p dir="auto">Behind it</p>\n</section>\n'
    )


def spanning() -> OcrPage:
    cells = (
        Cell(0, 0, 1, 2, box(20, 100, 420, 140), "A & B", (WordSpan(1, 0, 3),), is_header=True),
        Cell(1, 0, 1, 1, box(20, 140, 220, 180), "<b>\ntwo | rows", (WordSpan(2, 0, 1), WordSpan(3, 0, 3))),
        Cell(1, 1, 1, 1, box(220, 140, 420, 180)),
    )
    lines = [line("A & B", 25, 105), line("<b>", 25, 145), line("two | rows", 25, 165)]
    found = Table(box(20, 100, 420, 180), 0.8, 2, 2, cells)
    return page(1, line("Before it", 20, 20), *lines, structure=PageStructure(("tables",), tables=(found,)))


def test_spans_and_line_feeds_are_html_also_in_markdown() -> None:
    as_html = (
        '<table>\n<tr><th colspan="2">A &amp; B</th></tr>\n'
        "<tr><td>&lt;b&gt;<br>two | rows</td><td></td></tr>\n</table>\n"
    )
    assert written("markdown", spanning()) == "Before it\n\n" + as_html
    assert as_html in body(spanning())
    assert written("text", spanning()) == "Before it\n\nA & B\n<b> two | rows\n"
    assert written("csv", spanning()) == 'A & B,\r\n"<b>\ntwo | rows",\r\n'


def test_pipes_are_escaped_in_cells() -> None:
    found = table(("a|b", "*c*"), ("# 1", "2"), first_line=1)
    assert "| a\\|b | \\*c\\* |\n| --- | --- |\n| # 1 | 2 |\n" in written("markdown", with_table(found))


def test_words_in_no_cell_are_kept() -> None:
    lines = [line("Note: Tea 7.80", 20, 100)]
    cells = (
        Cell(0, 0, 1, 1, box(80, 100, 120, 130), "Tea", (WordSpan(0, 1, 2),)),
        Cell(0, 1, 1, 1, box(120, 100, 200, 130), "7.80", (WordSpan(0, 2, 3),)),
    )
    structure = PageStructure(("tables",), tables=(Table(box(80, 100, 200, 130), 0.8, 1, 2, cells),))
    assert written("text", page(1, *lines, structure=structure)) == "Tea\t7.80\n\nNote:\n"


def test_table_that_goes_on_is_joined() -> None:
    more = table(("Item", "Price"), ("Milk", "1.20"), first_line=1, continues=True)
    pages = with_table(), with_table(more, number=2), with_table(replace(more, columns=2), number=3)
    joined = (
        "| Cake | 5.70 |\n| Milk | 1.20 |\n| Milk | 1.20 |\n\nBehind it\n\n---\n\nBefore it\n\nBehind it\n\n---\n\n"
    )
    assert joined in written("markdown", *pages)
    assert written("csv", *pages) == "Item,Price\r\nTea,7.80\r\nCake,5.70\r\nMilk,1.20\r\nMilk,1.20\r\n"
    # The page between them is missing.
    assert written("markdown", pages[0], pages[2]).count("| Item | Price |") == 2
    assert written("text", *pages).count("Item\tPrice") == 3


def test_csv_of_several_tables_is_an_archive() -> None:
    other = table(("=1+1", "x, y"), ("-", "@z"), first_line=1, heads=0)
    export = export_format("csv")
    document = read(with_table(), with_table(other, number=3), options=ExportOptions(spreadsheet_safe=True))
    content = export.convert(document)
    assert content == export.convert(document)  # holds no time
    assert export.file_type(content) == ("application/zip", ".zip")
    assert export.extensions == (".csv", ".zip")
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        assert files.namelist() == ["page-1-table-1.csv", "page-3-table-1.csv"]
        rows = list(csv.reader(io.StringIO(files.read("page-3-table-1.csv").decode(), newline="")))
    assert rows == [["'=1+1", "x, y"], ["'-", "'@z"]]


def test_csv_without_tables() -> None:
    assert export_format("csv").convert(read(page(1, structure=PageStructure(("tables",))))) == b""
    with pytest.raises(MalformedRequest, match="add structure=tables"):
        export_format("csv").convert(read(page(1, line("text", 0, 0))))


def test_bars_are_left_out_and_check_boxes_are_shown() -> None:
    lines = [line("||| |||", 20, 20), line("Yes No", 20, 100), line("I [x] agree", 20, 300)]
    label = PlacedText("No", box(60, 100, 80, 130), (WordSpan(1, 1, 2),))
    structure = PageStructure(
        ("marks", "codes"),
        marks=(
            Mark("checkbox", True, box(50, 100, 60, 110), 0.9, label),
            Mark(
                "checkbox",
                False,
                box(5, 300, 15, 310),
                0.9,
                PlacedText("I", box(20, 300, 30, 330), (WordSpan(2, 0, 1),)),
            ),
            Mark("signature", True, box(500, 300, 600, 350), 0.9, label),
        ),
        codes=(Code("code128", "12", box(20, 20, 90, 50), (0,)),),
    )
    shown = page(1, *lines, structure=structure)
    assert written("text", shown) == "Yes [x] No\n\n[ ] I [x] agree\n"
    assert written("markdown", shown) == "Yes [x] No\n\n[ ] I [x] agree\n"
    assert "|||" not in body(shown)


def test_what_a_check_box_was_read_as_is_left_out() -> None:
    lines = [line("V", 40, 100), line("Paid", 60, 100), line("IV", 40, 300)]
    label = PlacedText("Paid", box(60, 100, 80, 130), (WordSpan(1, 0, 1),))
    marks = (Mark("checkbox", True, box(38, 98, 58, 132), 0.9, label), Mark("radio", True, box(38, 298, 58, 332), 0.9))
    shown = page(1, *lines, structure=PageStructure(("marks",), marks=marks))
    assert written("text", shown) == "[x] Paid\n\nIV\n"


def test_html_without_structure_is_escaped_and_holds_nothing_else() -> None:
    shown = page(1, line("<script>alert(1)</script> & co", 20, 20), line("x", 20, 200), line("y", 500, 203))
    document = (
        export_format("html").convert(read(shown, name='https://a.b/secret/<i>"a".png?signature=secret')).decode()
    )
    assert document.startswith('<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">')
    assert "<title>&lt;i&gt;&quot;a&quot;.png</title>" in document
    assert "secret" not in document
    assert document.endswith(
        '<section id="page-1">\n<p dir="auto">&lt;script&gt;alert(1)&lt;/script&gt; &amp; co</p>\n'
        '<p dir="auto">x\ty</p>\n</section>\n</body>\n</html>\n'
    )
