"""The same picture gives the same result, bit for bit: again, beside others, and from several threads at once.

Only a batch that nobody prepared for may change last bits; no text changes with them.
"""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import psutil
import pytest

from models.detection import TextDetector
from models.detection import detector as detector_module
from models.detection.passes import first_pass
from models.manifests import load_manifest
from models.page import Page
from models.recognition import LineText, PageRecognizer, TextRecognizer
from models.recognition.widths import common_shapes
from models.runtime import openvino as openvino_module
from models.settings import DetectionOptions, NetSettings
from tests.integration.models.lines import Pixels, drawn_crops
from tests.pictures import drawn_page

pytestmark = pytest.mark.slow

MANIFEST = load_manifest("ppocrv6-small")
COMMON = {width: lines for lines, width in common_shapes(MANIFEST.recognition.width_multiple_px)}
THREADS = 2
# What runs by default on this machine, and what every machine has.
KINDS = {"default": ("auto", "auto"), "onnxruntime": ("onnxruntime", "f32")}
DETECTION = MANIFEST.detection_documents or MANIFEST.detection


def settings(kind: str) -> NetSettings:
    runtime, precision = KINDS[kind]
    return NetSettings.model_validate({"runtime": runtime, "precision": precision, "device": "cpu", "threads": THREADS})


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def prepared(kind: str) -> PageRecognizer:
    """As the service loads it: ready for the usual widths."""
    return PageRecognizer.load(MANIFEST.recognition, settings(kind))


@pytest.fixture(scope="module")
def not_prepared() -> Callable[[str], PageRecognizer]:
    """Gives the recognizer of a kind as `rayocr read` loads it for a few documents, which is loaded once."""

    @cache
    def load(kind: str) -> PageRecognizer:
        return PageRecognizer.load(MANIFEST.recognition, settings(kind), is_prepared=False)

    return load


@pytest.fixture(scope="module")
def recognizer(prepared: PageRecognizer) -> TextRecognizer:
    return prepared.documents


@pytest.fixture(scope="module", params=KINDS)
def detector(request: pytest.FixtureRequest) -> TextDetector:
    return TextDetector.load(DETECTION, settings(request.param))


@pytest.fixture(scope="module")
def crops() -> list[Pixels]:
    """Lines of usual widths and of greater ones."""
    lines = [pixels for _, pixels in drawn_crops(30, seed=5)]
    assert {line.shape[1] in COMMON for line in lines} == {True, False}
    return lines


@pytest.fixture(scope="module")
def alone(recognizer: TextRecognizer, crops: list[Pixels]) -> list[LineText]:
    """Each line by itself, one after the other."""
    return [recognizer.infer(line[None])[0] for line in crops]


def noise_like(line: Pixels) -> Pixels:
    # Coarse: unlike fine noise it excites all layers.
    coarse = np.random.default_rng(0).integers(0, 256, (6, line.shape[1] // 8, 3), dtype=np.uint8)
    return np.ascontiguousarray(coarse.repeat(8, axis=0).repeat(8, axis=1))


def from_threads(work: Callable[[int], object], count: int, threads: int) -> list[object]:
    """Do each piece of work once on each of several threads, each in an order of its own; results by piece."""

    def turn(seed: int) -> list[tuple[int, object]]:
        order = list(range(count))
        random.Random(seed).shuffle(order)
        return [(index, work(index)) for index in order]

    with ThreadPoolExecutor(threads) as pool:
        turns = list(pool.map(turn, range(threads)))
    assert all(a != b for a, b in pairwise([[index for index, _ in one] for one in turns]))
    return [result for one in turns for _, result in sorted(one, key=lambda pair: pair[0])]


@pytest.mark.parametrize("threads", [THREADS, 3 * THREADS], ids=["as many as the net's", "more than the net's"])
def test_line_is_read_alike_alone_and_from_several_threads(
    recognizer: TextRecognizer, crops: list[Pixels], alone: list[LineText], threads: int
) -> None:
    some = crops if threads == THREADS else crops[:6]
    found = from_threads(lambda index: recognizer.infer(some[index][None])[0], len(some), threads)
    assert found == alone[: len(some)] * threads


def test_neighbors_in_a_run_that_was_prepared_for_leave_no_trace(
    recognizer: TextRecognizer, crops: list[Pixels], alone: list[LineText]
) -> None:
    # Load decides which lines share a run, and where each stands in it.
    sharing = [(line, text) for line, text in zip(crops, alone, strict=True) if COMMON.get(line.shape[1], 1) > 1]
    assert sharing
    for line, expected in sharing:
        most = recognizer.lines_of_a_run(line.shape[1])
        neighbors = [np.zeros_like(line), np.full_like(line, 255), line[:, ::-1], noise_like(line)]
        for count in range(1, (most or 1) + 1):
            for place in range(count):
                batch = [*neighbors[:place], line, *neighbors[place : count - 1]]
                assert recognizer.infer(np.stack(batch))[place] == expected, (count, place)


def test_neighbors_in_a_larger_batch_change_no_text(
    recognizer: TextRecognizer, crops: list[Pixels], alone: list[LineText]
) -> None:
    # Only where `max_batch_lines` asks for it.
    longer = [pair for pair in zip(crops, alone, strict=True) if recognizer.lines_of_a_run(pair[0].shape[1]) is None]
    assert longer
    for line, expected in longer[:6]:
        found, *_ = recognizer.infer(np.stack([line, np.zeros_like(line), line[:, ::-1]]))
        assert found.text == expected.text
        assert found.confidence == pytest.approx(expected.confidence, abs=0.02)


def test_line_is_read_alike_by_a_net_that_is_prepared_and_one_that_is_not(
    prepared: PageRecognizer, not_prepared: Callable[[str], PageRecognizer], kind: str
) -> None:
    # `rayocr read` prepares for widths only where it reads many documents; the service always does.
    lines = [pixels for _, pixels in drawn_crops(40, seed=6) if pixels.shape[1] in COMMON]
    other = not_prepared(kind)
    pairs = ((prepared.documents, other.documents), (prepared.scenes, other.scenes))
    nets = {id(one): (one, same) for one, same in pairs}
    for one, same in nets.values():  # in f32 there is one for both kinds of pages
        assert [one.infer(line[None]) for line in lines] == [same.infer(line[None]) for line in lines]


def test_results_belong_to_the_caller(recognizer: TextRecognizer, crops: list[Pixels]) -> None:
    first = recognizer.run_net(crops[0][None])
    kept = [values.copy() for values in first]
    recognizer.run_net(np.zeros_like(crops[0])[None])
    for values, copy in zip(first, kept, strict=True):
        np.testing.assert_array_equal(values, copy)


def pages() -> list[Page]:
    """More sizes than nets are kept for."""
    rows = ("INVOICE 2041", "2x Tea 7.80", "1x Cake 5.70", "TOTAL 13.50")
    return [Page(drawn_page(*rows[: 1 + number % 4], width=500 + 130 * number)) for number in range(7)]


def map_of(detector: TextDetector, page: Page) -> npt.NDArray[np.float32]:
    prepared = first_pass(page.pixels, page.number, DETECTION, is_document=True)
    found: npt.NDArray[np.float32] = detector.infer(prepared.pixels[None])[0]
    return found


def assert_equal(found: Sequence[object], expected: Sequence[npt.NDArray[np.float32]]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(np.asarray(one), other)


def test_page_has_the_same_map_alone_and_from_several_threads(detector: TextDetector) -> None:
    several = pages()
    alone = [map_of(detector, page) for page in several]
    found = from_threads(lambda index: map_of(detector, several[index]), len(several), THREADS)
    assert_equal(found, alone * THREADS)
    assert_equal([map_of(detector, page) for page in several], alone)


def test_map_belongs_to_the_caller(detector: TextDetector) -> None:
    page, blank = pages()[0], Page(np.full_like(pages()[0].pixels, 255))
    first = map_of(detector, page)
    kept = first.copy()
    map_of(detector, blank)
    np.testing.assert_array_equal(first, kept)


def test_page_has_the_same_quads_from_several_threads(detector: TextDetector) -> None:
    several = pages()[:4]
    alone = [detector.detect(page, DetectionOptions()) for page in several]
    found = from_threads(lambda index: detector.detect(several[index], DetectionOptions()).points, 4, THREADS)
    assert_equal(found, [quads.points for quads in alone] * THREADS)
    assert [len(quads.points) for quads in alone] == [1, 2, 3, 4]


def test_long_lines_are_classified_in_parts_as_in_one(
    not_prepared: Callable[[str], PageRecognizer], monkeypatch: pytest.MonkeyPatch
) -> None:
    net = not_prepared("default").documents
    line = np.random.default_rng(8).integers(0, 256, (2, 48, 1800, 3), dtype=np.uint8)
    in_parts = net.run_net(line)
    # Blanks that need no classifier leave parts of any size.
    for steps in (1, 7, in_parts[0].size):
        monkeypatch.setattr(openvino_module, "_CLASSIFIED_STEPS", steps)
        for part, other in zip(in_parts, net.run_net(line), strict=True):
            assert np.array_equal(part, other)


def test_large_pages_wait_for_each_other_and_give_the_same_map(detector: TextDetector) -> None:
    page = np.random.default_rng(6).integers(0, 256, (1, 1024, 1280, 3), dtype=np.uint8)
    assert page.size // 3 > detector_module._LARGE_PX
    with ThreadPoolExecutor(THREADS) as threads:
        together = list(threads.map(detector.infer, [page] * 3))
    assert all(np.array_equal(together[0], again) for again in together[1:])


def test_pages_beside_large_ones_have_the_same_map(detector: TextDetector) -> None:
    # A large page has the buffers of the others' net given back while these run.
    random = np.random.default_rng(7)
    large = [random.integers(0, 256, (1, 1024, width, 3), dtype=np.uint8) for width in (1280, 1312)]
    small = [random.integers(0, 256, (1, 320, 32 * (10 + index), 3), dtype=np.uint8) for index in range(4)]
    turns = [large[index % 2] if index % 3 == 0 else small[index % 4] for index in range(18)]
    alone = {page.shape: detector.infer(page) for page in (*large, *small)}
    with ThreadPoolExecutor(THREADS) as threads:
        together = list(threads.map(detector.infer, turns))
    assert all(np.array_equal(found, alone[page.shape]) for page, found in zip(turns, together, strict=True))


def test_memory_of_rare_large_pages_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino_module, "_RARE_AFTER_PX", 4_000_000)
    monkeypatch.setattr(openvino_module, "_GIVE_BACK_AFTER_PX", 1_000_000)
    detector = TextDetector.load(DETECTION, settings("default"))
    random = np.random.default_rng(9)
    small, middle, large = (
        random.integers(0, 256, (1, *size, 3), dtype=np.uint8) for size in ((320, 640), (960, 1024), (1408, 1984))
    )
    process = psutil.Process()

    def held_mb(page: Pixels, runs: int) -> float:
        for _ in range(runs):
            detector.infer(page)
        return float(process.memory_full_info().uss) / 1e6

    before = held_mb(small, 10)
    first = detector.infer(large)
    with_large = held_mb(middle, 2)
    assert with_large > before + 100
    assert held_mb(small, 60) < before + 60
    assert np.array_equal(detector.infer(large), first)


def test_large_page_gives_the_same_map_as_without_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    page = np.random.default_rng(6).integers(0, 256, (1, 1024, 1280, 3), dtype=np.uint8)
    # On a CPU without VNNI, the kernels of 8-bit integers that OpenVINO takes for a known shape round otherwise.
    exact = settings("default").model_copy(update={"precision": "f32"})
    limited = TextDetector.load(DETECTION, exact).infer(page)
    monkeypatch.setattr(detector_module, "_LARGE_PX", None)
    assert np.array_equal(limited, TextDetector.load(DETECTION, exact).infer(page))
