"""Knows labels of invoices, receipts and forms in English, German, French, Spanish, Italian, Dutch and Chinese."""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final

import yaml

from models.structure.result import FieldType

__all__ = [
    "NUMBERS",
    "TYPE_OF_NAME",
    "is_company",
    "is_form_word",
    "is_shop",
    "known_label",
    "length_of_known_label",
    "plain",
    "strength_of_total",
]

_WORDS: Final = yaml.load(Path(__file__).with_name("words.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
_NAME_OF: Final[dict[str, str]] = {label: name for name, labels in _WORDS["labels"].items() for label in labels}
_FORM_WORDS: Final[frozenset[str]] = frozenset(_WORDS["form_words"])
_BESIDE_TOTAL: Final[frozenset[str]] = frozenset(_WORDS["beside_total"])
_WITHOUT_TAX: Final[frozenset[str]] = frozenset(_WORDS["without_tax"])
_STRENGTHS: Final[dict[str, int]] = dict.fromkeys(_WORDS["whole_total"], 1) | dict.fromkeys(_WORDS["final_total"], 2)
_LEGAL_FORMS: Final[frozenset[str]] = frozenset(_WORDS["legal_forms"])
_SHOPS: Final[frozenset[str]] = frozenset(_WORDS["shops"])

TYPE_OF_NAME: Final[dict[str, FieldType]] = {
    "total": "amount", "net": "amount", "tax": "amount", "date": "date", "due_date": "date", "phone": "phone",
    "fax": "phone", "email": "email", "website": "url", "iban": "iban", "seller_vat": "vat_id",
}  # fmt: skip
"""Types of the values that have a well-known name and one type."""
NUMBERS: Final = frozenset(("invoice_number", "order_number", "customer_number", "tax_number"))
"""Names of numbers that name a document or a party, which have a digit."""

# Most texts are not labels: their first word, or its beginning in Chinese, tells.
_FIRST_WORDS: Final = frozenset(label.split()[0] for label in _NAME_OF)
_MOST_WORDS = 8
_MOST_CHARACTERS = 60

# Words after a label that belong to it: `Invoice No. 4711`.
_NUMBER_WORDS: Final = frozenset(("", "#", "no", "nr", "n", "nummer", "number"))
_PUNCTUATION = re.compile(r"[^\w#]+|_+")
_LEGAL_FORM = re.compile(r"\b(?:B\.V\.|S\.A\.|S\.r\.l\.|S\.p\.A\.|S/B\b|e\.V\.|a\.G\.)")
_WEIGHT = re.compile(r"\d ?kg\b", re.IGNORECASE)
_CJK = re.compile(r"(?<=[\u3040-\u30ff\u4e00-\u9fff]) (?=[\u3040-\u30ff\u4e00-\u9fff])")
# What stands in a label beside its name: a rate, a currency, a unit.
_BESIDE = re.compile(r"\([^()]{0,20}\)|\[[^\[\]]{0,20}\]|\d{1,2}(?:[.,]\d{1,2})? ?%|\b(?:EUR|USD|RM|CHF|GBP)\b|[€$£]")


def plain(text: str) -> str:
    """A text in small letters, without accents and marks, its words parted by single spaces."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(character for character in decomposed if not unicodedata.combining(character))
    text = _PUNCTUATION.sub(" ", text.casefold()).strip()
    return text if text.isascii() else _CJK.sub("", text)


@lru_cache(maxsize=4096)
def known_label(text: str) -> str | None:
    """The well-known name that a label stands for, whatever its case, accents and marks; None if it stands for none.

    Args:
        text: The label. A rate, a currency or a note in brackets does not matter.
    """
    if len(text) > _MOST_CHARACTERS:
        return None
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)  # brackets and digits of full width
    words = plain(text)
    if (name := _NAME_OF.get(words)) is not None:
        return name
    if (without_notes := plain(_BESIDE.sub(" ", text)).rstrip("# ")) != words:
        name = _NAME_OF.get(without_notes)
    return name or _kind_of_total(without_notes.split())


def _kind_of_total(words: list[str]) -> str | None:
    others = set(words) - {"total"}
    if len(others) == len(words) or len(words) > _MOST_WORDS or not others <= _BESIDE_TOTAL | _WITHOUT_TAX:
        return None
    return "total" if others.isdisjoint(_WITHOUT_TAX) else "net"


def strength_of_total(label: str) -> int:
    """How sure a label of a total stands for what is to be paid, from 0 to 2."""
    words = plain(label)
    return max((_STRENGTHS.get(word, 0) for word in (words, *words.split())), default=0)


def is_company(text: str) -> bool:
    """Whether a text has a legal form of companies, which `25 kg` is not."""
    words = plain(_WEIGHT.sub(" ", text))
    return not _LEGAL_FORMS.isdisjoint(words.split()) or words.endswith("公司") or _LEGAL_FORM.search(text) is not None


def is_shop(text: str) -> bool:
    """Whether a text has a word that stands in names of shops."""
    words = plain(text)
    return not _SHOPS.isdisjoint(words.split()) or words.endswith(("店", "超市"))


@lru_cache(maxsize=4096)
def _first_word(text: str) -> str:
    return (plain(text[:_MOST_CHARACTERS]) or " ").split(" ")[0]


def length_of_known_label(words: list[str]) -> int:
    """How many words from the first on are the longest well-known label; 0 if none are."""
    if not words or _first_word(words[0]) not in _FIRST_WORDS:
        return 0
    for end in range(min(len(words), _MOST_WORDS), 0, -1):
        if known_label(" ".join(words[:end])):
            while end < len(words) and plain(words[end]) in _NUMBER_WORDS:
                end += 1
            return end
    return 0


def is_form_word(text: str) -> bool:
    """Whether a text has a word that stands in labels of forms."""
    return not _FORM_WORDS.isdisjoint(plain(text).split())
