"""ONNX nets that find, and read, the lines of drawn pages, small enough to be written down here."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["CHARSET", "db_net", "model_of", "reader_net", "saved"]

Floats = npt.NDArray[np.float32]

#: Digits alone, so that pages of numbers are drawn.
CHARSET = "0123456789"
_HEIGHT = 32
_CONTRAST = np.float32(12.0)


def model_of(
    nodes: list[onnx.NodeProto],
    weights: dict[str, npt.NDArray[np.generic]],
    given: list[int | str],
    returned: list[int | str],
    opsets: tuple[str, ...] = ("",),
) -> onnx.ModelProto:
    """A net from `x` to `y`."""
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, given)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, returned)],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    imports = [helper.make_opsetid(domain, 17 if domain == "" else 1) for domain in opsets]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def saved(model: onnx.ModelProto, path: Path) -> Path:
    """Write a net to a file."""
    onnx.save(model, path)
    return path


def db_net(*, sigmoid: bool = True, planes: int = 3) -> onnx.ModelProto:
    """A detector that takes for text what is dark, or near to that, written for RGB / 255 without mean and std."""
    nodes = [
        *_darkness(),
        helper.make_node("MaxPool", ["dark"], ["wide"], kernel_shape=[9, 41], pads=[4, 20, 4, 20]),
        helper.make_node("Mul", ["wide", "steep"], ["rising"]),
        helper.make_node("Sub", ["rising", "half"], ["logits" if sigmoid else "y"]),
        *([helper.make_node("Sigmoid", ["logits"], ["y"])] if sigmoid else []),
    ]
    more = {"steep": np.array(10.0, np.float32), "half": np.array(5.0, np.float32)}
    return model_of(nodes, {**_darkness_weights(planes), **more}, ["n", planes, "h", "w"], ["n", 1, "h", "w"])


def reader_net(*, softmax: bool = True, blank: str = "first", planes: int = 3) -> onnx.ModelProto:
    """A recognizer of the digits that `models.export.drawing` draws, written for RGB / 255 without mean and std.

    Each digit is a filter over the columns of a line of 32 rows, made of its own drawing; a time step is a column.
    """
    templates, width = _templates()
    weights = np.stack([template - template.mean() for template in templates])
    scores = np.array([(one * template).sum() for one, template in zip(weights, templates, strict=True)])
    nodes = [
        *_darkness(),
        helper.make_node("Conv", ["dark", "kernel"], ["match"], pads=[0, width // 2, 0, (width - 1) // 2]),
        helper.make_node("MaxPool", ["match"], ["near"], kernel_shape=[1, 11], pads=[0, 5, 0, 5]),
        helper.make_node("Sub", ["match", "near"], ["below"]),
        helper.make_node("Mul", ["below", "steep"], ["peak"]),
        helper.make_node("Add", ["match", "peak"], ["sharp"]),
        helper.make_node("Squeeze", ["sharp", "axis"], ["flat"]),
        helper.make_node("Transpose", ["flat"], ["steps"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["steps", "classes"], ["digits"]),
        helper.make_node("Add", ["digits", "bias"], ["logits" if softmax else "y"]),
        *([helper.make_node("Softmax", ["logits"], ["y"], axis=-1)] if softmax else []),
    ]
    place = 0 if blank == "first" else 10
    classes = np.zeros((10, 11), np.float32)
    bias = np.zeros(11, np.float32)
    bias[place] = 48.0
    for digit in range(10):
        classes[digit, digit + (blank == "first")] = 1.0
    more = {
        "kernel": (60.0 * weights / scores[:, None, None])[:, None].astype(np.float32),
        "steep": np.array(100.0, np.float32),
        "axis": np.array([2], np.int64),
        "classes": classes,
        "bias": bias,
    }
    return model_of(nodes, {**_darkness_weights(planes), **more}, ["n", planes, _HEIGHT, "w"], ["n", "t", 11])


def _darkness() -> list[onnx.NodeProto]:
    """Nodes from the pixels `x` to `dark`, 1 where they are darker than middle gray, and 0 where they are brighter."""
    return [
        helper.make_node("Conv", ["x", "luminance", "threshold"], ["contrast"]),
        helper.make_node("Clip", ["contrast", "zero", "one"], ["dark"]),
    ]


def _darkness_weights(planes: int) -> dict[str, npt.NDArray[np.generic]]:
    shares = np.array([0.299, 0.587, 0.114] if planes == 3 else [1.0], np.float32)
    return {
        "luminance": -_CONTRAST * shares.reshape(1, planes, 1, 1),
        "threshold": np.array([0.511 * _CONTRAST + 0.5], np.float32),
        "zero": np.array(0.0, np.float32),
        "one": np.array(1.0, np.float32),
    }


def _templates() -> tuple[Floats, int]:
    """The ink of each digit, (10, 32, width) float32, as it stands in a drawn line scaled to 32 rows."""
    scale = _HEIGHT / 60
    found = []
    (advance, _), _ = cv2.getTextSize("0", cv2.FONT_HERSHEY_SIMPLEX, 1.1, 2)
    for digit in CHARSET:
        page = np.full((60, 128, 3), 255, np.uint8)
        cv2.putText(page, digit, (48, 44), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (0, 0, 0), 2, cv2.LINE_AA)
        line = cv2.resize(page, (round(128 * scale), _HEIGHT), interpolation=cv2.INTER_LINEAR)
        ink = np.clip(_CONTRAST * (0.511 - np.asarray(line, np.float32)[..., 0] / 255) + 0.5, 0, 1)
        middle = round((48 + advance / 2) * scale)
        half = round(advance * scale / 2)
        found.append(ink[:, middle - half : middle + half + 1])
    return np.stack(found), found[0].shape[1]
