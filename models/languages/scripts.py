"""Names the scripts that rayocr tells apart, and tells the script of a character."""

import unicodedata
from functools import cache

__all__ = ["SCRIPTS", "first_word", "script_named", "script_of"]

# By their codes of ISO 15924, with the first word of their characters' names in Unicode.
_FIRST_WORDS = {
    "Latn": ("LATIN",),
    "Hani": ("CJK", "HIRAGANA", "KATAKANA"),
    "Hang": ("HANGUL",),
    "Cyrl": ("CYRILLIC",),
    "Grek": ("GREEK",),
    "Arab": ("ARABIC",),
    "Hebr": ("HEBREW",),
    "Deva": ("DEVANAGARI",),
    "Beng": ("BENGALI",),
    "Guru": ("GURMUKHI",),
    "Gujr": ("GUJARATI",),
    "Orya": ("ORIYA",),
    "Taml": ("TAMIL",),
    "Telu": ("TELUGU",),
    "Knda": ("KANNADA",),
    "Mlym": ("MALAYALAM",),
    "Sinh": ("SINHALA",),
    "Thai": ("THAI",),
    "Laoo": ("LAO",),
    "Tibt": ("TIBETAN",),
    "Mymr": ("MYANMAR",),
    "Khmr": ("KHMER",),
    "Geor": ("GEORGIAN",),
    "Armn": ("ARMENIAN",),
    "Ethi": ("ETHIOPIC",),
    "Syrc": ("SYRIAC",),
    "Thaa": ("THAANA",),
    "Cher": ("CHEROKEE",),
    "Cans": ("CANADIAN",),
}
#: The scripts that the net tells apart, in the order of its classes; `Hani` is Chinese and Japanese.
SCRIPTS = tuple(_FIRST_WORDS)
_SCRIPT_OF_WORD = {word: script for script, words in _FIRST_WORDS.items() for word in words}


@cache
def first_word(character: str) -> str:
    """The first word of the name of a letter in Unicode, which is its script; nothing for other characters.

    >>> first_word("ж"), first_word("7")
    ('CYRILLIC', '')
    """
    return unicodedata.name(character[0], "").split(" ")[0] if character[:1].isalpha() else ""


def script_named(word: str) -> str | None:
    """The script whose letters have names that begin with a word; None if it is not among `SCRIPTS`.

    >>> script_named("HIRAGANA"), script_named("RUNIC")
    ('Hani', None)
    """
    return _SCRIPT_OF_WORD.get(word)


def script_of(character: str) -> str | None:
    """The script of a letter, as a code of `SCRIPTS`; None for digits, marks and other scripts' letters.

    >>> script_of("ж"), script_of("語"), script_of("7")
    ('Cyrl', 'Hani', None)
    """
    return script_named(first_word(character))
