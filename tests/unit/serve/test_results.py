"""The result of a document, as JSON."""

import json

from models.page import Character, Line, PageText, Polygon, Word
from serve.results import OcrResult


def box(left: float, right: float) -> Polygon:
    return ((left, 2.5), (right, 2.5), (right, 12.0), (left, 12.0))


def result(*words: Word) -> OcrResult:
    line = Line(" ".join(word.text for word in words), 0.9, box(0, 100), words)
    return OcrResult.of("1", "made-up", [PageText(1, 100, 20, 0, (line,), timings_ms={"detection": 1.25})])


def words_of(document: str) -> object:
    return json.loads(document)["pages"][0]["lines"][0]["words"]


def test_words_have_no_characters_where_nobody_asked_for_them() -> None:
    document = result(Word("TOTAL", 0.9871, box(0, 50)), Word("7.80", 0.5, box(60, 100))).model_dump_json()
    assert words_of(document) == [
        {"text": "TOTAL", "confidence": 0.9871, "polygon": [[0, 2.5], [50, 2.5], [50, 12], [0, 12]]},
        {"text": "7.80", "confidence": 0.5, "polygon": [[60, 2.5], [100, 2.5], [100, 12], [60, 12]]},
    ]


def test_characters_come_with_their_words() -> None:
    characters = (Character("1", 0.9, box(0, 20)), Character("2", 0.8, box(20, 50)))
    read = result(Word("12", 0.85, box(0, 50), characters))
    assert words_of(read.model_dump_json()) == [
        {
            "text": "12",
            "confidence": 0.85,
            "polygon": [[0, 2.5], [50, 2.5], [50, 12], [0, 12]],
            "characters": [
                {"text": "1", "confidence": 0.9, "polygon": [[0, 2.5], [20, 2.5], [20, 12], [0, 12]]},
                {"text": "2", "confidence": 0.8, "polygon": [[20, 2.5], [50, 2.5], [50, 12], [20, 12]]},
            ],
        }
    ]
    assert OcrResult.model_validate_json(read.model_dump_json()) == read
