"""Ink beside the lines of a document: what counts, and what becomes of it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from models.detection.db import DbThresholds
from models.detection.marks import find_marks, mark_steps
from models.detection.resize import resize_page
from models.page import PageWarning
from models.steps import NetInputs, run_steps
from models.upright import upright_pixels
from tests.bar_net import BarNet

Box = tuple[int, int, int, int]

THRESHOLDS = DbThresholds(threshold=0.3, box_threshold=0.5, unclip_ratio=1.4)
SIZE = (800, 1000)
LINES: Sequence[Box] = [(100, top, 500, top + 30) for top in (100, 160, 220, 280)]
MARK = (620, 108, 628, 124)


def page_of(*boxes: Box) -> npt.NDArray[np.uint8]:
    pixels = np.full((SIZE[1], SIZE[0], 3), 255, np.uint8)
    for left, top, right, bottom in boxes:
        pixels[top:bottom, left:right] = 0
    return pixels


def quads_of(boxes: Sequence[Box]) -> npt.NDArray[np.float32]:
    return np.array([[(x, y), (r, y), (r, b), (x, b)] for x, y, r, b in boxes], np.float32)


def marks_of(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    marks, are_initials = find_marks(resize_page(pixels, 1, SIZE, is_document=True), quads_of(LINES))
    assert not are_initials.any()
    return marks


def test_character_in_a_row_is_a_mark() -> None:
    assert marks_of(page_of(*LINES, MARK)).tolist() == [list(MARK)]


@pytest.mark.parametrize(
    ("boxes", "reason"),
    [
        ([(110, 108, 118, 124)], "it lies in a quad"),
        ([(620, 400, 628, 416)], "no line is beside it"),
        ([(620, 104, 660, 144)], "it is too large"),
        ([(620, 112, 623, 115)], "it is a speck"),
        ([(620, 103, 623, 127)], "it is a ruling"),
        ([(600 + x, y, 608 + x, y + 12) for x in (0, 12, 24) for y in (100, 116)], "it is part of a drawing"),
    ],
)
def test_other_ink_is_none(boxes: list[Box], reason: str) -> None:
    assert len(marks_of(page_of(*LINES, *boxes))) == 0, reason


@pytest.mark.parametrize(
    ("left", "top", "right", "bottom", "expected"),
    [
        (30, 108, 92, 188, True),  # two lines high
        (10, 104, 92, 250, True),  # three
        (30, 160, 92, 250, True),  # at the second line
        (30, 130, 92, 210, False),  # between two lines
        (30, 104, 92, 124, False),  # as high as a line
        (84, 104, 90, 250, False),  # a bar
        (10, 104, 40, 180, False),  # too far from the text
        (510, 104, 580, 180, False),  # after the text
    ],
)
def test_large_ink_before_a_paragraph_is_an_initial(
    left: int, top: int, right: int, bottom: int, *, expected: bool
) -> None:
    pixels = page_of(*LINES, (left, top, right, bottom))
    marks, are_initials = find_marks(resize_page(pixels, 1, SIZE, is_document=True), quads_of(LINES))

    assert marks[are_initials].tolist() == ([[left, top, right, bottom]] if expected else [])


def test_rest_of_ink_that_a_quad_has_is_no_initial() -> None:
    pixels = page_of(*LINES, (30, 94, 92, 180))
    begun = [(28, 80, 500, 101), *LINES]
    assert not len(find_marks(resize_page(pixels, 1, SIZE, is_document=True), quads_of(begun))[0])


def test_initial_is_shown_small_and_alone_and_its_quad_holds_it() -> None:
    initial: Box = (10, 104, 92, 250)
    pixels = page_of(*LINES, initial)
    prepared = resize_page(pixels, 1, SIZE, is_document=True)
    shown: list[npt.NDArray[np.uint8]] = []

    def run(inputs: NetInputs) -> list[npt.NDArray[np.float32]]:
        shown.extend(inputs.arrays)
        return [(array[:, :, 0] < 127).astype(np.float32) for array in inputs.arrays]

    steps = mark_steps(pixels, *find_marks(prepared, quads_of(LINES)), prepared, "detection", THRESHOLDS)
    points, _, unread = run_steps(steps, run)

    rows, columns = np.nonzero(shown[0][:, :, 0] < 127)
    assert 14 <= np.ptp(rows) + 1 <= 18
    assert np.ptp(columns) < np.ptp(rows), "the lines beside it are not shown"
    assert len(unread) == 0
    assert points[0].min(axis=0).tolist() == pytest.approx([-4.6, 89.4])
    assert points[0].max(axis=0).tolist() == pytest.approx([106.6, 264.6])


def test_page_of_hardly_any_line_has_no_rows() -> None:
    prepared = resize_page(page_of(*LINES[:2], MARK), 1, SIZE, is_document=True)
    assert len(find_marks(prepared, quads_of(LINES[:2]))[0]) == 0


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_mark_that_the_net_takes_for_text_is_a_line(rotation: int) -> None:
    pixels = upright_pixels(page_of(*LINES, MARK), -rotation % 360)
    size = (pixels.shape[1], pixels.shape[0])
    prepared = resize_page(pixels, 1, size, is_document=True).turned(rotation)
    marks, are_initials = find_marks(prepared, quads_of(LINES))
    net = BarNet()

    def run(inputs: NetInputs) -> list[npt.NDArray[np.generic]]:
        return list(net.run(np.stack(inputs.arrays))[0][:, 0])

    steps = mark_steps(pixels, marks, are_initials, prepared, "detection", THRESHOLDS)
    points, scores, unread = run_steps(steps, run)

    assert (len(points), len(scores), len(unread)) == (1, 1, 0)
    left, top = points[0].min(axis=0)
    right, bottom = points[0].max(axis=0)
    assert MARK[0] - 5 < left < MARK[0] < MARK[2] < right < MARK[2] + 5
    assert MARK[1] - 5 < top < MARK[1] < MARK[3] < bottom < MARK[3] + 5


def test_mark_that_the_net_does_not_take_for_text_is_reported() -> None:
    pixels = page_of(*LINES, MARK)
    prepared = resize_page(pixels, 7, SIZE, is_document=True)

    def run(inputs: NetInputs) -> list[npt.NDArray[np.float32]]:
        return [np.zeros(array.shape[:2], np.float32) for array in inputs.arrays]

    steps = mark_steps(pixels, *find_marks(prepared, quads_of(LINES)), prepared, "detection", THRESHOLDS)
    points, _, unread = run_steps(steps, run)

    assert (len(points), unread.tolist()) == (0, [list(MARK)])
    middles = (unread[:, :2] + unread[:, 2:]) / 2
    warning = PageWarning.unread_ink("beside lines", np.repeat(middles, 7, axis=0), 7)
    assert (warning.code, warning.page) == ("unread_ink", 7)
    assert warning.message.endswith("at " + ", ".join(["(624, 116)"] * 5) + " and 2 more places")
