"""Gives fields their well-known names, by their labels, by where they stand, and by what adds up."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from models.page import Line
from models.structure.fields.names.known import (
    NUMBERS,
    TYPE_OF_NAME,
    known_label,
    length_of_known_label,
    plain,
    strength_of_total,
)
from models.structure.fields.types.conventions import Conventions
from models.structure.fields.types.values import find_words, read_value
from models.structure.result import Field, FieldType, PlacedText, WordSpan

__all__ = ["name_fields"]

# A document has one of each; of several candidates the best keeps the name.
_UNIQUE: Final = frozenset({
    "total", "net", "tax", "date", "due_date", "invoice_number", "order_number", "customer_number", "seller", "buyer",
    "seller_vat", "company",
})  # fmt: skip
# How much surer a label such as `Grand total` is than `Total`, in confidence.
_WORTH_OF_STRENGTH = 0.15
# Letters so much higher than others are large.
_LARGE = 1.4
# Names that need a value of their type: a phrase is not a date.
_STRICT: Final = frozenset(("total", "net", "tax", "date", "due_date", "email", "iban"))
_AMOUNTS: Final = ("total", "net", "tax")
# A number that names a document has a digit, and is one word.
_WITH_DIGITS: Final = NUMBERS | {"seller_vat", "phone", "fax"}
# Amounts that are looked at for a sum: an invoice's summary has some ten.
_MOST_AMOUNTS = 60
# Taxes on goods are so much of them at most.
_MOST_TAX = 0.35
_CENT = 0.005
# A heading stands in one of so many lines from the top.
_HEADING_LINES = 100


def name_fields(fields: Sequence[Field], lines: Sequence[Line], how: Conventions) -> list[Field]:
    """Name fields after their labels.

    Args:
        fields: The fields of a page, in reading order.
        lines: The page's lines.
        how: How the page writes numbers.

    Returns:
        The same fields, some with a name. The value of a number that names a document is cut to that number.
    """
    named = [_named(field, lines, how) for field in fields]
    if not any(field.name == "total" for field in named):
        named = [_total_of_receipt(field, named) for field in named]
    for name in sorted(_UNIQUE):
        same = [index for index, field in enumerate(named) if field.name == name]
        lowest = min((_height(named[index]) for index in same), default=0.0)
        best = max(same, key=lambda index: _rank(name, named[index], index, lowest), default=None)
        for index in same:
            if index != best:
                named[index] = replace(named[index], name=None)
    return _added_up(named)


def _total_of_receipt(field: Field, fields: Sequence[Field]) -> Field:
    """On receipts, `Net total` is what is left to pay, and so is a subtotal to which no tax is added."""
    if field.name != "net" or field.label is None:
        return field
    is_last = plain(field.label.text) in ("net total", "nett total")
    is_alone = not any(other.name == "tax" for other in fields)
    return replace(field, name="total") if is_last or is_alone else field


def _named(field: Field, lines: Sequence[Line], how: Conventions) -> Field:
    if field.label is None or field.value is None:
        return field
    name = known_label(field.label.text.replace("\n", " "))
    if name == "tax" and field.type == "vat_id":  # `TVA: FR11999999998`
        name = "seller_vat"
    if name is None:
        return field
    expected = TYPE_OF_NAME.get(name)
    is_number = field.type == "number" and not field.value.text.endswith("%")
    part = _part_of_type(field, expected, lines, how) if expected not in (None, field.type) else None
    if part is not None:
        return replace(part, name=name)
    if name in _STRICT and not (field.type == expected or (expected == "amount" and is_number)):
        return field
    if name in _WITH_DIGITS and (field.type == "date" or not any(map(str.isdigit, field.value.text))):
        return field
    if name in NUMBERS and (number := _number_in(field.value, lines)) is not None:
        read = read_value(number.text, how)
        return replace(field, value=number, type=read.type, normalized=read.normalized, name=name)
    return replace(field, name=name)


def _part_of_type(field: Field, expected: FieldType | None, lines: Sequence[Line], how: Conventions) -> Field | None:
    """The field with those words of its value that are of the type that its label tells."""
    if field.value is None or expected is None or len(field.value.words) != 1:
        return None
    span = field.value.words[0]
    words = [word.text for word in lines[span.line].words[span.start : span.end]]
    found = find_words(words, expected, how) if len(words) > 1 else None
    if found is None:
        return None
    start, end, value = found
    text = PlacedText.of([WordSpan(span.line, span.start + start, span.start + end)], lines)
    return replace(field, value=text, type=value.type, normalized=value.normalized)


def _number_in(value: PlacedText, lines: Sequence[Line]) -> PlacedText | None:
    """The first word of a value that has a digit, if it has several words."""
    for span in value.words:
        for at in range(span.start, span.end):
            if len(value.words) + span.end - span.start > 2 and any(map(str.isdigit, lines[span.line].words[at].text)):
                return PlacedText.of([WordSpan(span.line, at, at + 1)], lines)
    return None


def _rank(name: str, field: Field, index: int, lowest: float) -> tuple[float, float, int]:
    """Leave a name to the field with the highest rank, if several have it."""
    if name in _AMOUNTS:
        strength = strength_of_total(field.label.text) if name == "total" and field.label else 0
        strength += 2 if _height(field) > _LARGE * lowest else 0
        amount = abs(_number_of(field))
        return round(field.confidence + _WORTH_OF_STRENGTH * strength, 1) if amount else 0.0, amount, -index
    return field.confidence, 0.0, -index


def _height(field: Field) -> float:
    """The height of the label, as letters of a total may be larger."""
    if field.label is None:
        return 0.0
    (_, top), _, (_, bottom), _ = field.label.polygon
    return bottom - top


def _number_of(field: Field) -> float:
    try:
        return float((field.normalized or "0").split(" ")[0])
    except ValueError:
        return 0.0


def _added_up(fields: list[Field]) -> list[Field]:
    """Name the net sum and the tax that add up to the total, if those that were named do not."""
    named = {field.name: index for index, field in enumerate(fields) if field.name in _AMOUNTS}
    total = _number_of(fields[named["total"]]) if "total" in named else 0.0
    if total <= 0:
        return fields
    amounts = [(index, _number_of(field)) for index, field in enumerate(fields) if field.type in ("amount", "number")]
    fitting = list(_sums(amounts[-_MOST_AMOUNTS:], total))
    if not fitting or (named.get("net"), named.get("tax")) in fitting:
        return fields
    # Prefer what has its label already, then what stands furthest down, where sums are.
    net, tax = max(fitting, key=lambda pair: ((pair[0] == named.get("net")) + (pair[1] == named.get("tax")), pair))
    for name in ("net", "tax"):
        if name in named:
            fields[named[name]] = replace(fields[named[name]], name=None)
    fields[net] = replace(fields[net], name="net")
    fields[tax] = replace(fields[tax], name="tax")
    return fields


def _sums(amounts: Sequence[tuple[int, float]], total: float) -> Iterator[tuple[int, int]]:
    """Pairs of a net sum and a tax that add up to a total, as indices of fields."""
    for tax_index, tax in amounts:
        if 0 < tax <= _MOST_TAX * total:
            for net_index, net in amounts:
                if net_index != tax_index and abs(net + tax - total) < _CENT:
                    yield net_index, tax_index


def find_invoice_number(lines: Sequence[Line]) -> Field | None:
    """Find the number of an invoice in a heading, such as `Invoice no. 4711 of 3 May 2026`."""
    for index, line in enumerate(lines[:_HEADING_LINES]):
        words = [word.text for word in line.words]
        for start in range(len(words) - 1):
            length = length_of_known_label(words[start : start + 6])
            end = start + length
            if not length or end >= len(words) or known_label(" ".join(words[start:end])) != "invoice_number":
                continue
            if sum(map(str.isdigit, words[end])) >= 2:
                label = PlacedText.of([WordSpan(index, start, end)], lines)
                number = PlacedText.of([WordSpan(index, end, end + 1)], lines)
                return Field(label, number, 0.6, name="invoice_number")
    return None
