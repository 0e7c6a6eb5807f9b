"""Lines that are longer than the recognizer's widest input."""

import numpy as np
import numpy.typing as npt
import pytest

from models.recognition.crops import LineCrop, fit_line
from models.recognition.ctc import LineText
from models.recognition.long_lines import read_long_lines
from models.recognition.widths import LineWidths
from models.steps import NetInputs, run_steps

Pixels = npt.NDArray[np.uint8]

HEIGHT, MOST = 48, 960
WIDTHS = LineWidths((96, 480, MOST))


def fit(line: Pixels) -> LineCrop:
    return fit_line(line, HEIGHT, WIDTHS)


def line_of(words: int, gap: int = 20) -> Pixels:
    """Words of 80 pixels, with a few blank pixels between the letters and `gap` between the words."""
    page = np.full((HEIGHT, words * (80 + gap), 3), 230, dtype=np.uint8)
    for word in range(words):
        for letter in range(8):
            left = word * (80 + gap) + 10 * letter
            page[20:30, left : left + (7 if gap else 10)] = 20
    return page


def read(line: Pixels, letters: str = "word") -> tuple[LineCrop, LineText, list[int]]:
    """Each input is read as a word, a number and a word. Also returns how many columns each part has."""
    quad = np.array([[0, 0], [line.shape[1], 0], [line.shape[1], HEIGHT], [0, HEIGHT]], dtype=np.float32)
    columns: list[int] = []

    def answer(asked: NetInputs) -> list[LineText]:
        columns.extend(int((pixels != 127).any(axis=(0, 2)).sum()) for pixels in asked.arrays)
        text = tuple(letters)
        positions = tuple(np.linspace(0.2, 0.8, len(text)).tolist())
        return [LineText(letters, 0.9, text, positions, (0.9,) * len(text), (0.0,) * len(text)) for _ in asked.arrays]

    squeezed = LineText("w d", 0.6, tuple("w d"), (0.1, 0.5, 0.9), (0.6,) * 3, (0.0,) * 3)
    crops, texts = run_steps(read_long_lines(line, quad[None], [fit(line)], [squeezed], MOST, fit), answer)
    return crops[0], texts[0], columns


def test_long_line_is_read_in_parts_that_end_between_words() -> None:
    crop, text, columns = read(line_of(25))
    assert text.text == "word word word word"
    assert not crop.is_squeezed
    # A border lies in the middle of a gap, 10 pixels behind a word.
    assert sum(columns) == 2500
    assert all(width <= MOST for width in columns)
    assert all(end % 100 in range(88, 92) for end in np.cumsum(columns)[:-1].tolist())
    assert list(text.positions) == sorted(text.positions)
    assert len(text.positions) == len(text.characters) == len(text.probabilities) == 19
    assert text.positions[4] == pytest.approx(columns[0] / 2500)  # the blank is where the line was cut
    assert text.confidence == pytest.approx(0.9)


def test_scripts_without_blanks_are_joined_without() -> None:
    assert read(line_of(25), "春眠")[1].text == "春眠春眠春眠春眠"


def test_line_without_gaps_stays_squeezed() -> None:
    crop, text, columns = read(line_of(25, gap=0))
    assert (crop.is_squeezed, text.text, columns) == (True, "w d", [])


def test_line_that_fits_is_left_alone() -> None:
    crop, text, columns = read(line_of(9))
    assert (crop.is_squeezed, text.text, columns) == (False, "w d", [])
