"""8-bit integers change few lines, and lose no text: against the same nets in f32, on the same runtime.

The bounds are a little above what was measured with OpenVINO 2026.4.1, for the two recipes of recognition: of 13
convolutions for scenes, of 27 for documents.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from loadtest.data.accuracy import Counts, score_page
from loadtest.data.labels import ResultLine, read_labels
from models.detection import PageDetector
from models.manifests import load_manifest
from models.page import Line, Page
from models.recognition import TextRecognizer
from models.settings import DetectionOptions, NetSettings
from tests.integration.models.lines import Pixels, drawn_crops, drawn_line
from tests.integration.models.readers import THREADS, Reader, page_of
from tests.pictures import DATA

MANIFEST = load_manifest("ppocrv6-small")
LINES = 250
# Shares of lines and of characters that f32 reads otherwise, and of wrong characters beyond f32's. Measured with VNNI
# and bf16: scenes 1.2, 0.08 and 0.05 %, documents 3.6, 0.25 and 0.11 %; with neither: 2.8, 0.19 and 0.03 %, and 5.2,
# 0.42 and 0.17 %.
MOST = {"scenes": (0.035, 0.0025, 0.0015), "documents": (0.065, 0.0055, 0.0025)}
MOST_F1_LOST = 0.01

Floats = npt.NDArray[np.float32]
Item = TypeVar("Item")
Result = TypeVar("Result")


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def f32(readers: dict[str, Reader]) -> Reader:
    return readers["openvino"]


@pytest.fixture(scope="module")
def int8(int8_reader: Reader) -> Reader:
    """As the service loads it: the detector in what is fastest for it here, which is int8 where it has a recipe."""
    auto = NetSettings(runtime="openvino", device="cpu", threads=THREADS)
    return Reader(PageDetector.load(MANIFEST, auto), int8_reader.recognizer)


@pytest.fixture(scope="module")
def crops() -> list[tuple[str, Pixels]]:
    """Lines to read, and what is written in them."""
    return drawn_crops(LINES, seed=1)


@pytest.fixture(scope="module")
def exact(f32: Reader, crops: list[tuple[str, Pixels]]) -> list[str]:
    """What f32 reads in these lines: one net for both kinds of pages."""
    assert f32.recognizer.scenes is f32.recognizer.documents
    return texts_of(f32.recognizer.documents, crops)


def side_by_side(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(function, items))


def texts_of(recognizer: TextRecognizer, crops: Sequence[tuple[str, Pixels]]) -> list[str]:
    return side_by_side(lambda crop: recognizer.infer(crop[1][None])[0].text, crops)


def edits(found: str, expected: str) -> int:
    """Characters to insert, drop or replace until the one is the other (Levenshtein)."""
    row = list(range(len(expected) + 1))
    for count, one in enumerate(found, start=1):
        diagonal, row[0] = row[0], count
        for place, other in enumerate(expected, start=1):
            diagonal, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, diagonal + (one != other))
    return row[-1]


def error_rate(found: Sequence[str], expected: Sequence[str]) -> float:
    return sum(map(edits, found, expected)) / sum(map(len, expected))


@pytest.mark.parametrize("kind", ["documents", "scenes"])
def test_recognizer_changes_few_lines(
    int8: Reader, crops: list[tuple[str, Pixels]], exact: list[str], kind: str
) -> None:
    truth = [text for text, _ in crops]
    fast = texts_of(getattr(int8.recognizer, kind), crops)
    changed = sum(one != other for one, other in zip(exact, fast, strict=True)) / LINES
    f32_wrong, int8_wrong = error_rate(exact, truth), error_rate(fast, truth)
    print(
        f"changed {changed:.2%}, {error_rate(fast, exact):.3%}; wrong in f32 {f32_wrong:.3%}, in int8 {int8_wrong:.3%}"
    )
    assert f32_wrong < 0.03, "too hard to tell anything"
    most_changed, most_characters_changed, most_characters_lost = MOST[kind]
    assert 0 < changed < most_changed, "none would mean that the net is not an int8 one"
    assert error_rate(fast, exact) < most_characters_changed
    assert int8_wrong < f32_wrong + most_characters_lost


def drawn_sheet(seed: int) -> Page:
    """Two columns of lines of all sizes, some of them faint, on gray paper."""
    random = np.random.default_rng(seed)
    sheet: Pixels = np.full((1200, 900, 3), 235, dtype=np.uint8)
    for left in (30, 470):
        top = 20
        while top < 1120:
            line = drawn_line("Item 2041 and Price", int(random.integers(11, 30)), random)[:, :410]
            height, width = line.shape[:2]
            sheet[top : top + height, left : left + width] = line.clip(random.integers(0, 120))
            top += height + int(random.integers(8, 30))
    return Page(sheet)


def overlap(quad: Floats, other: Floats) -> float:
    """Share that two quads have in common of what they cover together."""
    common, _ = cv2.intersectConvexConvex(quad, other)
    return common / (cv2.contourArea(quad) + cv2.contourArea(other) - common)


def test_detector_finds_the_same_lines(f32: Reader, int8: Reader) -> None:
    overlaps: list[float] = []
    for page in map(drawn_sheet, range(4)):
        exact, fast = (reader.detector.detect(page, DetectionOptions()).points for reader in (f32, int8))
        assert len(fast) == len(exact) > 50
        overlaps += [max(overlap(quad, other) for other in fast) for quad in exact]
    assert min(overlaps) > 0.7
    # Measured .976 in bf16, .978 in int8 with a recipe of 32 convolutions, .92 with its ranges a third narrower.
    assert np.mean(overlaps) > 0.965


@pytest.mark.parametrize(("name", "count"), [("sroie", 5), ("funsd", 4)])
@pytest.mark.skipif(not DATA.exists(), reason="the public pictures are not beside the project")
def test_public_pages_lose_no_text(
    public_lines: Callable[[str, Path], tuple[Line, ...]], int8: Reader, name: str, count: int
) -> None:
    rows = read_labels(DATA / name / "labels.jsonl")[:count]

    def f1(read: Callable[[Path], tuple[Line, ...]]) -> float:
        found = side_by_side(read, [row.image for row in rows])
        counts = sum(
            (
                score_page(row.page, [ResultLine(line.text, line.polygon) for line in lines])
                for row, lines in zip(rows, found, strict=True)
            ),
            Counts(),
        )
        assert counts.f1 is not None
        return counts.f1

    exact = f1(lambda path: public_lines("openvino", path))
    fast = f1(lambda path: int8.lines(page_of(path)))
    print(f"{name}: F1 {exact:.4f} in f32, {fast:.4f} in int8")
    assert exact > 0.9
    assert fast > exact - MOST_F1_LOST
