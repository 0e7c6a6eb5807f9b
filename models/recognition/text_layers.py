"""Compares the text layer of a page with what the page shows, and reads what the layer lacks."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

import numpy as np
import numpy.typing as npt

from models.page import Line, Page, PageQuads, PageText, PageWarning, Quads, Samples
from models.reading_order import reading_order
from models.recognition.ctc import LineText
from models.recognition.recognizer import TextRecognizer
from models.settings import RecognitionOptions
from models.steps import NetInputs, Steps

__all__ = ["contradiction", "layer_steps"]

# Below this confidence, the line is a formula or in a script that the net does not know: its reading tells nothing.
_SURE = 0.85
# The least likeness of both texts, and of their digits. Of a shifted font, a third at most is alike by chance; a line
# that is read with some mistakes has 0.9.
_LEAST_ALIKE = 0.5
_TELLING = 3

# The share of a quad that lies in a part to be read, and the share of its middle that lines of the layer may cover.
_LEAST_INSIDE = 0.5
_MOST_COVERED = 0.5

Floats = npt.NDArray[np.float32]

# Weights of a quad's corners that give those of the half of its thickness around its middle: detection's quads may be
# twice as thick as the lines of a layer.
_MIDDLE: Floats = np.array([[0.75, 0, 0, 0.25], [0, 0.75, 0.25, 0], [0, 0.25, 0.75, 0], [0.25, 0, 0, 0.75]], np.float32)


def layer_steps(
    recognizer: TextRecognizer,
    page: Page,
    found: PageQuads,
    options: RecognitionOptions,
    *,
    with_characters: bool = False,
    languages: Sequence[str] = (),
) -> Steps[PageText]:
    """Check a page's text layer, and read the parts of the page that it does not hold.

    Args:
        recognizer: The recognizer. The net `recognition` is to answer each crop with a `LineText`.
        page: A page with a text layer.
        found: The quads that detection found on the page; none if nothing is unread.
        options: The least confidence of a line.
        with_characters: Whether words come with their characters.
        languages: Tags of the languages that the text is in, or `auto`; none for those of the net.

    Returns:
        The page's text, of both sources; or no lines and `refused_layer`.
    """
    text, quads = replace(PageText.carried(page), warnings=found.warnings), found.quads
    refusal = (yield from _refusal(recognizer, page.samples)) if page.samples is not None else None
    if refusal is None and len(quads) and quads.rotation:
        refusal = "its text does not stand as its pictures do"
    if refusal is not None:
        message = f"the page's text layer was not taken, because {refusal}: the page was read as it looks"
        return replace(text, lines=(), refused_layer=PageWarning("text_layer_refused", message, page.number))
    missing = quads.of(_missing(quads.points, page.unread, text.lines))
    if not len(missing):
        return text
    read = yield from recognizer.steps(page, missing, options, with_characters=with_characters, languages=languages)
    lines = (*text.lines, *(replace(line, source="ocr") for line in read.lines))
    order = reading_order(np.array([line.polygon for line in lines], np.float32))
    return replace(text, lines=tuple(lines[index] for index in order), warnings=(*text.warnings, *read.warnings))


def _refusal(recognizer: TextRecognizer, samples: Samples) -> Steps[str | None]:
    quads = Quads(samples.points, np.ones(len(samples.points), np.float32))
    crops = recognizer.crops(Page(samples.pixels), quads)
    read: Sequence[LineText] = yield NetInputs("recognition", [crop.pixels for crop in crops])
    return next(_contradictions(samples.texts, read), None)


def _contradictions(texts: Sequence[str], read: Sequence[LineText]) -> Iterator[str]:
    for text, line in zip(texts, read, strict=True):
        if line.confidence >= _SURE and contradiction(text, line.text):
            yield f"it has {text[:60]!r} where the page shows {line.text[:60]!r}"


def contradiction(text: str, shown: str) -> bool:
    """Tell whether a line of a text layer can't be the text that was read in its place.

    Args:
        text: The line, as the layer has it.
        shown: The same line, as it was read.
    """
    # Without their accents, which are easily misread: in Vietnamese half of the letters have some.
    text, shown = (unicodedata.normalize("NFKD", one).casefold() for one in (text, shown))
    letters, shown_letters = ("".join(filter(str.isalnum, one)) for one in (text, shown))
    # Of marks alone, some are read as letters. Where they stand for a word, it has several.
    is_telling = len(letters) >= _TELLING or sum(map(str.isascii, shown_letters)) >= _TELLING
    if is_telling and _likeness(letters, shown_letters) < _LEAST_ALIKE:
        return True
    digits, shown_digits = ("".join(filter(str.isdigit, one)) for one in (text, shown))
    return len(digits) >= _TELLING and _likeness(digits, shown_digits) < _LEAST_ALIKE


def _likeness(one: str, other: str) -> float:
    """The share of characters that two texts have in common, in [0, 1].

    Texts of one length are compared place by place: "12345" is like "23456" otherwise.
    """
    if len(one) == len(other):
        return sum(a == b for a, b in zip(one, other, strict=True)) / max(len(one), 1)
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _missing(points: Floats, unread: Floats, lines: Sequence[Line]) -> npt.NDArray[np.bool_]:
    """Flag the quads that lie in an unread part of the page and not on lines of the layer."""
    if not len(points):
        return np.zeros(0, np.bool_)
    boxes, middles = (_around(quads) for quads in (points, _MIDDLE @ points))
    corners = np.array([line.polygon for line in lines], np.float32).reshape(-1, 4, 2)
    inside = _shared(boxes, unread).max(axis=1, initial=0.0) >= _LEAST_INSIDE
    flags: npt.NDArray[np.bool_] = inside & (_shared(middles, _around(corners)).sum(axis=1) <= _MOST_COVERED)
    return flags


def _around(quads: Floats) -> Floats:
    """The upright box around each quad, (N, 4)."""
    return np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=1)


def _shared(boxes: Floats, others: Floats) -> Floats:
    """The share of each box that each of the others covers, (boxes, others)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    shared: Floats = (high - low).clip(0).prod(axis=2) / np.maximum(area, 1e-6)[:, None]
    return shared
