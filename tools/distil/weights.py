"""The ONNX file of a net of ours, as a store of its weights: halved, and read back."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["halve", "read_arrays"]

# Smaller arrays, biases above all, stay as they are: they weigh little, and runtimes look for them.
_LEAST_HALVED = 1000


def halve(model: onnx.ModelProto) -> None:
    """Keep large weights as float16, each with a cast behind it. Their names lose the part before the first point."""
    graph, casts = model.graph, []
    names = {tensor.name: tensor.name.partition(".")[2] or tensor.name for tensor in graph.initializer}
    for tensor in graph.initializer:
        tensor.name = name = names[tensor.name]
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size >= _LEAST_HALVED and values.ndim > 1:
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name))
            casts.append(helper.make_node("Cast", [name], [f"{name}.float"], f"{name}.cast", to=TensorProto.FLOAT))
    halved = {cast.input[0] for cast in casts}
    for node in graph.node:
        for place, name in enumerate(node.input):
            plain = names.get(name, name)
            node.input[place] = f"{plain}.float" if plain in halved else plain
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def read_arrays(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """The weights of a file whose large ones were halved, by name, float32."""
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}
    return {name: values.astype(np.float32) for name, values in tensors.items() if values.dtype.kind == "f"}
