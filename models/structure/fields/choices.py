"""Makes fields of the check boxes and radio buttons that are set: a question, and the choice."""

from collections.abc import Sequence

from models.page import Line
from models.polygons import bounds
from models.structure.fields.pieces import Piece, placed
from models.structure.result import Field, Mark

__all__ = ["find_choices", "words_of_marks"]

# Boxes of one question stand in one row, or beneath each other at most so many heights of a box apart.
_FURTHEST_BELOW = 2.5
# A question ends so.
_ENDS = (":", "?", "\uff1a", "\uff1f")
_CONFIDENCE = 0.8
# What is in the same row comes before what is above.
_ROW_FIRST = 1e6
# A form has some hundred boxes; questions are looked for before so many that are set.
_MOST_SET = 500


def words_of_marks(marks: Sequence[Mark]) -> set[tuple[int, int]]:
    """The lines and the first words of the labels of boxes, which are choices and not labels of fields."""
    return {(span.line, span.start) for mark in marks if mark.label for span in mark.label.words}


def find_choices(
    marks: Sequence[Mark], pieces: Sequence[Piece], lines: Sequence[Line], fields: Sequence[Field]
) -> tuple[list[Field], int]:
    """Find the questions to which boxes that are set are answers.

    Args:
        marks: The page's marks.
        pieces: The page's pieces.
        lines: The page's lines.
        fields: The page's other fields: a label that has a value, or a rule for it, asks for no box beneath.

    Returns:
        A field of type `choice` for each box that is set, has a label, and has a question before it; and how many such
        boxes were not looked at.
    """
    boxes = [(mark, mark.label) for mark in marks if mark.kind != "signature" and mark.label is not None]
    taken = words_of_marks([mark for mark, _ in boxes])
    are_set = [(mark, label) for mark, label in boxes if mark.is_set]
    answered = {
        (span.line, span.start) for field in fields if field.label and field.value for span in field.label.words
    }
    questions = []
    for piece in pieces:
        place = piece.words.line, piece.words.start
        if piece.text.endswith(_ENDS) and place not in taken:
            questions.append((placed([piece], lines), not piece.has_leader and place not in answered))
    found = []
    for mark, choice in are_set[:_MOST_SET]:
        left, top, _, bottom = bounds(mark.polygon)
        height = max(bottom - top, 1.0)
        middle = (top + bottom) / 2
        distances = []
        for index, (question, is_open) in enumerate(questions):
            start, upper, _, lower = bounds(question.polygon)
            if upper < middle < lower and start < left:
                distances.append((left - start, index))
            elif is_open and 0 <= middle - lower < _FURTHEST_BELOW * height and start <= left + height:
                distances.append((_ROW_FIRST + middle - lower, index))
        if distances:
            label = questions[min(distances)[1]][0]
            found.append(Field(label, choice, _CONFIDENCE * mark.confidence, "choice", choice.text))
    return found, max(0, len(are_set) - _MOST_SET)
