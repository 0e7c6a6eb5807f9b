"""Finds values without a label of their own: addresses of mail and web, IBANs, VAT ids, dates, sellers and buyers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from models.page import Line
from models.structure.fields.names.head import head_fields, is_name
from models.structure.fields.names.known import is_company, plain
from models.structure.fields.names.naming import find_invoice_number
from models.structure.fields.pieces import Piece, placed
from models.structure.fields.places import Places
from models.structure.fields.types.conventions import Conventions
from models.structure.fields.types.dates import find_date
from models.structure.fields.types.values import read_value
from models.structure.result import Field, PlacedText, WordSpan

__all__ = ["add_unlabeled"]

_PARTIES: Final = ("seller", "buyer")
# These words name a seller and a buyer only on a page that has one of these fields: letters and forms have them too.
_OF_LETTERS: Final = frozenset(("from", "to"))
_OF_TRADE: Final = frozenset(("total", "net", "tax", "invoice_number", "order_number"))
# Types of values that say themselves what they are.
_ALONE: Final = ("email", "url", "iban", "vat_id", "phone")
_ALONE_CONFIDENCE, _FIRST_CONFIDENCE, _PARTY_CONFIDENCE = 0.9, 0.5, 0.6
# Lines with labels that are so sure are not the name of a company.
_SURE = 0.85
# How words begin that may be such a value.
_BEGINS = re.compile(r"[A-Z]{2}\d|ATU\d|CHE-?\d|[A-Z]{2}$|\+\d|\(?www\.|https?:|[^\s@]+@")
# Groups of digits that go on with it.
_GROUP = re.compile(r"[A-Z\d()/.-]{1,8}")
# An IBAN in groups of four has at most nine words; `DE 123 456 789` has four.
_MOST_WORDS = 9
# A line with more words that may be the beginning of such a value is noise.
_MOST_TRIED = 8
# A seller or a buyer stands in one of so many pieces beneath its heading, at most so many heights away, aligned.
_MOST_BENEATH, _FURTHEST, _ALIGNED = 6, 16.0, 2.0
# A gap between its lines is not wider, in heights of the heading.
_WIDE = 2.0


def add_unlabeled(
    fields: Sequence[Field], pieces: Sequence[Piece], lines: Sequence[Line], how: Conventions
) -> list[Field]:
    """Find values that need no label.

    Args:
        fields: The fields with labels.
        pieces: The page's pieces, in reading order.
        lines: The page's lines.
        how: How the page writes dates.

    Returns:
        All fields: those with labels, some of which get a name, and the others.
    """
    found = list(fields)
    taken = {place for field in fields if field.value for span in field.value.words for place in _words_of(span)}
    found += [field for field in _alone(lines, how) if not taken & set(_words_of(_span(field)))]
    sure = [field.label for field in fields if field.label and field.confidence > _SURE]
    labels = {span.line for label in sure for span in label.words}
    names = {field.name for field in found}
    if "seller_vat" not in names:
        first = next((index for index, field in enumerate(found) if field.type == "vat_id"), None)
        if first is not None:
            found[first] = replace(found[first], name="seller_vat")
    if "date" not in names:
        found = _with_first_date(found, pieces, lines, how)
    if "invoice_number" not in names and (number := find_invoice_number(lines)) is not None:
        found.append(number)
    headings = [piece for piece in pieces if piece.known in _PARTIES]
    if _OF_TRADE.isdisjoint(field.name for field in found):
        headings = [piece for piece in headings if plain(piece.text) not in _OF_LETTERS]
        found = [replace(field, name=None) if _is_of_letter(field) else field for field in found]
    found = _with_parties(found, headings, pieces, lines)
    if not {"company", "seller"} & {field.name for field in found}:
        found += head_fields(lines, labels, has_total="total" in names)
    return found


def _span(field: Field) -> WordSpan:
    return field.value.words[0] if field.value else WordSpan(0, 0, 0)


def _words_of(span: WordSpan) -> Iterator[tuple[int, int]]:
    yield from ((span.line, word) for word in range(span.start, max(span.end, span.start + 1)))


def _alone(lines: Sequence[Line], how: Conventions) -> Iterator[Field]:
    for index, line in enumerate(lines):
        words = [word.text for word in line.words]
        start, tried = 0, 0
        while start < len(words) and tried < _MOST_TRIED:
            end = start + 1
            if _BEGINS.match(words[start]):
                tried += 1
                for last in _ends(words, start):
                    value = read_value(" ".join(words[start:last]).strip(",;"), how)
                    if value.type in _ALONE:
                        text = PlacedText.of([WordSpan(index, start, last)], lines)
                        yield Field(None, text, _ALONE_CONFIDENCE, value.type, value.normalized)
                        end = last
                        break
            start = end


def _ends(words: Sequence[str], start: int) -> list[int]:
    """Where a value may end that begins at a word, the longest first: with that word, or after groups of digits."""
    first = words[start]
    if "@" in first or first.lower().startswith(("www", "http", "(www")):
        return [start + 1]
    end = start + 1
    while end < min(len(words), start + _MOST_WORDS) and _GROUP.fullmatch(words[end]):
        end += 1
    # The last group may be a number of its own, but not more.
    return sorted({end, max(end - 1, start + 1), start + 1}, reverse=True)


def _with_first_date(
    fields: list[Field], pieces: Sequence[Piece], lines: Sequence[Line], how: Conventions
) -> list[Field]:
    """Name the first date of the page, which may be the value of a label already."""
    for piece in pieces:
        date = find_date(piece.text, how) if any(map(str.isdigit, piece.text)) else None
        if date is None:
            continue
        for index, field in enumerate(fields):
            if field.type == "date" and field.name is None and field.value and field.value.words == (piece.words,):
                fields[index] = replace(field, name="date")
                return fields
        return [*fields, Field(None, placed([piece], lines), _FIRST_CONFIDENCE, "date", date[2] or None, "date")]
    return fields


def _is_of_letter(field: Field) -> bool:
    """Whether a field is a party that is named as the writer or the reader of a letter is."""
    return field.name in _PARTIES and field.label is not None and plain(field.label.text) in _OF_LETTERS


def _with_parties(
    fields: list[Field], headings: Sequence[Piece], pieces: Sequence[Piece], lines: Sequence[Line]
) -> list[Field]:
    """Find seller and buyer beneath headings such as `Seller`, where a label `Name` or the name itself stands."""
    if not headings:
        return fields
    places = Places(pieces)
    for heading in headings:
        same = [index for index, field in enumerate(fields) if field.name == heading.known]
        if any(is_company(value.text) for index in same if (value := fields[index].value)):
            continue
        beneath = places.beneath(heading, _FURTHEST * heading.height).tolist()
        near = _block(heading, [pieces[index] for index in beneath if pieces[index] is not heading])
        labels = {(piece.words.line, piece.words.start) for piece in near if piece.known in ("name", "company")}
        of_label = [
            index
            for index, field in enumerate(fields)
            if field.label
            and field.value
            and field.label.words
            and (field.label.words[0].line, field.label.words[0].start) in labels
        ]
        if of_label:
            for index in same:
                fields[index] = replace(fields[index], name=None)
            fields[of_label[0]] = replace(fields[of_label[0]], name=heading.known)
            continue
        possible = [piece for piece in near if is_name(piece.text) and not piece.has_colon]
        chosen = next((piece for piece in possible if is_company(piece.text)), None)
        chosen = chosen or (possible[0] if possible and not same else None)
        if chosen is not None:
            for index in same:
                fields[index] = replace(fields[index], name=None)
            label, value = placed([heading], lines), placed([chosen], lines)
            fields.append(Field(label, value, _PARTY_CONFIDENCE, name=heading.known))
    return fields


def _block(heading: Piece, beneath: Sequence[Piece]) -> list[Piece]:
    """The lines beneath a heading that begin where it does, down to the first wide gap after one."""
    block: list[Piece] = []
    for piece in beneath:
        if abs(piece.left - heading.left) > _ALIGNED * heading.height:
            continue
        if (block and piece.top - block[-1].bottom > _WIDE * heading.height) or len(block) == _MOST_BENEATH:
            break
        block.append(piece)
    return block
