"""Edits the graph of an ONNX net: its opset, the pixels it takes, and its declared shapes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, version_converter

from models.errors import ConfigurationError, MalformedRequest
from models.manifests.manifest import NetInput

__all__ = ["Dimensions", "opset_of", "read_net", "set_shapes", "take_pixels", "valid", "with_opset"]

Dimensions = Sequence[int | str]
"""A shape: sizes, and names of those that are open."""


def read_net(path: Path) -> onnx.ModelProto:
    """Read a verified ONNX file.

    Raises:
        ConfigurationError: The file is not an ONNX net, or has more than one input or output.
    """
    try:
        model = onnx.load(path)
    except Exception as exc:  # protobuf's exceptions differ by its implementation
        raise ConfigurationError(f"{path.name} is not an ONNX file: {exc}") from exc
    constants = {one.name for one in model.graph.initializer}
    inputs = [one for one in model.graph.input if one.name not in constants]
    if len(inputs) != 1 or len(model.graph.output) != 1:
        raise ConfigurationError(
            f"{path.name} has {len(inputs)} inputs and {len(model.graph.output)} outputs; only nets with one of each "
            "can be exported"
        )
    # Constants that are inputs as well, as old files have them, could be replaced by a caller.
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    return model


def opset_of(model: onnx.ModelProto) -> int:
    """The version of the ONNX operators that a net uses."""
    return max(int(one.version) for one in model.opset_import if one.domain in ("", "ai.onnx"))


def with_opset(model: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    """Convert a net to another opset.

    Raises:
        MalformedRequest: There is no such opset, or an operator of the net can't be converted.
    """
    own = opset_of(model)
    if opset == own:
        return model
    newest = onnx.defs.onnx_opset_version()
    if not 1 <= opset <= newest:
        raise MalformedRequest(f"opset {opset}: this version of onnx knows the opsets 1 to {newest}")
    try:
        converted = version_converter.convert_version(model, opset)
    except Exception as exc:  # the converter is C++, and raises RuntimeError and its own errors
        reason = str(exc).rpartition(": ")[2]  # without its place in the converter's source
        raise MalformedRequest(
            f"opset {opset}: the net, of opset {own}, can't be converted ({reason}): give no opset, or a newer one"
        ) from exc
    # A file says by its IR version which readers know it, and the converter leaves the old one.
    converted.ir_version = max(converted.ir_version, helper.find_min_ir_version_for(converted.opset_import))
    return converted


def take_pixels(model: onnx.ModelProto, net_input: NetInput) -> None:
    """Make a net take (N, H, W, 3) uint8 RGB, in place.

    The steps are those of `models.runtime.base.normalized`, so that the results are the same to the last bits.
    """
    graph = model.graph
    own = graph.input[0].name
    taken = {name for node in graph.node for name in (*node.input, *node.output)}
    pixels = "pixels" if "pixels" not in taken else f"{own}_pixels"
    mean, std = np.array(net_input.mean, np.float32), np.array(net_input.std, np.float32)
    constants = {
        f"{pixels}_order": np.array([2, 1, 0], np.int64),
        f"{pixels}_factor": np.float32(1) / (np.float32(255) * std),
        f"{pixels}_offset": mean / std,
    }
    ordered = pixels
    nodes = []
    if net_input.channels == "bgr":
        ordered = f"{pixels}_bgr"
        nodes.append(helper.make_node("Gather", [pixels, f"{pixels}_order"], [ordered], axis=3))
    else:
        del constants[f"{pixels}_order"]
    nodes += [
        helper.make_node("Cast", [ordered], [f"{pixels}_float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{pixels}_float", f"{pixels}_factor"], [f"{pixels}_scaled"]),
        helper.make_node("Sub", [f"{pixels}_scaled", f"{pixels}_offset"], [f"{pixels}_normalized"]),
        helper.make_node("Transpose", [f"{pixels}_normalized"], [own], perm=[0, 3, 1, 2]),
    ]
    for node in nodes:
        node.name = f"normalize_{node.op_type}"
    rest = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *rest])
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    graph.input[0].CopyFrom(helper.make_tensor_value_info(pixels, TensorProto.UINT8, None))


def set_shapes(model: onnx.ModelProto, input_shape: Dimensions, output_shape: Dimensions) -> None:
    """Declare the shapes of the input and the output, in place. Shapes in between are inferred from them."""
    graph = model.graph
    del graph.value_info[:]  # shapes of what lies in between, inferred for open inputs
    for value, shape in ((graph.input[0], input_shape), (graph.output[0], output_shape)):
        kind = value.type.tensor_type.elem_type
        value.CopyFrom(helper.make_tensor_value_info(value.name, kind, shape))


def valid(model: onnx.ModelProto) -> onnx.ModelProto:
    """Check a net against the standard. Returns it with the shapes of all values.

    Raises:
        ConfigurationError: The net breaks the standard, or its shapes contradict each other.
    """
    try:
        inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
        onnx.checker.check_model(inferred, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as exc:
        raise ConfigurationError(f"the net is not a valid ONNX net once it is changed: {exc}") from exc
    return inferred
