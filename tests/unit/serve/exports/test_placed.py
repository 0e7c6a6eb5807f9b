"""Where text stands in the stored picture."""

import numpy as np
import pytest

from serve.exports.xml.placed import Box, PlacedLine, placed_page
from serve.results import LineResult, OcrPage
from tests.unit.serve.exports.documents import box, line, page


def lines_of(result: OcrPage) -> list[PlacedLine]:
    return [line for region in placed_page(result).regions for part in region.paragraphs for line in part.lines]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_boxes_fit_over_the_picture_as_it_is_stored(rotation: int) -> None:
    result = page(1, line("two words", 100, 60), line("lower", 300, 500), rotation=rotation)
    upright = np.zeros((result.height, result.width), dtype=np.uint8)
    words = [word for row in result.lines for word in row.words]
    for value, word in enumerate(words, 1):
        (left, top), _, (right, bottom), _ = np.array(word.polygon, dtype=int)
        upright[top:bottom, left:right] = value
    stored = np.rot90(upright, rotation // 90)  # counterclockwise: turned back clockwise, it stands upright
    placed = placed_page(result)
    assert (placed.height, placed.width) == stored.shape
    found = [word for row in lines_of(result) for word in row.words]
    assert [word.text for word in found] == [word.text for word in words]
    for value, text in enumerate(found, 1):
        inside = stored[text.box.top : text.box.bottom, text.box.left : text.box.right]
        assert (inside == value).all()
        assert inside.size == (stored == value).sum()


@pytest.mark.parametrize(
    ("rotation", "angle", "baseline"),
    [
        (0, 0, ((100, 82), (150, 82))),
        (90, 90, ((82, 900), (82, 850))),  # the text runs from bottom to top
        (180, 180, ((900, 1318), (850, 1318))),
        (270, 270, ((1318, 100), (1318, 150))),
    ],
)
def test_baseline_runs_with_the_text(rotation: int, angle: int, baseline: object) -> None:
    (placed,) = lines_of(page(1, line("words", 100, 60), rotation=rotation))
    assert (placed.angle, placed.baseline, placed.height) == (angle, baseline, 30)
    assert placed.is_sideways == (rotation != 0)


def test_coordinates_stay_inside_the_picture() -> None:
    outside = LineResult(text="wide", confidence=0.5, polygon=box(-3.6, -2, 1000.7, 31.5))
    (placed,) = lines_of(page(1, outside))
    assert placed.box == (0, 0, 1000, 32)


def test_line_without_words_is_one_word() -> None:
    (placed,) = lines_of(page(1, line("no words known", 10, 10, has_words=False)))
    assert [(word.text, word.box, word.confidence) for word in placed.words] == [
        ("no words known", Box(10, 10, 150, 40), 0.9876)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("123 שלום abc", True), ("abc שלום", False), ("مرحبا", True), ("漢字 שלום", False), ("12 345", False)],
)
def test_first_letter_tells_the_direction(text: str, expected: bool) -> None:
    (placed,) = lines_of(page(1, line(text, 10, 10)))
    assert placed.right_to_left is expected


@pytest.mark.parametrize(("slope", "expected"), [(0.0, True), (0.01, True), (0.1, False)])
def test_polygons_along_the_axes_are_boxes(slope: float, expected: bool) -> None:
    (placed,) = lines_of(page(1, line("slanted text", 10, 10, slope=slope)))
    assert placed.is_straight is expected
