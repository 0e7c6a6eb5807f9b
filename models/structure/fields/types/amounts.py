"""Reads numbers and amounts of money.

price-parser (0.5.1) was tried: it drops the sign of `12.50-` and `(12.50)`, finds the number 12 in a date, and keeps a
currency as it is written.
"""

import re
from typing import Final

from models.structure.fields.types.conventions import NO_CONVENTIONS, Conventions

__all__ = ["is_currency", "read_amount", "read_number"]

# No amount on paper is longer.
_MOST_CHARACTERS = 40

_CURRENCIES: Final = {
    "€": "EUR", "$": "USD", "us$": "USD", "£": "GBP", "₹": "INR", "rs": "INR", "rs.": "INR", "rm": "MYR", "dh": "MAD",
    "fr.": "CHF", "sfr.": "CHF", "zł": "PLN", "kč": "CZK", "ft": "HUF", "r$": "BRL", "s$": "SGD", "a$": "AUD",
    "c$": "CAD", "hk$": "HKD", "nt$": "TWD", "₩": "KRW", "₽": "RUB", "₺": "TRY", "₫": "VND", "฿": "THB", "₪": "ILS",
    "元": "CNY", "圆": "CNY", "円": "JPY", "rmb": "CNY", "euro": "EUR", "euros": "EUR", "rp": "IDR", "eur.": "EUR",
}  # fmt: skip
_CODES: Final = re.compile(
    "AED|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|ISK|JPY|KRW|MAD|MXN|MYR|NGN|NOK|NZD|"
    "PEN|PHP|PKR|PLN|RON|RSD|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR"
)
# Signs of more than one currency: the page tells which.
_YEN_OR_YUAN: Final = "¥￥"

_DIGITS = re.compile(r"\d+(?:(?:[.,'\u2019\u00a0\u202f]| (?=\d{3}(?!\d)))\d+)*")
_FREE_FORM = re.compile(
    r"([^\d]{0,8}?)(\d(?:[\d.,'\u2019\u00a0\u202f ]{0,28}\d)?)(?:[,.][-\u2013\u2014]{1,2})?([^\d]{0,8})"
)
_GROUP = 3
_MOST_OF_CURRENCY = 6


def read_amount(text: str, conventions: Conventions) -> str | None:
    """Read a text that is an amount of money: a number with a currency, or with two decimals.

    Args:
        text: The text.
        conventions: How the page writes numbers.

    Returns:
        The amount as `1234.56 EUR`, or `1234.56` where the currency is not told; None if it is not an amount.
    """
    parts = _parts(text)
    if parts is None:
        return None
    sign, before, digits, after = parts
    currency = ""
    for word in (before, after):
        if word:
            code = _code_of(word, conventions)
            if code is None or currency:
                return None
            currency = code
    number = _number(digits, conventions, prefers_groups=True)
    if number is None:
        return None
    if not currency and len(number.partition(".")[2]) != 2:
        return None
    return f"{sign}{number} {currency}".rstrip()


def is_currency(text: str) -> bool:
    """Whether a text is the sign or the code of a currency."""
    return len(text) <= _MOST_OF_CURRENCY and _code_of(text.strip(":"), NO_CONVENTIONS) is not None


def read_number(text: str, conventions: Conventions) -> str | None:
    """Read a text that is a number, or a percentage.

    Args:
        text: The text.
        conventions: How the page writes numbers.

    Returns:
        The number with a point, as `-1234.5` or `19%`; None if it is not a number. Digits that begin with zeros are
        not a number, as they name something.
    """
    parts = _parts(text)
    if parts is None:
        return None
    sign, before, digits, after = parts
    if before or after not in ("", "%"):
        return None
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
        return None
    number = _number(digits, conventions, prefers_groups=True)
    return None if number is None else f"{sign}{number}{after}"


def _parts(text: str) -> tuple[str, str, str, str] | None:
    """A number's sign, the word before it, its digits and the word after it."""
    text = text.strip()
    if not text or len(text) > _MOST_CHARACTERS:
        return None
    match = _FREE_FORM.fullmatch(text)
    if match is None:
        return None
    before, digits, after = (part.strip() for part in match.groups())
    negative = False
    if before.startswith("(") and after.endswith(")"):
        negative, before, after = True, before[1:].strip(), after[:-1].strip()
    for mark in "-\u2013\u2212":
        if mark in before:
            negative, before = True, before.replace(mark, "", 1).strip()
        elif after.startswith(mark) or after.endswith(mark):
            negative, after = True, after.strip(mark + " ")
    before, after = before.removeprefix("+").strip(), after.removesuffix("*").rstrip(",.;").strip()
    return "-" if negative else "", before.rstrip(":").strip(), digits, after


def _code_of(word: str, conventions: Conventions) -> str | None:
    if word in _YEN_OR_YUAN:
        return "CNY" if conventions.is_chinese else "JPY"
    if _CODES.fullmatch(word.upper()):
        return word.upper()
    return _CURRENCIES.get(word.casefold())


def _number(digits: str, conventions: Conventions, prefers_groups: bool) -> str | None:
    """Digits with marks, as a number with a point; None if the marks are no groups and no decimals."""
    if _DIGITS.fullmatch(digits) is None:
        return None
    marks = [character for character in digits if not character.isdigit()]
    if not marks:
        return digits
    last = marks[-1]
    whole, _, end = digits.rpartition(last)
    if last in ".,":
        is_only = marks.count(last) == 1
        is_decimal = is_only and (
            len(end) != _GROUP
            or whole in ("", "0")
            or (len(marks) == 1 and (len(whole) > _GROUP or conventions.decimal_mark == last))
            or not prefers_groups
        )
        if is_decimal:
            groups = _groups(whole, set(marks) - {last})
            return None if groups is None else f"{groups}.{end}"
    return _groups(digits, set(marks))


def _groups(digits: str, marks: set[str]) -> str | None:
    """Digits in groups of three, or as in India of two and three; None if they are not."""
    if not marks:
        return digits
    if len(marks) > 1:
        return None
    first, *others = digits.split(marks.pop())
    if not 1 <= len(first) <= _GROUP or len(others[-1]) != _GROUP or any(len(one) not in (2, 3) for one in others):
        return None
    return first + "".join(others)
