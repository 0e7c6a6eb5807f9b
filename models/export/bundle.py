"""Exports a bundle into a folder, which is there when all of it is checked, or not at all."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models.errors import ConfigurationError
from models.export.options import ExportOptions, check_options
from models.manifests import BundleManifest
from models.new_folder import new_folder, refuse_folder

__all__ = ["ExportedFile", "export_bundle"]

#: All that an export may write. Only a folder that holds nothing else is replaced.
_NAMES = frozenset(
    {"README.md", "charset.txt", "detection.onnx", "detection_documents.onnx", "direction.onnx", "recognition.onnx"}
)


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One exported net that passed its check.

    Args:
        name: Name of the file.
        size_bytes: Its size.
        greatest: The greatest absolute difference of its output from that of the bundle's own net.
        mean: The mean absolute difference, of values that either net puts above 0.01.
    """

    name: str
    size_bytes: int
    greatest: float
    mean: float


def export_bundle(
    bundle: BundleManifest,
    options: ExportOptions,
    output: Path,
    *,
    overwrite: bool = False,
    report: Callable[[ExportedFile], None] = lambda _: None,
) -> None:
    """Write the nets of a bundle as ONNX files, with its characters and a README.md that describes them.

    Each file is compared with the bundle's own net first, and a page drawn for it is read. Nothing is left behind if a
    check fails.

    Args:
        bundle: The bundle.
        options: How it is exported.
        output: The folder to make.
        overwrite: Whether an older export there is replaced.
        report: Told of each net when all have passed their checks.

    Raises:
        ConfigurationError: The package onnx is not installed, a file of the bundle is missing or not the manifest's,
            int8 has no recipe, or the folder can't be written.
        Conflict: The folder holds something already.
        InsufficientStorage: The disk is full.
        MalformedRequest: A net can't be converted to the opset.
        ModelOutputError: An exported net does not do what the bundle's own does.
    """
    check_options(options, bundle)
    refuse_folder(output, _NAMES, "export", overwrite=overwrite)
    if importlib.util.find_spec("onnx") is None:
        raise ConfigurationError(
            "exporting nets needs the package onnx, which is not installed: run `make setup` in the checkout of "
            "rayocr, or install its extra `export`"
        )
    from models.export.contents import write_contents  # only now: it needs onnx

    with new_folder(output, _NAMES, "export", overwrite=overwrite) as folder:
        write_contents(bundle, options, folder, report)
