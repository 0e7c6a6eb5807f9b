"""Characters of vertical lines, put side by side."""

import numpy as np
import numpy.typing as npt
import pytest

from models.recognition.crops import LineCrop, fit_line
from models.recognition.ctc import LineText
from models.recognition.vertical import UprightStrip, read_vertical_lines, upright_strip
from models.recognition.widths import LineWidths, width_table
from models.steps import NetInputs, run_steps

Pixels = npt.NDArray[np.uint8]

PITCH = 40
WIDTHS = LineWidths(width_table(8))
QUAD = np.array([[90, 20], [90, 340], [46, 340], [46, 20]], dtype=np.float32)


def column(*marks: tuple[int, int, int, int]) -> Pixels:
    """Eight boxes as characters, at x = 48 to 88 and y = 20 on; marks (x, y, width, height) replace the third."""
    page = np.full((360, 140, 3), 250, dtype=np.uint8)
    for number in range(8):
        y = 20 + PITCH * number
        for left, top, width, height in marks if number == 2 and marks else [(4, 4, 32, 32)]:
            page[y + top : y + top + height, 48 + left : 48 + left + width] = 10
    return page


def strip_of(page: Pixels) -> UprightStrip:
    strip = upright_strip(page, QUAD)
    assert strip is not None
    return strip


def third(strip: UprightStrip) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the third character's ink, as shares of its place in the strip."""
    left, right = (round(strip.places[i] * strip.pixels.shape[1]) for i in (2, 3))
    y, x = np.nonzero(strip.pixels[:, left:right, 0] < 100)
    height, width = strip.pixels.shape[0], right - left
    return (x.min() / width, y.min() / height, (x.max() + 1) / width, (y.max() + 1) / height)


def test_each_character_has_its_place() -> None:
    strip = strip_of(column())
    assert len(strip.places) == 9
    np.testing.assert_allclose(strip.line_places * 320, PITCH * np.arange(9), atol=6)
    left, top, right, bottom = third(strip)
    assert left == pytest.approx(1 - right, abs=0.1)
    assert top == pytest.approx(1 - bottom, abs=0.1)


@pytest.mark.parametrize(
    ("marks", "expected", "reason"),
    [
        ([(17, 5, 6, 31)], "flat", "a long vowel is turned"),
        ([(17, 4, 6, 6), (17, 17, 6, 6), (17, 30, 6, 6)], "flat", "an ellipsis is turned"),
        ([(17, 4, 6, 22), (17, 30, 6, 6)], "tall", "an exclamation mark is not"),
        ([(6, 30, 28, 7)], "tall", "an opening parenthesis is turned"),
        ([(6, 17, 28, 6)], "flat", "the number one is not"),
        ([(26, 3, 10, 10)], "lower left", "a full stop"),
        ([(14, 8, 22, 20)], "lower left", "a small kana"),
        ([(14, 14, 12, 12)], "middle", "a middle dot"),
    ],
)
def test_marks_of_vertical_writing_are_put_as_in_level_lines(
    marks: list[tuple[int, int, int, int]], expected: str, reason: str
) -> None:
    left, top, right, bottom = third(strip_of(column(*marks)))
    width, height, x, y = right - left, bottom - top, (left + right) / 2, (top + bottom) / 2
    shape = {
        "flat": width > 2 * height,
        "tall": height > 2 * width,
        "lower left": x < 0.5 and y > 0.55,
        "middle": abs(x - 0.5) < 0.1 and abs(y - 0.5) < 0.1,
    }
    assert shape[expected], reason


def test_empty_line_has_no_strip() -> None:
    assert upright_strip(np.full((360, 140, 3), 250, dtype=np.uint8), QUAD) is None


def fit(line: Pixels) -> LineCrop:
    return fit_line(line, 48, WIDTHS)


def read(
    turned: LineText, side_by_side: LineText, quad: npt.NDArray[np.float32] = QUAD
) -> tuple[LineText, LineCrop, int]:
    """The text that is kept, the crop of the turned line, and how many strips were read."""
    page = column()
    crop = fit(np.ascontiguousarray(np.rot90(page[20:340, 46:90])))
    inputs: list[NetInputs] = []

    def answer(asked: NetInputs) -> list[LineText]:
        inputs.append(asked)
        return [side_by_side]

    (text,) = run_steps(read_vertical_lines(page, quad[None], quad[None], [crop], [turned], fit), answer)
    return text, crop, len(inputs)


TURNED = LineText("春眠不", 1.0, tuple("春眠不"), (0.1, 0.3, 0.5), (1.0,) * 3)
BETTER = LineText("春眠不覺", 0.9, tuple("春眠不覺"), (0.1, 0.2, 0.3, 0.4), (0.9,) * 4)


def test_text_with_more_sure_characters_is_kept_at_its_place_in_the_line() -> None:
    text, crop, count = read(TURNED, BETTER)
    assert (text.text, text.confidence, count) == ("春眠不覺", 0.9, 1)
    strip = fit(strip_of(column()).pixels)
    # Nearly the same share of the line as of the strip.
    np.testing.assert_allclose(
        np.array(text.positions) / crop.shown, np.array(BETTER.positions) / strip.shown, atol=0.03
    )


@pytest.mark.parametrize(
    ("turned", "quad", "count", "reason"),
    [
        (TURNED, QUAD, 1, "the same number of characters, and surer"),
        (LineText("Appendix", 0.98, tuple("Appendix"), (0.1,) * 8, (0.98,) * 8), QUAD, 0, "sure Latin text"),
        (TURNED, QUAD[[3, 0, 1, 2]], 0, "it does not run down"),
        (TURNED, np.array([[90, 20], [90, 80], [46, 80], [46, 20]], np.float32), 0, "one character"),
    ],
)
def test_other_text_is_kept_as_it_was(turned: LineText, quad: npt.NDArray[np.float32], count: int, reason: str) -> None:
    text, _, asked = read(turned, LineText("春眠丕", 0.9, tuple("春眠丕"), (0.1, 0.2, 0.3), (0.9,) * 3), quad)
    assert (text, asked) == (turned, count), reason
