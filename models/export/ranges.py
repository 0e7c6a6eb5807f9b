"""Makes sure that float16 holds all values inside a net.

The comparison of outputs does not show it: on most CPUs ONNX Runtime computes a float16 net in float32, where nothing
overflows.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

from models.errors import ModelOutputError
from models.export.graph import read_net

__all__ = ["check_ranges"]

# Pages reach up to half as much again as what is drawn, so values keep a distance from the end of float16.
_MOST = float(np.finfo(np.float16).max) / 4


def check_ranges(path: Path, planes: npt.NDArray[np.float32]) -> None:
    """Run a net in float32, and look at every value on the way.

    Args:
        path: The bundle's own file.
        planes: An input of the net, (N, 3, H, W) float32. A large one takes much memory: all values are kept.

    Raises:
        ModelOutputError: A value is too large for float16.
    """
    model = onnx.shape_inference.infer_shapes(read_net(path))
    floats = [one.name for one in model.graph.value_info if one.type.tensor_type.elem_type == TensorProto.FLOAT]
    given = model.graph.input[0].name
    del model.graph.output[:]
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in floats)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    for name, values in zip(floats, session.run(floats, {given: planes}), strict=True):
        greatest = float(np.abs(values).max()) if values.size else 0.0
        if not greatest <= _MOST:
            raise ModelOutputError(
                f"the value {name} of {path.name} reaches {greatest:.0f} on a drawn page, too near to the end of "
                f"float16 ({np.finfo(np.float16).max:.0f}), so nothing was exported: take f32 or int8"
            )
