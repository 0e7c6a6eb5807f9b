"""Letters that left ink and have no character, on lines whose letters are bars."""

import numpy as np
import pytest

from models.recognition.corrections.unread import unread_letters, unread_symbols
from models.recognition.crops import LineCrop
from models.recognition.ctc import LineText

PITCH = 20
BAR = 14
SYMBOL = 18


def line(bars: str, text: str | None = None) -> tuple[LineText, LineCrop]:
    """A line of bars, one for each character that is not a space.

    Args:
        bars: What the line shows.
        text: What was read, with a "_" for each bar that was not; None if all was.
    """
    pixels = np.full((48, len(bars) * PITCH + 12, 3), 255, dtype=np.uint8)
    for index, bar in enumerate(bars):
        if not bar.isspace():
            pixels[12:36, 6 + index * PITCH : 6 + index * PITCH + BAR] = 0
    shown = [(index, one) for index, one in enumerate(bars if text is None else text) if one != "_"]
    characters = tuple(one for _, one in shown)
    positions = tuple((6 + index * PITCH + BAR / 2) / pixels.shape[1] for index, _ in shown)
    nothing = tuple([0.0] * len(shown))
    return LineText("".join(characters), 0.9, characters, positions, nothing, nothing), LineCrop(
        pixels, pixels.shape[1], False
    )


@pytest.mark.parametrize(
    ("bars", "text", "least", "most", "reason"),
    [
        ("nhanh baoch geben dadurch", None, 0, 0, "all was read"),
        ("nhaoh baoch geben dadxch dopaoh", "nh_oh b_och geb_n dadxch dopaoh", 3, 3, "three letters within words"),
        ("nhaoh   baoch gebhn", "nha_h   baoch gebhn", 1, 1, "one letter"),
        ("nhaoh 12050 95997 baoch", "nhaoh 12_50 9_997 baoch", 0, 0, "digits and signs, whose widths differ too much"),
        ("ab     cd", None, 0, 0, "a wide space without ink"),
        ("statya odin dva tri", "s" + "_" * 17 + "i", 12, 20, "hardly anything of a long line"),
        ("statya odin dva tri", "_" * 19, 12, 20, "nothing of a long line"),
        ("ab", "__", 0, 0, "nothing of a short line, which may be a picture"),
        ("         ", "_" * 9, 0, 0, "a line without ink"),
    ],
)
def test_letters_with_ink_and_without_a_character(
    bars: str, text: str | None, least: int, most: int, reason: str
) -> None:
    assert least <= unread_letters(*line(bars, text)) <= most, reason


@pytest.mark.parametrize(
    ("bars", "text", "places", "reason"),
    [
        ("n  geben", None, [], "all was read"),
        ("n  geben  o", "_  geben  _", [0, 10], "symbols before and behind a word"),
        ("ja  o  nein", "ja  _  nein", [4], "a symbol between two words"),
        ("ja  oo  nein", "ja  __  nein", [], "too near to each other for symbols: letters of a word"),
        ("n  geben", "_" * 8, [], "nothing of the line was read: it may be a picture"),
        ("ja         nein", None, [], "a wide space without ink"),
    ],
)
def test_symbols_that_stand_apart_and_have_no_character(
    bars: str, text: str | None, places: list[int], reason: str
) -> None:
    read, crop = line(bars, text)
    starts = [6 + place * PITCH for place in places]
    for start in starts:
        crop.pixels[12:36, start : start + SYMBOL] = 0

    found = np.array(unread_symbols(read, crop)) * crop.columns

    assert found.tolist() == pytest.approx([start + SYMBOL / 2 for start in starts], abs=1), reason


@pytest.mark.parametrize("rows", [slice(28, 32), slice(4, 44)])
def test_dashes_and_rulings_are_no_symbols(rows: slice) -> None:
    read, crop = line("o  geben", "_  geben")
    crop.pixels[:, : 6 + BAR] = 255
    width = BAR if rows.start > 20 else 4
    crop.pixels[rows, 6 : 6 + width] = 0

    assert unread_symbols(read, crop) == ()
