"""Pages as the recognizer returns them: lines with words, each character of one width."""

import numpy as np

from models.page import FormField, Line, PageText, Polygon, Word
from models.structure.fields.part import FieldPart, SeenByFields
from models.structure.part import StructureOptions
from models.structure.result import Field, PageStructure, PlacedText

__all__ = ["HEIGHT", "WIDTH", "WrittenPage"]

WIDTH, HEIGHT = 10.0, 20.0


def box(left: float, top: float, right: float, bottom: float, fall: float = 0) -> Polygon:
    start, end = left * fall, right * fall
    return ((left, top + start), (right, top + end), (right, bottom + end), (left, bottom + start))


class WrittenPage:
    """Lines that are put down in the order in which a person reads them."""

    def __init__(self, fall: float = 0) -> None:
        self.fall = fall  # pixels down for one to the right
        self.lines: list[Line] = []
        self.rules: list[list[float]] = []
        self.upright: list[list[float]] = []
        self.form: list[FormField] = []

    def put(self, left: float, top: float, text: str, height: float = HEIGHT) -> "WrittenPage":
        """One line; each word is as far from the next as it has spaces."""
        words, at = [], 0
        for part in text.split():
            at = text.index(part, at)
            start, end = left + at * WIDTH, left + (at + len(part)) * WIDTH
            words.append(Word(part, 0.9, box(start, top, end, top + height, self.fall)))
            at += len(part)
        line = box(left, top, left + len(text) * WIDTH, top + height, self.fall)
        self.lines.append(Line(" ".join(text.split()), 0.9, line, tuple(words)))
        return self

    def rule(self, left: float, y: float, right: float) -> "WrittenPage":
        self.rules.append([left, y, right, y + 2])
        return self

    def frame(self, left: float, top: float, right: float, bottom: float) -> "WrittenPage":
        """A box with rules on all sides."""
        self.upright += [[left, top, left + 2, bottom], [right, top, right + 2, bottom]]
        return self.rule(left, top, right).rule(left, bottom, right)

    @property
    def text(self) -> PageText:
        return PageText(1, 1200, 1600, 0, tuple(self.lines))

    def built(
        self, template: str | None = None, structure: PageStructure | None = None
    ) -> tuple[PageStructure, list[str]]:
        """The structure with fields, and the warnings as `code: message`."""
        rules, upright = (np.array(boxes, np.float32).reshape(-1, 4) for boxes in (self.rules, self.upright))
        built, warnings = FieldPart().build(
            SeenByFields(rules, upright, tuple(self.form)),
            self.text,
            structure or PageStructure(("fields",)),
            StructureOptions(template),
        )
        return built, [f"{one.code}: {one.message}" for one in warnings]

    def fields(self, template: str | None = None, structure: PageStructure | None = None) -> tuple[Field, ...]:
        return self.built(template, structure)[0].fields

    def pairs(self, structure: PageStructure | None = None) -> list[tuple[str | None, str | None]]:
        """The texts of labels and values."""
        return [(text_of(field.label), text_of(field.value)) for field in self.fields(structure=structure)]

    def labeled(self) -> list[tuple[str | None, str | None]]:
        """The texts of labels and values, without values that need no label."""
        return [(label, value) for label, value in self.pairs() if label]

    def named(self, template: str | None = None) -> dict[str, str | None]:
        """Normal forms of the fields with names, or their texts."""
        return {field.name: field.normalized or text_of(field.value) for field in self.fields(template) if field.name}


def text_of(placed: PlacedText | None) -> str | None:
    return placed.text if placed else None
