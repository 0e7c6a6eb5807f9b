"""Makes a net compute in float16. Its input and output stay float32."""

import logging
import sys

import onnx

from models.errors import ConfigurationError

__all__ = ["halve"]


def halve(model: onnx.ModelProto) -> onnx.ModelProto:
    """Convert a net's weights and arithmetic to float16, with ONNX Runtime's own converter.

    Args:
        model: The net, with a float32 input and output. It is changed, and useless afterwards.
    """
    path = list(sys.path)
    try:
        # Importing it puts its folder, with a package `models` of its own, on the path.
        from onnxruntime.transformers.float16 import convert_float_to_float16
    finally:
        sys.path[:] = path
    # It warns of each weight that is too small for float16, and of nothing else.
    logging.getLogger("onnxruntime.transformers.float16").setLevel(logging.ERROR)
    halved: onnx.ModelProto = convert_float_to_float16(model, keep_io_types=True)
    _sort(halved.graph)
    return halved


def _sort(graph: onnx.GraphProto) -> None:
    """Put each node behind those whose outputs it takes. The converter leaves its casts at the end."""
    known = {"", *(one.name for one in graph.input), *(one.name for one in graph.initializer)}
    waiting = list(graph.node)
    placed: list[onnx.NodeProto] = []
    while waiting:
        left = []
        for node in waiting:
            if known.issuperset(node.input):
                placed.append(node)
                known.update(node.output)
            else:
                left.append(node)
        if len(left) == len(waiting):
            raise ConfigurationError("the net takes values that none of its nodes gives: the file is damaged")
        waiting = left
    del graph.node[:]
    graph.node.extend(placed)
