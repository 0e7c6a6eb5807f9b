"""Writes a table of words, with the columns of Tesseract's TSV, which many tools read."""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from models.layout import blocks
from models.page import Polygon
from serve.exports.arrangement import one_line
from serve.exports.base import Export, ReadDocument
from serve.exports.tables import guarded
from serve.results import LineResult, OcrPage, WordResult

__all__ = ["TsvExport"]

_COLUMNS = (
    "level page_num block_num par_num line_num word_num left top width height conf text"  # as Tesseract 5 writes them
)
_PAGE, _BLOCK, _PARAGRAPH, _LINE, _WORD = 1, 2, 3, 4, 5
_NO_CONFIDENCE = "-1"


class TsvExport(Export):
    """Writes UTF-8: a header, then a row for each page, block (column), paragraph, line and word.

    Numbers count from 1 within the level above. Boxes are whole pixels of the upright page. `conf` is 0 to 100 for
    words, and -1 for the rest. Fields are not quoted, and have neither tabs nor line breaks.
    """

    name: ClassVar[str] = "tsv"
    media_type: ClassVar[str] = "text/tab-separated-values"
    extension: ClassVar[str] = ".tsv"

    def convert(self, read: ReadDocument) -> bytes:
        """Write a table, as `Export.convert` says."""
        text_of = _guarded if read.options.spreadsheet_safe else one_line
        rows = [_COLUMNS.replace(" ", "\t")]
        for page in read.result.pages:
            rows += _rows(page, text_of)
        return ("\n".join(rows) + "\n").encode()


def _guarded(text: str) -> str:
    return guarded(one_line(text))


def _rows(page: OcrPage, text_of: Callable[[str], str]) -> Iterator[str]:
    lines = page.lines
    yield _row((_PAGE, page.page, 0, 0, 0, 0), (0, 0, page.width, page.height))
    for block, region in enumerate(blocks([line.polygon for line in lines]), 1):
        yield _row(
            (_BLOCK, page.page, block, 0, 0, 0), _box(page, *(lines[i].polygon for part in region for i in part))
        )
        for paragraph, indices in enumerate(region, 1):
            place = (page.page, block, paragraph)
            yield _row((_PARAGRAPH, *place, 0, 0), _box(page, *(lines[i].polygon for i in indices)))
            for number, index in enumerate(indices, 1):
                yield from _line_rows(page, lines[index], (*place, number), text_of)


def _line_rows(
    page: OcrPage, line: LineResult, place: tuple[int, int, int, int], text_of: Callable[[str], str]
) -> Iterator[str]:
    yield _row((_LINE, *place, 0), _box(page, line.polygon))
    # A line whose words are not known, as in some text layers, is one word.
    words: Sequence[LineResult | WordResult] = line.words or [line]
    for number, word in enumerate(words, 1):
        confidence = f"{100 * word.confidence:.2f}"
        yield _row((_WORD, *place, number), _box(page, word.polygon), confidence, text_of(word.text))


def _box(page: OcrPage, *polygons: Polygon) -> tuple[int, int, int, int]:
    """The left, top, width and height of the box around polygons, inside the page."""
    xs = [min(max(x, 0), page.width) for polygon in polygons for x, _ in polygon]
    ys = [min(max(y, 0), page.height) for polygon in polygons for _, y in polygon]
    left, top, right, bottom = round(min(xs)), round(min(ys)), round(max(xs)), round(max(ys))
    return left, top, right - left, bottom - top


def _row(
    numbers: tuple[int, ...], box: tuple[int, int, int, int], confidence: str = _NO_CONFIDENCE, text: str = ""
) -> str:
    return "\t".join([*map(str, numbers), *map(str, box), confidence, text])
