"""`Runtime.batch_invariant` is a promise: bit for bit, whatever shares the batch."""

import numpy as np
import numpy.typing as npt
import pytest

from models.manifests import load_manifest, verified_path
from models.runtime import Runtime, load_net
from models.settings import NetSettings

MANIFEST = load_manifest("ppocrv6-small")
CPU = NetSettings(runtime="openvino", device="cpu")


@pytest.fixture(scope="module", params=[1, 2], ids=["1 thread", "2 threads"])
def recognition(request: pytest.FixtureRequest) -> Runtime:
    """The default recognizer's net."""
    settings = CPU.model_copy(update={"threads": request.param})
    return load_net(verified_path(MANIFEST.recognition.file), MANIFEST.recognition.input, "argmax", settings)


@pytest.fixture(scope="module")
def detection() -> Runtime:
    """The default detector's net."""
    return load_net(verified_path(MANIFEST.detection.file), MANIFEST.detection.input, "map", CPU)


def noise(*shape: int) -> npt.NDArray[np.uint8]:
    # Coarse noise: unlike fine noise it excites all layers, and no two rows are alike.
    count, height, width = shape
    coarse = np.random.default_rng(width).integers(0, 256, (count, height // 8, width // 8, 3), dtype=np.uint8)
    return np.ascontiguousarray(coarse.repeat(8, axis=1).repeat(8, axis=2))


def assert_same_alone(net: Runtime, lines: npt.NDArray[np.uint8], size: int) -> None:
    assert net.batch_invariant
    together = net.run(lines[:size])
    for row in range(size):
        alone = net.run(lines[row : row + 1])
        for one, other in zip(together, alone, strict=True):
            np.testing.assert_array_equal(one[row], other[0])


@pytest.mark.parametrize("size", [2, 4])
@pytest.mark.parametrize("width", [96, 104, 320, 608])
def test_line_is_read_alike_alone_and_in_a_batch(recognition: Runtime, width: int, size: int) -> None:
    assert_same_alone(recognition, noise(4, 48, width), size)


@pytest.mark.parametrize("size", [2, 4])
def test_page_has_the_same_map_alone_and_in_a_batch(detection: Runtime, size: int) -> None:
    assert_same_alone(detection, noise(4, 256, 320), size)


def test_neighbors_leave_no_trace(recognition: Runtime) -> None:
    line, black, white = noise(1, 48, 320), np.zeros((1, 48, 320, 3), np.uint8), np.full((1, 48, 320, 3), 255, np.uint8)
    classes, probabilities = recognition.run(np.concatenate([line, black]))
    classes_again, probabilities_again = recognition.run(np.concatenate([line, white]))
    np.testing.assert_array_equal(classes[0], classes_again[0])
    np.testing.assert_array_equal(probabilities[0], probabilities_again[0])


def test_results_belong_to_the_caller(recognition: Runtime) -> None:
    _, first = recognition.run(noise(1, 48, 320))
    kept = first.copy()
    recognition.run(np.zeros((1, 48, 320, 3), np.uint8))
    np.testing.assert_array_equal(first, kept)


def test_onnxruntime_promises_nothing() -> None:
    net = load_net(
        verified_path(MANIFEST.detection.file),
        MANIFEST.detection.input,
        "map",
        CPU.model_copy(update={"runtime": "onnxruntime"}),
    )
    assert not net.batch_invariant
