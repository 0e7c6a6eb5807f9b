"""Places the text of a page in the stored picture, for formats that belong to a picture.

hOCR, ALTO and PAGE give coordinates in the picture as it is stored, and the rotation of its text beside them, so that
they fit over the user's picture. (A result's polygons are in the upright page.)
"""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from models.page import Polygon
from models.structure.result import RegionKind
from serve.exports.parts import Part, lines_of, page_parts
from serve.exports.xml.xml_document import xml_text
from serve.results import LineResult, OcrPage, WordResult
from serve.structure_results import CellResult, TableResult

__all__ = [
    "Box",
    "PlacedCell",
    "PlacedLine",
    "PlacedPage",
    "PlacedParagraph",
    "PlacedRegion",
    "PlacedTable",
    "PlacedText",
    "Point",
    "placed_page",
]

Point = tuple[int, int]
"""A point (x, y) in pixels of the stored picture, inside it."""

# A line's polygon reaches from above its ascenders to below its descenders. The baseline is this share of its height
# above the lower edge; docs/reference/formats.md has the measurement.
_BELOW_BASELINE = 0.25
# A polygon whose corners are at most so many pixels off its box is a box.
_STRAIGHT_PX = 1


class Box(NamedTuple):
    """A rectangle along the axes, in pixels of the stored picture."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def corners(self) -> tuple[Point, Point, Point, Point]:
        """The four corners, clockwise from the top left."""
        left, top, right, bottom = self
        return (left, top), (right, top), (right, bottom), (left, bottom)

    @classmethod
    def around(cls, points: Sequence[Point]) -> "Box":
        """The smallest box that holds some points."""
        xs = [x for x, _ in points]
        ys = [y for _, y in points]
        return cls(min(xs), min(ys), max(xs), max(ys))

    @classmethod
    def union(cls, boxes: Iterable["Box"]) -> "Box":
        """The smallest box that holds all of these boxes, of which there is at least one."""
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        return cls(min(lefts), min(tops), max(rights), max(bottoms))


@dataclass(frozen=True, slots=True)
class PlacedText:
    """A word, or one character of a word.

    Args:
        text: The text, fit for XML.
        confidence: Mean probability, in [0, 1].
        corners: Four corners, clockwise from the text's top left.
        box: The box around the corners.
        characters: The characters of a word, if they were asked for.
    """

    text: str
    confidence: float
    corners: tuple[Point, ...]
    box: Box
    characters: tuple["PlacedText", ...] = ()

    @property
    def is_straight(self) -> bool:
        """Whether the box gives the text's place as well as the corners do."""
        left, top, right, bottom = self.box
        return all(
            min(x - left, right - x) <= _STRAIGHT_PX and min(y - top, bottom - y) <= _STRAIGHT_PX
            for x, y in self.corners
        )


@dataclass(frozen=True, slots=True)
class PlacedLine(PlacedText):
    """A line of text.

    Args:
        words: At least one word: a line whose words are not known is one word.
        height: Height of its polygon across the text, in pixels.
        baseline: Start and end of the line on which its letters stand.
        angle: Degrees in [0, 360) by which its text is turned counterclockwise.
        right_to_left: Whether its first letter is of a script that runs from right to left.
    """

    words: tuple[PlacedText, ...] = ()
    height: float = 0.0
    baseline: tuple[Point, Point] = ((0, 0), (0, 0))
    angle: float = 0.0
    right_to_left: bool = False

    @property
    def is_sideways(self) -> bool:
        """Whether its text runs up, down or backward rather than from left to right."""
        return 45 < self.angle < 315


@dataclass(frozen=True, slots=True)
class PlacedParagraph:
    """Lines that belong together.

    Args:
        box: The box around the lines.
        lines: The lines in reading order, at least one.
    """

    box: Box
    lines: tuple[PlacedLine, ...]


@dataclass(frozen=True, slots=True)
class PlacedCell:
    """A cell of a table.

    Args:
        cell: Its place in the table.
        corners: Its four corners.
        lines: Its lines, or pieces of lines that cross its border.
    """

    cell: CellResult
    corners: tuple[Point, ...]
    lines: tuple[PlacedLine, ...]

    @property
    def box(self) -> Box:
        """The box around its corners."""
        return Box.around(self.corners)


@dataclass(frozen=True, slots=True)
class PlacedTable:
    """A table.

    Args:
        rows: Number of rows.
        columns: Number of columns.
        cells: Its cells by row and column.
    """

    rows: int
    columns: int
    cells: tuple[PlacedCell, ...]


@dataclass(frozen=True, slots=True)
class PlacedRegion:
    """A region of a page's layout, or else a column, or the text between columns.

    Args:
        corners: Its four corners; those of the box around its paragraphs if its own place is not known.
        paragraphs: The paragraphs in reading order. A figure, a table and other regions without text have none.
        kind: What it is; None for a column.
        table: The table that it is.
    """

    corners: tuple[Point, ...]
    paragraphs: tuple[PlacedParagraph, ...]
    kind: RegionKind | None = None
    table: PlacedTable | None = None

    @property
    def box(self) -> Box:
        """The box around its corners."""
        return Box.around(self.corners)

    @property
    def lines(self) -> list[PlacedLine]:
        """The lines of all paragraphs."""
        return [line for paragraph in self.paragraphs for line in paragraph.lines]


@dataclass(frozen=True, slots=True)
class PlacedPage:
    """A page.

    Args:
        number: The page's number, counted from 1.
        width: Width of the stored picture, in pixels.
        height: Height of the stored picture, in pixels.
        rotation: Degrees (0, 90, 180, 270) clockwise by which the picture must be turned to stand upright.
        from_text_layer: Whether its text was taken from the document itself instead of being read.
        regions: The regions in reading order.
    """

    number: int
    width: int
    height: int
    rotation: int
    from_text_layer: bool
    regions: tuple[PlacedRegion, ...]


def placed_page(page: OcrPage) -> PlacedPage:
    """Place the text of a page in its stored picture, and group its lines."""
    place = _Place(page)
    regions = tuple(_region(part, page, place) for part in page_parts(page))
    from_text_layer = page.source == "text_layer"
    return PlacedPage(page.page, place.width, place.height, place.rotation, from_text_layer, regions)


def _region(part: Part, page: OcrPage, place: "_Place") -> PlacedRegion:
    paragraphs = []
    for paragraph in part.paragraphs:
        lines = tuple(map(place.line, paragraph.lines))
        paragraphs.append(PlacedParagraph(Box.union(line.box for line in lines), lines))
    if part.polygon is None:
        corners: tuple[Point, ...] = Box.union(paragraph.box for paragraph in paragraphs).corners
    else:
        corners = place.corners(part.polygon)
    table = None if part.table is None else _table(part.table, page, place)
    return PlacedRegion(corners, tuple(paragraphs), part.kind, table)


def _table(table: TableResult, page: OcrPage, place: "_Place") -> PlacedTable:
    cells = tuple(
        PlacedCell(cell, place.corners(cell.polygon), tuple(map(place.line, lines_of(page, cell.words))))
        for cell in table.cells
    )
    return PlacedTable(table.rows, table.columns, cells)


class _Place:
    """Maps the upright page to the stored picture."""

    def __init__(self, page: OcrPage) -> None:
        self.rotation = page.rotation % 360
        sideways = self.rotation in (90, 270)
        self._upright_width, self._upright_height = page.width, page.height
        self.width, self.height = (page.height, page.width) if sideways else (page.width, page.height)

    def line(self, line: LineResult) -> PlacedLine:
        """Place a line and its words."""
        top_left, top_right, bottom_right, bottom_left = corners = [self._stored(*point) for point in line.polygon]
        start = _between(bottom_left, top_left, _BELOW_BASELINE)
        end = _between(bottom_right, top_right, _BELOW_BASELINE)
        text = xml_text(line.text)
        placed = tuple(self._point(*corner) for corner in corners)
        box = Box.around(placed)
        words = tuple(self._word(word) for word in line.words)
        return PlacedLine(
            text=text,
            confidence=line.confidence,
            corners=placed,
            box=box,
            words=words or (PlacedText(text, line.confidence, placed, box),),
            height=(math.dist(top_left, bottom_left) + math.dist(top_right, bottom_right)) / 2,
            baseline=(self._point(*start), self._point(*end)),
            angle=math.degrees(math.atan2(start[1] - end[1], end[0] - start[0])) % 360,
            right_to_left=_is_right_to_left(text),
        )

    def _word(self, word: WordResult) -> PlacedText:
        corners = self.corners(word.polygon)
        characters = []
        for character in word.characters:
            around = self.corners(character.polygon)
            placed = PlacedText(xml_text(character.text), character.confidence, around, Box.around(around))
            characters.append(placed)
        return PlacedText(xml_text(word.text), word.confidence, corners, Box.around(corners), tuple(characters))

    def corners(self, polygon: Polygon) -> tuple[Point, ...]:
        """Return the corners of a polygon."""
        return tuple(self._point(*self._stored(*point)) for point in polygon)

    def _stored(self, x: float, y: float) -> tuple[float, float]:
        if self.rotation == 90:
            return y, self._upright_width - x
        if self.rotation == 180:
            return self._upright_width - x, self._upright_height - y
        if self.rotation == 270:
            return self._upright_height - y, x
        return x, y

    def _point(self, x: float, y: float) -> Point:
        return min(max(round(x), 0), self.width), min(max(round(y), 0), self.height)


def _between(start: tuple[float, float], end: tuple[float, float], share: float) -> tuple[float, float]:
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


def _is_right_to_left(text: str) -> bool:
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False
