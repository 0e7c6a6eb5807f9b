"""Fills the folder of an export, and checks each file before the next is written."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import onnx

from models.export.bundle import ExportedFile
from models.export.check import Difference, check_reading, compare, open_net
from models.export.nets import ExportedNet, exported_nets
from models.export.options import ExportOptions
from models.export.reading import Net
from models.export.readme import readme_text
from models.manifests import BundleManifest, verified_path
from models.manifests.manifest import DetectionManifest, NetManifest
from models.recognition.ctc import CtcDecoder, load_characters
from models.runtime import Runtime, load_net
from models.settings import NetSettings

__all__ = ["write_contents"]

# As exported files run in their check: the bundle's own net in f32, on a thread of the CPU.
_OWN = NetSettings(device="cpu", runtime="onnxruntime", precision="f32")


def write_contents(
    bundle: BundleManifest, options: ExportOptions, folder: Path, report: Callable[[ExportedFile], None]
) -> None:
    """Write all files of an export, each checked.

    Args:
        bundle: The bundle.
        options: How it is exported.
        folder: An empty folder.
        report: Told of each net when all have passed their checks.

    Raises:
        ConfigurationError: A file of the bundle is missing or not the manifest's, or can't be exported.
        MalformedRequest: A net can't be converted to the opset.
        ModelOutputError: An exported net does not do what the bundle's own does.
    """
    characters, blank = load_characters(bundle.recognition.charset, _loaded(bundle.recognition).metadata())
    # An explicit line feed, since a character may be another line separator.
    (folder / "charset.txt").write_bytes("".join(f"{one}\n" for one in characters).encode())
    nets: dict[str, ExportedNet] = {}
    own: dict[str, Net] = {}
    exported: dict[str, Net] = {}
    differences: dict[str, Difference] = {}
    for net in exported_nets(bundle, options, len(characters)):
        path = folder / net.file_name
        onnx.save(net.model, path)
        nets[net.name], own[net.name] = net, _own(_loaded(net.manifest))
        exported[net.name] = open_net(path, net.manifest.input, raw_pixels=options.raw_pixels)
        differences[net.name] = compare(net, own[net.name], exported[net.name], options.precision)
    decode = CtcDecoder(characters, blank)
    for name, net in nets.items():
        if isinstance(net.manifest, DetectionManifest):
            pairs = [(both[name], both["recognition"]) for both in (own, exported)]
            check_reading(net, nets["recognition"], pairs[0], pairs[1], decode)
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    text = readme_text(bundle, options, list(nets.values()), differences, sizes, characters, blank)
    (folder / "README.md").write_text(text, encoding="utf-8")
    for net in nets.values():
        found = differences[net.name]
        report(ExportedFile(net.file_name, sizes[net.file_name], found.greatest, found.mean))


def _loaded(manifest: NetManifest) -> Runtime:
    return load_net(verified_path(manifest.file), manifest, "map", _OWN)


def _own(net: Runtime) -> Net:
    def run(batch: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        (output,) = net.run(batch)
        return cast(npt.NDArray[np.float32], output)

    return run
