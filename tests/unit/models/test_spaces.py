"""Spaces that the net nearly read and the ink shows, on lines whose letters are bars."""

import numpy as np
import pytest

from models.recognition.corrections.ink import gaps_of
from models.recognition.corrections.spaces import with_spaces
from models.recognition.crops import LineCrop
from models.recognition.ctc import LineText

BAR = 12


def bars(text: str, gaps: list[int], odds: list[float], *, ink: int = 0, paper: int = 255) -> tuple[LineText, LineCrop]:
    """A line of bars 12 columns wide, one for each character that is not a space, with so many empty columns between.

    Args:
        text: The text that was read. Each space stands between two bars.
        gaps: Empty columns after each bar but the last.
        odds: The probability of a space after each bar but the last.
        ink: Gray of the bars.
        paper: Gray around them.
    """
    columns = 8 + len(gaps) * BAR + BAR + sum(gaps) + 8
    pixels = np.full((48, columns + 20, 3), 127, dtype=np.uint8)
    pixels[:, :columns] = paper
    characters, positions, spaces = [], [], []
    x, bar = 8, 0
    for character in text:
        if character == " ":
            positions.append((x - gaps[bar - 1] / 2) / pixels.shape[1])
            spaces.append(0.0)
        else:
            pixels[12:36, x : x + BAR] = ink
            positions.append((x + BAR / 2) / pixels.shape[1])
            spaces.append(odds[bar] if bar < len(odds) else 0.0)
            x += BAR + (gaps[bar] if bar < len(gaps) else 0)
            bar += 1
        characters.append(character)
    sure = tuple([0.9] * len(characters))
    return LineText(text, 0.9, tuple(characters), tuple(positions), sure, tuple(spaces)), LineCrop(
        pixels, columns, False
    )


@pytest.mark.parametrize(
    ("text", "gaps", "odds", "expected", "reason"),
    [
        ("VAT500", [2, 2, 7, 2, 2], [0, 0, 0.2, 0, 0], "VAT 500", "a wide gap, where the net nearly read a space"),
        ("VAT500", [2, 2, 7, 2, 2], [0, 0, 0.001, 0, 0], "VAT500", "a wide gap alone is none: worn print has holes"),
        ("VAT500", [2, 2, 2, 2, 2], [0, 0, 0.2, 0, 0], "VAT500", "nor is what the net nearly read, without a gap"),
        ("VAT500", [2, 2, 2, 2, 2], [0, 0, 0.47, 0, 0], "VAT 500", "unless it is nearly sure"),
        ("VATFEE", [2, 2, 7, 2, 2], [0, 0, 0.47, 0, 0], "VATFEE", "letters of one case: the net knows words"),
        ("vatFEE", [2, 2, 7, 2, 2], [0, 0, 0.2, 0, 0], "vat FEE", "letters of two"),
        ("VAT500", [9, 9, 9, 9, 9], [0, 0, 0.2, 0, 0], "VAT500", "every gap of the line is as wide"),
        ("VATFEE", [13, 13, 36, 13, 13], [0, 0, 0.01, 0, 0], "VAT FEE", "letters set apart, and words more so"),
        ("I NV OIC E", [44, 44, 42, 44, 42, 44], [0.6, 0.3, 0.5, 0.3, 0.2, 0.5], "INVOICE", "letters set apart"),
        ("A B  CD", [30, 44, 30], [0.6, 0.6, 0], "AB  CD", "letters set apart in two words"),
        ("A B", [30], [0.6], "A B", "two letters tell no usual gap"),
        ("VAT FEE", [2, 2, 9, 2, 2], [0, 0, 0.9, 0, 0], "VAT FEE", "a space that was read"),
        ("Vat:FEE", [2, 2, 7, 7, 2, 2], [0, 0, 0.05, 0.05, 0, 0], "Vat:FEE", "a colon has wide gaps beside it"),
        ("Vat:FEE", [2, 2, 7, 12, 2, 2], [0, 0, 0.01, 0.2, 0, 0], "Vat: FEE", "but not as wide as a space"),
        ("1.50", [2, 12, 2], [0.2, 0.2, 0], "1.50", "an amount"),
        ("12:30", [2, 2, 12, 2], [0.1, 0.4, 0.4, 0], "12:30", "a time"),
        ("1150", [2, 7, 2], [0, 0.3, 0], "1150", "digits, whose gaps differ"),
        ("1150", [2, 12, 2], [0, 0.3, 0], "11 50", "two numbers"),
        ("get()", [2, 2, 2, 9], [0, 0, 0, 0.4], "get()", "brackets"),
        ("漢字FEE", [2, 9, 2, 2], [0.1, 0.4, 0, 0], "漢字FEE", "Chinese"),
    ],
)
def test_spaces_are_where_the_net_and_the_ink_agree(
    text: str, gaps: list[int], odds: list[float], expected: str, reason: str
) -> None:
    line, crop = bars(text, gaps, odds)
    assert with_spaces(line, crop).text == expected, reason


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0), (90, 160)])
def test_ink_may_be_lighter_than_paper_or_faint(ink: int, paper: int) -> None:
    assert with_spaces(*bars("VAT500", [2, 2, 7, 2, 2], [0, 0, 0.2, 0, 0], ink=ink, paper=paper)).text == "VAT 500"


def test_underline_does_not_hide_the_gaps() -> None:
    line, crop = bars("VAT500", [2, 2, 7, 2, 2], [0, 0, 0.2, 0, 0])
    crop.pixels[38:40] = 0
    assert with_spaces(line, crop).text == "VAT 500"


def test_added_space_stands_in_the_gap_and_leaves_the_confidence() -> None:
    line, crop = bars("VAT500", [2, 2, 8, 2, 2], [0, 0, 0.2, 0, 0])
    read = with_spaces(line, crop)
    assert read.characters == tuple("VAT 500")
    assert read.positions[3] * crop.pixels.shape[1] == pytest.approx(8 + 3 * BAR + 2 * 2 + 4, abs=0.5)
    assert (read.probabilities[3], read.confidence) == (0.2, 0.9)
    assert len(read.spaces) == len(read.positions) == len(read.probabilities) == 7


def test_gaps_are_measured_between_neighbors() -> None:
    line, crop = bars("ab cd", [3, 10, 5], [0, 0, 0, 0])
    gaps = gaps_of(crop.line, crop.pixels.shape[1], line)
    assert gaps is not None
    assert gaps.before.tolist() == [0, 1, 3]
    assert gaps.has_space.tolist() == [False, True, False]
    assert gaps.empty.tolist() == [3, 10, 5]
    assert (gaps.usual, gaps.unit) == (4, BAR + 4)


@pytest.mark.parametrize("text", ["a", "a b"])
def test_line_without_neighbors_has_no_gaps(text: str) -> None:
    line, crop = bars(text, [9] * (len(text) // 2), [0.4] * (len(text) // 2))
    assert gaps_of(crop.line, crop.pixels.shape[1], line) is None
    assert with_spaces(line, crop) == line


def test_line_without_ink_keeps_its_text() -> None:
    line, crop = bars("ab1", [2, 2], [0.3, 0.3], ink=255)
    assert with_spaces(line, crop).text == "ab1"
