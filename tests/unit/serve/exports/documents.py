"""Results as they come from reading, made up: columns, odd texts, slanted lines, turned pages."""

from models.page import Polygon
from serve.exports import ReadDocument
from serve.results import CharacterResult, LineResult, OcrPage, OcrResult, WarningResult, WordResult

__all__ = ["ODD_WORDS", "box", "line", "line_with_characters", "page", "read"]

#: What XML, HTML and title attributes may trip over, with what it must come out as.
ODD_WORDS = {
    '"quoted";': '"quoted";',
    "a&b<c>": "a&b<c>",
    "]]>": "]]>",
    "--><!--": "--><!--",
    "nul\x00bell\x07": "nul\ufffdbell\ufffd",
    "half\ud83d": "half\ufffd",
    "\ufffe": "\ufffd",
    "שלום": "שלום",
    "漢字かな交じり文": "漢字かな交じり文",
    "👩‍👩‍👧": "👩‍👩‍👧",
    "e\u0301a\u0308": "e\u0301a\u0308",
}


def box(left: float, top: float, right: float, bottom: float, slope: float = 0.0) -> Polygon:
    """A polygon whose right side is shifted down by `slope` times its width."""
    down = slope * (right - left)
    return (left, top), (right, top + down), (right, bottom + down), (left, bottom)


def line(text: str, left: float, top: float, *, slope: float = 0.0, has_words: bool = True) -> LineResult:
    """A line 30 pixels high, 10 pixels a character."""
    words = []
    at = left
    for index, word in enumerate(text.split()):
        right, shift = at + 10 * len(word), slope * (at - left)
        polygon = box(at, top + shift, right, top + shift + 30, slope)
        words.append(WordResult(text=word, confidence=round(0.99 - index / 100, 4), polygon=polygon))
        at = right + 10
    polygon = box(left, top, at - 10, top + 30, slope)
    return LineResult(text=text, confidence=0.9876, polygon=polygon, words=words if has_words else [])


def line_with_characters(*texts: str, left: float, top: float) -> LineResult:
    """A line of one word, 10 pixels for each of its characters."""
    characters = tuple(
        CharacterResult(
            text=text, confidence=0.9, polygon=box(left + 10 * index, top, left + 10 * index + 10, top + 30)
        )
        for index, text in enumerate(texts)
    )
    polygon = box(left, top, left + 10 * len(texts), top + 30)
    word = WordResult(text="".join(texts), confidence=0.95, polygon=polygon, characters=characters)
    return LineResult(text=word.text, confidence=0.95, polygon=polygon, words=[word])


def page(number: int, *lines: LineResult, rotation: int = 0, width: int = 1000, height: int = 1400) -> OcrPage:
    """A page; its size is that of the upright page."""
    text = "\n".join(line.text for line in lines)
    return OcrPage(page=number, width=width, height=height, rotation=rotation, lines=list(lines), text=text)


def read(*pages: OcrPage, name: str | None = "scan.png", warnings: tuple[WarningResult, ...] = ()) -> ReadDocument:
    """A document that was read."""
    text = "\f".join(page.text for page in pages)
    result = OcrResult(id="1", model="made-up", pages=list(pages), text=text, warnings=list(warnings), timings_ms={})
    return ReadDocument(result, name)
