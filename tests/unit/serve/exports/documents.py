"""Results as they come from reading, made up: columns, odd texts, slanted lines, turned pages, structure."""

from models.page import Polygon
from models.structure.result import Cell, PageStructure, Region, RegionKind, Table, WordSpan
from serve.exports import AS_USUAL, ExportOptions, ReadDocument
from serve.results import CharacterResult, LineResult, OcrPage, OcrResult, WarningResult, WordResult
from serve.structure_results import StructureResult

__all__ = [
    "ODD_WORDS",
    "box",
    "line",
    "line_with_characters",
    "page",
    "read",
    "region",
    "structured_page",
    "table",
    "table_lines",
]

#: What XML, HTML and title attributes may trip over, with what it must come out as.
ODD_WORDS = {
    '"quoted";': '"quoted";',
    "a&b<c>": "a&b<c>",
    "]]>": "]]>",
    "--><!--": "--><!--",
    "nul\x00bell\x07": "nul\ufffdbell\ufffd",
    "half\ud83d": "half\ufffd",
    "\ufffe": "\ufffd",
    "שלום": "שלום",
    "漢字かな交じり文": "漢字かな交じり文",
    "👩‍👩‍👧": "👩‍👩‍👧",
    "e\u0301a\u0308": "e\u0301a\u0308",
}


def box(left: float, top: float, right: float, bottom: float, slope: float = 0.0) -> Polygon:
    """A polygon whose right side is shifted down by `slope` times its width."""
    down = slope * (right - left)
    return (left, top), (right, top + down), (right, bottom + down), (left, bottom)


def line(text: str, left: float, top: float, *, slope: float = 0.0, has_words: bool = True) -> LineResult:
    """A line 30 pixels high, 10 pixels a character."""
    words = []
    at = left
    for index, word in enumerate(text.split()):
        right, shift = at + 10 * len(word), slope * (at - left)
        polygon = box(at, top + shift, right, top + shift + 30, slope)
        words.append(WordResult(text=word, confidence=round(0.99 - index / 100, 4), polygon=polygon))
        at = right + 10
    polygon = box(left, top, at - 10, top + 30, slope)
    return LineResult(text=text, confidence=0.9876, polygon=polygon, words=words if has_words else [])


def line_with_characters(*texts: str, left: float, top: float) -> LineResult:
    """A line of one word, 10 pixels for each of its characters."""
    characters = tuple(
        CharacterResult(
            text=text, confidence=0.9, polygon=box(left + 10 * index, top, left + 10 * index + 10, top + 30)
        )
        for index, text in enumerate(texts)
    )
    polygon = box(left, top, left + 10 * len(texts), top + 30)
    word = WordResult(text="".join(texts), confidence=0.95, polygon=polygon, characters=characters)
    return LineResult(text=word.text, confidence=0.95, polygon=polygon, words=[word])


def page(
    number: int,
    *lines: LineResult,
    rotation: int = 0,
    width: int = 1000,
    height: int = 1400,
    structure: PageStructure | None = None,
) -> OcrPage:
    """A page; its size is that of the upright page."""
    return OcrPage(
        page=number,
        width=width,
        height=height,
        rotation=rotation,
        lines=list(lines),
        text="\n".join(line.text for line in lines),
        structure=None if structure is None else StructureResult.of(structure),
    )


def region(kind: RegionKind, *lines: int, polygon: Polygon | None = None) -> Region:
    """A region of some lines; its place matters only if it has none."""
    return Region(kind, polygon or box(10, 10, 900, 60), 0.9, lines)


def table(*rows: tuple[str, ...], first_line: int = 0, heads: int = 1, continues: bool = False) -> Table:
    """A table whose cells are whole lines of the page, row by row, from `first_line`; an empty text has no line."""
    cells = []
    index = first_line
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            words = (WordSpan(index, 0, len(text.split())),) if text else ()
            index += bool(text)
            place = box(20 + 200 * column, 100 + 40 * row, 220 + 200 * column, 140 + 40 * row)
            cells.append(Cell(row, column, 1, 1, place, text, words, is_header=row < heads))
    around = box(20, 100, 20 + 200 * len(rows[0]), 100 + 40 * len(rows))
    return Table(around, 0.8, len(rows), len(rows[0]), tuple(cells), continues=continues)


def table_lines(found: Table) -> list[LineResult]:
    """The lines of a table from `table`."""
    return [line(cell.text, cell.polygon[0][0] + 5, cell.polygon[0][1] + 5) for cell in found.cells if cell.text]


def structured_page(*, rotation: int = 0, layout: bool = True) -> OcrPage:
    """A page with regions of several kinds, and a table of which a line crosses the border of two cells."""
    lines = [
        line("A Title", 20, 20),
        line("Item Price", 25, 105),
        line("Tea", 25, 145),
        line("1.", 20, 400),
        line("7", 500, 1300),
    ]
    heads = (
        Cell(0, 0, 1, 1, box(20, 100, 70, 140), "Item", (WordSpan(1, 0, 1),), is_header=True),
        Cell(0, 1, 1, 1, box(70, 100, 220, 140), "Price", (WordSpan(1, 1, 2),), is_header=True),
    )
    found = Table(
        box(20, 100, 220, 180),
        0.8,
        2,
        2,
        (*heads, Cell(1, 0, 1, 2, box(20, 140, 220, 180), "Tea", (WordSpan(2, 0, 3),))),
    )
    regions = (
        region("title", 0, polygon=box(10, 10, 900, 60)),
        region("table", 1, 2, polygon=box(15, 95, 225, 185)),
        region("figure", polygon=box(500, 100, 900, 300)),
        region("list", 3, polygon=box(10, 390, 900, 440)),
        region("page_number", 4, polygon=box(490, 1290, 520, 1340)),
    )
    structure = PageStructure(
        ("layout", "tables") if layout else ("tables",), regions=regions if layout else (), tables=(found,)
    )
    return page(1, *lines, rotation=rotation, structure=structure)


def read(
    *pages: OcrPage,
    name: str | None = "scan.png",
    warnings: tuple[WarningResult, ...] = (),
    options: ExportOptions = AS_USUAL,
) -> ReadDocument:
    """A document that was read."""
    text = "\f".join(page.text for page in pages)
    result = OcrResult(id="1", model="made-up", pages=list(pages), text=text, warnings=list(warnings), timings_ms={})
    return ReadDocument(result, name, options=options)
