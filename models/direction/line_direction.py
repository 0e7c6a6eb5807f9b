"""Tells lines that are the right way up from lines that are upside down."""

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

# The net's normalization makes zero of this gray, as the recognizer's does.
_PADDING = 127
# A line is squeezed to fit, at most to half its width; of a longer line only the middle is taken. Of the longest lines
# of 72 documents, 93 % are judged right when they are squeezed whole, 96 % in this way, and 94 % without any squeezing.
_MOST_SQUEEZE = 2.0
# One run of the net on three lines costs 1.5 ms; three runs on one line each cost 1.9 ms.
_LINES_OF_A_RUN = 3
# Log odds of a probability nearer to 0 or 1 are noise of the last bits.
_LEAST_PROBABILITY = 1e-6


class LineDirection:
    """A classifier of lines. As many threads as its net has may share it.

    Args:
        net: The loaded net.
        manifest: The net's description.
    """

    def __init__(self, net: Runtime, manifest: DirectionManifest) -> None:
        self._net = net
        self._size = (manifest.height_px, manifest.width_px)

    @classmethod
    def load(cls, bundle: BundleManifest, beside: NetManifest, settings: NetSettings) -> "LineDirection | None":
        """Check and load a bundle's net. It is small, so it runs on the CPU and in f32.

        Args:
            bundle: The bundle that the net belongs to.
            beside: The net that this one helps, whose runtime is loaded already.
            settings: Where and how that other net runs.

        Returns:
            The classifier; None if the bundle has none.

        Raises:
            ConfigurationError: The file is missing or not the manifest's, or this machine can't meet the settings.
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
        """Scale a line, or the middle of a long one, to the size of the net's input.

        Args:
            line: (height, width, 3) uint8 RGB, turned as it would be read. Read only.
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
        """The number of lines that the net was prepared for at a time; None if any number will do."""
        return self._net.prepared_rows(self._size)

    def infer(self, batch: Pixels) -> list[float]:
        """Run the net.

        Args:
            batch: (N, height, width, 3) uint8 RGB, lines from `fitted`, at most `lines_of_a_run`. Read only.

        Returns:
            For each line the log odds that it is the right way up; positive if it probably is.

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
        """Run the net on any number of fitted lines, in order, as `infer` does."""
        together = self.lines_of_a_run() or 1
        runs = (lines[start : start + together] for start in range(0, len(lines), together))
        return [odds for run in runs for odds in self.infer(np.stack(run))]
