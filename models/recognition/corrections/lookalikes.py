"""Corrects characters that look like those of another script, by the script of the word or the page around them.

The recognizer sees a line's pixels, and some characters of its charset have the same shape in each script.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from models.languages.scripts import first_word
from models.recognition.ctc import LineText

__all__ = ["with_own_script"]

# Letters of one shape in most fonts (Unicode Technical Standard 39 has them among its confusables).
_LATIN_OF = {
    "GREEK": str.maketrans(
        "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf", "ABEZHIKMNOPTYXo"
    ),
    "CYRILLIC": str.maketrans(
        "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405"
        "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455",
        "ABEKMHOPCTXIJSaeopcyxijs",
    ),
}
_OF_LATIN = {script: {latin: other for other, latin in table.items()} for script, table in _LATIN_OF.items()}
_GREEK_OF_SIGNS = {0x2206: "\u0394", 0x2211: "\u03a3", 0x220F: "\u03a0"}  # increment, sum, product
# Vowels of pinyin, and those that most Latin alphabets have in their place.
_TONED = str.maketrans(
    "\u01cd\u01ce\u01cf\u01d0\u01d1\u01d2\u01d3\u01d4", "\u00c4\u00e4\u00cf\u00ef\u00d6\u00f6\u00dc\u00fc"
)
_WITH_BREVE = str.maketrans("\u01cd\u01ce\u01d3\u01d4", "\u0102\u0103\u016c\u016d")
_BREVES = frozenset("\u0103\u016d")
_DIAERESES = frozenset(map(chr, _TONED.values()))
_MACRONS = frozenset("\u0101\u0113\u012b\u014d\u016b\u01d6\u01d8\u01da\u01dc")
_EASTERN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})
_DEGREES = str.maketrans({"\u2103": "\u00b0C", "\u2109": "\u00b0F"})


def with_own_script(texts: Sequence[LineText]) -> list[LineText]:
    """Give the characters of a page's lines the script that is around them.

    - A Greek or Cyrillic letter of Latin shape becomes Latin in a word of mostly Latin letters, and the other way.
    - On a page without Chinese, Japanese or Korean, forms of full width become usual ones. Vowels with the third tone
      of pinyin get a diaeresis, or a breve if the page has other letters with a breve and none with a diaeresis.

    Args:
        texts: The texts of a page's lines.
    """
    if all(text.text.isascii() for text in texts):
        return list(texts)
    page = frozenset("".join(text.text for text in texts))
    is_western = _EASTERN.isdisjoint(map(first_word, page))
    tones = page & frozenset(map(chr, _TONED))
    vowels = _WITH_BREVE if page & _BREVES and not page & _DIAERESES else _TONED
    is_pinyin = bool(page & _MACRONS) or len(tones) > 1
    corrected = []
    for text in texts:
        characters = list(text.characters)
        if not text.text.isascii():
            if is_western:
                characters = [_usual_width(character) for character in characters]
                if not is_pinyin:
                    characters = [character.translate(vowels) for character in characters]
            _correct_words(characters)
        is_same = tuple(characters) == text.characters
        corrected.append(
            text if is_same else replace(text, text="".join(characters).strip(), characters=tuple(characters))
        )
    return corrected


def _usual_width(character: str) -> str:
    if "\uff01" <= character <= "\uff5e" or "\uffe0" <= character <= "\uffe6":
        return unicodedata.normalize("NFKC", character)
    return character.translate(_DEGREES)


def _correct_words(characters: list[str]) -> None:
    start = 0
    for end, character in enumerate([*characters, " "]):
        if not character.isspace():
            continue
        word = characters[start:end]
        scripts = [first_word(one) for one in word]
        for other, table in _LATIN_OF.items():
            majority = scripts.count("LATIN") - scripts.count(other)
            is_latin = majority > 0
            foreign, table = (other, table) if is_latin else ("LATIN", _OF_LATIN[other])
            strange = {ord(one[0]) for one, script in zip(word, scripts, strict=True) if script == foreign}
            # A word with any letter of another shape is meant so, such as a formula.
            if other in scripts and majority != 0 and strange <= table.keys():
                word = [one.translate(table) for one in word]
        if "GREEK" in scripts:
            word = [one.translate(_GREEK_OF_SIGNS) for one in word]
        characters[start:end] = word
        start = end + 1
