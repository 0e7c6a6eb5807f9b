"""Cuts lines into pieces, each a label, a value, or other text that stands alone."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from models.blocks import leveled
from models.page import Line, Polygon
from models.polygons import bounds, rectangle
from models.structure.fields.names.known import known_label, length_of_known_label
from models.structure.fields.rules import Rules
from models.structure.fields.types.amounts import is_currency
from models.structure.fields.types.conventions import Conventions
from models.structure.fields.types.values import TEXT, Value, read_value
from models.structure.result import PlacedText, WordSpan

__all__ = ["Piece", "cut_lines", "placed"]

# In heights of the line: spaces between words are a third of it, in justified lines up to three quarters.
_WIDE_GAP = 1.2
# A value at the end of a line has at most so many words, such as `31 January 2026 10:15 AM`, and a label in front of
# it at most so many: what is longer is a sentence.
_MOST_TAIL_WORDS, _MOST_LABEL_WORDS = 5, 5
# In heights: a rule is to write on if it reaches so far beyond its text, and an empty one if it is so long and begins
# so close to the right.
_BEYOND, _LEAST_TO_WRITE_ON, _RULE_GAP = 1.0, 2.5, 2.0
_COLONS = (":", "\uff1a")
# `Date:12/03/2018`, where the space was not read, but not `10:15`, `http://` or `C:\`.
_COLON_INSIDE = re.compile(r"([^:\uff1a]*[^\W\d_][^:\uff1a]{0,30}?[.)]?[:\uff1a])([^:\uff1a/\\].*)")
# Dots, underscores or dashes that lead from a label to its value, or are there to be written on.
_LEADER = re.compile(r"[.…·_=\u2012-\u2014-]{3,}|[…_]{1,}|[.·]{2,}")
_LEADER_INSIDE = re.compile(r"(.*?[^.…·_])([.…·_]{3,})(.*)")
# No longer word is cut.
_MOST_OF_WORD = 100
# A check box as the recognizer reads it.
_MARK = re.compile(r"[(\[{]\s?[xX✓✔vV*]?\s?[)\]}]|[☐☑☒□■▢○●◯•]")


@dataclass(slots=True)
class Piece:
    """Neighboring words of a line. Nothing changes it once the lines are cut.

    Args:
        text: The text, without leaders.
        words: Where it is.
        left: Its left end, on the page turned so that lines are level. So are the others.
        top: Its upper edge.
        right: Its right end.
        bottom: Its lower edge.
        value: What it is.
        has_colon: Whether it ends with a colon.
        has_leader: Whether dots lead from it to the right, or a line to write on.
        follows_colon: Whether a colon that stands apart from its label is in front of it.
        is_on_rule: Whether it stands on a rule that reaches further, as what is written into a form does.
        known: Its well-known name if it is a well-known label.
        share: The part of its only word that it is, from 0 to 1; None for whole words.
    """

    text: str
    words: WordSpan
    left: float
    top: float
    right: float
    bottom: float
    value: Value = TEXT
    has_colon: bool = False
    has_leader: bool = False
    follows_colon: bool = False
    is_on_rule: bool = False
    known: str | None = None
    share: tuple[float, float] | None = None

    @property
    def height(self) -> float:
        """The height, which is never 0."""
        return max(self.bottom - self.top, 1.0)


def placed(pieces: Sequence[Piece], lines: Sequence[Line]) -> PlacedText:
    """Tell where pieces are on the page.

    Args:
        pieces: At least one, in reading order.
        lines: The page's lines.
    """
    whole = PlacedText.of([piece.words for piece in pieces], lines)
    texts = [pieces[0].text]
    for last, piece in pairwise(pieces):
        is_row = last.words.line == piece.words.line or piece.top < last.bottom - last.height / 2
        texts.append((" " if is_row else "\n") + piece.text)
    polygon = whole.polygon
    if len(pieces) == 1 and (share := pieces[0].share):
        left, top, right, bottom = bounds(polygon)
        polygon = rectangle(left + share[0] * (right - left), top, left + share[1] * (right - left), bottom)
    return PlacedText("".join(texts), polygon, whole.words)


def cut_lines(
    lines: Sequence[Line],
    conventions: Conventions,
    rules: npt.NDArray[np.float32],
    upright: npt.NDArray[np.float32],
) -> tuple[list[Piece], Rules]:
    """Cut lines at wide gaps, after colons, at leaders, and before values of a type.

    Args:
        lines: The page's lines.
        conventions: How the page writes dates and numbers.
        rules: (N, 4) float32, the page's horizontal rules.
        upright: (M, 4) float32, its upright rules.

    Returns:
        The pieces, line by line, and the rules on the page turned level.
    """
    boxes, level_rules = _level_boxes(lines, rules, upright)
    pieces: list[Piece] = []
    for index, (line, (line_box, word_boxes)) in enumerate(zip(lines, boxes, strict=True)):
        texts = [word.text for word in line.words] or [line.text]
        for piece in _cut_line(index, texts, bool(line.words), line_box, word_boxes, level_rules):
            pieces += _cut_tail(piece, texts, word_boxes, conventions) if line.words else [piece]
    return [_read(piece, conventions, level_rules) for piece in pieces], level_rules


def _level_boxes(
    lines: Sequence[Line], rules: npt.NDArray[np.float32], upright: npt.NDArray[np.float32]
) -> tuple[list[tuple[list[float], list[list[float]]]], Rules]:
    """The (left, top, right, bottom) of each line and of its words, and the rules, on the page turned level."""
    polygons: list[Polygon] = [line.polygon for line in lines]
    for line in lines:
        polygons += [word.polygon for word in line.words] or [line.polygon]
    if not lines:
        return [], Rules(np.empty((0, 4)))
    points: npt.NDArray[np.float32] = np.asarray(polygons, np.float32).reshape(-1, 4, 2)
    corners = np.concatenate([rules, upright])[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    level = leveled(np.concatenate([points, corners]), np.arange(len(lines)))
    all_boxes_and_rules = np.hstack([level.min(axis=1), level.max(axis=1)])
    all_boxes = all_boxes_and_rules[: len(points)].tolist()
    boxes, start = [], len(lines)
    for index, line in enumerate(lines):
        end = start + max(len(line.words), 1)
        boxes.append((all_boxes[index], all_boxes[start:end]))
        start = end
    level_rules, level_upright = np.split(all_boxes_and_rules[len(points) :], [len(rules)])
    return boxes, Rules(level_rules, level_upright)


def _cuts_at_rules(rules: Rules, line_box: list[float], boxes: list[list[float]]) -> set[int]:
    """The words before which a rule to write on begins or ends."""
    left, top, right, bottom = line_box
    height = max(bottom - top, 1.0)
    cuts = set()
    for start, end in rules.under(left, top, right, bottom):
        over = [at for at, box in enumerate(boxes) if (box[0] + box[2]) / 2 > start and (box[0] + box[2]) / 2 < end]
        # A rule that is as long as its words underlines them.
        if over and max(boxes[over[0]][0] - start, end - boxes[over[-1]][2]) > _BEYOND * height:
            cuts |= {over[0], over[-1] + 1}
    return cuts


def _cut_line(
    index: int, texts: list[str], has_words: bool, line_box: list[float], boxes: list[list[float]], rules: Rules
) -> Iterator[Piece]:
    _, top, _, bottom = line_box
    widest = _WIDE_GAP * max(bottom - top, 1.0)
    cuts = _cuts_at_rules(rules, line_box, boxes) if len(texts) > 1 else set()
    start, is_after_colon, follows_colon = 0, False, False

    def piece(end: int, has_leader: bool = False) -> Iterator[Piece]:
        words = WordSpan(index, start, end if has_words else start)
        if end > start:
            text = " ".join(texts[start:end])
            one = Piece(text, words, boxes[start][0], top, boxes[end - 1][2], bottom, has_leader=has_leader)
            one.follows_colon = follows_colon and start > 0 and texts[start - 1] in _COLONS
            yield from _cut_word(one) if end - start == 1 else [one]

    for at, text in enumerate(texts):
        is_after_colon = is_after_colon and not (at in cuts and at > start)
        is_wide = at > start and boxes[at][0] - boxes[at - 1][2] > widest
        if at > start and (at in cuts or (is_wide and not is_currency(texts[at - 1]))):
            yield from piece(at)
            start = at
        if text in _COLONS and at == start:  # it stands before the value, apart from its label
            start, follows_colon = at + 1, True
        elif len(texts) > 1 and (_LEADER.fullmatch(text) or _MARK.fullmatch(text)):
            yield from piece(at, has_leader=_MARK.fullmatch(text) is None)
            start = at + 1
        elif text.endswith(_COLONS):
            if is_after_colon and at - start > 0:  # `Area: 5 Region: 17`
                middle = _start_of_label(texts, boxes, start, at)
                yield from piece(middle)
                start = middle
            yield from piece(at + 1, has_leader=at + 1 < len(texts) and _LEADER.fullmatch(texts[at + 1]) is not None)
            start, is_after_colon = at + 1, True
        elif _is_two_in_one(text):
            first, *rest = _cut_word(
                Piece(text, WordSpan(index, at, at + 1 if has_words else at), boxes[at][0], top, boxes[at][2], bottom)
            )
            if at > start:  # the words before belong to the label
                label = " ".join([*texts[start:at], first.text])
                words = WordSpan(index, start, at + 1)
                first = replace(first, text=label, words=words, left=boxes[start][0], share=None)
            yield first
            yield from rest
            start = at + 1
    yield from piece(len(texts))


def _start_of_label(texts: list[str], boxes: list[list[float]], start: int, end: int) -> int:
    """Where a label begins that ends with a colon, after the value of the label before it.

    Args:
        texts: The words of the line.
        boxes: Their boxes.
        start: The first word of the value.
        end: The last word of the label.
    """
    for at in range(max(start + 1, end - _MOST_LABEL_WORDS), end + 1):
        if known_label(" ".join(texts[at : end + 1])):
            return at
    gaps = [(boxes[at][0] - boxes[at - 1][2], at) for at in range(start + 1, end + 1)]
    return max(gaps)[1]


def _is_two_in_one(text: str) -> bool:
    """Whether a word holds a label and a value, or leaders."""
    may_be = ":" in text or "\uff1a" in text or "..." in text or "__" in text
    if not may_be or len(text) > _MOST_OF_WORD:
        return False
    return _COLON_INSIDE.fullmatch(text) is not None or _LEADER_INSIDE.fullmatch(text) is not None


def _cut_word(piece: Piece) -> list[Piece]:
    """Cut a word in two if it holds a label and a value, or take leaders from its end."""
    if not _is_two_in_one(piece.text):
        return [piece]
    match = _LEADER_INSIDE.fullmatch(piece.text)
    first, rest = (match[1], match[3]) if match else (piece.text, "")
    if match is None and (match := _COLON_INSIDE.fullmatch(piece.text)):
        first, rest = match[1], match[2]
    if match is None:
        return [piece]
    length, width = len(piece.text), piece.right - piece.left
    end, start = len(first) / length, 1 - len(rest) / length
    is_leader = not first.endswith(_COLONS)
    cut = replace(piece, text=first, right=piece.left + end * width, share=(0.0, end), has_leader=is_leader)
    if not rest:
        return [cut]
    return [cut, replace(piece, text=rest, left=piece.left + start * width, share=(start, 1.0))]


def _cut_tail(piece: Piece, texts: list[str], boxes: list[list[float]], conventions: Conventions) -> list[Piece]:
    """Cut `Total 12.50` and `Invoice no. 4711` in two."""
    line, start, end = piece.words.line, piece.words.start, piece.words.end
    if end - start < 2 or piece.text.endswith(_COLONS) or not any(map(str.isalpha, texts[start])):
        return [piece]
    cut = 0
    known = length_of_known_label(texts[start : min(end, start + _MOST_LABEL_WORDS + 1)])
    if 0 < known < end - start and (end - start - known <= _MOST_TAIL_WORDS):
        rest = " ".join(texts[start + known : end])
        if rest.endswith("%"):  # a rate belongs to its label
            return [piece]
        if any(map(str.isdigit, texts[start + known])) or read_value(rest, conventions) != TEXT:
            cut = start + known
    for at in range(max(start + 1, end - _MOST_TAIL_WORDS), min(end, start + _MOST_LABEL_WORDS + 1) if not cut else 0):
        if not any(map(str.isdigit, texts[at])) and "@" not in texts[at] and at < end - 1 and len(texts[at]) > 3:
            continue
        value = read_value(" ".join(texts[at:end]), conventions)
        if value.type not in ("text", "number"):
            cut = at
            break
    if not cut:
        return [piece]
    label = Piece(
        " ".join(texts[start:cut]), WordSpan(line, start, cut), piece.left, piece.top, boxes[cut - 1][2], piece.bottom
    )
    rest = " ".join(texts[cut:end])
    return [label, replace(piece, text=rest, words=WordSpan(line, cut, end), left=boxes[cut][0])]


def _read(piece: Piece, conventions: Conventions, rules: Rules) -> Piece:
    """Note what a piece is, and on what it stands."""
    piece.has_colon = piece.text.endswith(_COLONS)
    piece.known = known_label(piece.text)
    if not piece.has_colon:
        piece.value = read_value(piece.text, conventions)
    left, right, height = piece.left, piece.right, piece.height
    for start, end in rules.under(left, piece.top, right + _RULE_GAP * height, piece.bottom):
        if start > right - _BEYOND * height:
            piece.has_leader = piece.has_leader or end - start > _LEAST_TO_WRITE_ON * height
        elif max(left - start, end - right) > _BEYOND * height and start < (left + right) / 2 < end:
            piece.is_on_rule = True
    return piece
