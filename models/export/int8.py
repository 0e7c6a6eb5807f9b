"""Puts 8-bit integers into an ONNX net: QuantizeLinear and DequantizeLinear around the convolutions of a recipe.

The ranges mean what they mean in `models.runtime.int8`, which does the same to OpenVINO's graphs: an activation has one
range, unsigned with a zero point; weights have one a channel, symmetric. Runtimes that know the pattern run such a
convolution on integers. Weights have 127 levels: a file does not know its CPU, and 255 overflow on those without VNNI.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, helper, numpy_helper

from models.errors import ConfigurationError
from models.runtime.int8 import ACTIVATION_LEVELS, SAFE_LEVELS, check_recipe, integer_weights, range_with_zero

__all__ = ["quantize"]


def quantize(model: onnx.ModelProto, activations: Mapping[str, tuple[float, float]]) -> None:
    """Put integers into a net, in place.

    Args:
        model: The net with float weights, of opset 13 or newer.
        activations: Convolutions by name, each with the least and greatest value of its input.

    Raises:
        ConfigurationError: The net lacks a convolution of the recipe, so the recipe belongs to another net.
    """
    graph = model.graph
    convolutions = {node.name: node for node in graph.node if node.op_type == "Conv"}
    check_recipe(activations, convolutions)
    before: dict[str, list[NodeProto]] = {}
    quantized: dict[str, str] = {}
    replaced = set()
    for node in convolutions.values():  # in the order of the file, so that a shared input is quantized before its use
        if node.name not in activations:
            continue
        source, weights = node.input[0], node.input[1]
        added = before.setdefault(node.name, [])
        if source not in quantized:  # two convolutions of one input share the nodes
            quantized[source] = f"{source}_in_levels"
            added += _activation_nodes(graph, source, quantized[source], *activations[node.name])
        levels = f"{node.name}_weights"
        added.append(_weights_node(graph, _constant(graph, weights, node.name), levels))
        node.input[0], node.input[1] = quantized[source], levels
        replaced.add(weights)
    nodes = [one for node in graph.node for one in (*before.get(node.name, ()), node)]
    del graph.node[:]
    graph.node.extend(nodes)
    for name in replaced:
        _drop_unused(graph, name)


def _activation_nodes(graph: onnx.GraphProto, source: str, target: str, low: float, high: float) -> list[NodeProto]:
    first, last = (float(bound[0]) for bound in range_with_zero(low, high))
    step = (last - first) / (ACTIVATION_LEVELS - 1)
    scale, zero = f"{source}_step", f"{source}_zero"
    _add(graph, {scale: np.float32(step), zero: np.uint8(round(-first / step))})
    return [
        helper.make_node("QuantizeLinear", [source, scale, zero], [f"{source}_levels"], f"{source}_quantize"),
        helper.make_node("DequantizeLinear", [f"{source}_levels", scale, zero], [target], f"{source}_dequantize"),
    ]


def _weights_node(graph: onnx.GraphProto, weights: npt.NDArray[np.float32], target: str) -> NodeProto:
    levels, steps = integer_weights(weights, SAFE_LEVELS)
    steps = steps.ravel()
    names = [f"{target}_{part}" for part in ("levels", "steps", "zeros")]
    _add(graph, dict(zip(names, (levels, steps, np.zeros(len(steps), np.int8)), strict=True)))
    return helper.make_node("DequantizeLinear", names, [target], f"{target}_dequantize", axis=0)


def _add(graph: onnx.GraphProto, constants: Mapping[str, npt.NDArray[np.generic] | np.generic]) -> None:
    graph.initializer.extend(numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items())


def _constant(graph: onnx.GraphProto, name: str, convolution: str) -> npt.NDArray[np.float32]:
    """The value of a constant, whether it is an initializer or a node of the graph."""
    for one in graph.initializer:
        if one.name == name:
            return numpy_helper.to_array(one).astype(np.float32)
    for node in graph.node:
        if name in node.output and node.op_type == "Identity":
            return _constant(graph, node.input[0], convolution)
        if name in node.output and node.op_type == "Constant":
            return numpy_helper.to_array(node.attribute[0].t).astype(np.float32)
    raise ConfigurationError(
        f"the weights of {convolution} are not constant, so they can't become integers: export f32"
    )


def _drop_unused(graph: onnx.GraphProto, name: str) -> None:
    """Remove the float weights that no node uses any more."""
    if any(name in node.input for node in graph.node):
        return
    for one in [one for one in graph.initializer if one.name == name]:
        graph.initializer.remove(one)
    for node in [node for node in graph.node if name in node.output]:
        graph.node.remove(node)
        for source in node.input:
            _drop_unused(graph, source)
