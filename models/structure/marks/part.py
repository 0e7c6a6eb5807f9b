"""Finds check boxes, radio buttons and signatures: those of a PDF's form, of its text layer, and on its pixels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import cv2
import numpy as np

from models.page import FormField, PageText, PageWarning
from models.polygons import bounds, rectangle
from models.steps import Steps
from models.structure.marks.checkboxes import MOST_BOXES, SeenBox, find_boxes
from models.structure.marks.choosing import are_not_letters, are_of_a_form, of_one_kind
from models.structure.marks.glyphs import glyph_boxes
from models.structure.marks.ink import ink_of
from models.structure.marks.labels import Rectangle, TextPlaces, labels_of
from models.structure.marks.signatures import Strokes, find_signatures, find_strokes
from models.structure.part import PageView, Part, StructureOptions
from models.structure.result import Mark, PageStructure, PartName

__all__ = ["MarkPart", "MarksSeen"]


@dataclass(frozen=True, slots=True)
class MarksSeen:
    """What a page's pixels and its form show of marks.

    Args:
        boxes: Frames that may be check boxes.
        strokes: Ink that tells signatures.
        form: The fields of the PDF's form.
        left_out: How many frames were left out.
    """

    boxes: tuple[SeenBox, ...]
    strokes: Strokes
    form: tuple[FormField, ...] = field(default=())
    left_out: int = 0


class MarkPart(Part):
    """Finds marks, and whether they are set. It holds no state, so threads may share one."""

    name: ClassVar[PartName] = "marks"

    def look(self, page: PageView, seen: Mapping[PartName, Any]) -> Steps[MarksSeen]:
        """Find frames and strokes on the page.

        Args:
            page: The page.
            seen: The codes, if they were asked for: their squares are not check boxes.
        """
        ink = ink_of(page.pixels, page.quads)
        boxes, left_out = find_boxes(ink)
        codes = [np.array(code.polygon, np.float32) for code in getattr(seen.get("codes"), "codes", ())]
        free = [box for box in boxes if not any(_is_in(box, code) for code in codes)]
        return MarksSeen(tuple(free), find_strokes(ink), page.form, left_out)
        yield  # the nets are not needed

    def build(
        self, seen: Any, text: PageText, structure: PageStructure, options: StructureOptions
    ) -> tuple[PageStructure, tuple[PageWarning, ...]]:
        """Choose the marks, and find their labels, as `Part.build` says."""
        places = TextPlaces(text.lines)
        fields = [one for one in seen.form if one.kind in ("checkbox", "radio")]
        drawn = _outside(seen.boxes, [bounds(one.polygon) for one in seen.form])
        typed = _outside(glyph_boxes(text.lines, text.source), [bounds(one.polygon) for one in fields])
        left_out = seen.left_out + max(0, len(typed) - MOST_BOXES)
        typed, drawn = _together(typed[:MOST_BOXES], drawn)
        are_boxes = are_not_letters(drawn, places, text.source)
        drawn = of_one_kind([box for box, is_one in zip(drawn, are_boxes, strict=True) if is_one])
        rectangles = [bounds(one.polygon) for one in fields] + [box.rectangle for box in (*typed, *drawn)]
        labels = labels_of(rectangles, places)
        marks = [
            Mark(one.kind, one.is_set, one.polygon, 1.0, label, one.name)
            for one, label in zip(fields, labels, strict=False)
            if one.kind != "text" and one.kind != "choice"
        ]
        of_typed, of_drawn = labels[len(fields) : len(fields) + len(typed)], labels[len(fields) + len(typed) :]
        marks += [_mark(box, label) for box, label in zip(typed, of_typed, strict=True) if label is not None]
        if drawn:
            are_marks = are_of_a_form(drawn, of_drawn)
            marks += [
                _mark(box, label) for box, label, is_one in zip(drawn, of_drawn, are_marks, strict=True) if is_one
            ]
        signed = [
            Mark("signature", one.is_set, one.polygon, 1.0, None, one.name)
            for one in seen.form
            if one.kind == "signature"
        ]
        of_form = [bounds(one.polygon) for one in signed]
        found, without = find_signatures(seen.strokes, places)
        marks += signed + [one for one in found if not any(_overlap(bounds(one.polygon), box) for box in of_form)]
        marks.sort(key=lambda mark: bounds(mark.polygon)[1::-1])  # from the top, and from the left
        return replace(structure, marks=tuple(marks)), _warnings(left_out, without, text.number)


def _warnings(boxes: int, signatures: int, page: int) -> tuple[PageWarning, ...]:
    if not boxes and not signatures:
        return ()
    kinds = [f"{count:,} {what}" for count, what in ((boxes, "boxes"), (signatures, "labels of signatures")) if count]
    message = f"the page has too many marks: {' and '.join(kinds)} were not looked at; send it in parts"
    return (PageWarning("too_many_marks", message, page),)


def _is_in(box: SeenBox, polygon: np.ndarray[Any, np.dtype[np.float32]]) -> bool:
    middle = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return cv2.pointPolygonTest(polygon, middle, False) >= 0


def _outside(boxes: Sequence[SeenBox], others: Sequence[Rectangle]) -> list[SeenBox]:
    """The boxes that have nothing in common with other rectangles."""
    return [box for box in boxes if not any(_overlap(box.rectangle, other) for other in others)]


def _together(typed: Sequence[SeenBox], drawn: Sequence[SeenBox]) -> tuple[list[SeenBox], list[SeenBox]]:
    """Merge boxes that are characters with their pixels: somebody may have ticked a printed box."""
    merged, rest = [], list(drawn)
    for box in typed:
        same = [one for one in rest if _overlap(one.rectangle, box.rectangle)]
        rest = [one for one in rest if one not in same]
        is_set = box.is_set or any(one.is_set for one in same)
        merged.append(replace(same[0] if len(same) == 1 else box, kind=box.kind, is_set=is_set, confidence=1.0))
    return merged, rest


def _overlap(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _mark(box: SeenBox, label: Any) -> Mark:
    left, top, right, bottom = (round(float(edge), 1) for edge in box.rectangle)
    return Mark(box.kind, box.is_set, rectangle(left, top, right, bottom), box.confidence, label)
