"""The parts of a page in the order in which a person reads them, for protocols that list paragraphs and tables."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from models.layout import blocks
from models.page import Polygon
from models.polygons import bounds, rectangle
from models.structure.result import FURNITURE
from serve.results import OcrPage, OcrResult
from serve.structure_results import CellResult, RegionResult, TableResult, WordSpanResult

__all__ = ["Passage", "box_of", "captions", "first_title", "passages"]

# What may stand before the title of a document, such as a logo.
_BEFORE_TITLES = (*FURNITURE, "figure", "caption")


@dataclass(frozen=True, slots=True)
class Passage:
    """Words that are read together: a paragraph, or what a cell of a table says.

    Args:
        words: Where the words are, in reading order; empty for a figure or a table without text.
        polygon: Corners of the passage.
        region: The region that it is; None in a table, and on a page without regions.
        table: The table that it is in. The first passage of a table has no cell, and no words.
        cell: Its cell.
    """

    words: tuple[WordSpanResult, ...]
    polygon: Polygon
    region: RegionResult | None = None
    table: TableResult | None = None
    cell: CellResult | None = None


def passages(page: OcrPage) -> list[Passage]:
    """Divide a page into passages, in which each of its words comes once.

    Args:
        page: The page. Without regions in its structure, its paragraphs are found by their geometry.
    """
    structure = page.structure
    tables = [] if structure is None else structure.tables or []
    cell_words: dict[int, list[WordSpanResult]] = {}
    table_of: dict[int, list[TableResult]] = {}
    for table in tables:
        for word in (word for cell in table.cells for word in cell.words):
            cell_words.setdefault(word.line, []).append(word)
            of_line = table_of.setdefault(word.line, [])
            if not of_line or of_line[-1] is not table:
                of_line.append(table)
    found: list[Passage] = []
    told: set[int] = set()
    for region, lines in _groups(page):
        rest: list[WordSpanResult] = []
        for line in lines:
            for table in table_of.get(line, ()):
                if id(table) not in told:
                    told.add(id(table))
                    found += _of_table(table)
            rest += _without(_whole(page, line), cell_words.get(line, ()))
        if rest or (region is not None and region.kind == "figure"):
            is_cut = bool(rest) and rest != [_whole(page, line) for line in lines]
            polygon = box_of(page, rest) if region is None or is_cut else region.polygon
            found.append(Passage(tuple(rest), polygon, region))
    for table in tables:  # those without text
        if id(table) not in told:
            found += _of_table(table)
    return found


def box_of(page: OcrPage, words: Iterable[WordSpanResult]) -> Polygon:
    """The corners of the upright box around words, of which there is at least one."""
    points: list[tuple[float, ...]] = []
    for span in words:
        line = page.lines[span.line]
        taken = [] if span == _whole(page, span.line) else line.words[span.start : span.end]
        points += [point for word in taken for point in word.polygon] or line.polygon
    return rectangle(*bounds(points))


def first_title(result: OcrResult) -> RegionResult | None:
    """The title of a document: the first region that is one, if no text stands before it. Others head sections."""
    for region in (region for page in result.pages for region in _regions(page)):
        if region.kind == "title":
            return region
        if region.kind not in _BEFORE_TITLES:
            return None
    return None


def captions(page: OcrPage) -> Iterator[tuple[RegionResult | TableResult, RegionResult]]:
    """Find the figures and tables whose neighbor in reading order is a caption, with that caption. Each comes once."""
    regions, used = _regions(page), set[int]()
    for index, region in enumerate(regions):
        owner = region if region.kind == "figure" else _table_in(page, region)
        if owner is None:
            continue
        # Figures have their captions below them, tables above.
        near = (index + 1, index - 1) if region.kind == "figure" else (index - 1, index + 1)
        for other in near:
            if 0 <= other < len(regions) and regions[other].kind == "caption" and other not in used:
                used.add(other)
                yield owner, regions[other]
                break


def _table_in(page: OcrPage, region: RegionResult) -> TableResult | None:
    """The table that has words of a table's region."""
    if region.kind != "table" or page.structure is None:
        return None
    lines = {*region.lines}
    for table in page.structure.tables or []:
        if any(word.line in lines for cell in table.cells for word in cell.words):
            return table
    return None


def _regions(page: OcrPage) -> Sequence[RegionResult]:
    return [] if page.structure is None else page.structure.regions or []


def _groups(page: OcrPage) -> Iterator[tuple[RegionResult | None, Sequence[int]]]:
    """The regions with their lines, or else the paragraphs. No line is left out, and none comes twice."""
    regions = _regions(page)
    seen: set[int] = set()
    for region in regions:
        lines = [line for line in region.lines if line not in seen]
        seen.update(lines)
        yield region, lines
    left = [line for line in range(len(page.lines)) if line not in seen]
    for block in blocks([page.lines[line].polygon for line in left]):
        for paragraph in block:
            yield None, [left[index] for index in paragraph]


def _of_table(table: TableResult) -> Iterator[Passage]:
    yield Passage((), table.polygon, table=table)
    for cell in table.cells:
        if cell.words:
            yield Passage(tuple(cell.words), cell.polygon, table=table, cell=cell)


def _whole(page: OcrPage, line: int) -> WordSpanResult:
    return WordSpanResult(line, 0, len(page.lines[line].words))


def _without(whole: WordSpanResult, taken: Sequence[WordSpanResult]) -> Iterator[WordSpanResult]:
    """The words of a line that are in no cell. A line without words is in a cell that names it."""
    if not taken:
        yield whole
        return
    start = whole.start
    for span in sorted(taken):
        if span.start > start:
            yield WordSpanResult(whole.line, start, span.start)
        start = max(start, span.end)
    if whole.end > start:
        yield WordSpanResult(whole.line, start, whole.end)
