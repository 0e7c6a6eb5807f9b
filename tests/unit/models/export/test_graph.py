"""Edits of ONNX graphs: pixels, shapes, opsets and float16."""

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from models.errors import ConfigurationError, MalformedRequest, ModelOutputError
from models.export.float16 import halve
from models.export.graph import opset_of, read_net, set_shapes, take_pixels, valid, with_opset
from models.export.ranges import check_ranges
from models.manifests.manifest import NetInput
from models.runtime.base import normalized
from tests.unit.models.export.onnx_nets import convolutions_of_one_input, outputs, saved

WEIGHTS = np.random.default_rng(4).normal(size=(4, 3, 3, 3)).astype(np.float32)
PIXELS = np.random.default_rng(5).integers(0, 256, (2, 8, 6, 3), dtype=np.uint8)
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
INPUTS = [NetInput(channels="rgb", mean=MEAN, std=STD), NetInput(channels="bgr", mean=MEAN, std=STD)]


def shape_of(value: onnx.ValueInfoProto) -> list[int | str]:
    return [one.dim_param or one.dim_value for one in value.type.tensor_type.shape.dim]


@pytest.mark.parametrize("net_input", INPUTS, ids=["rgb", "bgr"])
def test_net_that_takes_pixels_gives_what_it_gave_for_normalized_ones(net_input: NetInput) -> None:
    expected = outputs(convolutions_of_one_input(first=WEIGHTS), normalized(PIXELS, net_input))
    model = convolutions_of_one_input(first=WEIGHTS)
    take_pixels(model, net_input)
    set_shapes(model, ("batch", "height", "width", 3), ("batch", 4, "height", "width"))
    model = valid(model)
    assert shape_of(model.graph.input[0]) == ["batch", "height", "width", 3]
    assert model.graph.input[0].type.tensor_type.elem_type == TensorProto.UINT8
    np.testing.assert_allclose(outputs(model, PIXELS), expected, atol=1e-5)


def test_fixed_shapes_are_declared_for_every_value() -> None:
    model = convolutions_of_one_input(first=WEIGHTS, second=WEIGHTS)
    set_shapes(model, (1, 3, 32, 64), (1, 4, 32, 64))
    model = valid(model)
    assert shape_of(model.graph.output[0]) == [1, 4, 32, 64]
    assert [shape_of(value) for value in model.graph.value_info] == [[1, 4, 32, 64]] * 2


def test_shape_that_the_net_does_not_give_is_refused() -> None:
    model = convolutions_of_one_input(first=WEIGHTS)
    set_shapes(model, (1, 3, 32, 64), (1, 7, 32, 64))
    with pytest.raises(ConfigurationError, match="not a valid ONNX net"):
        valid(model)


@pytest.mark.parametrize("opset", [13, 17, 21, 23])
def test_converted_net_gives_the_same_in_its_new_opset(opset: int) -> None:
    model = convolutions_of_one_input(opset=11, first=WEIGHTS)
    converted = valid(with_opset(model, opset))
    assert opset_of(converted) == opset
    assert converted.ir_version >= helper.find_min_ir_version_for([helper.make_opsetid("", opset)])
    planes = normalized(PIXELS, INPUTS[0])
    np.testing.assert_allclose(outputs(converted, planes), outputs(model, planes), atol=1e-5)


def test_operator_without_a_way_to_an_old_opset_is_named() -> None:
    model = convolutions_of_one_input(first=WEIGHTS)
    model.graph.node[-1].CopyFrom(helper.make_node("HardSwish", ["first.y"], ["y"], "swish"))
    model.opset_import[0].version = 14
    with pytest.raises(MalformedRequest) as caught:
        with_opset(model, 13)
    assert caught.value.message.startswith("opset 13: the net, of opset 14, can't be converted (")
    assert "HardSwish" in caught.value.message
    assert caught.value.message.endswith("): give no opset, or a newer one")


@pytest.mark.parametrize("opset", [0, -3, 999])
def test_opset_that_is_not_there_is_refused_with_those_that_are(opset: int) -> None:
    with pytest.raises(MalformedRequest, match=rf"opset {opset}: this version of onnx knows the opsets 1 to \d\d"):
        with_opset(convolutions_of_one_input(first=WEIGHTS), opset)


def test_halved_net_keeps_its_floats_outside_and_has_none_inside() -> None:
    exact = outputs(convolutions_of_one_input(first=WEIGHTS), normalized(PIXELS, INPUTS[0]))
    model = halve(convolutions_of_one_input(first=WEIGHTS))
    set_shapes(model, ("batch", 3, "height", "width"), ("batch", 4, "height", "width"))
    model = valid(model)
    assert {one.data_type for one in model.graph.initializer} == {TensorProto.FLOAT16}
    assert {value.type.tensor_type.elem_type for value in (model.graph.input[0], model.graph.output[0])} == {
        TensorProto.FLOAT
    }
    found = outputs(model, normalized(PIXELS, INPUTS[0]))
    assert 0 < np.abs(found - exact).max() < 0.01 * np.abs(exact).max()


def test_value_that_float16_does_not_hold_is_named(tmp_path: Path) -> None:
    path = saved(convolutions_of_one_input(first=WEIGHTS, second=WEIGHTS), tmp_path)
    planes = normalized(PIXELS, INPUTS[0])
    check_ranges(path, planes)
    with pytest.raises(ModelOutputError) as caught:
        check_ranges(path, planes * 1e4)
    assert re.fullmatch(
        r"the value first\.y of net\.onnx reaches \d{5,} on a drawn page, too near to the end of float16 \(65504\), so "
        "nothing was exported: take f32 or int8",
        caught.value.message,
    )


def test_file_that_is_not_a_net_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"not really a net")
    with pytest.raises(ConfigurationError, match=r"net\.onnx is not an ONNX file"):
        read_net(path)


def test_net_of_two_inputs_is_refused(tmp_path: Path) -> None:
    model = convolutions_of_one_input(first=WEIGHTS)
    model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))
    with pytest.raises(ConfigurationError, match=r"net\.onnx has 2 inputs and 1 outputs"):
        read_net(saved(model, tmp_path))


def test_constant_that_is_an_input_as_well_is_only_a_constant(tmp_path: Path) -> None:
    model = convolutions_of_one_input(first=WEIGHTS)
    model.graph.input.append(helper.make_tensor_value_info("first.w", TensorProto.FLOAT, WEIGHTS.shape))
    assert [one.name for one in read_net(saved(model, tmp_path)).graph.input] == ["x"]
