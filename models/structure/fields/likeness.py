"""Tells how much a piece of text looks like a label, and how much like a value, by its text alone."""

from collections.abc import Sequence

import numpy as np

from models.structure.fields.names.known import is_form_word
from models.structure.fields.pieces import Piece

__all__ = ["label_likeness", "running_text", "value_likeness"]

# Longer texts are sentences rather than labels without a colon.
_MOST_LABEL_WORDS, _MOST_LABEL_CHARACTERS = 6, 45
# With a colon a label may be a question.
_MOST_COLON_WORDS = 10
# A longer text with a colon that begins with a small letter is the end of a sentence; `e-mail address:` is not.
_MOST_LOWER_WORDS = 2
# A box so many times as high as wide is of text that runs up the page.
_UPRIGHT = 1.5
# Running text has so many lines or more, of so many words on average, each so close beneath the one before, in heights.
_LEAST_LINES, _LEAST_WORDS, _LINE_GAP = 4, 4.0, 0.7
# A label has so much of letters.
_LEAST_LETTERS = 0.6


def _is_upright(piece: Piece) -> bool:
    return len(piece.text) > 2 and piece.height > _UPRIGHT * (piece.right - piece.left)


def label_likeness(piece: Piece, is_cell: bool = False) -> float:
    """How much a piece looks like a label by its text alone, in [0, 1].

    Args:
        piece: A piece.
        is_cell: Whether the rule on which it may stand is a side of its box rather than one to write on.
    """
    if _is_upright(piece):
        return 0.0
    text = piece.text
    words = text.count(" ") + 1
    letters = sum(map(str.isalpha, text))
    if letters == 0:
        return 0.0
    if piece.has_colon:
        is_end_of_sentence = text[0].islower() and words > _MOST_LOWER_WORDS
        return 0.0 if words > _MOST_COLON_WORDS or is_end_of_sentence else 1.0
    if piece.value.type != "text":
        return 0.0
    if piece.known:
        return 0.9
    if (
        words > _MOST_LABEL_WORDS
        or len(text) > _MOST_LABEL_CHARACTERS
        or letters < _LEAST_LETTERS * (len(text) - words + 1)
    ):
        return 0.0
    if piece.has_leader:
        return 0.9
    if piece.is_on_rule and not is_cell:
        return 0.2
    if text[-1] == "?":
        return 0.8
    if is_form_word(text):
        return 0.7
    return 0.3 if text[0].islower() or text[-1] in ",;." else 0.5


def value_likeness(piece: Piece) -> float:
    """How much a piece looks like a value by its text alone, in [0, 1]."""
    if piece.has_colon or _is_upright(piece):
        return 0.0
    if piece.value.type != "text":
        return 1.0
    text = piece.text
    if piece.is_on_rule:
        return 0.9
    if any(map(str.isdigit, text)):
        return 0.8
    if piece.known or piece.has_leader or text.endswith("#"):
        return 0.2
    return 0.2 if is_form_word(text) and len(text.split()) <= 3 else 0.6


def running_text(pieces: Sequence[Piece]) -> set[int]:
    """Tell which pieces are lines of running text, which are not labels.

    Args:
        pieces: The pieces of a page.

    Returns:
        Their indices.
    """
    found: set[int] = set()
    height = float(np.median([piece.height for piece in pieces])) if pieces else 1.0
    for shift in (0.0, 0.5):  # lines that begin in one place may be on both sides of a border
        places = [(round(piece.left / height + shift), piece.top, index) for index, piece in enumerate(pieces)]
        runs: list[list[int]] = []
        last: tuple[int, float, int] | None = None
        for place in sorted(places):
            if last is not None and place[0] == last[0] and _goes_on(pieces[last[2]], pieces[place[2]]):
                runs[-1].append(place[2])
            else:
                runs.append([place[2]])
            last = place
        for run in runs:
            words = sum(pieces[index].text.count(" ") + 1 for index in run)
            if len(run) >= _LEAST_LINES and words >= _LEAST_WORDS * len(run):
                found.update(run)
    return found


def _goes_on(upper: Piece, lower: Piece) -> bool:
    """Whether a piece is the next line of a text."""
    gap = lower.top - upper.bottom
    return not upper.has_colon and not lower.has_colon and abs(gap) < _LINE_GAP * upper.height
