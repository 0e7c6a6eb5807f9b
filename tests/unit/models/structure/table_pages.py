"""Pages with tables: drawn, and with the lines that a reader would find on them."""

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.page import Line, PageText, PageWarning, Word
from models.steps import NetInputs, run_steps
from models.structure.part import PageView, StructureOptions
from models.structure.result import PageStructure, Region, Table
from models.structure.tables.part import TablePart

__all__ = ["FONT", "TablePage", "texts_of"]

SIZE = 20
FONT = ImageFont.truetype("DejaVuSans.ttf", SIZE)


class TablePage:
    """A white page, on which text and rules are put."""

    def __init__(self, width: int = 1000, height: int = 1000) -> None:
        self.picture = Image.new("RGB", (width, height), "white")
        self.draw = ImageDraw.Draw(self.picture)
        self.lines: list[list[tuple[str, np.ndarray]]] = []

    def text(self, left: float, top: float, text: str, fill: str = "black") -> "TablePage":
        """One line; its words are parted at spaces."""
        words = []
        x = left
        for word in text.split():
            right = x + FONT.getlength(word)
            self.draw.text((x, top), word, font=FONT, fill=fill)
            box = [[x, top], [right, top], [right, top + SIZE + 4], [x, top + SIZE + 4]]
            words.append((word, np.array(box, np.float64)))
            x = right + FONT.getlength(" ")
        self.lines.append(words)
        return self

    def rows(self, lefts: list[float], top: float, pitch: float, rows: list[list[str]]) -> "TablePage":
        """Rows of cells; an empty text is an empty cell."""
        for number, row in enumerate(rows):
            for left, text in zip(lefts, row, strict=True):
                if text:
                    self.text(left, top + number * pitch, text)
        return self

    def rule(self, *ends: float, width: int = 2, fill: str = "black") -> "TablePage":
        """A rule, by its ends x, y, x, y."""
        self.draw.line(ends, fill=fill, width=width)
        return self

    def grid(self, xs: list[float], ys: list[float]) -> "TablePage":
        """Rules between and around all cells."""
        for x in xs:
            self.rule(x, ys[0], x, ys[-1])
        for y in ys:
            self.rule(xs[0], y, xs[-1], y)
        return self

    def read(
        self, matrix: np.ndarray | None = None, regions: tuple[Region, ...] = ()
    ) -> tuple[tuple[Table, ...], tuple[PageWarning, ...]]:
        """Find the page's tables, after a (3, 3) homography of the page if there is one."""
        structure, warnings = self.built(matrix, regions)
        return structure.tables, warnings

    def built(
        self, matrix: np.ndarray | None = None, regions: tuple[Region, ...] = ()
    ) -> tuple[PageStructure, tuple[PageWarning, ...]]:
        """Find the page's tables, and settle the regions of its layout."""
        text, pixels = self.seen(np.eye(3) if matrix is None else matrix)
        quads = np.array([line.polygon for line in text.lines], np.float32).reshape(-1, 4, 2)
        part = TablePart()
        seen = run_steps(part.look(PageView(pixels, quads), {}), _no_net)
        return part.build(seen, text, PageStructure(regions=regions), StructureOptions())

    def seen(self, matrix: np.ndarray) -> tuple[PageText, np.ndarray]:
        """The page's text and pixels."""
        width, height = self.picture.size
        pixels = cv2.warpPerspective(np.array(self.picture), matrix, (width, height), borderValue=(255, 255, 255))
        lines = []
        for parts in self.lines:
            mapped = [(text, cv2.perspectiveTransform(box[None], matrix)[0]) for text, box in parts]
            words = tuple(Word(text, 1.0, _polygon(box)) for text, box in mapped)
            corners = np.array([mapped[0][1][0], mapped[-1][1][1], mapped[-1][1][2], mapped[0][1][3]])
            lines.append(Line(" ".join(word.text for word in words), 1.0, _polygon(corners), words))
        return PageText(1, width, height, 0, tuple(lines)), pixels


def texts_of(table: Table) -> list[list[str]]:
    """The texts of a table's cells by row, each cell of several places once."""
    return [[cell.text for cell in table.cells if cell.row == row] for row in range(table.rows)]


def _polygon(box: np.ndarray) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in box)


def _no_net(inputs: NetInputs) -> list[object]:
    raise AssertionError(f"tables need no net, but {inputs.net} was asked")
