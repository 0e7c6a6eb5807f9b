"""A page so large that it is searched in tiles is read as its parts are."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from models.detection.tiling.tile_grid import is_blank
from models.page import Page
from models.settings import DetectionOptions, RecognitionOptions
from tests.integration.models.readers import Reader

WIDTH, HEIGHT = 5000, 2000
COLUMNS, BAND = 2, 1000


def page_of_small_print() -> Page:
    """Two columns of lines of nine pixels, shifted along so that seams cut them everywhere."""
    pixels = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    for index, y in enumerate(range(40, HEIGHT, 200)):
        for column in range(COLUMNS):
            x = column * WIDTH // COLUMNS + 30 + 97 * index % 1100
            cv2.putText(
                pixels, f"Invoice {index:03} total {37 * index + column}.50 EUR", (x, y), cv2.FONT_HERSHEY_SIMPLEX,
                0.45, (0, 0, 0), 1, cv2.LINE_AA,
            )  # fmt: skip
    return Page(pixels)


def read(reader: Reader, page: Page) -> tuple[list[str], tuple[str, ...]]:
    quads = reader.detector.detect(page, DetectionOptions())
    read = reader.recognizer.recognize(page, quads, RecognitionOptions())
    lines, warnings = read.lines, read.warnings
    return [line.text for line in lines], tuple(warning.code for warning in (*quads.warnings, *warnings))


@pytest.mark.slow
def test_huge_page_of_small_print_is_read_as_its_parts(
    readers: dict[str, Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, page = readers["openvino"], page_of_small_print()
    infer, shapes = reader.detector.documents.infer, []

    def noted(batch: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        shapes.append(batch.shape[1:3])
        return infer(batch)

    monkeypatch.setattr(reader.detector.documents, "infer", noted)
    whole, warnings = read(reader, page)
    assert shapes[2:] == [(1152, 1152)] * 7  # of ten: three show no low line
    parts = []
    for top in range(0, HEIGHT, BAND):
        for left in range(0, WIDTH, WIDTH // COLUMNS):
            part = page.pixels[top : top + BAND, left : left + WIDTH // COLUMNS]
            parts += read(reader, Page(np.ascontiguousarray(part)))[0]
    assert warnings == ()
    assert len(parts) == 2 * len(range(40, HEIGHT, 200))
    assert sorted(whole) == sorted(parts)


@pytest.mark.parametrize("contrast", [3, 4, 5, 6])
def test_ink_too_faint_for_a_tile_to_count_is_too_faint_for_the_net(readers: dict[str, Reader], contrast: int) -> None:
    tile = np.full((1280, 1280, 3), 240, np.uint8)
    ink = (240 - contrast,) * 3
    for row, size in enumerate((0.6, 0.8, 1.2, 2.0)):
        cv2.putText(tile, "Total 1234 Invoice", (60, 200 + 250 * row), cv2.FONT_HERSHEY_SIMPLEX, size, ink, 2)
    found = len(readers["openvino"].detector.detect(Page(tile), DetectionOptions(thorough=True)))
    assert is_blank(tile) is (contrast < 5)
    assert not (is_blank(tile) and found)
