"""Checks that a text layer is real text, not garbage."""

import unicodedata

from deployments.preprocess.pdfium.glyphs import Glyphs

__all__ = ["doubts_about_text"]

_MOST_UNMAPPED = 0.05

# The least share of letters, digits and common marks. Formulas and tables have more symbols than prose.
_LEAST_COMMON = 0.6
_COMMON_MARKS = frozenset(
    ".,:;!?'\"()[]/-%&@#*+=<>|$_\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u2022\u20ac\u00b0\u00a9"
)

# The least share of vowels. European languages have 35 to 48 %. The commonest garbage, a font whose codes are shifted,
# has some 15 %.
_LEAST_VOWELS = 0.22
_TELLING_LETTERS = 150
_VOWELS = frozenset("aeiouy")


def doubts_about_text(glyphs: Glyphs) -> list[str]:
    """Say why a text layer may not be real text.

    Args:
        glyphs: The text layer's characters.

    Returns:
        Parts of a sentence; empty if there is no doubt.
    """
    if not glyphs.is_complete:
        return ["it has very many characters"]
    text = "".join(glyph.text for glyph in glyphs.glyphs if not glyph.is_space)
    doubts = []
    if glyphs.unmapped > _MOST_UNMAPPED * (len(text) + glyphs.unmapped):
        doubts.append(f"{glyphs.unmapped:,} of its characters have no meaning in Unicode")
    common = sum(character in _COMMON_MARKS or unicodedata.category(character)[0] in "LMN" for character in text)
    if common < _LEAST_COMMON * len(text):
        doubts.append(f"{len(text) - common:,} of its {len(text):,} characters are unusual")
    letters = [unicodedata.normalize("NFD", character)[0] for character in text.lower() if _is_latin(character)]
    if len(letters) >= _TELLING_LETTERS:
        vowels = sum(letter in _VOWELS for letter in letters)
        if vowels < _LEAST_VOWELS * len(letters):
            doubts.append("it does not look like words")
    return doubts


def _is_latin(character: str) -> bool:
    return character.isalpha() and character < "\u0250"
