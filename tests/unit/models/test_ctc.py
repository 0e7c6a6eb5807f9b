"""CTC decoding, and the charset that it needs."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from models.errors import ConfigurationError, ModelOutputError
from models.manifests.manifest import Charset, ModelFile
from models.recognition.ctc import CtcDecoder, LineText, load_characters

# Classes: 0 blank, 1 a, 2 b, 3 space, 4 two characters in one class
DECODER = CtcDecoder(["", "a", "b", " ", "ch"], 0)


def steps(*classes: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    return np.array(classes, dtype=np.int32)


NO_SPACE = np.zeros(16, dtype=np.float32)


def sure(count: int, probability: float = 1.0) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.full(count, probability, dtype=np.float32)


@pytest.mark.parametrize(
    ("classes", "text", "reason"),
    [
        ((1,), "a", "one step"),
        ((1, 2), "ab", "two characters"),
        ((1, 1, 1), "a", "a repeat is one character"),
        ((1, 0, 1), "aa", "a blank between repeats parts them"),
        ((1, 1, 0, 0, 1, 1), "aa", "several steps each"),
        ((0, 1, 0), "a", "blanks around"),
        ((1, 0, 2), "ab", "a blank between different characters"),
        ((0, 0, 0), "", "only blanks"),
        ((), "", "no steps"),
        ((3, 1, 3, 2, 3), "a b", "outer spaces go, inner ones stay"),
        ((3, 0, 3), "", "only spaces"),
        ((1, 3, 3, 2), "a b", "a repeated space is one"),
        ((1, 3, 0, 3, 2), "a  b", "two spaces"),
        ((4, 1), "cha", "a class may be more than one character"),
        ((1, 2, 2, 1), "aba", "a repeat amid others"),
    ],
)
def test_text(classes: tuple[int, ...], text: str, reason: str) -> None:
    assert DECODER(steps(*classes), sure(len(classes)), NO_SPACE[: len(classes)]).text == text, reason


def test_confidence_is_the_mean_of_each_character_at_its_first_step() -> None:
    probabilities = np.array([0.1, 0.9, 0.2, 0.3, 0.5, 0.1], dtype=np.float32)
    line = DECODER(steps(0, 1, 1, 0, 2, 2), probabilities, NO_SPACE[:6])
    assert line.text == "ab"
    assert line.confidence == pytest.approx((0.9 + 0.5) / 2)
    assert line.probabilities == pytest.approx((0.9, 0.5))


def test_characters_stand_in_the_middle_of_their_steps() -> None:
    # Ten steps: a space, two of "a", blanks, one of "ch", three of "b". The net is a third of a step late.
    line = DECODER(steps(3, 1, 1, 0, 0, 4, 2, 2, 2, 0), sure(10), NO_SPACE[:10])
    assert line.text == "achb"
    assert line.characters == (" ", "a", "ch", "b")
    assert line.positions == pytest.approx([0.015, 0.165, 0.515, 0.715])


def test_spaces_are_likeliest_between_a_character_and_the_next() -> None:
    of_space = np.array([0.9, 0, 0.1, 0.3, 0, 0.2, 0.8], dtype=np.float32)
    line = DECODER(steps(0, 1, 0, 0, 2, 0, 0), sure(7), of_space)
    assert line.spaces == pytest.approx((0.3, 0)), "what comes before the first and after the last parts nothing"


@pytest.mark.parametrize("classes", [(0, 0), (3, 3)])
def test_no_text_has_no_confidence(classes: tuple[int, ...]) -> None:
    assert DECODER(steps(*classes), sure(2), NO_SPACE[:2]) == LineText("", 0.0)


def test_blank_may_be_the_last_class() -> None:
    assert CtcDecoder(["a", "b", ""], 2)(steps(2, 0, 2, 0, 1, 2), sure(6), NO_SPACE[:6]).text == "aab"


def test_class_without_a_character_is_refused() -> None:
    with pytest.raises(ModelOutputError, match="returned class 5, but its charset has 5 classes"):
        DECODER(steps(1, 5), sure(2), NO_SPACE[:2])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_probability_that_is_no_number_is_refused(value: float) -> None:
    # It would reach the answer, where NaN is not even JSON.
    with pytest.raises(ModelOutputError, match="NaN"):
        DECODER(steps(1, 2), np.array([0.5, value], dtype=np.float32), NO_SPACE[:2])


def test_more_than_one_row_is_refused() -> None:
    # What a detector's file under a recognizer's name gives.
    with pytest.raises(ModelOutputError, match=r"shape \(1, 32\)"):
        DECODER(
            np.zeros((1, 32), dtype=np.int32), np.zeros((1, 32), dtype=np.float32), np.zeros((1, 32), dtype=np.float32)
        )


def charset(blank: str = "first", append_space: bool = False, file: ModelFile | None = None) -> Charset:
    key = None if file is not None else "character"
    return Charset.model_validate({"metadata_key": key, "file": file, "blank": blank, "append_space": append_space})


@pytest.mark.parametrize(
    ("blank", "append_space", "characters", "blank_class"),
    [
        ("first", False, ["", "a", "b"], 0),
        ("last", False, ["a", "b", ""], 2),
        ("first", True, ["", "a", "b", " "], 0),
        ("last", True, ["a", "b", " ", ""], 3),
    ],
)
@pytest.mark.parametrize("text", ["a\nb", "a\nb\n"])
def test_characters_of_the_metadata(
    text: str, blank: str, append_space: bool, characters: list[str], blank_class: int
) -> None:
    assert load_characters(charset(blank, append_space), {"character": text}) == (characters, blank_class)


@pytest.mark.parametrize("odd", ["\u2028", "\x85", "\u3000", " ", "\u0301", "\U0001f600"])
def test_line_separators_and_spaces_can_be_characters(odd: str) -> None:
    characters, _ = load_characters(charset(), {"character": f"a\n{odd}\nb\n"})
    assert characters == ["", "a", odd, "b"]


def test_missing_metadata_is_refused_with_its_key() -> None:
    with pytest.raises(ConfigurationError, match="no metadata 'character'"):
        load_characters(charset(), {"shape": "48"})


def charset_file(folder: Path, content: bytes) -> ModelFile:
    path = folder / "charset.txt"
    path.write_bytes(content)
    return ModelFile(source=f"file:{path}", sha256=hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_characters_of_a_file(tmp_path: Path, newline: str) -> None:
    file = charset_file(tmp_path, newline.join(["a", "語", "é", ""]).encode())
    assert load_characters(charset(file=file), {"character": "x"}) == (["", "a", "語", "é"], 0)


def test_charset_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"charset\.txt is not UTF-8"):
        load_characters(charset(file=charset_file(tmp_path, b"a\n\xff\n")), {})


def test_changed_charset_file_is_refused(tmp_path: Path) -> None:
    file = charset_file(tmp_path, b"a\nb\n")
    (tmp_path / "charset.txt").write_bytes(b"b\na\n")
    with pytest.raises(ConfigurationError, match="SHA-256"):
        load_characters(charset(file=file), {})
