"""Nets of two or three convolutions, small enough to be checked by hand."""

import numpy as np
import numpy.typing as npt
import openvino as ov
from openvino import opset13 as ops

__all__ = ["Floats", "convolution", "named", "outputs", "side_by_side"]

Floats = npt.NDArray[np.float32]


def convolution(source: ov.Output | ov.Node, weights: Floats, name: str) -> ov.Node:
    """A convolution of stride 1 that keeps the size; weights (output channels, input channels, height, width)."""
    margin = [weights.shape[2] // 2, weights.shape[3] // 2]
    node = ops.convolution(source, ops.constant(weights), [1, 1], margin, margin, [1, 1])
    node.set_friendly_name(name)
    return node


def side_by_side(**weights: Floats) -> ov.Model:
    """A net with a convolution for each name, all of its one input (1, 3, H, W), each with an output of its own."""
    pixels = ops.parameter([1, 3, -1, -1], np.float32, name="pixels")
    return ov.Model([convolution(pixels, values, name) for name, values in weights.items()], [pixels])


def named(model: ov.Model, name: str) -> ov.Node:
    """The node of a name."""
    (node,) = [node for node in model.get_ops() if node.get_friendly_name() == name]
    return node


def outputs(model: ov.Model, *pixels: Floats) -> list[Floats]:
    """Run a net in f32 but for what is quantized in it."""
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1})
    found = compiled(list(pixels))
    return [np.array(found[index]) for index in range(len(compiled.outputs))]
