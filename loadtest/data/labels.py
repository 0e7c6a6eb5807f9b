"""Labelled pages (`labels.jsonl`) and the lines an OCR found, as plain values."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtest.data.polygon import Polygon
from loadtest.errors import LoadtestError

__all__ = ["LabelLine", "LabelRow", "PageLabel", "ResultLine", "lines_from_answer", "read_labels"]


@dataclass(frozen=True)
class LabelLine:
    """One labelled line or word.

    Attributes:
        text: What is written there.
        polygon: Its corners in pixels of the image, or None where only the text is known.
        ignore: Nobody could read it: it counts neither for nor against an OCR.
    """

    text: str
    polygon: Polygon | None = None
    ignore: bool = False


@dataclass(frozen=True)
class PageLabel:
    """The truth about one page.

    Attributes:
        lines: Labelled lines, in no particular order.
        partial: Only some of the text is labelled, so that what an OCR finds beyond it says nothing.
    """

    lines: Sequence[LabelLine]
    partial: bool = False


@dataclass(frozen=True)
class LabelRow:
    """One row of `labels.jsonl`: an image and the truth about it."""

    image: Path
    page: PageLabel


@dataclass(frozen=True)
class ResultLine:
    """One line that an OCR found: its text, and its corners in page pixels."""

    text: str
    polygon: Polygon


def read_labels(path: Path) -> list[LabelRow]:
    """Read a `labels.jsonl`; image paths are relative to its folder.

    Raises:
        LoadtestError: The file can't be read, or a row is not as documented. Names the file and the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise LoadtestError(f"cannot read the labels {path}: {exc}") from exc
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            rows.append(_row(json.loads(line), path.parent))
        except (KeyError, TypeError, ValueError) as exc:
            raise LoadtestError(f"{path}, line {number}: not a label row ({exc!r})") from exc
    return rows


def lines_from_answer(answer: object) -> list[ResultLine]:
    """Lines of every page of the service's JSON answer, in its order.

    Raises:
        ValueError: The answer has not the documented shape.
    """
    try:
        pages = _mapping(answer)["pages"]
        return [
            ResultLine(_text(line["text"]), _polygon(line["polygon"]))
            for page in _rows(pages)
            for line in _rows(_mapping(page)["lines"])
        ]
    except (KeyError, TypeError) as exc:
        raise ValueError(f"not an answer of /v1/ocr: {exc!r}") from exc


def _row(row: object, folder: Path) -> LabelRow:
    fields = _mapping(row)
    lines = [
        LabelLine(
            text=_text(line["text"]),
            polygon=None if line.get("points") is None else _polygon(line["points"]),
            ignore=bool(line.get("ignore", False)),
        )
        for line in _rows(fields["lines"])
    ]
    return LabelRow(folder / _text(fields["image"]), PageLabel(lines, partial=bool(fields.get("partial", False))))


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"expected an object, got {type(value).__name__}")
    return value


def _rows(value: object) -> Iterable[Mapping[str, object]]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, got {type(value).__name__}")
    return [_mapping(item) for item in value]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {type(value).__name__}")
    return value


def _polygon(value: object) -> Polygon:
    if not isinstance(value, list):
        raise TypeError(f"expected a list of corners, got {type(value).__name__}")
    return [(float(x), float(y)) for x, y in value]
