"""Reads dates in English, German, French, Spanish, Italian, Dutch, Portuguese and Chinese.

Libraries such as dateparser guess the order of day and month; here a date that could be two dates has no normal form.
"""

import re
import unicodedata
from datetime import date
from typing import Final

from models.structure.fields.types.conventions import Conventions

__all__ = ["find_date", "read_date"]

# A date with its weekday and time is shorter.
_MOST_CHARACTERS = 60
# Two digits of a year, as POSIX reads them: 69 to 99 are of the twentieth century.
_FIRST_YEAR_OF_1900S = 69
# What may stand beside a date: a weekday, or the name of a time zone.
_MOST_LETTERS_BESIDE = 16

# Without accents, in small letters. Each name counts if at least its first three letters are there, and no others.
_MONTHS: Final = (
    "january januar jaenner janner janvier enero gennaio januari janeiro",
    "february februar fevrier febrero febbraio februari fevereiro",
    "march marz maerz mars marzo maart mrt marco",
    "april avril abril aprile",
    "may mai mayo maggio mei maio",
    "june juni juin junio giugno junho",
    "july juli juillet julio luglio julho",
    "august aout agosto augustus",
    "september septembre septiembre settembre setembro",
    "october oktober octobre octubre ottobre outubro",
    "november novembre noviembre novembro",
    "december dezember decembre diciembre dicembre dezembro",
)
_LEAST_LETTERS_OF_MONTH = 3


def _forms_of_months() -> dict[str, int]:
    forms: dict[str, set[int]] = {}
    for number, names in enumerate(_MONTHS, 1):
        for name in names.split():
            for end in range(_LEAST_LETTERS_OF_MONTH, len(name) + 1):
                forms.setdefault(name[:end], set()).add(number)
    # `jui` is June or July, `mar` March in all of them: a form of two months is none.
    return {form: numbers.pop() for form, numbers in forms.items() if len(numbers) == 1}


_MONTH_OF: Final = _forms_of_months()

_NUMERIC = re.compile(r"(?<![\d.,/-])(\d{1,4}) ?([./-]) ?(\d{1,2}) ?\2 ?(\d{4}|\d{1,2})(?![\d/]|[.,-]\d)")
_NAMED = re.compile(
    r"(?<![\d.,])(?:(\d{1,2})(?:st|nd|rd|th|er|\.|º|°)?[ ./-]{0,3}(?:(?:de|of|d') ?)?)?"
    r"(?<![^\W\d_])([^\W\d_]{3,12})\b[ .,/'-]{0,3}(?:del? )?"
    r"(?:(\d{1,2})(?:st|nd|rd|th)?(?: ?, ?| {1,2}|/|-))?(\d{4}|\d{2})(?![\d/]|[.,:-]\d)"
)
_CHINESE = re.compile(r"(\d{4}) ?年 ?(\d{1,2}) ?月(?: ?(\d{1,2}) ?[日号])?")
_TIME = re.compile(r"T?\b\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?(?:\.\d{1,3})?(?: ?[AaPp]\.?[Mm]\b\.?)?(?: ?Uhr| ?h\b)?")


def read_date(text: str, conventions: Conventions) -> str | None:
    """Read a text that is a date, with or without weekday and time.

    Args:
        text: The text.
        conventions: How the page writes dates.

    Returns:
        The date as `2026-01-31`, or `2026-01` without a day; empty if it could be two dates; None if the text is not a
        date.
    """
    found = find_date(text, conventions)
    if found is None:
        return None
    start, end, normalized = found
    rest = _TIME.sub("", text[:start]) + " " + _TIME.sub("", text[end:])
    letters = sum(map(str.isalpha, rest))
    return normalized if letters <= _MOST_LETTERS_BESIDE and not any(map(str.isdigit, rest)) else None


def find_date(text: str, conventions: Conventions) -> tuple[int, int, str] | None:
    """Find the first date in a text.

    Args:
        text: The text, of which the beginning is searched.
        conventions: How the page writes dates.

    Returns:
        Where it begins and ends, and its normal form, empty if it could be two dates; None for a text without a date.
    """
    head = text[:_MOST_CHARACTERS]
    if match := _NUMERIC.search(head):
        first, mark, second, third = match.groups()
        normal = _of_numbers(first, mark, second, third, conventions)
        if normal is not None:
            return match.start(), match.end(), normal
    if match := _CHINESE.search(head):
        year, month, day = match.groups()
        normal = _iso(int(year), int(month), int(day) if day else None)
        if normal is not None:
            return match.start(), match.end(), normal
    for match in _NAMED.finditer(head):
        before, name, after, year = match.groups()
        month_number = _MONTH_OF.get(_plain(name))
        day = before or after
        if month_number is None or (before and after) or (day is None and len(year) < 4):
            continue
        normal = _iso(_full_year(year), month_number, int(day) if day else None)
        if normal is not None:
            return match.start(), match.end(), normal
    return None


def _of_numbers(first: str, mark: str, second: str, third: str, conventions: Conventions) -> str | None:
    if len(first) == 4:
        return _iso(int(first), int(second), int(third)) if len(third) <= 2 else None
    if len(first) == 3 or len(third) == 1:
        return None
    year = _full_year(third)
    day_first = _iso(year, int(second), int(first))
    month_first = _iso(year, int(first), int(second)) if mark != "." else None
    if day_first is None or month_first is None or day_first == month_first:
        return day_first or month_first
    if conventions.day_first is None:
        return ""
    return day_first if conventions.day_first else month_first


def _full_year(digits: str) -> int:
    year = int(digits)
    return year if len(digits) == 4 else year + (1900 if year >= _FIRST_YEAR_OF_1900S else 2000)


def _iso(year: int, month: int, day: int | None) -> str | None:
    if not 1000 <= year <= 2999:
        return None
    try:
        normal = date(year, month, day or 1).isoformat()
    except ValueError:
        return None
    return normal if day else normal[:7]


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))
