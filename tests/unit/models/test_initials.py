"""Digits that stand alone as the initial of a paragraph."""

import numpy as np
import pytest

from models.recognition.corrections.initials import with_initials
from models.recognition.ctc import LineText

BESIDE = [(100, 10, 500, 40), (100, 50, 500, 80)]


@pytest.mark.parametrize(
    ("box", "others", "words", "expected", "reason"),
    [
        ((10, 10, 80, 90), BESIDE, ["0", "nce upon a time", "there was"], "O", "an initial"),
        ((10, 10, 80, 90), BESIDE, ["1", "n a town", "by the sea"], "I", "another one"),
        ((10, 10, 80, 90), BESIDE, ["0", "Once upon a time", "there was"], "0", "a number before a paragraph"),
        ((10, 10, 80, 90), BESIDE, ["7", "nce upon a time", "there was"], "7", "a digit like no letter"),
        ((10, 10, 80, 90), BESIDE[:1], ["0", "items in the cart"], "0", "a large number before a single line"),
        ((70, 10, 95, 40), BESIDE, ["0", "nights in a house", "by the sea"], "0", "a number as high as its line"),
        ((10, 10, 80, 90), [(200, 10, 600, 40), (200, 50, 600, 80)], ["0", "apart", "from it"], "0", "far away"),
        (
            (10, 10, 80, 90),
            [(100, 10, 200, 40), (100, 50, 200, 80)],
            ["0", "years", "old"],
            "0",
            "a large number before short lines",
        ),
    ],
)
def test_initials_are_letters(
    box: tuple[int, ...], others: list[tuple[int, ...]], words: list[str], expected: str, reason: str
) -> None:
    quads = np.array([[(x, y), (r, y), (r, b), (x, b)] for x, y, r, b in [box, *others]], np.float32)
    texts = [LineText(word, 0.9, tuple(word)) for word in words]

    corrected = with_initials(texts, quads)

    assert [text.text for text in corrected] == [expected, *words[1:]], reason
    assert corrected[0].characters == (expected,)
