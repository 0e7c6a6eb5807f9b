"""Boxes of the raw outputs of a net that finds regions."""

import numpy as np
import numpy.typing as npt
import pytest

from models.errors import ModelOutputError
from models.steps import NetInputs, advance
from models.structure.layout import LayoutDecoding, LayoutPart
from models.structure.layout.net import decoded_boxes
from models.structure.part import PageView

SMALL = LayoutDecoding(height=64, width=96, classes=("text", None, "table"), strides=(8, 32), threshold=0.5)
BINS = 8


class Outputs:
    """Raw outputs that say nothing but what is put there."""

    def __init__(self, decoding: LayoutDecoding) -> None:
        self.decoding = decoding
        cells = [-(-decoding.width // side) * -(-decoding.height // side) for side in decoding.strides]
        self.scores = [np.zeros((count, len(decoding.classes)), np.float32) for count in cells]
        self.distances = [np.zeros((count, 4 * BINS), np.float32) for count in cells]

    def put(self, grid: int, x: int, y: int, kind: int, score: float, bins: tuple[int, int, int, int]) -> "Outputs":
        """A region around the cell (x, y), whose sides are so many cells from the cell's middle."""
        across = -(-self.decoding.width // self.decoding.strides[grid])
        self.scores[grid][y * across + x, kind] = score
        for side, at in enumerate(bins):
            self.distances[grid][y * across + x, side * BINS + at] = 50
        return self

    def arrays(self) -> list[npt.NDArray[np.float32]]:
        return [*self.scores, *self.distances]


def test_boxes_are_scaled_to_the_page_the_surest_first() -> None:
    outputs = Outputs(SMALL).put(0, 5, 3, 0, 0.7, (2, 1, 3, 1)).put(1, 2, 1, 2, 0.9, (1, 1, 0, 0))
    boxes = decoded_boxes(outputs.arrays(), SMALL, (960, 640))
    assert [(box.kind, box.confidence) for box in boxes] == [("table", 0.9), ("text", 0.7)]
    # The middle of the coarse cell (2, 1) is (80, 48) in the input, which is a tenth of the page.
    assert boxes[0].box == (480, 160, 800, 480)
    assert boxes[1].box == (280, 200, 680, 360)


def test_distances_are_means_of_their_distributions() -> None:
    outputs = Outputs(SMALL).put(0, 5, 3, 0, 0.7, (2, 1, 3, 1))
    outputs.distances[0][3 * 12 + 5, 4] = 50  # to the left: two cells or four, equally likely
    assert decoded_boxes(outputs.arrays(), SMALL, (96, 64))[0].box[0] == 5.5 * 8 - 3 * 8


def test_unsure_unwanted_and_repeated_boxes_are_left_out() -> None:
    outputs = Outputs(SMALL).put(0, 5, 3, 0, 0.9, (3, 2, 3, 2)).put(0, 5, 4, 2, 0.8, (3, 3, 3, 1))
    outputs.put(0, 1, 6, 0, 0.4, (1, 1, 1, 1)).put(0, 1, 1, 1, 0.9, (1, 1, 1, 1))
    assert [(box.kind, box.confidence) for box in decoded_boxes(outputs.arrays(), SMALL, (96, 64))] == [("text", 0.9)]


def test_boxes_end_at_the_page_and_values_that_are_not_numbers_are_no_boxes() -> None:
    outputs = Outputs(SMALL).put(1, 0, 0, 0, 0.9, (7, 7, 1, 1)).put(0, 6, 6, 0, 0.9, (1, 1, 1, 1))
    outputs.distances[0][6 * 12 + 6, 0] = np.nan
    outputs.scores[0][0, 0] = np.nan
    assert [box.box for box in decoded_boxes(outputs.arrays(), SMALL, (96, 64))] == [(0, 0, 48, 48)]


def test_page_without_regions_has_no_boxes() -> None:
    assert decoded_boxes(Outputs(SMALL).arrays(), SMALL, (96, 64)) == ()


@pytest.mark.parametrize("wrong", ["too few", "classes", "cells", "distances"])
def test_outputs_of_another_net_are_refused(wrong: str) -> None:
    arrays = Outputs(SMALL).arrays()
    match wrong:
        case "too few":
            arrays.pop()
        case "classes":
            arrays[0] = arrays[0][:, :2]
        case "cells":
            arrays[1] = arrays[1][:-1]
        case "distances":
            arrays[2] = arrays[2][:, :-1]
    with pytest.raises(ModelOutputError, match="model file and manifest disagree"):
        decoded_boxes(arrays, SMALL, (96, 64))


def test_part_asks_the_net_once_with_a_page_of_its_size() -> None:
    pixels = np.full((640, 960, 3), 255, np.uint8)
    steps = LayoutPart(SMALL).look(PageView(pixels, np.empty((0, 4, 2), np.float32)), {})
    step = advance(steps, None)
    assert isinstance(step, NetInputs)
    assert step.net == "layout"
    assert [(array.shape, array.dtype.name, int(array.min())) for array in step.arrays] == [((64, 96, 3), "uint8", 255)]
    finished = advance(steps, [Outputs(SMALL).put(1, 2, 1, 2, 0.9, (1, 1, 0, 0)).arrays()])
    assert not isinstance(finished, NetInputs)
    assert [box.box for box in finished.result] == [(480, 160, 800, 480)]
