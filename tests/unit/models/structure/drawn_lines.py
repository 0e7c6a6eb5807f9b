"""Lines of a page as it was read, with their places, for tests of its structure."""

from dataclasses import dataclass, field

from models.page import Line, PageText, Word
from models.structure.layout.net import RegionBox
from models.structure.result import RegionKind

__all__ = ["LINE", "PITCH", "DrawnPage"]

LINE, PITCH = 20.0, 26.0
WORDS = "some words of a text that runs on and on to the end of its column"


@dataclass
class DrawnPage:
    """A page of 1,000 by 1,400 pixels, on which lines are put down in any order."""

    lines: list[Line] = field(default_factory=list)
    boxes: list[RegionBox] = field(default_factory=list)

    def put(self, text: str, left: float, top: float, width: float, height: float = LINE) -> int:
        """Put down one line; returns its index."""
        right, bottom = left + width, top + height
        polygon = ((left, top), (right, top), (right, bottom), (left, bottom))
        words = tuple(Word(word, 1.0, polygon) for word in text.split())
        self.lines.append(Line(text, 1.0, polygon, words))
        return len(self.lines) - 1

    def prose(self, left: float, top: float, width: float, rows: int, height: float = LINE) -> list[int]:
        """Put down a paragraph whose last line is short; returns the indices of its lines."""
        pitch = height * PITCH / LINE
        return [
            self.put(WORDS, left, top + row * pitch, width / 3 if row == rows - 1 else width, height)
            for row in range(rows)
        ]

    def found(
        self, kind: RegionKind, left: float, top: float, right: float, bottom: float, confidence: float = 0.9
    ) -> "DrawnPage":
        """A box of the net."""
        self.boxes.append(RegionBox(kind, confidence, (left, top, right, bottom)))
        return self

    @property
    def text(self) -> PageText:
        """The page as it was read."""
        return PageText(1, 1000, 1400, 0, tuple(self.lines))
