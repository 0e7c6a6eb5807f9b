"""Turns a net of ModelScope's into an ONNX file. It runs in the environment of `make import-tools`, as a program.

`python to_onnx.py ARCHITECTURE WEIGHTS SHAPE FOLDER` writes `net.onnx` and `sample.npz` (an input of that shape, and
what ModelScope's own class makes of it) into the folder. What is wrong with the weights is one line on the standard
error, and exit code 2.
"""

import importlib
import pickle
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

_CLASSES = {
    "DBModel": "ocr_detection.modules.dbnet",
    "DBNasModel": "ocr_detection.modules.dbnet",
    "CRNN": "ocr_recognition.modules.CRNN.main_model",
    "ConvNextViT": "ocr_recognition.modules.ConvNextViT.main_model",
    "LightweightEdge": "ocr_recognition.modules.LightweightEdge.main_model",
}
# The layer that tells the classes apart: its owner within the net, and its name.
_HEADS = {"CRNN": ("", "cls"), "ConvNextViT": ("vitstr", "head"), "LightweightEdge": ("", "head")}
# Training with ModelScope wraps the nets; its own loader takes these names away, too.
_WRAPPERS = ("recognizer.", "detector.", "module.")
# The branch of a DBNet's decoder that only training uses.
_ONLY_TRAINING = "decoder.thresh."
_OPSET = 17


def main(architecture: str, weights: Path, shape: tuple[int, ...], folder: Path) -> None:
    """Convert a net.

    Raises:
        ValueError: The weights can't be read, or are of another net.
    """
    net: nn.Module = getattr(importlib.import_module(f"modelscope.models.cv.{_CLASSES[architecture]}"), architecture)()
    _load(net, architecture, weights)
    net.eval().requires_grad_(False)
    chance = torch.Generator().manual_seed(1)
    sample = torch.rand(shape, generator=chance)
    expected = net(sample)
    axes = {0: "batch"} if architecture in _HEADS else {0: "batch", 2: "height", 3: "width"}
    torch.onnx.export(
        _with_head_last(net, architecture),
        (sample,),
        str(folder / "net.onnx"),
        input_names=["images"],
        output_names=["output"],
        opset_version=_OPSET,
        dynamic_axes={"images": axes},
        dynamo=False,  # the newer exporter takes ten times as long, needs another package, and its files are the same
    )
    np.savez(folder / "sample.npz", given=sample.numpy(), expected=expected.numpy())


def _load(net: nn.Module, architecture: str, path: Path) -> None:
    try:
        # weights_only: a pickle could run any code.
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as exc:
        if (found := re.search(r"GLOBAL (\S+)", str(exc))) is not None:
            raise ValueError(
                f"holds more than tensors, {found[1]}, which is refused, since a pickle could run any code"
            ) from exc
        raise ValueError(f"is damaged, or not a file of PyTorch's: {_first_line(exc)}") from exc
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as exc:
        raise ValueError(f"is damaged, or not a file of PyTorch's: {_first_line(exc)}") from exc
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ValueError("is not a state dictionary, names with tensors, as ModelScope's hub has them")
    own = {}
    for key, value in state.items():
        for wrapper in _WRAPPERS:
            key = key.replace(wrapper, "")
        own[key] = value
    expected = net.state_dict()
    needed = [key for key in expected if not key.startswith(_ONLY_TRAINING) and not key.endswith("num_batches_tracked")]
    if missing := [key for key in needed if key not in own]:
        raise ValueError(f"lacks {len(missing)} of the {len(needed)} tensors of {architecture}, such as {missing[0]}")
    for key in needed:
        if own[key].shape != expected[key].shape:
            raise ValueError(
                f"is of another net: {key} has the shape {tuple(own[key].shape)}, that of {architecture} is "
                f"{tuple(expected[key].shape)}"
            )
    net.load_state_dict({key: own.get(key, value) for key, value in expected.items()})


def _with_head_last(net: nn.Module, architecture: str) -> nn.Module:
    """Move the layer that tells the classes apart behind the reshaping at the end, which commutes with it.

    The service cuts recognizers there, to classify few steps at a time.
    """
    if architecture not in _HEADS:
        return net
    place, name = _HEADS[architecture]
    owner = net.get_submodule(place)
    head = getattr(owner, name)
    setattr(owner, name, nn.Identity())
    if hasattr(owner, "num_classes"):
        owner.num_classes = head.in_features  # it shapes the output by it
    return nn.Sequential(net, head).eval()


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line), type(error).__name__)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    _, _architecture, _weights, _shape, _folder = sys.argv
    try:
        main(_architecture, Path(_weights), tuple(int(side) for side in _shape.split("x")), Path(_folder))
    except ValueError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
