"""FakeQuantize nodes put into tiny nets: where they stand, and what becomes of values that pass them."""

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from models.errors import ConfigurationError
from models.manifests.manifest import Int8Recipe, NetInput
from models.runtime.base import NetOptions
from models.runtime.device import Device, cpu_flags
from models.runtime.int8 import FULL_LEVELS, SAFE_LEVELS, convolutions, quantize, weights_of
from models.runtime.openvino import OpenVino
from tests.unit.tools.tiny_nets import Floats, convolution, named, outputs, side_by_side

LARGE = np.random.default_rng(0).normal(size=(8, 3, 3, 3)).astype(np.float32)
SMALL = np.random.default_rng(1).normal(size=(4, 3, 1, 1)).astype(np.float32)
IDENTITY = np.eye(3, dtype=np.float32)[:, :, None, None]


def quantizers(model: ov.Model) -> list[ov.Node]:
    """Nodes that round what comes in from a convolution's neighbors."""
    return [node for node in model.get_ops() if node.get_type_name() == "FakeQuantize"]


def input_of(node: ov.Node, index: int) -> ov.Node:
    source: ov.Node = node.input_value(index).get_node()
    return source


def weights_in(model: ov.Model, name: str) -> Floats:
    """The weights that a convolution is left with, whatever nodes they come out of."""
    return outputs(ov.Model([named(model, name).input_value(1)], []))[0]


def passed_through(values: Floats, low: float, high: float) -> Floats:
    """Values that went through a quantized convolution that changes nothing else."""
    model = side_by_side(identity=IDENTITY)
    quantize(model, {"identity": (low, high)}, FULL_LEVELS)
    pixels = np.zeros((1, 3, 1, len(values)), np.float32)
    pixels[0, 0, 0] = values
    (found,) = outputs(model, pixels)
    row: Floats = found[0, 0, 0]
    return row


def test_convolutions_are_found_by_name_in_the_order_of_execution() -> None:
    pixels = ops.parameter([1, 3, -1, -1], np.float32, name="pixels")
    first = convolution(pixels, SMALL, "z, which runs first")
    second = convolution(ops.relu(first), np.ones((2, 4, 1, 1), np.float32), "a")
    found = convolutions(ov.Model([second], [pixels]))
    assert list(found) == ["z, which runs first", "a"]
    np.testing.assert_array_equal(weights_of(found["z, which runs first"]), SMALL)


def test_only_the_named_convolution_is_quantized() -> None:
    model = side_by_side(first=LARGE, second=SMALL)
    quantize(model, {"second": (0.0, 1.0)}, FULL_LEVELS)
    assert len(quantizers(model)) == 1
    assert input_of(named(model, "second"), 0).get_type_name() == "FakeQuantize"
    assert [input_of(named(model, "first"), index).get_type_name() for index in (0, 1)] == ["Parameter", "Constant"]
    np.testing.assert_array_equal(weights_in(model, "first"), LARGE)
    assert (weights_in(model, "second") != SMALL).any()


def test_convolutions_of_one_input_share_its_quantizer() -> None:
    model = side_by_side(first=LARGE, second=SMALL)
    quantize(model, {"first": (-1.0, 1.0), "second": (-1.0, 1.0)}, FULL_LEVELS)
    assert len(quantizers(model)) == 1
    one, other = (input_of(named(model, name), 0).get_friendly_name() for name in ("first", "second"))
    assert one == other == quantizers(model)[0].get_friendly_name()


def test_convolutions_of_different_inputs_have_their_own() -> None:
    pixels = ops.parameter([1, 3, -1, -1], np.float32)
    first = convolution(pixels, LARGE, "first")
    model = ov.Model([convolution(first, np.ones((2, 8, 1, 1), np.float32), "second")], [pixels])
    quantize(model, {"first": (0.0, 1.0), "second": (-9.0, 9.0)}, FULL_LEVELS)
    assert len(quantizers(model)) == 2
    quantizer = [input_of(named(model, name), 0) for name in ("first", "second")]
    highs = [float(np.array(input_of(node, 2).data).item()) for node in quantizer]
    assert highs == pytest.approx([1.0, 9.0], rel=0.01)


@pytest.mark.parametrize(("levels", "most"), [(FULL_LEVELS, 127), (SAFE_LEVELS, 63)])
def test_weights_are_whole_steps_of_their_channel_as_many_below_zero_as_above(levels: int, most: int) -> None:
    weights = np.concatenate([LARGE, -LARGE])
    weights[2] *= 1e-3  # a quiet channel keeps its own, finer step
    model = side_by_side(first=weights)
    quantize(model, {"first": (0.0, 1.0)}, levels)
    found = weights_in(model, "first")
    largest = np.abs(weights).max(axis=(1, 2, 3), keepdims=True)
    steps = found / largest * most
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-4)
    np.testing.assert_allclose(np.abs(steps).max(axis=(1, 2, 3)), most, rtol=1e-5)
    assert (np.abs(found - weights) <= 0.501 * largest / most).all()
    np.testing.assert_allclose(found[:8][3:], -found[8:][3:], rtol=1e-6)


def test_channel_of_nothing_but_zeros_stays_zero() -> None:
    weights = LARGE.copy()
    weights[3] = 0
    model = side_by_side(first=weights)
    quantize(model, {"first": (-3.0, 3.0)}, FULL_LEVELS)
    (found,) = outputs(model, np.random.default_rng(2).normal(size=(1, 3, 6, 6)).astype(np.float32))
    assert np.isfinite(found).all()
    assert (found[0, 3] == 0).all()


@pytest.mark.parametrize(
    ("low", "high", "reason"),
    [
        (0.0, 3.0, "nothing below zero"),
        (-1.0, 1.0, "255 steps have no middle"),
        (-0.17, 8.2363, "the least value of a hard swish"),
        (-32.794, 21.9077, "more below than above"),
        (-1e-6, 10.0, "almost nothing below zero"),
        (-10.0, 1e-6, "almost nothing above zero"),
        (2.0, 5.0, "zero is not in it: padding still is zero"),
        (-5.0, -2.0, "all below zero"),
    ],
)
def test_zero_passes_exactly_and_the_range_within_half_a_step(low: float, high: float, reason: str) -> None:
    values = np.linspace(low, high, 1001, dtype=np.float32)
    assert passed_through(np.zeros(1, np.float32), low, high) == [0.0], reason
    # the range grows a little to have a level at zero
    step = (max(high, 0.0) - min(low, 0.0)) / 254
    assert np.abs(passed_through(values, low, high) - values).max() <= 0.55 * step, reason


def test_value_beyond_the_range_becomes_its_end() -> None:
    found = passed_through(np.array([-7.0, 9.0], np.float32), -1.0, 2.0)
    np.testing.assert_allclose(found, [-1.0, 2.0], atol=3 / 254)


def test_quantized_net_differs_but_little() -> None:
    pixels = np.random.default_rng(2).uniform(-2, 2, (1, 3, 16, 16)).astype(np.float32)
    (exact,) = outputs(side_by_side(first=LARGE), pixels)
    model = side_by_side(first=LARGE)
    quantize(model, {"first": (-2.0, 2.0)}, SAFE_LEVELS)  # right on every CPU
    (found,) = outputs(model, pixels)
    assert 0 < np.abs(found - exact).max() < 0.03 * np.abs(exact).max()


def test_recipe_of_another_net_is_refused_with_its_names() -> None:
    model = side_by_side(first=LARGE, second=SMALL)
    with pytest.raises(ConfigurationError) as caught:
        quantize(model, dict.fromkeys(("Conv.9", "second", "Conv.7", "Conv.8", "Conv.5"), (0.0, 1.0)), FULL_LEVELS)
    assert caught.value.message == (
        "the int8 recipe names Conv.5, Conv.7, Conv.8, which the net does not have: make it anew with "
        "`python -m tools.int8`"
    )
    assert quantizers(model) == []


def test_node_that_is_no_convolution_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="names pixels, which the net does not have"):
        quantize(side_by_side(first=LARGE), {"pixels": (0.0, 1.0)}, FULL_LEVELS)


def test_weights_are_found_behind_a_conversion() -> None:
    pixels = ops.parameter([1, 3, 4, 4], np.float32)
    half = ops.convert(ops.constant(SMALL.astype(np.float16)), "f32")
    node = ops.convolution(pixels, half, [1, 1], [0, 0], [0, 0], [1, 1])
    np.testing.assert_array_equal(weights_of(node), SMALL.astype(np.float16))


@pytest.mark.parametrize(("flags", "is_exact"), [("avx2 avx512_vnni", True), ("avx2", False)])
def test_weights_are_coarser_where_the_processor_would_overflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: str, is_exact: bool
) -> None:
    # Weights of n / 127 are exact on 255 levels, not on 127; pixels are exact on a range from 0 to 1.
    weights = np.random.default_rng(2).integers(-127, 128, (16, 3, 1, 1)).astype(np.float32)
    weights /= 127
    weights[:, 0] = 1
    path = tmp_path / "net.xml"
    ov.save_model(side_by_side(first=weights), path, compress_to_fp16=False)
    (tmp_path / "cpuinfo").write_text(f"flags\t\t: {flags}\n")
    monkeypatch.setattr("models.runtime.device._CPU_INFO", tmp_path / "cpuinfo")
    recipe = Int8Recipe(sha256="0" * 64, activations={"first": (0.0, 1.0)})
    net_input = NetInput(channels="rgb", mean=(0, 0, 0), std=(1, 1, 1))
    # dark, so that no sum overflows on whatever processor this really is
    batch = np.random.default_rng(2).integers(0, 64, (1, 8, 8, 3), dtype=np.uint8)

    cpu_flags.cache_clear()
    try:
        net = OpenVino.load(path, NetOptions(net_input, "map", Device("cpu"), "int8", 1, recipe))
        found = net.run(batch)[0].astype(np.float32)
    finally:
        cpu_flags.cache_clear()

    exact = np.einsum("nhwc,oc->nohw", batch / 255, weights[:, :, 0, 0])
    if is_exact:
        np.testing.assert_allclose(found, exact, atol=1e-5)
    else:
        assert 1e-3 < np.abs(found - exact).max() < 0.75 / 126
