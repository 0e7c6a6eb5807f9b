"""Writes a trained net as the ONNX file that a bundle's manifest names, and reads its weights back.

python -m tools.distil.export CHECKPOINT.pt OUTPUT.onnx [--body rows]
"""

import argparse
import io
from collections.abc import Sequence
from pathlib import Path

import onnx
import torch

from tools.distil.lines import HEIGHT_PX
from tools.distil.net import BODIES, LineNet
from tools.distil.weights import halve, read_arrays

__all__ = ["main", "read_weights", "write_onnx"]


class _Reader(torch.nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
    """A line net that gives probabilities."""

    def __init__(self, net: LineNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, lines: torch.Tensor) -> torch.Tensor:
        return self.net(lines).softmax(dim=2)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read a checkpoint, and write its net."""
    parser = argparse.ArgumentParser(prog="python -m tools.distil.export", description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--body", choices=sorted(BODIES), default="rows")
    options = parser.parse_args(arguments)
    weights = torch.load(options.checkpoint, map_location="cpu", weights_only=True)["net"]
    net = LineNet(len(weights["classify.bias"]), options.body)
    net.load_state_dict(weights)
    write_onnx(net, options.output)
    print(f"{options.output}: {options.output.stat().st_size:,} bytes")


def write_onnx(net: LineNet, output: Path) -> None:
    """Write a net from (N, 1, 32, columns) to (N, columns / 4, classes) probabilities, its weights in half precision.

    Layers stay apart, and weights keep the names that they have in the net: so the file is also what a training starts
    from. The runtimes join batch normalization with convolutions when they load it.
    """
    net.eval()
    file = io.BytesIO()
    torch.onnx.export(
        _Reader(net),
        (torch.zeros(2, 1, HEIGHT_PX, 64),),
        file,
        dynamo=False,
        do_constant_folding=False,
        training=torch.onnx.TrainingMode.PRESERVE,
        input_names=["lines"],
        output_names=["probabilities"],
        dynamic_axes={"lines": {0: "lines", 3: "columns"}, "probabilities": {0: "lines", 1: "steps"}},
    )
    model = onnx.load_from_string(file.getvalue())
    halve(model)
    onnx.checker.check_model(model)
    output.write_bytes(model.SerializeToString())


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """The weights of a file of `write_onnx`, as a `LineNet` takes them."""
    weights = {name: torch.from_numpy(values) for name, values in read_arrays(path).items() if "." in name}
    counted = [name.replace("running_mean", "num_batches_tracked") for name in weights if "running_mean" in name]
    return weights | {name: torch.tensor(0) for name in counted}


if __name__ == "__main__":
    main()
