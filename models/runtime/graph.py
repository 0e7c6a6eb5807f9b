"""Reshapes a net's graph: it takes pixels, enlarges its map cheaply, and leaves the classes to a net of their own."""

from typing import Literal

import numpy as np
import openvino as ov
from openvino import opset13 as ops
from openvino.preprocess import ColorFormat, PrePostProcessor

from models.errors import ConfigurationError
from models.manifests.manifest import NetInput
from models.runtime.int8 import weights_of

__all__ = ["split_classifier", "with_activation", "with_enlarged_map", "with_pixels_in"]


def with_pixels_in(model: ov.Model, net_input: NetInput) -> ov.Model:
    """Make a net take (N, H, W, 3) uint8 RGB. Normalization and channel order become a part of its graph."""
    processor = PrePostProcessor(model)
    tensor = processor.input().tensor()
    tensor.set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC")).set_color_format(ColorFormat.RGB)
    steps = processor.input().preprocess()
    steps.convert_element_type(ov.Type.f32)
    if net_input.channels == "bgr":
        steps.convert_color(ColorFormat.BGR)
    elif net_input.channels == "gray":
        steps.convert_color(ColorFormat.GRAY)
    steps.mean([255.0 * value for value in net_input.mean])
    steps.scale([255.0 * value for value in net_input.std])
    processor.input().model().set_layout(ov.Layout("NCHW"))
    return processor.build()


def with_activation(model: ov.Model, activation: Literal["sigmoid", "softmax"]) -> ov.Model:
    """Make a net that gives logits give probabilities; softmax is over the last axis."""
    logits = model.output(0).get_node().input_value(0)
    last = ops.sigmoid(logits) if activation == "sigmoid" else ops.softmax(logits, -1)
    return ov.Model([last], model.get_parameters())


def with_enlarged_map(model: ov.Model) -> ov.Model:
    """Make a net enlarge its map by a plain convolution, in place.

    A transposed convolution whose stride is its kernel makes a block of pixels of each pixel: a plain convolution to as
    many channels, of which the blocks are then put together. To a single channel, OpenVINO does that in less time, with
    the same result (docs/decisions/0065-columns-and-classes.md).
    """
    for node in model.get_ordered_ops():
        if node.get_type_name() != "ConvolutionBackpropData":
            continue
        weights = weights_of(node)  # (input channels, output channels, height, width)
        channels, outputs, height, width = weights.shape
        kept = node.get_attributes()
        is_plain = not any((*kept["pads_begin"], *kept["pads_end"], *kept["output_padding"]))
        if outputs != 1 or height != width or list(kept["strides"]) != [height, width] or not is_plain:
            continue
        blocks = np.ascontiguousarray(weights[:, 0].reshape(channels, -1).T)[:, :, None, None]
        plain = ops.convolution(node.input_value(0), ops.constant(blocks), [1, 1], [0, 0], [0, 0], [1, 1])
        node.output(0).replace(ops.depth_to_space(plain, "blocks_first", height).output(0))
    model.validate_nodes_and_infer_types()
    return model


def split_classifier(model: ov.Model) -> tuple[ov.Model, ov.Model]:
    """Cut a CTC net before its last matrix product, which tells the classes apart.

    The product with thousands of classes has nearly all of the output and much of the weights. On its own, it is
    compiled once for all widths of lines, and run on some time steps at a time.

    Args:
        model: The net from (N, 3, H, W) to (N, T, classes) probabilities. It is taken apart and useless afterwards.

    Returns:
        A net to (N, T, features) float32, and one from there to (N, T, classes) float32 probabilities.

    Raises:
        ConfigurationError: The net's output does not come from such a product.
    """
    probabilities = model.output(0).get_node().input_value(0)
    node = probabilities.get_node()
    while node.get_type_name() != "MatMul":
        if node.get_type_name() not in {"Add", "Identity", "Softmax"}:
            raise ConfigurationError(
                f"the recognizer ends in {node.get_type_name()} and not in a product with its classes: run it with "
                "runtime onnxruntime"
            )
        # PyTorch writes the bias as the first summand.
        sources = [value.get_node() for value in node.input_values()]
        node = next((one for one in sources if one.get_type_name() != "Constant"), sources[0])
    source = node.input_value(0)
    features = ov.Model([source], model.get_parameters()).clone()
    width = source.get_partial_shape()[-1]
    parameter = ops.parameter([-1, -1, -1 if width.is_dynamic else width.get_length()], np.float32)
    node.input(0).replace_source_output(parameter.output(0))
    return features, ov.Model([probabilities], [parameter])
