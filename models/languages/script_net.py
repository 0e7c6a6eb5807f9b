"""Tells the script of a line, and whether it is upside down, by a small net of our own.

`python -m tools.script_net` draws its training lines and trains it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["INPUT_COLUMNS", "LineScript", "ScriptNet", "script_input"]

Pixels = npt.NDArray[np.uint8]

_FILE = Path(__file__).parent / "script.onnx"

INPUT_ROWS = 32
INPUT_COLUMNS = 192
# Of 255 levels, those by which paper varies; and the quantile that is taken for the darkest ink.
_LEAST_CONTRAST, _INK = 24.0, 0.98


@dataclass(frozen=True, slots=True)
class LineScript:
    """What the net tells about a line.

    Args:
        probabilities: (len(SCRIPTS),) float32, of each script.
        upside_down: The probability that the line is upside down.
    """

    probabilities: npt.NDArray[np.float32]
    upside_down: float


class ScriptNet:
    """The net, which is on the CPU. Several threads may share it. A line takes 2 ms."""

    def __init__(self) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._net = onnxruntime.InferenceSession(str(_FILE), options, providers=["CPUExecutionProvider"])

    def infer(self, lines: Pixels) -> Sequence[LineScript]:
        """Run the net.

        Args:
            lines: (N, 32, 192) uint8, from `script_input`. Read only.
        """
        (found,) = self._net.run(None, {"lines": lines})
        return [LineScript(row[:-1], float(row[-1])) for row in found]


def script_input(gray: Pixels, at: float = 0.5) -> Pixels:
    """Make the net's input of a line: how much each pixel differs from the paper.

    Args:
        gray: (rows, columns) uint8, a line that runs to the right. Read only.
        at: Which part of a longer line is taken, from 0, its beginning, to 1, its end.

    Returns:
        (32, 192) uint8. A shorter line is padded with paper.
    """
    rows, columns = gray.shape
    width = max(1, round(columns * INPUT_ROWS / rows))
    interpolation = cv2.INTER_AREA if rows > INPUT_ROWS else cv2.INTER_LINEAR
    small = cv2.resize(gray, (width, INPUT_ROWS), interpolation=interpolation)
    away = np.abs(small.astype(np.float32) - float(np.median(small)))
    ink = (away * (255 / max(_LEAST_CONTRAST, float(np.quantile(away, _INK))))).clip(0, 255).astype(np.uint8)
    start = round(max(0, width - INPUT_COLUMNS) * at)
    shown = ink[:, start : start + INPUT_COLUMNS]
    return np.pad(shown, ((0, 0), (0, INPUT_COLUMNS - shown.shape[1])))
