"""Integers put into tiny ONNX nets: what becomes of their output, and that both runtimes mean the same by a recipe."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import openvino as ov
import pytest
from onnx import TensorProto, helper

from models.errors import ConfigurationError
from models.export.graph import valid
from models.export.int8 import quantize
from models.runtime import int8 as of_openvino
from tests.unit.models.export.onnx_nets import Floats, convolutions_of_one_input, outputs, saved
from tests.unit.tools import tiny_nets
from tests.unit.tools.tiny_nets import named

RANDOM = np.random.default_rng(3)
LARGE = RANDOM.normal(size=(4, 3, 3, 3)).astype(np.float32)
SMALL = RANDOM.normal(size=(4, 3, 1, 1)).astype(np.float32)
PIXELS = RANDOM.uniform(-2.5, 2, (2, 3, 8, 8)).astype(np.float32)


def taken(model: onnx.ModelProto, convolution: str) -> list[Floats]:
    """The pixels and the weights that a convolution takes, once they went through the integers."""
    (node,) = [one for one in model.graph.node if one.name == convolution]
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in node.input)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found: list[Floats] = session.run(list(node.input), {"x": PIXELS})
    return found


@pytest.mark.parametrize("bounds", [(-2.5, 2.0), (0.0, 1.5), (-0.17, 3.9), (-3.0, -1.0), (1.0, 2.0), (-9.0, 1e-6)])
def test_recipe_means_the_same_as_in_openvino(tmp_path: Path, bounds: tuple[float, float]) -> None:
    model = convolutions_of_one_input(first=LARGE, second=SMALL)
    other = ov.Core().read_model(saved(model, tmp_path))
    of_openvino.quantize(other, {"first": bounds}, of_openvino.SAFE_LEVELS)
    node = named(other, "first")
    expected = tiny_nets.outputs(ov.Model([node.input_value(0), node.input_value(1)], other.get_parameters()), PIXELS)

    quantize(model, {"first": bounds})

    for one, same in zip(taken(model, "first"), expected, strict=True):
        np.testing.assert_allclose(one, same, atol=1e-5)


def test_quantized_net_is_valid_and_differs_but_little() -> None:
    exact = outputs(convolutions_of_one_input(first=LARGE, second=SMALL), PIXELS)
    model = convolutions_of_one_input(first=LARGE, second=SMALL)
    quantize(model, {"second": (-2.5, 2.0)})
    found = outputs(valid(model), PIXELS)
    assert 0 < np.abs(found - exact).max() < 0.03 * np.abs(exact).max()


def test_convolutions_of_one_input_share_its_nodes_and_float_weights_are_gone() -> None:
    model = convolutions_of_one_input(first=LARGE, second=SMALL, third=SMALL)
    quantize(model, {"first": (-1.0, 1.0), "second": (-1.0, 1.0)})
    kinds = [node.op_type for node in model.graph.node]
    assert kinds == ["QuantizeLinear", *["DequantizeLinear"] * 2, "Conv", "DequantizeLinear", "Conv", "Conv", "Sum"]
    floats = {one.name for one in model.graph.initializer if one.data_type == TensorProto.FLOAT and len(one.dims) == 4}
    assert floats == {"third.w"}
    assert {one.name: one.data_type for one in model.graph.initializer}["first_weights_levels"] == TensorProto.INT8


def test_weights_behind_an_identity_are_found() -> None:
    model = convolutions_of_one_input(first=LARGE)
    model.graph.node[0].input[1] = "same"
    model.graph.node.insert(0, helper.make_node("Identity", ["first.w"], ["same"], "identity"))
    quantize(model, {"first": (-2.5, 2.0)})
    assert [node.op_type for node in model.graph.node if node.op_type == "Identity"] == []
    assert "first.w" not in {one.name for one in model.graph.initializer}
    np.testing.assert_allclose(taken(valid(model), "first")[1], LARGE, atol=np.abs(LARGE).max() / 125)


def test_weights_that_are_computed_are_refused() -> None:
    model = convolutions_of_one_input(first=LARGE)
    model.graph.node[0].input[1] = "twice"
    model.graph.node.insert(0, helper.make_node("Add", ["first.w", "first.w"], ["twice"], "add"))
    with pytest.raises(ConfigurationError, match="the weights of first are not constant"):
        quantize(model, {"first": (-1.0, 1.0)})


def test_recipe_of_another_net_is_refused_with_its_names() -> None:
    model = convolutions_of_one_input(first=LARGE)
    with pytest.raises(ConfigurationError) as caught:
        quantize(model, dict.fromkeys(("Conv.9", "first", "Conv.7"), (0.0, 1.0)))
    assert caught.value.message == (
        "the int8 recipe names Conv.7, Conv.9, which the net does not have: make it anew with `python -m tools.int8`"
    )
