"""The content of a document, and the places of its lines and words in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, NamedTuple

from rich.cells import split_graphemes

from serve.doors.passages import Passage
from serve.exports import ReadDocument, export_format
from serve.results import LineResult, OcrPage, OcrResult
from serve.structure_results import WordSpanResult

__all__ = ["Content", "ContentFormat", "IndexType", "Placed", "Span", "content_of"]

ContentFormat = Literal["text", "markdown"]
IndexType = Literal["textElements", "unicodeCodePoint", "utf16CodeUnit"]

_BEYOND_TWO_BYTES = 0x10000
# A word stands in the Markdown so many characters after the one before it at most, or is written in another way.
_FARTHEST = 200


class Span(NamedTuple):
    """A part of the content, in code points."""

    begin: int
    end: int


class Placed(NamedTuple):
    """A line with its part of the content, and those of its words."""

    line: LineResult
    span: Span
    words: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """A document's content.

    Args:
        text: The text.
        units: The count of units before each code point of it, and of all of them.
        pages: The lines of each page, by their indices.
        orders: The indices of each page's lines in the order of the content.
    """

    text: str
    units: Sequence[int]
    pages: Sequence[Sequence[Placed]]
    orders: Sequence[Sequence[int]]

    def span(self, span: Span) -> dict[str, int]:
        """Write a part of the content in the units that were asked for."""
        begin, end = self.units[span.begin], self.units[span.end]
        return {"offset": begin, "length": end - begin}

    def spans(self, page: int, words: Iterable[WordSpanResult]) -> list[Span]:
        """Find words in the content, those that stand together as one span.

        Args:
            page: Index of their page.
            words: Where they are on it.
        """
        found: list[Span] = []
        for begin, end in sorted(_part(self.pages[page][word.line], word) for word in words):
            if found and found[-1].end + 1 >= begin:
                found[-1] = Span(found[-1].begin, max(found[-1].end, end))
            else:
                found.append(Span(begin, end))
        return found

    def end_of(self, page: int) -> Span:
        """The place after the last line of a page, or after the page before if it has none."""
        lines = next((lines for lines in reversed(self.pages[: page + 1]) if lines), ())
        end = max((line.span.end for line in lines), default=0)
        return Span(end, end)


def content_of(
    result: OcrResult, passages: Sequence[Sequence[Passage]], content_format: ContentFormat, index_type: IndexType
) -> Content:
    """Write the content of a document.

    Args:
        result: The result of the document.
        passages: The passages of each page.
        content_format: The format of the content.
        index_type: What spans count.
    """
    orders = [_order(page, of_page) for page, of_page in zip(result.pages, passages, strict=True)]
    write = _text_content if content_format == "text" else _markdown_content
    text, pages = write(result, passages, orders)
    return Content(text, _units(text, index_type), pages, orders)


def _order(page: OcrPage, passages: Sequence[Passage]) -> Sequence[int]:
    """The order of a page's lines: with a structure, each where its first word is read."""
    if page.structure is None:
        return range(len(page.lines))
    return list(dict.fromkeys(word.line for passage in passages for word in passage.words))


def _part(line: Placed, word: WordSpanResult) -> Span:
    if word.end - word.start >= len(line.words):
        return line.span
    return Span(line.words[word.start].begin, line.words[word.end - 1].end)


def _text_content(
    result: OcrResult, _passages: Sequence[Sequence[Passage]], orders: Sequence[Sequence[int]]
) -> tuple[str, list[list[Placed]]]:
    """Join the lines by line breaks, as the service does, and place each of them."""
    at, texts, pages = 0, [], []
    for page, order in zip(result.pages, orders, strict=True):
        placed: dict[int, Placed] = {}
        for index in order:
            line = page.lines[index]
            placed[index] = Placed(line, Span(at, at + len(line.text)), tuple(_words(line, at)))
            texts.append(line.text)
            at += len(line.text) + 1
        pages.append([placed[index] for index in range(len(page.lines))])
    return "\n".join(texts), pages


def _markdown_content(
    result: OcrResult, passages: Sequence[Sequence[Passage]], orders: Sequence[Sequence[int]]
) -> tuple[str, list[list[Placed]]]:
    """Find the words of the lines in the Markdown. What it writes in another way has a span without length."""
    text = export_format("markdown").convert(ReadDocument(result)).decode()
    cursor, pages = 0, []
    for page, of_page, order in zip(result.pages, passages, orders, strict=True):
        whole = [WordSpanResult(index, 0, len(page.lines[index].words)) for index in order]
        places: dict[int, dict[int, Span]] = {index: {} for index in order}
        ends: dict[int, int] = {}
        for line, start, end in whole if page.structure is None else [one for each in of_page for one in each.words]:
            for index in range(start, end):
                word = page.lines[line].words[index].text
                found = text.find(word, cursor, cursor + _FARTHEST + len(word))
                places[line][index] = Span(cursor, cursor) if found < 0 else Span(found, found + len(word))
                cursor = places[line][index].end
            ends[line] = cursor
        pages.append([_placed(line, places[index], ends[index]) for index, line in enumerate(page.lines)])
    return text, pages


def _placed(line: LineResult, places: dict[int, Span], at: int) -> Placed:
    words = tuple(places[index] for index in range(len(line.words)))
    whole = Span(min(one.begin for one in words), max(one.end for one in words)) if words else Span(at, at)
    return Placed(line, whole, words)


def _words(line: LineResult, at: int) -> Iterable[Span]:
    cursor = 0
    for word in line.words:
        begin = max(cursor, line.text.find(word.text, cursor))
        cursor = begin + len(word.text)
        yield Span(at + begin, at + cursor)


def _units(text: str, index_type: IndexType) -> Sequence[int]:
    """Count the units before each code point, and all of them."""
    if index_type == "unicodeCodePoint" or (text.isascii() and index_type == "utf16CodeUnit"):
        return range(len(text) + 1)
    if index_type == "utf16CodeUnit":
        return [0, *accumulate(1 + (ord(one) >= _BEYOND_TWO_BYTES) for one in text)]
    units, count = [0], 0
    for row in text.split("\n"):
        for begin, end, _ in [(at, at + 1, 1) for at in range(len(row))] if row.isascii() else split_graphemes(row)[0]:
            count += 1
            units += [count] * (end - begin)
        count += 1
        units.append(count)  # of the line break
    return units[: len(text) + 1]
