"""ONNX nets of one or two convolutions, small enough to be checked by hand."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

__all__ = ["Floats", "convolutions_of_one_input", "outputs", "saved"]

Floats = npt.NDArray[np.float32]


def convolutions_of_one_input(opset: int = 13, **weights: Floats) -> onnx.ModelProto:
    """A net whose convolutions, one for each name, share its input (N, 3, H, W); its output is their sum.

    Each keeps the size; weights (4, 3, height, width).
    """
    nodes = [
        helper.make_node("Conv", ["x", f"{name}.w"], [f"{name}.y"], name, pads=[values.shape[2] // 2] * 4)
        for name, values in weights.items()
    ]
    nodes.append(helper.make_node("Sum", [f"{name}.y" for name in weights], ["y"], "sum"))
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4, "h", "w"])],
        [numpy_helper.from_array(values, f"{name}.w") for name, values in weights.items()],
    )
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=helper.find_min_ir_version_for(opsets))


def outputs(model: onnx.ModelProto, values: npt.NDArray[np.generic]) -> Floats:
    """Run a net in ONNX Runtime."""
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found: Floats = session.run(None, {session.get_inputs()[0].name: values})[0]
    return found


def saved(model: onnx.ModelProto, folder: Path) -> Path:
    """Write a net to a file of that folder."""
    path = folder / "net.onnx"
    onnx.save(model, path)
    return path
