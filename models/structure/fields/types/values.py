"""Tells of which type a text is, and brings it to one form for all documents."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.structure.fields.types.amounts import read_amount, read_number
from models.structure.fields.types.conventions import Conventions
from models.structure.fields.types.dates import read_date
from models.structure.fields.types.identifiers import read_email, read_iban, read_phone, read_url, read_vat_id
from models.structure.result import FieldType

__all__ = ["TEXT", "Value", "find_words", "read_as", "read_value"]

# A date with its time, and an IBAN in groups, have at most so many words.
_MOST_WORDS = 9
# No typed value is longer: a mail address has at most 120 characters.
_MOST_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class Value:
    """What a text is.

    Args:
        type: Its type.
        normalized: The text in one form for all documents; None if it has none.
    """

    type: FieldType
    normalized: str | None = None


TEXT = Value("text")


def read_value(text: str, conventions: Conventions, expected: FieldType | None = None) -> Value:
    """Tell what a whole text is.

    Args:
        text: The text.
        conventions: How its page writes dates and numbers.
        expected: The type that its label tells, which is tried first.

    Returns:
        The first type that fits; plain text if none does.
    """
    if len(text) > _MOST_CHARACTERS:
        return TEXT
    text = " ".join(text.split())
    has_digits = any(map(str.isdigit, text))
    if not has_digits and "@" not in text and "w" not in text.casefold() and "://" not in text:
        return TEXT
    if expected == "phone" and (number := read_phone(text, is_expected=True)) is not None:
        return Value("phone", number or None)
    if (normal := read_email(text)) is not None:
        return Value("email", normal)
    if (normal := read_url(text)) is not None:
        return Value("url", normal)
    if not has_digits:
        return TEXT
    if (normal := read_date(text, conventions)) is not None:
        return Value("date", normal or None)
    if (normal := read_amount(text, conventions)) is not None:
        return Value("amount", normal)
    if (normal := read_number(text, conventions)) is not None:
        return Value("amount" if expected == "amount" else "number", normal)
    if (normal := read_iban(text)) is not None:
        return Value("iban", normal)
    if (normal := read_vat_id(text)) is not None:
        return Value("vat_id", normal or None)
    if (normal := read_phone(text, is_expected=False)) is not None:
        return Value("phone", normal or None)
    return TEXT


def read_as(text: str, wanted: FieldType, conventions: Conventions) -> Value | None:
    """Read a whole text as a type that is asked for.

    Args:
        text: The text, its words parted by single spaces.
        wanted: The type.
        conventions: How its page writes dates and numbers.

    Returns:
        The value, which may have no normal form; None if the text is not of the type.
    """
    if len(text) > _MOST_CHARACTERS:
        return None
    normal: str | None
    match wanted:
        case "date":
            normal = read_date(text, conventions)
        case "amount":
            normal = read_amount(text, conventions) or read_number(text, conventions)
        case "number":
            normal = read_number(text, conventions) or read_amount(text, conventions)
        case "email":
            normal = read_email(text)
        case "phone":
            normal = read_phone(text, is_expected=True)
        case "iban":
            normal = read_iban(text)
        case "vat_id":
            normal = read_vat_id(text)
        case "url":
            normal = read_url(text)
        case _:
            return read_value(text, conventions)
    return None if normal is None else Value(wanted, normal or None)


def find_words(words: Sequence[str], wanted: FieldType, conventions: Conventions) -> tuple[int, int, Value] | None:
    """Find the first words of a text that are of a type.

    Args:
        words: The words of the text.
        wanted: The type.
        conventions: How its page writes dates and numbers.

    Returns:
        The first word, the one after the last, and the value; None if no words are of the type.
    """
    for start in range(len(words)):
        ends = range(start + 1, min(len(words), start + _MOST_WORDS) + 1)
        # Words beside a date do not make it another one; an amount may have groups.
        for end in ends if wanted == "date" else reversed(ends):
            value = read_as(" ".join(words[start:end]), wanted, conventions)
            if value is not None:
                return start, end, value
    return None
