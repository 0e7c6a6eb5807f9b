"""The interface of an inference runtime."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from models.manifests.manifest import Int8Recipe, NetInput
from models.runtime.device import Device

__all__ = ["Head", "NetOptions", "Precision", "Runtime", "normalized", "probabilities"]

Pixels = npt.NDArray[np.uint8]
Precision = Literal["f32", "bf16", "int8"]
Head = Literal["map", "all", "argmax"]

# Rec. 601, as in every picture library.
_GRAY = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True)
class NetOptions:
    """The options with which one net is loaded.

    Args:
        input: How pixels become the net's input.
        head: `map` returns the net's output as it is, `all` each of its outputs. `argmax` returns the best class and
            its probability along the last axis, which is all that greedy CTC decoding needs, and the probability of one
            class besides.
        device: The device that runs the net.
        precision: `f32`; `bf16` if the device has it; `int8` with the recipe.
        threads: Calls of `Runtime.run` at a time; on a CPU each runs on one thread.
        shapes: Shapes of batches to prepare for, one for each height and width. Other shapes run unprepared.
        int8: The net's recipe for `int8`.
        frequent_shapes: Number of further shapes that are prepared while they come often.
        large_px: Pixels of a batch above which runs are made one at a time, to save memory. None sets no limit.
        beside: Another net of the same file, which shares the parts that the recipe leaves alone.
        activation: The function that makes probabilities of the net's output; None if the net has it inside.
    """

    input: NetInput
    head: Head
    device: Device
    precision: Precision
    threads: int
    int8: Int8Recipe | None = None
    shapes: Sequence[tuple[int, int, int, int]] = ()
    frequent_shapes: int = 0
    large_px: int | None = None
    beside: "Runtime | None" = None
    activation: Literal["sigmoid", "softmax"] | None = None


class Runtime(ABC):
    """One net, loaded and ready to run. `NetOptions.threads` threads may run it at a time."""

    @classmethod
    @abstractmethod
    def load(cls, path: Path, options: NetOptions) -> Self:
        """Load a verified ONNX file.

        Raises:
            ConfigurationError: This runtime can't offer the device or precision, or can't load the file.
        """

    @abstractmethod
    def run(self, batch: Pixels, watched: int = 0) -> tuple[npt.NDArray[np.generic], ...]:
        """Run the net.

        Args:
            batch: (N, H, W, 3) uint8 RGB, C-contiguous. Read only.
            watched: The class whose probability head `argmax` returns besides that of the best.

        Returns:
            With head `map`: (output,) float32 as the net gives it. With head `all`: each output so. With head `argmax`:
            (classes int32, their probabilities float32, the probabilities of `watched` float32), all without the last
            axis. The arrays belong to the caller.

        Raises:
            ModelOutputError: The net failed on this input.
        """

    def prepared_rows(self, size: tuple[int, int]) -> int | None:
        """The most rows of a batch of inputs of (height, width); None if any number will do.

        A shape of `NetOptions.shapes` always runs in full: a batch with fewer rows is filled up.
        """
        return None

    @abstractmethod
    def metadata(self) -> dict[str, str]:
        """The custom metadata of the ONNX file."""

    def is_batchable(self) -> bool:
        """Whether the net takes any number of inputs in a batch, and not only one."""
        return True

    @abstractmethod
    def class_count(self) -> int | None:
        """Size of the last axis of the net's own output; None if the file leaves it open."""


def normalized(batch: Pixels, net_input: NetInput) -> npt.NDArray[np.float32]:
    """Make (N, H, W, 3) uint8 RGB the net's (N, C, H, W) float32, for runtimes that can't do it in the graph."""
    pixels: npt.NDArray[np.generic] = batch[..., ::-1] if net_input.channels == "bgr" else batch
    if net_input.channels == "gray":
        pixels = (batch @ _GRAY)[..., None]
    mean = np.array(net_input.mean, dtype=np.float32)[:, None, None]
    std = np.array(net_input.std, dtype=np.float32)[:, None, None]
    planes = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2), dtype=np.float32)
    np.multiply(planes, np.float32(1) / (np.float32(255) * std), out=planes)
    np.subtract(planes, mean / std, out=planes)
    return planes


def probabilities(
    output: npt.NDArray[np.float32], activation: Literal["sigmoid", "softmax"] | None
) -> npt.NDArray[np.float32]:
    """Make probabilities of a net's output, for runtimes that can't do it in the graph. softmax: over the last axis."""
    if activation == "sigmoid":
        return np.exp(-np.logaddexp(0, -output, dtype=np.float32))
    if activation == "softmax":
        shares: npt.NDArray[np.float32] = np.exp(output - output.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        return shares
    return output
