"""Tells check boxes from letters, characters in boxes, bullets and holes, by the page's text."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models.page import TextSource
from models.structure.marks.checkboxes import ALIKE, SeenBox
from models.structure.marks.glyphs import GLYPHS
from models.structure.marks.labels import TextPlaces
from models.structure.result import PlacedText

__all__ = ["are_not_letters", "are_of_a_form", "of_one_kind"]

# A box of which so much lies on a word is read as a part of the word.
_ON_WORD = 0.5
# What recognition reads in place of an empty box or a circle, and of one with a cross or a tick in it.
_READ_AS_CIRCLE = frozenset("oOQ◯○〇●◎◉☉⊙•")  # noqa: RUF001
_READ_AS_BOX = _READ_AS_CIRCLE | frozenset("0DCUNMXxVvYyKWw×✕✗✘√✓✔☐☑☒□■◻◼▢▣口囗[]()|/\\'_-")  # noqa: RUF001
# A box may be read as two characters, if one of them is one of these.
_MOST_READ, _EDGES = 2, frozenset("[]()|☐☑☒□■口")
# With this confidence another character is what was read, or two others.
_SURE, _SURE_OF_TWO = 0.85, 0.5
# A letter is at most so high, of its line; an open box before a word may be higher.
_LETTER = 0.8
# In sides: how far the middles of boxes in a row differ.
_ALIGNED = 0.2
# Boxes without labels, and circles, come in groups.
_FEWEST = 2


def are_not_letters(boxes: Sequence[SeenBox], places: TextPlaces, source: TextSource) -> list[bool]:
    """Tell for each box whether it is none of the characters that were read there.

    Args:
        boxes: The boxes.
        places: The page's text.
        source: The source of lines that do not tell theirs.
    """
    sure = [not any(_is_letter_of(box, places, line, source) for line in places.on(box.rectangle)) for box in boxes]
    sides = np.array([box.side for box, is_one in zip(boxes, sure, strict=True) if is_one and not box.is_set])
    return [
        is_one or (_count_alike(box, sides) >= _FEWEST and _begins_a_line(box, places, source))
        for box, is_one in zip(boxes, sure, strict=True)
    ]


def _count_alike(box: SeenBox, sides: npt.NDArray[np.float64]) -> int:
    return int(np.count_nonzero(np.maximum(sides, box.side) <= (1 + ALIKE) * np.minimum(sides, box.side)))


def _begins_a_line(box: SeenBox, places: TextPlaces, source: TextSource) -> bool:
    """Whether a box is in the place of the first character of a line that was read."""
    if box.kind == "radio":
        return False
    near = [line for line in places.beside(box.rectangle) if abs(places.boxes[line, 0] - box.left) < box.side / 2]
    return any((places.lines[line].source or source) == "ocr" for line in near)


def _is_letter_of(box: SeenBox, places: TextPlaces, line: int, source: TextSource) -> bool:
    words = places.words(line)
    is_typed = (places.lines[line].source or source) == "text_layer"
    area = (box.right - box.left) * (box.bottom - box.top)
    for index, (left, top, right, bottom) in enumerate(words.tolist()):
        wide, high = min(right, box.right) - max(left, box.left), min(bottom, box.bottom) - max(top, box.top)
        if wide <= 0 or high <= 0 or wide * high < _ON_WORD * area:
            continue
        if not places.lines[line].words:
            return True
        word = places.lines[line].words[index]
        if is_typed:  # a text layer has words without what is drawn beside them
            return GLYPHS.isdisjoint(word.text)
        if len(word.text) <= _MOST_READ:
            as_read = _READ_AS_CIRCLE if box.kind == "radio" else _READ_AS_BOX
            if len(word.text) == 1:
                return word.confidence >= _SURE and word.text not in as_read
            return word.confidence >= _SURE_OF_TWO and _EDGES.isdisjoint(word.text)
        # It is glued to the first word of its label, or the last one.
        is_at_end = min(abs(box.left - left), abs(right - box.right)) < (box.right - box.left) / 2
        is_open_box = box.kind == "checkbox" and not box.is_set
        return not (is_at_end and is_open_box and box.bottom - box.top > _LETTER * (bottom - top))
    return False


def of_one_kind(boxes: Sequence[SeenBox]) -> list[SeenBox]:
    """Give each set box the kind of the open ones of its size: strokes hide whether a frame has corners.

    Args:
        boxes: The boxes.
    """
    sides = np.array([box.side for box in boxes])
    are_round, are_set = (np.array([flag(box) for box in boxes], bool) for flag in (_is_round, _is_set))
    together = _are_alike(sides) & ~are_set
    circles, all_open = (together & are_round).sum(axis=1), together.sum(axis=1)
    kinds = np.where(all_open == 0, are_round, np.where(2 * circles == all_open, are_round, 2 * circles > all_open))
    return [
        replace(box, kind="radio" if is_round else "checkbox") if box.is_set else box
        for box, is_round in zip(boxes, kinds, strict=True)
    ]


def _is_round(box: SeenBox) -> bool:
    return box.kind == "radio"


def _is_set(box: SeenBox) -> bool:
    return box.is_set


def _are_alike(sides: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which boxes are of one size, (N, N)."""
    alike: npt.NDArray[np.bool_] = np.maximum(sides[:, None], sides) <= (1 + ALIKE) * np.minimum(sides[:, None], sides)
    return alike


def _are_aligned(boxes: Sequence[SeenBox], together: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whether a box is in a row or a column with another one of its kind, as the points of a chart are not."""
    sides = np.array([box.side for box in boxes])[:, None]
    middles = np.array([((box.left + box.right) / 2, (box.top + box.bottom) / 2) for box in boxes])
    apart = np.abs(middles[:, None] - middles)
    in_line = together & (apart.min(axis=2) < _ALIGNED * sides) & (apart.max(axis=2) > sides)
    answer: npt.NDArray[np.bool_] = in_line.any(axis=1)
    return answer


def are_of_a_form(boxes: Sequence[SeenBox], labels: Sequence[PlacedText | None]) -> list[bool]:
    """Tell for each of at least one box whether it has a label, or is one of a group of boxes; circles need both.

    Args:
        boxes: The boxes.
        labels: Their labels.
    """
    sides = np.array([box.side for box in boxes])
    are_round, are_set = (np.array([flag(box) for box in boxes], bool) for flag in (_is_round, _is_set))
    are_solid = np.array([box.is_solid for box in boxes])
    together = _are_alike(sides) & (are_round[:, None] == are_round)
    is_group = together.sum(axis=1) >= _FEWEST
    # The corners of a QR code look like boxes that are all set.
    has_open = (together & ~are_set).any(axis=1)
    has_label = np.array([label is not None for label in labels])
    # A square alone may end a proof, or be a part of a drawing.
    is_before = [
        label is not None and label.polygon[0][0] >= box.left for box, label in zip(boxes, labels, strict=True)
    ]
    # Of a group of circles one is set at most.
    of_group = np.where(are_round, has_label & has_open, has_label | (has_open & _are_aligned(boxes, together)))
    of_group &= ~are_solid | has_open  # or it is a bullet, or a hole
    chosen = np.where(is_group, of_group, ~are_round & np.array(is_before) & ~are_solid)
    return [bool(one) for one in chosen]
