"""Transposed convolutions to one channel become plain ones, and give the same map."""

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from models.runtime.graph import with_enlarged_map
from tests.unit.tools.tiny_nets import outputs

RANDOM = np.random.default_rng(4)
PIXELS = RANDOM.normal(size=(2, 3, 5, 7)).astype(np.float32)


def enlarging(channels: int, kernel: int, stride: int) -> ov.Model:
    """A net of one transposed convolution, of open size."""
    pixels = ops.parameter([-1, 3, -1, -1], np.float32)
    weights = ops.constant(RANDOM.normal(size=(3, channels, kernel, kernel)).astype(np.float32))
    node = ops.convolution_backprop_data(pixels, weights, [stride, stride], pads_begin=[0, 0], pads_end=[0, 0])
    return ov.Model([node], [pixels])


def has_transposed(model: ov.Model) -> bool:
    return any(node.get_type_name() == "ConvolutionBackpropData" for node in model.get_ops())


@pytest.mark.parametrize("kernel", [2, 3])
def test_map_is_the_same_without_the_transposed_convolution(kernel: int) -> None:
    model = enlarging(1, kernel, kernel)
    (exact,) = outputs(model.clone(), PIXELS)
    changed = with_enlarged_map(model)
    assert not has_transposed(changed)
    (found,) = outputs(changed, PIXELS)
    assert found.shape == (2, 1, 5 * kernel, 7 * kernel)
    np.testing.assert_allclose(found, exact, atol=1e-5)


@pytest.mark.parametrize(
    ("channels", "kernel", "stride"),
    [pytest.param(4, 2, 2, id="several channels"), pytest.param(1, 3, 2, id="blocks that overlap")],
)
def test_others_are_left(channels: int, kernel: int, stride: int) -> None:
    assert has_transposed(with_enlarged_map(enlarging(channels, kernel, stride)))
