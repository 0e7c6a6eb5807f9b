"""Tells how a page writes dates and numbers, where one of them alone could mean two things."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["NO_CONVENTIONS", "Conventions", "conventions_of"]

# `31/12/2025` can only be a day first, and `12/31/2025` only a month.
_SLASHED = re.compile(r"(?<![\d./-])(\d{1,2})[/-](\d{1,2})[/-](?:\d{4}|\d{2})(?![\d./-])")
# An amount with two decimals tells the decimal mark: `12,50` and `1.234,56`.
_DECIMALS = re.compile(r"(?<![\d.,])\d{1,3}(?:[., ]\d{3}){0,4}([.,])\d{2}(?![\d.,/-])")
_HAN, _KANA = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[\u3040-\u30ff]")
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Conventions:
    """How a page writes what is ambiguous.

    Args:
        day_first: Whether `01/02/2026` is the first of February; None if the page does not tell.
        decimal_mark: The decimal mark; None if the page does not tell.
        is_chinese: Whether `¥` stands for yuan rather than yen.
    """

    day_first: bool | None = None
    decimal_mark: str | None = None
    is_chinese: bool = False


NO_CONVENTIONS = Conventions()


def conventions_of(texts: Iterable[str]) -> Conventions:
    """Tell the conventions of a page. Evidence that contradicts itself tells nothing.

    Args:
        texts: The texts of its lines.
    """
    orders: set[bool] = set()
    marks: set[str] = set()
    has_han = has_kana = False
    for text in texts:
        if not text.isascii():
            has_han = has_han or _HAN.search(text) is not None
            has_kana = has_kana or _KANA.search(text) is not None
        for first, second in _SLASHED.findall(text):
            if _MONTHS < int(first) <= 31 and 1 <= int(second) <= _MONTHS:
                orders.add(True)
            elif 1 <= int(first) <= _MONTHS < int(second) <= 31:
                orders.add(False)
        marks.update(_DECIMALS.findall(text))
    day_first = orders.pop() if len(orders) == 1 else None
    return Conventions(day_first, marks.pop() if len(marks) == 1 else None, has_han and not has_kana)
