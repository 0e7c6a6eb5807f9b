"""Chooses the words of a text layer that tell most about whether it is the text that the page shows."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from deployments.preprocess.pdfium.drawing import View
from deployments.preprocess.pdfium.text_lines import TextLine

__all__ = ["Sample", "samples_of"]

# Each costs a run of the recognizer's net, in proportion to its length.
_MOST_SAMPLES = 3
_SAMPLE_LENGTH = 24

# A wrong digit is worse than a wrong letter, and no reader notices it. Marks tell little, and are often misread.
_DIGIT_WEIGHT = 3.0
_MARK_WEIGHT = 0.2

# The least characters of a sample, and the share of them that the recognizer is sure to know.
_LEAST_CHARACTERS = 3
_LEAST_KNOWN = 0.8

# The recognizer's net takes lines of 48 pixels with some margin.
_FONT_PX = 36.0
_MARGIN = 0.3
_MOST_SIDE_PX = 3000


@dataclass(frozen=True, slots=True)
class Sample:
    """Words of a line that are to be compared with the page.

    Args:
        text: Their text, as the layer has it.
        quad: Their corners in pixels of their picture.
        view: The picture.
    """

    text: str
    quad: tuple[float, ...]
    view: View


def samples_of(lines: Sequence[TextLine], size_pt: tuple[float, float]) -> list[Sample]:
    """Choose words with as many different characters of as many fonts as possible, digits above all.

    Args:
        lines: The layer's lines. What the recognizer can't read is passed over: other scripts, vertical lines, fonts
            that this machine lacks.
        size_pt: Width and height of the page as a person sees it, in points.
    """
    parts = [part for line in lines if not line.is_vertical for part in _parts(line)]
    weights = {index: _weights(part) for index, part in enumerate(parts) if _is_telling(part)}
    known: set[tuple[int, str]] = set()
    samples: list[Sample] = []
    while weights and len(samples) < _MOST_SAMPLES:
        gains = {index: sum(own[key] for key in own.keys() - known) for index, own in weights.items()}
        best = max(gains, key=lambda index: (gains[index], -index))
        if not gains[best]:
            break
        known |= weights.pop(best).keys()
        samples.append(_sample(parts[best], size_pt))
    return samples


def _parts(line: TextLine) -> list[TextLine]:
    """Cut a line into runs of words that are no longer than a sample, if its words allow."""
    parts = [TextLine([line.words[0]])]
    for word in line.words[1:]:
        if len(parts[-1].text) + len(word.glyphs) < _SAMPLE_LENGTH:
            parts[-1].words.append(word)
        else:
            parts.append(TextLine([word]))
    return parts


def _weights(line: TextLine) -> dict[tuple[int, str], float]:
    return {(glyph.style.font, glyph.text): _weight(glyph.text) for word in line.words for glyph in word.glyphs}


def _weight(character: str) -> float:
    return _DIGIT_WEIGHT if character.isdigit() else 1.0 if character.isalnum() else _MARK_WEIGHT


def _is_telling(line: TextLine) -> bool:
    glyphs = [glyph for word in line.words for glyph in word.glyphs]
    return (
        all(glyph.has_ink for glyph in glyphs)
        and len(glyphs) >= _LEAST_CHARACTERS
        and sum(_is_known(glyph.text) for glyph in glyphs) >= _LEAST_KNOWN * len(glyphs)
    )


def _is_known(character: str) -> bool:
    return character.isascii() or unicodedata.name(character[0], "").startswith(
        ("LATIN", "DIGIT", "CJK UNIFIED", "HIRAGANA", "KATAKANA", "FULLWIDTH")
    )


def _sample(line: TextLine, size_pt: tuple[float, float]) -> Sample:
    style = line.words[0].glyphs[0].style
    xs, ys = line.quad[::2], line.quad[1::2]
    margin = _MARGIN * style.size
    left, top, right, bottom = min(xs) - margin, min(ys) - margin, max(xs) + margin, max(ys) + margin
    scale = min(_FONT_PX / style.size, _MOST_SIDE_PX / max(right - left, bottom - top))
    x, y = math.floor(left * scale), math.floor(top * scale)
    view = View(
        math.ceil(right * scale) - x,
        math.ceil(bottom * scale) - y,
        round(size_pt[0] * scale),
        round(size_pt[1] * scale),
        -x,
        -y,
    )
    along_x, along_y = style.along
    outward = (-along_x + along_y, -along_y - along_x), (along_x + along_y, along_y - along_x)
    grown = [
        (px + side * dx * margin / 2, py + side * dy * margin / 2)
        for px, py, (dx, dy), side in zip(xs, ys, (*outward, *outward), (1, 1, -1, -1), strict=True)
    ]
    quad = tuple(round(value, 2) for px, py in grown for value in (px * scale - x, py * scale - y))
    return Sample(line.text, quad, view)
