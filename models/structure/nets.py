"""The nets that parts of a structure run."""

import threading
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from models.errors import ModelOutputError
from models.manifests.sources import verified_path
from models.manifests.structure import StructureManifest
from models.runtime import Runtime, load_net, resolve_device
from models.settings import NetSettings

__all__ = ["StructureNets"]

Outputs = tuple[npt.NDArray[np.float32], ...]


class StructureNets:
    """Loads each net when it is first run. As many threads as the settings say may run one.

    Args:
        manifests: The description of each net, by its kind, which is its name in `NetInputs`.
        settings: Where and how the nets run.
    """

    def __init__(self, manifests: Mapping[str, StructureManifest], settings: NetSettings) -> None:
        self.manifests = manifests
        # On a CPU, the net of regions takes half of the time in OpenVINO that it takes in ONNX Runtime, in f32 as well.
        is_cpu = resolve_device(settings.device, settings.runtime).kind == "cpu"
        runtime = "openvino" if settings.runtime == "auto" and is_cpu else settings.runtime
        self._settings = settings.model_copy(update={"runtime": runtime})
        self._loaded: dict[str, Runtime] = {}
        self._loading = threading.Lock()

    def run(self, name: str, batch: npt.NDArray[np.uint8]) -> list[Outputs]:
        """Run a net.

        Args:
            name: The net's kind.
            batch: (N, height, width, 3) uint8 RGB, of the size that its manifest names. Read only.

        Returns:
            For each input the net's outputs, each without its first axis.

        Raises:
            ConfigurationError: The net can't be loaded.
            ModelOutputError: It failed, or one of its outputs has no row for each input.
        """
        outputs = self._net(name).run(batch)
        if any(len(output) != len(batch) for output in outputs):
            shapes = ", ".join(str(output.shape) for output in outputs)
            raise ModelOutputError(
                f"the net of kind {name} returned arrays of shapes {shapes} for {len(batch)} inputs: model file and "
                "manifest disagree"
            )
        return [tuple(output[row] for output in outputs) for row in range(len(batch))]

    def is_batchable(self, name: str) -> bool:
        """Whether a net takes several inputs in a run. A net that is not loaded yet does not."""
        return name in self._loaded and self._loaded[name].is_batchable()

    def _net(self, name: str) -> Runtime:
        with self._loading:
            if name not in self._loaded:
                manifest = self.manifests[name]
                self._loaded[name] = load_net(verified_path(manifest.file), manifest, "all", self._settings)
            return self._loaded[name]
