"""Text layers that are compared with the page, and pictures that are read beside them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from models.page import Line, Page, PageQuads, PageText, Polygon, Quads, Samples
from models.recognition import LineText, TextRecognizer, layer_steps
from models.recognition.recognizer import ReadLines
from models.recognition.text_layers import contradiction
from models.settings import RecognitionOptions
from models.steps import run_steps


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("bfRceVc. 6 dVT`_U dfcgVj", "quarter. A second survey"),
        ("2,315.61", "1,204.50"),
        ("Total due: 2,315.61", "Total due: 1,204.50"),
        ("12345678", "23456789"),
        ("电子发票", "购买方名"),
        ('"7+%-', "Phone"),
    ],
)
def test_shifted_text_contradicts_the_page(text: str, shown: str) -> None:
    assert contradiction(text, shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Invoice No. 4711", "Invoice No. 4711"),
        ("Invoice No. 4711", "lnvoice No 4771"),
        ("ﬁnal oﬀer", "final offer"),
        ("up to 1 ⁄4 inch, No. 6", "up to ½ inch, No. 6"),
        ("CAPITALS", "Capitals"),
        ("x - 1", "x–1"),
        ("- - - -", "一一一一"),
        ("Chapter 1 ............... 12", "Chapter 1 12"),
        ("Cộng hòa xã hội", "Cong hoa xa hoi"),
    ],
)
def test_a_misread_line_does_not_contradict_the_page(text: str, shown: str) -> None:
    assert not contradiction(text, shown)


def box(left: float, top: float, right: float, bottom: float) -> Polygon:
    return ((left, top), (right, top), (right, bottom), (left, bottom))


class _Recognizer:
    """Reads each line as the next of some texts."""

    def __init__(self, *read: LineText) -> None:
        self.read = list(read)

    def crops(self, page: Page, quads: Quads) -> list[Any]:
        return [np.zeros((48, 48, 3), np.uint8).view(_Crop) for _ in quads.points]

    def steps(
        self, page: Page, quads: Quads, options: RecognitionOptions, *, with_characters: bool, languages: Sequence[str]
    ) -> Any:
        yield from ()
        polygons = [tuple((float(x), float(y)) for x, y in quad) for quad in quads.points]
        return ReadLines(tuple(Line(f"picture {round(one[0][1])}", 0.9, one) for one in polygons), ())


class _Crop(np.ndarray):
    @property
    def pixels(self) -> Any:
        return self


def read(page: Page, found: Sequence[Polygon] = (), *texts: LineText, rotation: int = 0) -> PageText:
    points = np.array(found, np.float32).reshape(-1, 4, 2)
    quads = PageQuads(1, page.width, page.height, 0, Quads(points, np.ones(len(points), np.float32), (), rotation))
    recognizer = cast(TextRecognizer, _Recognizer())
    return run_steps(layer_steps(recognizer, page, quads, RecognitionOptions()), lambda _: texts)


PAGE = Page(
    np.zeros((400, 400, 3), np.uint8),
    text_layer=(Line("above", 1.0, box(10, 10, 90, 20)), Line("below", 1.0, box(10, 300, 90, 310))),
    text_layer_size=(400, 400),
    unread=np.array([[0, 100, 200, 320]], np.float32),
)
SAMPLES = Samples(np.zeros((20, 90, 3), np.uint8), np.array([box(5, 5, 85, 15)], np.float32), ("Total 4711",))


def test_pictures_are_read_beside_the_layer() -> None:
    found = [
        box(10, 9, 91, 21),  # a line of the layer, beside the picture
        box(10, 299, 91, 311),  # a line of the layer, on the picture
        box(10, 150, 90, 160),
        box(10, 120, 90, 130),
        box(250, 150, 330, 160),  # neither on the picture nor in the layer
    ]
    text = read(PAGE, found)
    assert [(line.text, line.source) for line in text.lines] == [
        ("above", None),
        ("picture 120", "ocr"),
        ("picture 150", "ocr"),
        ("below", None),
    ]
    assert text.source == "text_layer"
    assert text.refused_layer is None


@pytest.mark.parametrize("quad", [box(6, 294, 96, 316), box(4, 292, 97, 314)])
def test_line_of_the_layer_is_not_read_again_in_a_quad_twice_as_thick(quad: Polygon) -> None:
    assert [line.text for line in read(PAGE, [quad]).lines] == ["above", "below"]


@pytest.mark.parametrize(
    ("shown", "is_refused"),
    [
        (LineText("Total 5822", 0.99), True),
        (LineText("Total 5822", 0.5), False),  # read too badly to tell
        (LineText("Total 4711", 0.99), False),
    ],
)
def test_layer_that_contradicts_the_page_is_refused(shown: LineText, is_refused: bool) -> None:
    text = read(replace(PAGE, samples=SAMPLES, unread=np.empty((0, 4), np.float32)), (), shown)
    assert bool(text.refused_layer) is is_refused
    if text.refused_layer is not None:
        assert text.lines == ()
        assert text.refused_layer.code == "text_layer_refused"
        assert "'Total 4711' where the page shows 'Total 5822'" in text.refused_layer.message
    else:
        assert text.lines == PAGE.text_layer


def test_layer_that_stands_another_way_than_its_pictures_is_refused() -> None:
    assert read(PAGE, [box(10, 150, 90, 160)], rotation=90).refused_layer is not None
