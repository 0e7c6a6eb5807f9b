"""Puts 8-bit integers into a net: OpenVINO's FakeQuantize nodes around the convolutions that a recipe names.

The CPU plug-in folds such a node into the convolution and runs it on integers (docs.openvino.ai, "Low Precision
Transformations"). An activation has one range, unsigned with a zero point; weights have one a channel, symmetric.
This takes a fifth of a second and is done whenever the net is loaded, so no converted file is kept.
"""

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import openvino as ov
from openvino import opset13 as ops

from models.errors import ConfigurationError

__all__ = [
    "ACTIVATION_LEVELS",
    "FULL_LEVELS",
    "SAFE_LEVELS",
    "check_recipe",
    "convolutions",
    "integer_weights",
    "quantize",
    "range_with_zero",
    "weights_of",
]

Floats = npt.NDArray[np.float32]

#: Weights on -127 ... 127.
FULL_LEVELS = 255
#: Weights on -63 ... 63. A CPU without VNNI adds two products in 16 bits, which larger weights overflow.
SAFE_LEVELS = 127

#: Of the input of a convolution.
ACTIVATION_LEVELS = 256


def quantize(model: ov.Model, activations: Mapping[str, tuple[float, float]], weight_levels: int) -> None:
    """Put integers into a net, in place.

    Args:
        model: The net as read from its file, with float weights.
        activations: Convolutions by name, each with the least and greatest value of its input.
        weight_levels: `FULL_LEVELS` or `SAFE_LEVELS`.

    Raises:
        ConfigurationError: The net lacks a convolution of the recipe, so the recipe belongs to another net.
    """
    nodes = convolutions(model)
    check_recipe(activations, nodes)
    quantized_inputs: dict[tuple[str, int], ov.Output] = {}
    for name, (low, high) in activations.items():
        node = nodes[name]
        source = node.input_value(0)
        key = (source.get_node().get_friendly_name(), source.get_index())
        if key not in quantized_inputs:  # two convolutions of one input share the node
            quantized_inputs[key] = _fake_quantize(source, *range_with_zero(low, high), ACTIVATION_LEVELS)
        node.input(0).replace_source_output(quantized_inputs[key])
        node.input(1).replace_source_output(_integers(weights_of(node), weight_levels))
    model.validate_nodes_and_infer_types()


def convolutions(model: ov.Model) -> dict[str, ov.Node]:
    """Find the net's convolutions, by name and in the order of execution."""
    return {node.get_friendly_name(): node for node in model.get_ordered_ops() if node.get_type_name() == "Convolution"}


def weights_of(convolution: ov.Node) -> Floats:
    """Weights of a convolution, (output channels, input channels, height, width) float32."""
    node = convolution.input_value(1).get_node()
    while node.get_type_name() != "Constant":  # a node that converts from a smaller type
        node = node.input_value(0).get_node()
    return np.array(node.data, dtype=np.float32)


def range_with_zero(low: float, high: float) -> tuple[Floats, Floats]:
    """The least range that holds both values and has one of 256 levels at exactly zero, since padding is zero.

    Args:
        low: Least value, as in a recipe.
        high: Greatest value.

    Returns:
        The values of the first level and of the last, each (1,) float32.
    """
    low, high = min(low, 0.0), max(high, 1e-8)
    steps = ACTIVATION_LEVELS - 1
    zero_point = round(-low / (high - low) * steps) if low < 0 else 0
    zero_point = min(max(zero_point, 1 if low < 0 else 0), steps - 1)
    step = max(high / (steps - zero_point), -low / zero_point if zero_point else 0.0)
    return np.array([-zero_point * step], np.float32), np.array([(steps - zero_point) * step], np.float32)


def integer_weights(weights: Floats, count: int) -> tuple[npt.NDArray[np.int8], Floats]:
    """Write weights as multiples of a step, one step for each output channel.

    Args:
        weights: (output channels, ...) float32.
        count: `FULL_LEVELS` or `SAFE_LEVELS`.

    Returns:
        The multiples, int8 of the same shape, and the steps, (output channels, 1, ...) float32.
    """
    largest = np.abs(weights).max(axis=tuple(range(1, weights.ndim)), keepdims=True).clip(1e-8)
    steps: Floats = largest / ((count - 1) // 2)
    return np.rint(weights / steps).astype(np.int8), steps.astype(np.float32)


def check_recipe(activations: Collection[str], known: Collection[str]) -> None:
    """Refuse the recipe of another net.

    Args:
        activations: Convolutions that the recipe names.
        known: Convolutions that the net has.

    Raises:
        ConfigurationError: The net lacks a convolution of the recipe.
    """
    if unknown := sorted(set(activations) - set(known)):
        raise ConfigurationError(
            f"the int8 recipe names {', '.join(unknown[:3])}, which the net does not have: make it anew with "
            "`python -m tools.int8`"
        )


def _integers(weights: Floats, count: int) -> ov.Output:
    """Multiples of a step are the form that the plug-in takes over without a copy in floats."""
    levels, steps = integer_weights(weights, count)
    return ops.multiply(ops.convert(ops.constant(levels), "f32"), ops.constant(steps)).output(0)


def _fake_quantize(source: ov.Output | ov.Node, low: Floats, high: Floats, levels: int) -> ov.Output:
    bounds = [ops.constant(bound.astype(np.float32)) for bound in (low, high)]
    return ops.fake_quantize(source, *bounds, *bounds, levels).output(0)
