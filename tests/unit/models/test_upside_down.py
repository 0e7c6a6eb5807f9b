"""Lines that are turned because they, or most lines that run the same way, were read upside down."""

from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest

from models.direction import LineDirection
from models.recognition.crops import LineCrop
from models.recognition.ctc import LineText
from models.recognition.upside_down import turn_doubtful_lines
from models.steps import NetInputs, run_steps

UP = ["Bread", "Milk 1.5 l", "Apples", "6.99"]


def text(of: str, confidence: float) -> LineText:
    return LineText(of, confidence, tuple(of), (0.5,) * len(of), (confidence,) * len(of), (0.0,) * len(of))


def crop(quad: npt.NDArray[np.float32]) -> LineCrop:
    """Its first pixel tells the line, and the next whether it was cut out as the quad was found."""
    pixels = np.zeros((48, 96, 3), dtype=np.uint8)
    pixels[0, :2, 0] = quad[:, 0].min() // 100, quad[1, 1] > quad[0, 1]
    return LineCrop(pixels, 96, is_squeezed=False)


class Direction:
    """Gives the pixels as they are."""

    def fitted(self, line: Any) -> Any:
        return line


@pytest.mark.parametrize(
    ("sure", "expected", "reason"),
    [
        (("669", 0.97), UP, "most lines that ran down were turned, so this one is tried"),
        (("Appendix", 0.97), [*UP[:3], "Appendix"], "it is read better as it is"),
    ],
)
def test_sure_line_among_lines_that_were_turned(sure: tuple[str, float], expected: list[str], reason: str) -> None:
    left = 100 * np.arange(4)
    points = np.array([[[x + 50, 0], [x + 50, 90], [x, 90], [x, 0]] for x in left], dtype=np.float32)
    crops, texts = [crop(quad) for quad in points], [text("???", 0.6)] * 3 + [text(*sure)]

    def answer(asked: NetInputs) -> list[Any]:
        if asked.net == "direction":
            return [-5.0] * len(asked.arrays)
        assert all(pixels[0, 1, 0] == 0 for pixels in asked.arrays)
        return [text(UP[pixels[0, 0, 0]], 0.99) for pixels in asked.arrays]

    steps = turn_doubtful_lines(points, points, crops, texts, crop, cast(LineDirection, Direction()))
    turned, _, read = run_steps(steps, answer)
    assert [line.text for line in read] == expected, reason
    ran_up = [quad[0, 1] > quad[1, 1] for quad in turned]
    assert ran_up == [of in UP for of in expected]


def test_few_turned_lines_tell_nothing_about_others() -> None:
    points = np.array([[[x + 50, 0], [x + 50, 90], [x, 90], [x, 0]] for x in (0, 100, 300)], dtype=np.float32)
    texts = [text("???", 0.6)] * 2 + [text("669", 0.97)]

    def answer(asked: NetInputs) -> list[Any]:
        return [-5.0 if asked.net == "direction" else text(UP[pixels[0, 0, 0]], 0.99) for pixels in asked.arrays]

    steps = turn_doubtful_lines(
        points, points, [crop(quad) for quad in points], texts, crop, cast(LineDirection, Direction())
    )
    assert [line.text for line in run_steps(steps, answer)[2]] == ["Bread", "Milk 1.5 l", "669"]
