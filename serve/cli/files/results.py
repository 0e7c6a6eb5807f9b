"""Writes results to stdout, as text or as JSON."""

import json
import re
import sys

from serve.cli.console import one_line, portable_text
from serve.results import OcrResult

__all__ = ["json_text", "write_bytes", "write_json", "write_text"]

# A JSON string has no line break in it, so these match nothing but structure.
_POINT = re.compile(r"\[\n\s+([-+.\deE]+),\n\s+([-+.\deE]+)\n\s+\]")
_POLYGON = re.compile(r"\[\n\s+(\[[^\[\]\n]+\](?:,\n\s+\[[^\[\]\n]+\])*)\n\s+\]")


def write_text(name: str, text: str, *, is_one_of_many: bool, is_first: bool) -> None:
    """Write a document's text. If there are several, a header line with its name comes first, as in `head`.

    Args:
        name: Name of the source.
        text: The document's text.
        is_one_of_many: Whether a header is needed.
        is_first: Whether nothing was written yet.
    """
    if is_one_of_many:
        blank = "" if is_first else "\n"
        sys.stdout.write(f"{blank}==> {one_line(name)} <==\n")
    sys.stdout.write(text)
    if text and not text.endswith("\n"):
        sys.stdout.write("\n")
    sys.stdout.flush()


def write_bytes(content: bytes) -> None:
    """Write a file as it is."""
    sys.stdout.buffer.write(content)
    sys.stdout.flush()


def write_json(name: str, result: OcrResult, *, is_pretty: bool) -> None:
    """Write a result as one JSON object with its `source`, on one line or laid out for a person."""
    sys.stdout.write(json_text(name, result, is_pretty=is_pretty) + "\n")
    sys.stdout.flush()


def json_text(name: str, result: OcrResult, *, is_pretty: bool) -> str:
    """Make one JSON object. If it is laid out for a person, a polygon still takes one line instead of eighteen."""
    values = {"source": portable_text(name), **result.model_dump(mode="json")}
    if not is_pretty:
        return json.dumps(values, ensure_ascii=False)
    text = _POINT.sub(r"[\1, \2]", json.dumps(values, ensure_ascii=False, indent=2))
    return _POLYGON.sub(lambda match: "[" + re.sub(r",\n\s+", ", ", match[1]) + "]", text)
