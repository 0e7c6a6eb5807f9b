"""A result with a structure of every kind, made by hand: an invoice with a table, a figure, a box and codes."""

from models.page import Polygon
from models.structure.result import (
    Cell,
    Code,
    Field,
    Mark,
    PageStructure,
    PartName,
    PlacedText,
    Region,
    Table,
    WordSpan,
)
from serve.results import OcrPage, OcrResult
from serve.structure_results import StructureResult
from tests.unit.serve.exports.documents import box, line, page

__all__ = ["ALL", "PHOTO", "TABLE", "structured"]

ALL: tuple[PartName, ...] = ("layout", "tables", "fields", "marks", "codes")
TABLE, PHOTO = box(50, 300, 600, 420), box(700, 300, 900, 500)

_LINES = (
    line("ACME Ltd", 50, 10),  # 0, a header
    line("INVOICE 2041", 50, 60),  # 1, the title
    line("Date: 2026-01-31", 50, 120),  # 2, a field
    line("Table 1: goods", 50, 260),  # 3, the caption of the table
    line("Goods Price", 60, 310),  # 4, crosses two cells
    line("Tea", 60, 350),  # 5
    line("3.50", 260, 350),  # 6
    line("Fig. 1", 700, 510),  # 7, the caption of the figure
    line("Terms", 50, 600),  # 8, heads a section
    line("[ ] agreed", 50, 660),  # 9, the label of a check box is its second word and third
    line("Page 1", 500, 1350),  # 10, a page number
)


def _placed(*words: WordSpan) -> PlacedText:
    return PlacedText.of(words, _LINES)  # type: ignore[arg-type]  # its lines have the same fields


def _cell(row: int, column: int, polygon: Polygon, text: str = "", *words: WordSpan, columns: int = 1) -> Cell:
    return Cell(row, column, 1, columns, polygon, text, words, is_header=row < 1)


def structured(parts: tuple[PartName, ...] = ALL, *, rotation: int = 0, pages: int = 1) -> OcrResult:
    """Make the result.

    Args:
        parts: The parts of the structure.
        rotation: The turn that set the pages upright.
        pages: The number of pages, each with the same.
    """
    cells = (
        _cell(0, 0, box(50, 300, 250, 340), "Goods", WordSpan(4, 0, 1)),
        _cell(0, 1, box(250, 300, 600, 340), "Price", WordSpan(4, 1, 2)),
        _cell(1, 0, box(50, 340, 250, 380), "Tea", WordSpan(5, 0, 1)),
        _cell(1, 1, box(250, 340, 600, 380), "3.50", WordSpan(6, 0, 1)),
        _cell(2, 0, box(50, 380, 600, 420), columns=2),
    )
    structure = PageStructure(
        parts=parts,
        regions=(
            Region("header", box(50, 10, 130, 40), 0.9, (0,)),
            Region("title", box(50, 60, 170, 90), 0.95, (1,)),
            Region("text", box(50, 120, 210, 150), 0.9, (2,)),
            Region("caption", box(50, 260, 190, 290), 0.8, (3,)),
            Region("table", TABLE, 0.99, (4, 5, 6)),
            Region("figure", PHOTO, 0.7),
            Region("caption", box(700, 510, 760, 540), 0.8, (7,)),
            Region("title", box(50, 600, 100, 630), 0.9, (8,)),
            Region("list", box(50, 660, 150, 690), 0.9, (9,)),
            Region("page_number", box(500, 1350, 560, 1380), 0.9, (10,)),
        ),
        tables=(Table(TABLE, 0.88, 3, 2, cells, is_ruled=True),),
        fields=(
            Field(_placed(WordSpan(2, 0, 1)), _placed(WordSpan(2, 1, 2)), 0.9, "date", "2026-01-31", "date"),
            Field(_placed(WordSpan(8, 0, 1)), None, 0.5),
            Field(None, _placed(WordSpan(6, 0, 1)), 0.6, "amount"),
            Field(_placed(WordSpan(3, 0, 1)), PlacedText("typed", box(300, 260, 400, 290)), 1.0),
        ),
        marks=(
            Mark("checkbox", True, box(50, 660, 80, 690), 0.97, _placed(WordSpan(9, 2, 3))),
            Mark("radio", False, box(520, 345, 540, 375), 0.9),
            Mark("signature", True, box(600, 1200, 800, 1260), 0.8),
        ),
        codes=(Code("qrcode", "https://example.com", box(800, 50, 900, 150)), Code("rmqrcode", "x", box(0, 0, 9, 9))),
    )
    made: list[OcrPage] = []
    for number in range(1, pages + 1):
        one = page(number, *_LINES, rotation=rotation)
        made.append(one.model_copy(update={"structure": StructureResult.of(structure)} if parts else {}))
    return OcrResult(id="r", model="m", pages=made, text="", warnings=[], timings_ms={})
