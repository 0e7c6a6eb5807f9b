"""Telling lines that are the right way up from lines that stand on their head."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from models.errors import ModelOutputError
from models.manifests import verified_path
from models.manifests.manifest import BundleManifest, DirectionManifest, NetManifest
from models.runtime import Runtime, check_net, load_net
from models.settings import NetSettings
from models.straighten import straightened

__all__ = ["LineDirection"]

Pixels = npt.NDArray[np.uint8]

# As for the recognizer: what the net's normalization makes zero.
_PADDING = 127
# A line is squeezed to half its width to fit, and of a longer one the middle is taken. Of the longest lines of 72
# documents 93 % are judged right when squeezed whole, 96 % when squeezed so, 94 % when not squeezed at all.
_MOST_SQUEEZE = 2.0
# One run of the net on three lines costs 1.5 ms, three on one line each 1.9 ms.
_LINES_OF_A_RUN = 3
# Log odds beyond are noise of the last bits.
_LEAST_PROBABILITY = 1e-6


class LineDirection:
    """A classifier of lines. As many threads as its net's may share it.

    Args:
        net: The loaded net.
        manifest: What it is and how it is fed.
    """

    def __init__(self, net: Runtime, manifest: DirectionManifest) -> None:
        self._net = net
        self._size = (manifest.height_px, manifest.width_px)

    @classmethod
    def load(cls, bundle: BundleManifest, beside: NetManifest, settings: NetSettings) -> "LineDirection | None":
        """Check and load a bundle's net, on the CPU and in f32: it is small.

        Args:
            bundle: Of the net.
            beside: The net that it is to help, whose runtime is already there.
            settings: Of that one.

        Returns:
            None where the bundle has none.

        Raises:
            ConfigurationError: See `verified_path` and `load_net`.
        """
        manifest = bundle.direction
        if manifest is None:
            return None
        runtime, _, _ = check_net(settings, beside)
        own = NetSettings.model_validate(
            {"device": "cpu", "runtime": runtime, "precision": "f32", "threads": settings.threads}
        )
        shape = (_LINES_OF_A_RUN, manifest.height_px, manifest.width_px, 3)
        return cls(load_net(verified_path(manifest.file), manifest, "map", own, [shape]), manifest)

    def line(self, page: Pixels, quad: npt.NDArray[np.float32]) -> Pixels:
        """Cut one line out of a page, or the middle of a long one.

        Args:
            page: (H, W, 3) uint8 RGB. Read only.
            quad: (4, 2) float32, page pixels, clockwise from where the text is thought to begin.

        Returns:
            (height, width, 3) uint8 RGB, at the page's resolution.
        """
        length, thickness = float(np.linalg.norm(quad[1] - quad[0])), float(np.linalg.norm(quad[3] - quad[0]))
        most = _MOST_SQUEEZE * thickness * self._size[1] / self._size[0]
        if length > most:
            along = np.stack([quad[1] - quad[0], quad[0] - quad[1], quad[3] - quad[2], quad[2] - quad[3]])
            quad = (quad + (length - most) / (2 * length) * along).astype(np.float32)
        return straightened(page, quad)

    def fitted(self, line: Pixels) -> Pixels:
        """A line, or the middle of a long one, in the size of the net's input.

        Args:
            line: (height, width, 3) uint8 RGB, as it would be read. Read only.
        """
        height, width = self._size
        most = max(1, round(_MOST_SQUEEZE * line.shape[0] * width / height))
        if line.shape[1] > most:
            left = (line.shape[1] - most) // 2
            line = line[:, left : left + most]
        columns = min(width, max(1, math.ceil(height * line.shape[1] / line.shape[0])))
        pixels = np.full((height, width, 3), _PADDING, dtype=np.uint8)
        cv2.resize(line, (columns, height), dst=pixels[:, :columns], interpolation=cv2.INTER_LINEAR)
        return pixels

    def lines_of_a_run(self) -> int | None:
        """How many lines the net was prepared for at a time; None where any number will do."""
        return self._net.prepared_rows(self._size)

    def infer(self, batch: Pixels) -> list[float]:
        """Run the net.

        Args:
            batch: (N, height, width, 3) uint8 RGB, of `fitted`, `lines_of_a_run` at most. Read only.

        Returns:
            Of each line the log odds that it is the right way up: positive where it is.

        Raises:
            ModelOutputError: The net failed, or does not tell two classes apart: model file and manifest disagree.
        """
        (output,) = self._net.run(batch)
        if output.shape != (len(batch), 2) or not np.isfinite(output).all():
            raise ModelOutputError(
                f"the classifier of upside-down lines returned an array of shape {output.shape} for {len(batch)} "
                "lines: model file and manifest disagree"
            )
        sure = np.clip(output.astype(np.float64), _LEAST_PROBABILITY, 1)
        return [float(odds) for odds in np.log(sure[:, 0] / sure[:, 1])]

    def infer_all(self, lines: Sequence[Pixels]) -> list[float]:
        """`infer` for any number of lines, in order."""
        together = self.lines_of_a_run() or 1
        runs = (lines[start : start + together] for start in range(0, len(lines), together))
        return [odds for run in runs for odds in self.infer(np.stack(run))]
