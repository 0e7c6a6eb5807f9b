"""Has a net of ModelScope's hub turned into an ONNX file, and compares the two."""

import subprocess
from pathlib import Path

import numpy as np
import onnxruntime as ort

from models.errors import ConfigurationError, ModelOutputError
from models.importing.hub_folder import HubNet

__all__ = ["convert_hub_net", "import_python"]

_ROOT = Path(__file__).parents[2]
_PROGRAM = Path(__file__).with_name("to_onnx.py")
# Of an output's greatest value, or of 1 if that is less.
_MOST_APART = 1e-4


def import_python(given: Path | None) -> Path:
    """The interpreter with PyTorch and ModelScope.

    Args:
        given: Its path. None takes that of `make import-tools`.

    Raises:
        ConfigurationError: It is not there.
    """
    python = given or _ROOT / ".venv-import" / "bin" / "python"
    if not python.is_file():
        raise ConfigurationError(
            f"importing a folder of ModelScope needs PyTorch, in an environment of its own, and {python} is not there: "
            "run `make import-tools` in the checkout of rayocr, or name its interpreter by --python"
        )
    return python


def convert_hub_net(net: HubNet, python: Path, folder: Path) -> tuple[Path, float]:
    """Convert a net, and compare the ONNX file in ONNX Runtime with ModelScope's own class.

    Args:
        net: The net.
        python: The interpreter with PyTorch and ModelScope.
        folder: An empty folder.

    Returns:
        The ONNX file in the folder, and the greatest absolute difference of its output.

    Raises:
        ConfigurationError: The weights can't be read or are of another net, or the environment lacks a package.
        ModelOutputError: The file's output differs from that of ModelScope's class.
    """
    shape = "x".join(str(side) for side in net.sample)
    command = [str(python), "-I", str(_PROGRAM), net.architecture, str(net.weights.resolve()), shape, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    last = (done.stderr.strip().splitlines() or ["it wrote nothing"])[-1]
    if done.returncode == 2:
        raise ConfigurationError(f"the file of weights {net.weights} {last}")
    if done.returncode:
        raise ConfigurationError(
            f"{net.weights} can't be converted by {python} (exit code {done.returncode}): {last}; `make import-tools` "
            "installs what that needs"
        )
    path = folder / "net.onnx"
    with np.load(folder / "sample.npz") as sample:
        given, expected = sample["given"], sample["expected"]
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: given})
    apart = float(np.abs(found - expected).max()) if found.shape == expected.shape else np.inf
    most = _MOST_APART * max(1.0, float(np.abs(expected).max()))
    if not apart <= most:
        raise ModelOutputError(
            f"{net.architecture} gives values that differ by {apart:.3g}, more than {most:.3g}, as an ONNX file from "
            f"those of ModelScope's own class, so {net.weights.parent} was not imported"
        )
    return path, apart
