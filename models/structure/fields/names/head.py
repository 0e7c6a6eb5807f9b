"""Finds the name of a shop or a company, and its address, at the head of a receipt or an invoice."""

import re
from collections.abc import Callable, Sequence, Set

from models.page import Line
from models.structure.fields.names.known import is_company, is_shop, known_label, length_of_known_label
from models.structure.result import Field, PlacedText, WordSpan

__all__ = ["head_fields", "is_name"]

# The name stands in one of so many lines from the top, and its address in so many lines after it.
_HEAD_LINES, _ADDRESS_LINES, _MOST_BEFORE_ADDRESS = 6, 6, 3
_LEAST_LETTERS, _LEAST_SHARE = 4, 0.6
# Names of partners have some commas; more are those of a list.
_MOST_COMMAS = 3
# A company is looked for in so many lines, where its name stands alone.
_MOST_LINES, _MOST_NAME_WORDS = 150, 6
# A name has at most so many lines.
_MOST_NAME_LINES = 3
# Letters of the name are so much higher than the others of the head, unless a word tells that it is a company.
_LARGE = 1.25
# Lines of one block are at most so many heights apart.
_FAR = 0.8
_NAMED_CONFIDENCE, _FIRST_CONFIDENCE, _ADDRESS_CONFIDENCE = 0.7, 0.5, 0.5
# The number of a company in a register, alone in its line or in brackets behind its name.
_REGISTER = re.compile(r"\(? ?(?:[A-Z]{0,3}[ .:-]{0,2})?\d[\dA-Z ./-]{4,14}\)?")
_NUMBER_OF_COMPANY = re.compile(r"\(? ?co(?:mpany)?[. ]{0,2}(?:reg[. ]{0,2})?no\b", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\([^()]{0,20}\d{3}[^()]{0,20}\)?$")
# Telephone numbers, addresses of mail and web, and times end an address.
_NO_ADDRESS = re.compile(r"^[+\d ()/.-]{7,}$|www\.|https?:|@|\d:\d")
_COLON = re.compile(r"[:\uff1a]")
_NOTES = ("invoice", "receipt", "rechnung", "facture", "factura", "bill")


def head_fields(lines: Sequence[Line], labels: Set[int], has_total: bool) -> list[Field]:
    """Find the company and its address.

    Args:
        lines: The page's lines, in reading order.
        labels: Indices of lines that have labels, which are not names.
        has_total: Whether the page has a total, as receipts and invoices have. Otherwise only the name of a company
            that says that it is one counts.

    Returns:
        Fields of the names `company` and `address`, without labels; none if there are no such lines.
    """
    head = range(min(len(lines), _HEAD_LINES))
    short = [index for index in range(min(len(lines), _MOST_LINES)) if _is_short(lines[index])]
    possible = [index for index in head if index not in labels and is_name(_without_number(lines[index]))]
    company = _first(lines, possible, is_company)
    if company is None and has_total:
        company = _first(lines, possible, is_shop)
        if company is not None and company - 1 in possible and _is_of_smaller_letters(lines, company):
            company -= 1  # `Bakery and Coffee` tells what is sold there
    if company is None:
        company = _first(lines, [index for index in short if is_name(_without_number(lines[index]))], is_company)
    confidence = _NAMED_CONFIDENCE
    if company is None:
        if not possible or not has_total:
            return []
        company, confidence = _largest(lines, head, possible), _FIRST_CONFIDENCE
    elif company > 0 and _NUMBER_OF_COMPANY.match(lines[company].text) and is_name(lines[company - 1].text):
        company -= 1
    start, end = _lines_of_name(lines, company)
    spans = [WordSpan(index, 0, len(lines[index].words)) for index in range(start, end)]
    spans[-1] = WordSpan(end - 1, 0, len(_without_number(lines[end - 1]).split()))
    found = [Field(None, PlacedText.of(spans, lines), confidence, name="company")]
    if address := _address(lines, end):
        spans = [WordSpan(index, 0, len(lines[index].words)) for index in address]
        found.append(Field(None, PlacedText.of(spans, lines), _ADDRESS_CONFIDENCE, name="address"))
    return found


def is_name(text: str) -> bool:
    """Whether a text may be the name of a person or a company: letters, and no title of a document."""
    letters = sum(map(str.isalpha, text))
    is_note = any(note in text.casefold() for note in _NOTES)
    is_mostly_letters = letters >= _LEAST_LETTERS and letters > _LEAST_SHARE * len(text.replace(" ", ""))
    is_list = text.count(",") > _MOST_COMMAS
    return is_mostly_letters and known_label(text) is None and not is_note and not is_list


def _first(lines: Sequence[Line], indices: Sequence[int], fits: Callable[[str], bool]) -> int | None:
    return next((index for index in indices if fits(lines[index].text)), None)


def _is_short(line: Line) -> bool:
    return len(line.words) <= _MOST_NAME_WORDS and ":" not in line.text


def _without_number(line: Line) -> str:
    """A line's words without the number of a company at its end; at least its first word."""
    words = line.text.split()
    for end in range(len(words) - 1, 0, -1):
        if words[end].startswith("(") or "(" in words[end]:
            if _IN_BRACKETS.fullmatch(" ".join(words[end:])):
                return " ".join(words[:end])
            break
    if len(words) > 1 and _REGISTER.fullmatch(words[-1]):
        return " ".join(words[:-1])
    return " ".join(words)


def _largest(lines: Sequence[Line], head: Sequence[int], possible: Sequence[int]) -> int:
    """The line of the largest letters, if they are much larger than others, or the first one."""
    highest = max(possible, key=lambda index: _height(lines[index]))
    middle = sorted(_height(lines[index]) for index in head)[len(head) // 2]
    return highest if _height(lines[highest]) > _LARGE * middle else possible[0]


def _lines_of_name(lines: Sequence[Line], company: int) -> tuple[int, int]:
    """The lines of a name, such as `Miller` and `Trading Ltd.`: the first one, and the one after the last."""
    start, end = company, company + 1
    while start > 0 and end - start < _MOST_NAME_LINES and _is_one_name(lines, start):
        if not is_name(lines[start - 1].text):
            break
        start -= 1
    while end < len(lines) and end - start < _MOST_NAME_LINES and _is_one_name(lines, end):
        if not _is_short(lines[end]):
            break
        end += 1
    return start, end


def _is_one_name(lines: Sequence[Line], index: int) -> bool:
    """Whether a line goes on with the name in the line before: it begins with a legal form or closes a bracket.

    What is written in much smaller letters tells what the company does.
    """
    line, before = lines[index], lines[index - 1]
    if _is_far(lines, index) or _NUMBER_OF_COMPANY.match(line.text) or _is_of_smaller_letters(lines, index):
        return False
    first = line.text.split()[0]
    is_in_bracket = before.text.count("(") > before.text.count(")") and line.text.count(")") > line.text.count("(")
    return is_in_bracket or is_company(first) or (is_shop(first) and len(line.words) <= _MOST_NAME_LINES)


def _is_of_smaller_letters(lines: Sequence[Line], index: int) -> bool:
    return _height(lines[index - 1]) > _LARGE * _height(lines[index])


def _height(line: Line) -> float:
    (_, top), _, (_, bottom), _ = line.polygon
    return abs(bottom - top)


def _address(lines: Sequence[Line], start: int) -> list[int]:
    """Lines from the first one with a number in it on, up to what is not an address."""
    address: list[int] = []
    for index in range(start, min(len(lines), start + _MOST_BEFORE_ADDRESS + _ADDRESS_LINES)):
        line = lines[index]
        if any(fits(line.text) for fits in (_REGISTER.fullmatch, _IN_BRACKETS.fullmatch, _NUMBER_OF_COMPANY.match)):
            continue
        label = _label_of(line)
        if label == "tax_number" and not address:
            continue
        if label is not None or (address and (len(address) >= _ADDRESS_LINES or _is_far(lines, index))):
            break
        if not address and not any(map(str.isdigit, line.text)):
            if index - start >= _MOST_BEFORE_ADDRESS:
                break
            continue
        if any(note in line.text.casefold() for note in _NOTES) or _NO_ADDRESS.search(line.text):
            if address:
                break
            continue
        address.append(index)
    return address


def _label_of(line: Line) -> str | None:
    """The well-known label with which a line begins; the number of a house is not one."""
    words = [word.text.strip("(") for word in line.words][:4]
    length = length_of_known_label(words)
    name = known_label(" ".join(words[:length])) if length else None
    if name is None and (colon := _COLON.search(line.text)):
        name = known_label(line.text[: colon.start()].strip("("))
    return None if name in ("address", "seller") else name


def _is_far(lines: Sequence[Line], index: int) -> bool:
    """Whether there is a gap between a line and the one before it."""
    above, line = lines[index - 1], lines[index]
    return line.polygon[0][1] - above.polygon[3][1] > _FAR * _height(line)
