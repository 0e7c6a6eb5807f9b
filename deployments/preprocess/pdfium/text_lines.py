"""Groups the characters of a text layer into words and lines."""

import statistics
import unicodedata
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from deployments.preprocess.pdfium.glyphs import Glyph

__all__ = ["TextLine", "TextWord", "rotation_of_text", "text_lines"]

# In sizes of the font. Gaps between columns and cells of a table are wider than those between justified words.
_LINE_GAP = 1.5
_WORD_GAP = 0.8
_WIDE_WORD_GAP = 1.1
_BASELINE_SHIFT = 0.5

# Letters are spaced out if the gaps between most of them are wider than this, and narrower than gaps between cells. Of
# fewer letters, nothing can be told: they may as well be short words.
_LETTER_SPACE = (0.15, 0.6)
_LEAST_SPACED = 4
# A gap so many times as wide as the usual one parts words of such letters.
_SPACED_WORD_GAP = 1.6

# Superscripts have two thirds of their line's size. A letter that many times as high as its neighbors is an initial.
_OTHER_SIZE = 2.0

# A link or a word in bold may be far from the rest of its line in the content. Such pieces are closer than columns.
_PIECE_GAP = 1.0
_PIECE_SHIFT = 0.15
_PIECE_SPACE = 0.12
_LOOK_BACK = 8

# In vertical writing, each character stands below the one before it.
_VERTICAL_STEP = (0.8, 1.4)
_VERTICAL_SHIFT = 0.3
_LEAST_VERTICAL = 3

# The share of a page's characters that decides how the page stands.
_MOST_TEXT = 0.75

# Two texts have the same direction up to an angle of this cosine.
_SAME_DIRECTION = 0.98

# What PDFium makes of the characters that Unicode has for ligatures, such as U+FEFB.
_LIGATURES = frozenset(
    unicodedata.normalize("NFKC", chr(code)) for block in ((0xFB50, 0xFE00), (0xFE70, 0xFEFD)) for code in range(*block)
)

Quad = tuple[float, float, float, float, float, float, float, float]
"""x and y of four corners in points of the page as a person sees it, clockwise from the text's top left."""


@dataclass(slots=True)
class TextWord:
    """A word as its characters, in logical order.

    Args:
        glyphs: The characters.
        follows_blank: Whether the text has a blank before the word, and not only a gap.
    """

    glyphs: list[Glyph] = field(default_factory=list)
    follows_blank: bool = False

    @property
    def text(self) -> str:
        """The word's text; never empty."""
        return "".join(glyph.text for glyph in self.glyphs)

    @property
    def quad(self) -> Quad:
        """A box around the ink of the characters."""
        return _quad(self.glyphs)


@dataclass(slots=True)
class TextLine:
    """A line as its words, in logical order."""

    words: list[TextWord] = field(default_factory=list)
    is_vertical: bool = False

    @property
    def text(self) -> str:
        """The words, joined by single blanks."""
        return " ".join(word.text for word in self.words)

    @property
    def quad(self) -> Quad:
        """A box around the ink of the characters."""
        return _quad([glyph for word in self.words for glyph in word.glyphs])


def text_lines(glyphs: list[Glyph]) -> list[TextLine]:
    """Group characters into words and lines by their positions.

    Args:
        glyphs: Characters and white space in the order of the page's content.

    Returns:
        Lines in the order of the content, in which the columns of a page mostly follow each other.
    """
    lines: list[TextLine] = []
    previous: Glyph | None = None
    had_space = had_blank = False
    for glyph in _in_logical_order(glyphs):
        if glyph.is_space:
            had_space = True
            had_blank = had_blank or not glyph.is_added
            continue
        if previous is None or not _continues(lines[-1], previous, glyph):
            lines.append(TextLine([TextWord([glyph])]))
        elif had_blank or (not lines[-1].is_vertical and _are_apart(previous, glyph, had_space=had_space)):
            lines[-1].words.append(TextWord([glyph], had_blank))
        else:
            lines[-1].words[-1].glyphs.append(glyph)
        previous, had_space, had_blank = glyph, False, False
    return _joined([ordered for line in lines for ordered in _settled(line)])


def rotation_of_text(glyphs: list[Glyph]) -> int:
    """Tell the degrees (0, 90, 180, 270) that a page must be turned clockwise so that most of its text is upright.

    Args:
        glyphs: The page's characters.
    """
    counts = dict.fromkeys((0, 90, 180, 270), 0)
    for glyph in glyphs:
        x, y = glyph.style.along
        if not glyph.is_space:
            counts[(0 if x > 0 else 180) if abs(x) >= abs(y) else (270 if y > 0 else 90)] += 1
    rotation = max(counts, key=lambda turn: counts[turn])
    return rotation if counts[rotation] > _MOST_TEXT * sum(counts.values()) else 0


def _in_logical_order(glyphs: list[Glyph]) -> list[Glyph]:
    """Put the characters of each right-to-left ligature in order.

    If a font's table gives a ligature as several characters, PDFium turns them around with their line. Those that it
    takes apart itself are in order.
    """
    ordered: list[Glyph] = []
    for _, same in groupby(glyphs, lambda glyph: (glyph.style.order, glyph.start, glyph.end, glyph.baseline)):
        ligature = list(same)
        is_turned = _is_right_to_left(ligature[0]) and "".join(glyph.text for glyph in ligature) not in _LIGATURES
        ordered += reversed(ligature) if is_turned else ligature
    return ordered


def _continues(line: TextLine, previous: Glyph, glyph: Glyph) -> bool:
    if _is_other_size(previous.style.size, glyph.style.size):
        return False
    ahead = previous.style.along[0] * glyph.style.along[0] + previous.style.along[1] * glyph.style.along[1]
    if ahead < _SAME_DIRECTION:
        return False
    em = _em(previous, glyph)
    shift = glyph.baseline - previous.baseline
    is_single = len(line.words) == 1 and len(line.words[0].glyphs) == 1
    if (line.is_vertical or is_single) and _is_ideograph(previous.text) and _is_ideograph(glyph.text):
        sideways = abs(glyph.start + glyph.end - previous.start - previous.end) / 2
        if sideways < _VERTICAL_SHIFT * em and _VERTICAL_STEP[0] * em < shift < _VERTICAL_STEP[1] * em:
            line.is_vertical = True
            return True
    if line.is_vertical or abs(shift) > _BASELINE_SHIFT * em:
        return False
    return _gap(previous, glyph) <= _LINE_GAP * em


def _are_apart(previous: Glyph, glyph: Glyph, *, had_space: bool) -> bool:
    gap = _gap(previous, glyph) / _em(previous, glyph)
    if _is_wide(previous) and _is_wide(glyph):
        return gap > _WIDE_WORD_GAP
    return had_space or gap > _WORD_GAP


def _is_other_size(one: float, other: float) -> bool:
    return max(one, other) > _OTHER_SIZE * min(one, other)


def _gap(previous: Glyph, glyph: Glyph) -> float:
    """Tell the gap between two characters, whichever comes first, since right-to-left text goes backwards."""
    return max(glyph.start - previous.end, previous.start - glyph.end)


def _em(previous: Glyph, glyph: Glyph) -> float:
    return max(previous.style.size, glyph.style.size)


def _settled(line: TextLine) -> list[TextLine]:
    """Finish a line by ordering its words. One that only looked vertical becomes several lines."""
    glyphs = [glyph for word in line.words for glyph in word.glyphs]
    if line.is_vertical:
        return [line] if len(glyphs) >= _LEAST_VERTICAL else [TextLine([TextWord([glyph])]) for glyph in glyphs]
    if not any(_is_right_to_left(glyph) for glyph in glyphs):
        # Lines are written in pieces, so that a word that was set later may stand before others.
        line.words.sort(key=lambda word: min(glyph.start for glyph in word.glyphs))
    return [TextLine([whole for run in _runs(line.words) for whole in _without_letter_space(run)])]


def _runs(words: list[TextWord]) -> list[list[TextWord]]:
    """Part words at blanks, and short ones from long ones: a word whose letters are spaced out is in one run."""
    runs: list[list[TextWord]] = []
    for word in words:
        if runs and not word.follows_blank and _is_spaced(word) and _is_spaced(runs[-1][-1]):
            runs[-1].append(word)
        else:
            runs.append([word])
    return runs


def _is_spaced(word: TextWord) -> bool:
    """Whether it may be a letter of a longer word, such as "2)" of "( 2 0 1 2 )", and not a part of a formula."""
    return len(word.glyphs) <= 2 and not any(unicodedata.category(glyph.text[0])[0] == "S" for glyph in word.glyphs)


def _without_letter_space(run: list[TextWord]) -> list[TextWord]:
    """Join the letters of words that are spaced out, as in a heading: PDFium takes each for a word."""
    glyphs = [glyph for word in run for glyph in word.glyphs]
    gaps = [_gap(one, other) / _em(one, other) for one, other in pairwise(glyphs)]
    if len(run) < 2 or len(glyphs) < _LEAST_SPACED or not any(glyph.text.isalpha() for glyph in glyphs):
        return run
    usual = statistics.median(gaps)
    if not _LETTER_SPACE[0] < usual < _LETTER_SPACE[1]:
        return run
    words = [TextWord([glyphs[0]], run[0].follows_blank)]
    for glyph, gap in zip(glyphs[1:], gaps, strict=True):
        if gap > _SPACED_WORD_GAP * usual:
            words.append(TextWord())
        words[-1].glyphs.append(glyph)
    return words


def _joined(lines: list[TextLine]) -> list[TextLine]:
    """Join pieces of one line that are apart in the content. The line takes the position of its longest piece."""
    pieces = [_Piece(line, found) for found, line in enumerate(lines)]
    pieces.sort(key=lambda piece: (piece.along, piece.is_apart, piece.baseline, piece.start))
    joined: list[_Piece] = []
    for piece in pieces:
        # Baselines of one line differ a little, so that its pieces may not be neighbors in this order.
        for other in reversed(joined[-_LOOK_BACK:]):
            if other.takes(piece):
                other.take(piece)
                break
        else:
            joined.append(piece)
    return [piece.line for piece in sorted(joined, key=lambda piece: piece.order)]


class _Piece:
    def __init__(self, line: TextLine, found: int) -> None:
        glyphs = [glyph for word in line.words for glyph in word.glyphs]
        style = glyphs[0].style
        # PDFium orders the characters of each line it finds. On a page on its side it may take several lines for one.
        self.order = min(glyph.style.order for glyph in glyphs), found
        self.line, self.length = line, len(glyphs)
        self.along = round(style.along[0], 2), round(style.along[1], 2)
        self.size = max(glyph.style.size for glyph in glyphs)
        self.baseline = glyphs[0].baseline
        self.start, self.end = min(glyph.start for glyph in glyphs), max(glyph.end for glyph in glyphs)
        self.is_apart = line.is_vertical or any(_is_right_to_left(glyph) for glyph in glyphs)

    def takes(self, piece: "_Piece") -> bool:
        if self.is_apart or piece.is_apart or self.along != piece.along or _is_other_size(self.size, piece.size):
            return False
        size = min(self.size, piece.size)
        gap = max(piece.start - self.end, self.start - piece.end)
        if abs(piece.baseline - self.baseline) > _PIECE_SHIFT * size:
            return False
        return -_PIECE_SHIFT * size <= gap <= _PIECE_GAP * size

    def take(self, piece: "_Piece") -> None:
        before, after = (self, piece) if self.start <= piece.start else (piece, self)
        words = [*before.line.words, *after.line.words]
        if after.start - before.end < _PIECE_SPACE * max(self.size, piece.size):
            seam = TextWord(before.line.words[-1].glyphs + after.line.words[0].glyphs)
            words = [*before.line.words[:-1], seam, *after.line.words[1:]]
        self.line = TextLine(words)
        if piece.length > self.length:
            self.order, self.baseline = piece.order, piece.baseline
        self.length += piece.length
        self.start, self.end = min(self.start, piece.start), max(self.end, piece.end)
        self.size = max(self.size, piece.size)


def _is_right_to_left(glyph: Glyph) -> bool:
    return unicodedata.bidirectional(glyph.text[0]) in ("R", "AL")


def _quad(glyphs: list[Glyph]) -> Quad:
    along_x, along_y = glyphs[0].style.along
    start, end = min(glyph.start for glyph in glyphs), max(glyph.end for glyph in glyphs)
    upper, lower = min(glyph.upper for glyph in glyphs), max(glyph.lower for glyph in glyphs)
    # A polygon must have an inside, even that of a dash or of a character without ink.
    least = max(glyphs[0].style.size, 1.0) / 20
    end, lower = max(end, start + least), max(lower, upper + least)
    corners = ((start, upper), (end, upper), (end, lower), (start, lower))
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = (
        (along * along_x - across * along_y, along * along_y + across * along_x) for along, across in corners
    )
    return x0, y0, x1, y1, x2, y2, x3, y3


def _is_wide(glyph: Glyph) -> bool:
    """Whether it fills a square, so that much of the gap beside it is its own, as after a comma."""
    return unicodedata.east_asian_width(glyph.text[0]) in "WF"


def _is_ideograph(text: str) -> bool:
    return "\u3000" <= text[0] <= "\u9fff" or "\uf900" <= text[0] <= "\ufaff" or "\U00020000" <= text[0] <= "\U0003ffff"
