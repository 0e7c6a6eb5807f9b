"""Lines in scripts that the bundle's net does not know are read with Tesseract's trained data."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import ConfigurationError
from models.languages import TrainedData
from models.manifests import load_manifest
from models.page import Page
from models.recognition.other_languages import OtherLanguages
from models.recognition.recognizer import ReadLines
from models.settings import DetectionOptions, RecognitionOptions
from tests.integration.models.readers import Reader
from tests.pictures import drawn_page, written_page

RUSSIAN = ["Все люди рождаются свободными", "и равными в своем достоинстве", "и правах. Они наделены разумом"]
ARABIC = ["يولد جميع الناس أحرارًا", "متساوين في الكرامة والحقوق"]
VIETNAMESE = "Tất cả mọi người sinh ra đều được tự do"
ENGLISH = ["All human beings are born free", "and equal in dignity and rights"]


@pytest.fixture(scope="module")
def reader(readers: dict[str, Reader]) -> Reader:
    return readers["openvino"]


def read(reader: Reader, page: Page, languages: Sequence[str], *, with_characters: bool = False) -> ReadLines:
    quads = reader.detector.detect(page, DetectionOptions())
    return reader.recognizer.recognize(
        page, quads, RecognitionOptions(), with_characters=with_characters, languages=languages
    )


def texts(found: ReadLines) -> list[str]:
    return [line.text for line in found.lines]


@pytest.mark.parametrize(
    ("rows", "languages"),
    [
        (RUSSIAN, ["ru"]),
        (RUSSIAN, ["auto"]),
        (RUSSIAN, ["ru", "en"]),
        ([ENGLISH[0], RUSSIAN[0], ENGLISH[1], RUSSIAN[1]], ["auto"]),
        ([ENGLISH[0], RUSSIAN[0], ENGLISH[1], RUSSIAN[1]], ["en", "ru"]),
        ([VIETNAMESE, ENGLISH[0]], ["vi", "en"]),
        (ENGLISH, ["auto"]),
        (ENGLISH, ["en"]),
        ([RUSSIAN[0], "12.03.2026  4 812,50"], ["auto"]),
    ],
)
def test_each_line_is_read_in_its_script(reader: Reader, rows: list[str], languages: list[str]) -> None:
    found = read(reader, Page(written_page(*rows)), languages)
    assert [text.replace("  ", " ") for text in texts(found)] == [row.replace("  ", " ") for row in rows]
    assert [warning.code for warning in found.warnings] == []


@pytest.mark.parametrize("languages", [["ar"], ["auto"]])
def test_text_that_runs_to_the_left_is_in_logical_order_with_its_words_places(
    reader: Reader, languages: list[str]
) -> None:
    (line,) = read(reader, Page(written_page(ARABIC[1], size=48)), languages, with_characters=True).lines
    assert line.text == ARABIC[1]
    assert [word.text for word in line.words] == ARABIC[1].split()
    left = [min(x for x, _ in word.polygon) for word in line.words]
    assert left == sorted(left, reverse=True)
    assert all(len(word.characters) > 1 for word in line.words)


def test_each_line_is_read_in_its_script_if_the_net_knows_none(reader: Reader) -> None:
    found = read(reader, Page(written_page(RUSSIAN[0], ARABIC[1], size=48, width=1000)), ["ru", "ar"])
    assert [(line.text, line.trained_data) for line in found.lines] == [(RUSSIAN[0], "rus"), (ARABIC[1], "ara")]


@pytest.mark.parametrize("languages", [["ru"], ["auto"]])
def test_page_upside_down_is_turned(reader: Reader, languages: list[str]) -> None:
    pixels = np.ascontiguousarray(written_page(*RUSSIAN)[::-1, ::-1])
    found = read(reader, Page(pixels), languages)
    assert (texts(found), found.rotation) == (RUSSIAN, 180)
    tops = [min(y for _, y in line.polygon) for line in found.lines]
    assert tops == sorted(tops)


def test_lines_in_a_row_of_a_script_that_runs_to_the_left_are_in_its_order(reader: Reader) -> None:
    left, right = (written_page(row, size=40, width=700) for row in ARABIC)
    found = read(reader, Page(np.concatenate([left, right], axis=1)), ["ar"])
    assert texts(found) == [ARABIC[1], ARABIC[0]]


def test_script_that_nothing_reads_has_a_warning(reader: Reader) -> None:
    recognizer = reader.recognizer.of_page(1)
    none = OtherLanguages(load_manifest("ppocrv6-small").languages, TrainedData())
    alone = type(recognizer)(recognizer._net, recognizer._manifest, others=none)
    page = Page(written_page(*RUSSIAN))
    quads = reader.detector.detect(page, DetectionOptions())
    found = alone.recognize(page, quads, RecognitionOptions(), languages=["auto"])
    assert any("Cyrl" in warning.message for warning in found.warnings if warning.code == "unknown_characters")
    with pytest.raises(ConfigurationError, match="apt-get install tesseract-ocr-rus"):
        alone.recognize(page, quads, RecognitionOptions(), languages=["ru"])


def test_damaged_trained_data_is_an_error_with_a_sentence(reader: Reader, tmp_path: Path) -> None:
    (damaged := tmp_path / "rus.traineddata").write_bytes(b"no trained data")
    recognizer = reader.recognizer.of_page(1)
    others = OtherLanguages(load_manifest("ppocrv6-small").languages, TrainedData({"rus": damaged}))
    alone = type(recognizer)(recognizer._net, recognizer._manifest, others=others)
    page = Page(written_page(*RUSSIAN))
    quads = reader.detector.detect(page, DetectionOptions())
    with pytest.raises(ConfigurationError, match="can't open its trained data rus"):
        alone.recognize(page, quads, RecognitionOptions(), languages=["ru"])


def test_page_without_lines_and_page_of_noise_are_read_without_error(reader: Reader) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (400, 600, 3), np.uint8)
    for pixels in (np.full((200, 300, 3), 255, np.uint8), noise, drawn_page("I")):
        for languages in (["ru"], ["auto"]):
            read(reader, Page(pixels), languages)


def test_reading_with_no_language_is_as_before(reader: Reader) -> None:
    page = Page(written_page(*ENGLISH))
    without, auto = read(reader, page, []), read(reader, page, ["auto"])
    assert without == replace(auto)
