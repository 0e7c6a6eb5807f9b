"""How much goes through the nets for a page: counted, not timed, and so the same on every machine.

Recognition costs columns and detection costs pixels (docs/explanation/benchmarks.md): these counts are the part of a
page's cost that code decides. A change that raises one must say why.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from models.detection import TextDetector
from models.detection.passes import first_pass
from models.detection.resize import first_size, full_size
from models.direction import LineDirection
from models.manifests import load_manifest
from models.page import Page
from models.recognition import TextRecognizer
from models.recognition.widths import LineWidths, width_table
from models.settings import DetectionOptions, NetSettings, RecognitionOptions
from models.steps import NetInputs, run_steps
from tests.pictures import drawn_page

MANIFEST = load_manifest("ppocrv6-small")
CPU = NetSettings(device="cpu")
RECEIPT = ("INVOICE 2041", "2x Tea 7.80", "1x Cake 5.70", "TOTAL 13.50")


@pytest.fixture(scope="module")
def detector() -> TextDetector:
    """The default bundle's detector."""
    return TextDetector.load(MANIFEST.detection, CPU)


@pytest.fixture(scope="module")
def recognizer() -> TextRecognizer:
    """The default bundle's recognizer."""
    return TextRecognizer.load(MANIFEST.recognition, CPU)


def test_width_table_pads_a_log_uniform_spread_by_less_than_five_percent() -> None:
    table = width_table(MANIFEST.recognition.width_multiple_px)
    columns = np.exp(np.linspace(np.log(table[0]), np.log(table[-1]), 5000)).astype(int)
    run = np.array([LineWidths(table).bucket(int(width)) for width in columns])
    assert (run - columns).sum() / run.sum() < 0.05  # of all columns: longer lines, which have more, are padded less
    assert ((run - columns) / run).max() < 0.22
    assert len(table) <= 48  # each is a shape that the runtime has to compile


@pytest.mark.parametrize(
    ("size", "most_first", "most_full", "reason"),
    [
        ((463, 1013), 0.44e6, 1.18e6, "a narrow receipt"),
        ((754, 1000), 0.71e6, 0.77e6, "a form"),
        ((1280, 720), 0.53e6, 0.97e6, "a slide"),
        ((2480, 3508), 0.79e6, 2.9e6, "A4 at 300 dpi"),
        ((20000, 10000), 2.0e6, 2.0e6, "a map: in full at once"),
        ((20, 20), 0.55e6, 0.55e6, "a stamp"),
    ],
)
def test_pixels_through_the_detector(size: tuple[int, int], most_first: float, most_full: float, reason: str) -> None:
    for most, (width, height) in (
        (most_first, first_size(*size, MANIFEST.detection, is_document=True)),
        (most_full, full_size(*size, MANIFEST.detection)),
    ):
        assert 0.9 * most < width * height <= most, reason


@pytest.mark.parametrize("rows", [RECEIPT, RECEIPT * 4], ids=["4 rows", "16 rows"])
def test_page_of_ordinary_print_takes_one_pass(detector: TextDetector, rows: tuple[str, ...]) -> None:
    page = Page(drawn_page(*rows))
    prepared = first_pass(page.pixels, 1, MANIFEST.detection, is_document=True)
    quads = detector.quads(detector.infer(prepared.pixels[None])[0], prepared, DetectionOptions())
    assert max(prepared.size) == MANIFEST.detection.first_side_px
    assert detector.second_pass(page, prepared, quads, DetectionOptions()) is None


@pytest.mark.parametrize("rows", [RECEIPT, RECEIPT * 4], ids=["4 rows", "16 rows"])
def test_lines_judged_for_the_direction_of_an_upright_page(rows: tuple[str, ...]) -> None:
    direction = LineDirection.load(MANIFEST, MANIFEST.detection, CPU)
    assert direction is not None
    detector = TextDetector.load(MANIFEST.detection, CPU, direction)
    recognizer = TextRecognizer.load(MANIFEST.recognition, CPU, direction=direction)
    judged = 0

    def run(inputs: NetInputs) -> Sequence[Any]:
        nonlocal judged
        if inputs.net == "direction":
            judged += len(inputs.arrays)
            return direction.infer_all(inputs.arrays)
        infer = detector.infer if inputs.net == "detection" else recognizer.infer
        return [infer(pixels[None])[0] for pixels in inputs.arrays]

    page = Page(drawn_page(*rows))
    quads = run_steps(detector.steps(page, DetectionOptions(), is_document=True), run)
    assert (len(quads), judged) == (len(rows), 3)  # 1.5 ms
    run_steps(recognizer.steps(page, quads, RecognitionOptions()), run)
    assert judged == 3  # none of its lines is doubtful


# Measured 384, 1216 and 4288 in int8, 384, 1152 and 4288 in f32: a margin of three percent is for others.
@pytest.mark.parametrize(
    ("rows", "most_columns"),
    [(RECEIPT[:1], 396), (RECEIPT, 1252), (RECEIPT * 4, 4420)],
    ids=["1 row", "4 rows", "16 rows"],
)
def test_columns_through_the_recognizer(
    detector: TextDetector, recognizer: TextRecognizer, rows: tuple[str, ...], most_columns: int
) -> None:
    page = Page(drawn_page(*rows))
    crops = recognizer.crops(page, detector.detect(page, DetectionOptions()))
    run = sum(crop.pixels.shape[1] for crop in crops)
    used = sum(crop.columns for crop in crops)
    assert len(crops) == len(rows)
    assert run <= most_columns
    assert (run - used) / run < 0.19
