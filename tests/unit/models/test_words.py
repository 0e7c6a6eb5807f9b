"""Words and characters of lines, from the places at which they were read."""

from dataclasses import replace

import numpy as np
import pytest

from models.page import Character, Polygon, Word
from models.recognition.ctc import LineText
from models.recognition.words import ReadLine, words_of_lines

LEVEL = ((0, 0), (200, 0), (200, 20), (0, 20))


def line(
    characters: str | list[str],
    positions: list[float],
    quad: tuple[tuple[float, float], ...] = LEVEL,
    shown: float = 1.0,
    probabilities: list[float] | None = None,
) -> ReadLine:
    sure = tuple(probabilities or [0.9] * len(positions))
    text = LineText("".join(characters).strip(), float(np.mean(sure)), tuple(characters), tuple(positions), sure)
    return ReadLine(text, np.array(quad, dtype=np.float32), shown)


def xs(polygon: Polygon) -> tuple[float, float]:
    return polygon[0][0], polygon[1][0]


def test_no_lines_have_no_words() -> None:
    assert words_of_lines([]) == []


def test_words_begin_and_end_about_half_a_character_beside_their_places() -> None:
    # Characters 20 px apart, all of one width; the blank is narrower and farther from both.
    ((ab, cd),) = words_of_lines([line("ab cd", [0.1, 0.2, 0.35, 0.5, 0.6])])
    assert (ab.text, cd.text) == ("ab", "cd")
    assert ab.polygon == ((7, 0), (53, 0), (53, 20), (7, 20))
    assert cd.polygon == ((87, 0), (133, 0), (133, 20), (87, 20))


def test_words_lie_in_their_line_and_do_not_overlap() -> None:
    ((first, second),) = words_of_lines([line("WW WW", [0.0, 0.28, 0.5, 0.51, 1.0])])
    assert xs(first.polygon)[0] == 0
    assert xs(second.polygon)[1] == 200
    assert xs(first.polygon)[1] <= xs(second.polygon)[0]


def test_padding_is_no_part_of_the_line() -> None:
    ((whole,),) = words_of_lines([line("aaa", [0.2, 0.4, 0.6])])
    ((padded,),) = words_of_lines([line("aaa", [0.1, 0.2, 0.3], shown=0.5)])
    assert padded.polygon == whole.polygon


def test_words_of_a_crop_that_shows_a_part_of_the_quad_have_their_places_in_the_quad() -> None:
    ((whole,),) = words_of_lines([line("aaa", [0.2, 0.4, 0.6])])
    ((cut,),) = words_of_lines([replace(line("aaa", [0.1, 0.35, 0.6], shown=1.0), begin=0.12, end=0.92)])
    assert cut.polygon == whole.polygon


def test_words_follow_a_slope_and_a_perspective() -> None:
    slanted = ((0.0, 0.0), (200.0, 20.0), (200.0, 60.0), (0.0, 20.0))
    ((_, last),) = words_of_lines([line("aa aa", [0.1, 0.2, 0.5, 0.8, 0.9], slanted)])
    left, right = xs(last.polygon)
    assert last.polygon[0][1] == pytest.approx(left / 10, abs=0.1)
    assert last.polygon[3] == pytest.approx((left, 20 + left / 5), abs=0.1)
    assert last.polygon[2] == pytest.approx((right, 20 + right / 5), abs=0.1)


def test_upside_down_line_has_its_first_word_at_its_own_left() -> None:
    turned = ((200.0, 20.0), (0.0, 20.0), (0.0, 0.0), (200.0, 0.0))
    ((first, last),) = words_of_lines([line("aa aa", [0.1, 0.2, 0.5, 0.8, 0.9], turned)])
    assert first.polygon[0][0] > last.polygon[0][0]
    assert first.polygon[0][1] == 20


@pytest.mark.parametrize(
    ("characters", "expected", "reason"),
    [
        ("ab cd", ["ab", "cd"], "two words"),
        ("漢字かな", ["漢字かな"], "a run of Chinese or Japanese is one word"),
        ("使用JDK和", ["使用JDK和"], "with the Latin letters in it"),
        ("a  b", ["a", "b"], "blanks in a row part once"),
        (" a b ", ["a", "b"], "blanks around, which the text has not"),
        ("a\u3000b", ["a", "b"], "the wide blank"),
        ("a\u00a0b", ["a", "b"], "the blank that does not break"),
        (["ch", "t"], ["cht"], "a class of two characters"),
        ("x", ["x"], "one character"),
        ("a b", ["a", "b"], "no two characters side by side"),
    ],
)
def test_words_are_what_stands_between_white_space(
    characters: str | list[str], expected: list[str], reason: str
) -> None:
    places = np.linspace(0.1, 0.9, len(characters)).tolist()
    read = line(characters, places)
    (words,) = words_of_lines([read], with_characters=True)
    assert [word.text for word in words] == expected, reason
    assert " ".join(expected) == " ".join(read.text.text.split())
    assert ["".join(character.text for character in word.characters) for word in words] == expected


def test_confidence_is_the_mean_of_the_words_own_characters() -> None:
    ((ab, c),) = words_of_lines([line("ab c", [0.1, 0.2, 0.4, 0.6], probabilities=[0.9, 0.8, 0.1, 0.3])])
    assert (ab.confidence, c.confidence) == (0.85, 0.3)


def test_lines_do_not_mix() -> None:
    lines = [line("a", [0.9]), line("b c", [0.1, 0.5, 0.9]), line("d", [0.1])]
    together = words_of_lines(lines)
    assert [[word.text for word in words] for words in together] == [["a"], ["b", "c"], ["d"]]
    assert together == [words_of_lines([one])[0] for one in lines]


def test_characters_share_their_word_and_come_only_when_asked_for() -> None:
    read = line("il W", [0.1, 0.14, 0.3, 0.5], probabilities=[0.9, 0.7, 1.0, 0.5])
    ((plain, _),) = words_of_lines([read])
    assert plain.characters == ()
    ((word, other),) = words_of_lines([read], with_characters=True)
    assert word == Word(plain.text, plain.confidence, plain.polygon, word.characters)
    assert [one.text for one in word.characters] == ["i", "l"]
    assert [one.confidence for one in word.characters] == [0.9, 0.7]
    i, letter_l = (xs(one.polygon) for one in word.characters)
    assert (i[0], i[1], letter_l[1]) == (xs(word.polygon)[0], letter_l[0], xs(word.polygon)[1])
    assert i[1] == 24, "narrow both: half way"
    assert other.characters == (Character("W", 0.5, other.polygon),)


def test_quad_without_extent_has_words_all_the_same() -> None:
    ((word,),) = words_of_lines([line("ab", [0.2, 0.6], ((5, 5), (5, 5), (5, 5), (5, 5)))])
    assert word.polygon == ((5, 5),) * 4


def test_words_of_random_lines_stay_in_order_within_their_line() -> None:
    random = np.random.default_rng(4)
    lines = []
    for _ in range(200):
        count = int(random.integers(1, 30))
        characters = random.choice(list("aiWm.1 漢 "), count).tolist()
        if any(not one.isspace() for one in characters):
            lines.append(line(characters, np.sort(random.random(count)).tolist()))
    for words in words_of_lines(lines, with_characters=True):
        borders = [x for word in words for one in word.characters for x in xs(one.polygon)]
        assert borders == sorted(borders)
        assert 0 <= borders[0] <= borders[-1] <= 200
