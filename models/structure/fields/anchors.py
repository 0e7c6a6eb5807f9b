"""Finds the fields of a template on a page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import inf

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from models.page import Line
from models.structure.fields.names.known import plain
from models.structure.fields.pieces import Piece, placed
from models.structure.fields.places import Places
from models.structure.fields.template import Template, TemplateField
from models.structure.fields.types.conventions import Conventions
from models.structure.fields.types.values import TEXT, Value, find_words, read_as
from models.structure.result import Field, WordSpan

__all__ = ["find_template_fields"]

# Labels of at least so many characters may have one or two that were misread.
_ONE_WRONG, _TWO_WRONG = 5, 10
# An anchor's words may have been read as one word more: so many words are tried.
_WORDS_MORE = 1
# How much less sure a label is for each character that is wrong, if more text follows, and inside of a text.
_UNANCHORED = 0.7
_WRONG, _BEGINNING, _INSIDE = 0.05, 0.1, 0.2
# Distances in heights of the anchor; see models.structure.fields.pairs.
_FURTHEST_BESIDE, _FURTHEST_BELOW = 60.0, 6.0
_MOST_TRIED = 6
# A label that stands on a page more often is not one.
_MOST_HITS = 50


@dataclass(frozen=True, slots=True)
class _Hit:
    """A place where an anchor was found.

    Args:
        anchor: The words of the anchor, as a piece.
        rest: What follows in the same piece; None if nothing does.
        confidence: How sure it is that these words are the label.
    """

    anchor: Piece
    rest: Piece | None
    confidence: float


def find_template_fields(
    template: Template, page: int, page_count: int, lines: Sequence[Line], pieces: Sequence[Piece], how: Conventions
) -> tuple[list[Field], list[str]]:
    """Find the fields of a template on one page.

    Args:
        template: The template.
        page: The page's number, counted from 1.
        page_count: Number of pages of the document.
        lines: The page's lines.
        pieces: The pieces of its lines, in reading order.
        how: How the page writes dates and numbers.

    Returns:
        The fields that were found, and the names of required fields that were not.
    """
    most_words = max((len(plain(anchor).split()) for one in template.fields for anchor in one.anchors), default=0)
    search = _Search(lines, pieces, how, most_words + _WORDS_MORE)
    found, missing = [], []
    for asked in template.fields:
        if asked.is_on(page, page_count):
            field = search.find(asked)
            if field is not None:
                found.append(field)
            elif asked.required:
                missing.append(asked.name)
    return found, missing


class _Search:
    """The pieces of one page, and where each run of their words stands."""

    def __init__(self, lines: Sequence[Line], pieces: Sequence[Piece], how: Conventions, most_words: int) -> None:
        self._lines, self._pieces, self._how = lines, pieces, how
        self._places = Places(pieces)
        self._runs: dict[int, dict[str, list[tuple[int, int, int]]]] = {}
        self._index(most_words)
        self._of_type: dict[str, list[tuple[Piece, Value]]] = {}
        self._taken: dict[tuple[object, ...], tuple[Piece, Value] | None] = {}

    def find(self, asked: TemplateField) -> Field | None:
        """Find a field of the template; None if it is not on the page."""
        if not asked.anchors:
            found = self._all(asked)
            return self._field(None, found[0 if asked.pick == "first" else -1], asked) if found else None
        for hit in self._hits(asked):
            if asked.where == "anywhere":
                nearest = min(self._all(asked), key=lambda one: _distance(hit.anchor, one[0]), default=None)
                return None if nearest is None else self._field(hit, nearest, asked)
            for candidate in self._candidates(hit, asked):
                if (taken := self._take(candidate, asked)) is not None:
                    return self._field(hit, taken, asked)
        return None

    def _field(self, hit: _Hit | None, taken: tuple[Piece, Value], asked: TemplateField) -> Field:
        piece, value = taken
        label = placed([hit.anchor], self._lines) if hit else None
        confidence = hit.confidence if hit else _UNANCHORED
        return Field(label, placed([piece], self._lines), confidence, value.type, value.normalized, asked.name)

    def _all(self, asked: TemplateField) -> list[tuple[Piece, Value]]:
        """All pieces of the page that are of a type."""
        if asked.type not in self._of_type:
            taken = (self._take(piece, asked) for piece in self._pieces)
            self._of_type[asked.type] = [one for one in taken if one is not None]
        return self._of_type[asked.type]

    def _hits(self, asked: TemplateField) -> list[_Hit]:
        """The likeliest places of an anchor, from that end of the page where the field is looked for."""
        found: dict[tuple[int, int, int], float] = {}
        for anchor in asked.anchors:
            wanted = plain(anchor).replace(" ", "")
            allowed = 2 if len(wanted) >= _TWO_WRONG else 1 if len(wanted) >= _ONE_WRONG else 0
            for length in range(len(wanted) - allowed, len(wanted) + allowed + 1):
                runs = self._runs.get(length, {})
                if allowed:
                    near = process.extract(
                        wanted, list(runs), scorer=Levenshtein.distance, score_cutoff=allowed, limit=None
                    )
                    matches = [(run, int(wrong)) for run, wrong, _ in near]
                else:
                    matches = [(wanted, 0)] if wanted in runs else []
                for run, wrong in matches:
                    for place in runs[run]:
                        found[place] = max(found.get(place, 0.0), self._confidence(place, wrong))
        last = -1 if asked.pick == "last" else 1
        best = sorted(found, key=lambda place: (-found[place], last * place[0], last * place[1]))
        return [self._hit(place, found[place]) for place in best[:_MOST_HITS]]

    def _index(self, most_words: int) -> None:
        """Note all runs of up to so many words of a piece, by their length without spaces."""
        for index, piece in enumerate(self._pieces):
            texts = [piece.text] if piece.share else piece.text.split(" ")
            words = [plain(text).replace(" ", "") for text in texts]
            for start in range(len(words)):
                run = ""
                for end in range(start, min(start + most_words, len(words))):
                    run += words[end]
                    if words[end] and words[start]:
                        self._runs.setdefault(len(run), {}).setdefault(run, []).append((index, start, end + 1))

    def _confidence(self, place: tuple[int, int, int], wrong: int) -> float:
        """How sure it is that some words of a piece are a label."""
        index, start, end = place
        piece = self._pieces[index]
        is_whole = piece.share is not None or end >= piece.words.end - piece.words.start
        return 0.95 - _WRONG * wrong - (_INSIDE if start > 0 else 0.0 if is_whole else _BEGINNING)

    def _hit(self, place: tuple[int, int, int], confidence: float) -> _Hit:
        index, start, end = place
        piece = self._pieces[index]
        count = piece.words.end - piece.words.start
        if piece.share is not None or count == 0:
            return _Hit(piece, None, confidence)
        rest = self._part(piece, end, count) if end < count else None
        return _Hit(self._part(piece, start, end), rest, confidence)

    def _part(self, piece: Piece, start: int, end: int) -> Piece:
        """Some words of a piece; where they begin and end is told from their share of its characters."""
        words = piece.text.split(" ")
        width = (piece.right - piece.left) / max(len(piece.text), 1)
        before = len(" ".join(words[:start])) + (1 if start else 0)
        text = " ".join(words[start:end])
        left = piece.left + before * width
        span = WordSpan(piece.words.line, piece.words.start + start, piece.words.start + end)
        return replace(piece, text=text, words=span, left=left, right=left + len(text) * width, value=TEXT, known=None)

    def _candidates(self, hit: _Hit, asked: TemplateField) -> Iterator[Piece]:
        """Pieces that may be the value, the likeliest first."""
        anchor = hit.anchor
        if hit.rest is not None and asked.where in ("right", "right_or_below", "same_line"):
            yield hit.rest
        match asked.where:
            case "right":
                yield from self._beside(anchor, is_right=True)
            case "left":
                yield from self._beside(anchor, is_right=False)
            case "below":
                yield from self._beneath(anchor, is_below=True)
            case "above":
                yield from self._beneath(anchor, is_below=False)
            case "right_or_below":
                yield from self._beside(anchor, is_right=True)
                yield from self._beneath(anchor, is_below=True)
            case "same_line":
                line = anchor.words.line
                in_row = (self._pieces[index] for index in self._places.beside(anchor, inf).tolist())
                yield from islice((piece for piece in in_row if piece.words.line == line), _MOST_TRIED)

    def _beside(self, anchor: Piece, is_right: bool) -> Iterator[Piece]:
        found = self._places.beside(anchor, _FURTHEST_BESIDE * anchor.height, is_right)
        yield from (self._pieces[index] for index in found[:_MOST_TRIED].tolist())

    def _beneath(self, anchor: Piece, is_below: bool) -> Iterator[Piece]:
        found = self._places.beneath(anchor, _FURTHEST_BELOW * anchor.height, is_below)
        yield from (self._pieces[index] for index in found[:_MOST_TRIED].tolist())

    def _take(self, piece: Piece, asked: TemplateField) -> tuple[Piece, Value] | None:
        """The piece, or those of its words that are of the type; None if none are."""
        key = (piece.words, piece.share, asked.type)
        if key not in self._taken:
            self._taken[key] = self._first_of_type(piece, asked)
        return self._taken[key]

    def _first_of_type(self, piece: Piece, asked: TemplateField) -> tuple[Piece, Value] | None:
        if asked.type == "text":
            return (piece, piece.value) if any(map(str.isalnum, piece.text)) and not piece.has_colon else None
        value = read_as(piece.text, asked.type, self._how)
        if value is not None and asked.type != "date":
            return piece, value
        count = piece.words.end - piece.words.start
        if piece.share is not None or count < 2:
            return None if value is None else (piece, value)
        found = find_words(piece.text.split(" "), asked.type, self._how)
        return None if found is None else (self._part(piece, found[0], found[1]), found[2])


def _distance(anchor: Piece, piece: Piece) -> float:
    """How far a piece is from an anchor; what is in another row is further than it looks."""
    beside = max(piece.left - anchor.right, anchor.left - piece.right, 0.0)
    return abs(piece.top + piece.bottom - anchor.top - anchor.bottom) + beside / 2
