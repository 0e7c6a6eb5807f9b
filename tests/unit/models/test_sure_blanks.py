"""Time steps that a recipe takes for blanks go without the classifier; all others are classified as before."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import openvino as ov
import pytest
from openvino import opset13 as ops

from models.errors import ConfigurationError
from models.manifests.manifest import Int8Recipe, NetInput, SureBlanks
from models.runtime.base import NetOptions, Precision
from models.runtime.device import Device
from models.runtime.openvino import OpenVino

RED, GREEN, BLUE = np.eye(3, dtype=np.uint8) * 255
# The net tells a red column apart as class 1, a green one as 2, and a blue one as 3.
CLASSES = np.array([[0, 9, 0, 0], [0, 0, 9, 0], [0, 0, 0, 9]], np.float32)
GREEN_IS_BLANK = SureBlanks(number=0, bias=-0.5, weights=(0, 1, 0))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A net whose time steps are columns, and whose features are their mean colors."""
    pixels = ops.parameter([-1, 3, 4, -1], np.float32, name="pixels")
    features = ops.transpose(ops.reduce_mean(pixels, ops.constant(2)), ops.constant([0, 2, 1]))
    logits = ops.matmul(features, ops.constant(CLASSES), transpose_a=False, transpose_b=False)
    file = tmp_path_factory.mktemp("net") / "net.xml"
    ov.save_model(ov.Model([ops.softmax(logits, -1)], [pixels]), file, compress_to_fp16=False)
    return file


def loaded(path: Path, blanks: SureBlanks | None, precision: Precision = "int8") -> OpenVino:
    recipe = Int8Recipe(sha256="0" * 64, activations={}, sure_blanks=blanks)
    net_input = NetInput(channels="rgb", mean=(0, 0, 0), std=(1, 1, 1))
    return OpenVino.load(path, NetOptions(net_input, "argmax", Device("cpu"), precision, 1, recipe))


def columns(*colors: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.ascontiguousarray(np.broadcast_to(np.stack(colors), (1, 4, len(colors), 3)))


def test_sure_blanks_are_blank_and_other_steps_are_classified(path: Path) -> None:
    line = columns(GREEN, RED, GREEN, GREEN, BLUE)
    classes, probabilities, of_blue = loaded(path, GREEN_IS_BLANK).run(line, watched=3)
    exact_classes, exact_probabilities, exact_of_blue = loaded(path, None).run(line, watched=3)
    assert exact_classes.tolist() == [[2, 1, 2, 2, 3]]
    assert classes.tolist() == [[0, 1, 0, 0, 3]]
    for values, exact in ((probabilities, exact_probabilities), (of_blue, exact_of_blue)):
        np.testing.assert_array_equal(values[0, [1, 4]], exact[0, [1, 4]])
    assert probabilities[0, [0, 2, 3]].tolist() == [1, 1, 1]
    assert of_blue[0, [0, 2, 3]].tolist() == [0, 0, 0]


def test_line_of_blanks_needs_no_classifier(path: Path) -> None:
    classes, probabilities, of_blank = loaded(path, GREEN_IS_BLANK).run(columns(GREEN, GREEN), watched=0)
    assert (classes.tolist(), probabilities.tolist(), of_blank.tolist()) == ([[0, 0]], [[1, 1]], [[1, 1]])


def test_every_step_is_classified_in_f32(path: Path) -> None:
    assert loaded(path, GREEN_IS_BLANK, "f32").run(columns(GREEN, RED))[0].tolist() == [[2, 1]]


def test_blanks_of_another_net_are_refused(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="tells blanks by 2 features, but the net has 3"):
        loaded(path, SureBlanks(number=0, bias=0, weights=(1, 2)))
