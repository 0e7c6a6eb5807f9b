"""Parses JSON that a client sent, and refuses what would stop the service or break later work."""

import json
from typing import NoReturn

from models.errors import MalformedRequest, TooLarge

__all__ = ["parsed_json"]

# So many values are parsed in a fifth of a second, in which the event loop does nothing else.
_MOST_VALUES = 100_000
_BRANCHES = (b",", b"[", b"{")
# A model reports each field that it does not know, which takes seconds for some hundred thousand.
_MOST_FIELDS = 100


def parsed_json(text: bytes, what: str, most_entries: int = 0) -> object:
    """Parse a JSON text.

    Args:
        text: The text, in UTF-8, or in UTF-16 or UTF-32 as the first bytes tell.
        what: Name of the text in messages.
        most_entries: The most entries of a list that may be long.

    Raises:
        MalformedRequest: The text is not JSON (RFC 8259), or holds a number or characters that no answer could hold.
        TooLarge: The text holds more values than a request needs, or an object of more than 100 fields.
    """
    most = _MOST_VALUES + 2 * most_entries
    if sum(text.count(branch) for branch in _BRANCHES) > most:
        raise TooLarge(f"{what}: more than {most:,} values, which is the limit: send less at a time")
    try:
        unicode = text.decode(json.detect_encoding(text))
        parsed: object = json.loads(unicode, parse_constant=_refuse_constant, object_pairs_hook=_few_fields)
        if "\\u" in unicode:
            json.dumps(parsed, ensure_ascii=False).encode()  # half of a surrogate pair can't be encoded
    except UnicodeEncodeError as exc:
        raise MalformedRequest(
            f"{what}: not valid JSON: it holds half of a surrogate pair (\\ud800 to \\udfff)"
        ) from exc
    # A ValueError of its own tells of an integer with thousands of digits.
    except (ValueError, RecursionError) as exc:
        raise MalformedRequest(f"{what}: not valid JSON: {exc}") from exc
    return parsed


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _few_fields(fields: list[tuple[str, object]]) -> dict[str, object]:
    if len(fields) > _MOST_FIELDS:
        raise TooLarge(f"an object has {len(fields):,} fields, over the limit of {_MOST_FIELDS}: leave out the others")
    return dict(fields)
