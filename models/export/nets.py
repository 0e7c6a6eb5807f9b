"""Makes the exported file of one net out of its own file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import onnx

from models.errors import RayocrError
from models.export.float16 import halve
from models.export.graph import Dimensions, opset_of, read_net, set_shapes, take_pixels, valid, with_opset
from models.export.int8 import quantize
from models.export.options import ExportOptions
from models.manifests import BundleManifest, verified_path
from models.manifests.manifest import DetectionManifest, DirectionManifest, NetManifest, RecognitionManifest

__all__ = ["ExportedNet", "exported_nets"]

_OPEN_PAGE = (320, 640)


@dataclass(frozen=True, slots=True)
class ExportedNet:
    """One net as it is exported.

    Args:
        name: Name of its file, without the ending: that of its section in the manifest.
        manifest: Its description.
        path: Its own file, verified.
        model: The exported net.
        shapes: Shapes of input and output, with names for what is open.
    """

    name: str
    manifest: NetManifest
    path: Path
    model: onnx.ModelProto
    shapes: tuple[Dimensions, Dimensions]

    @property
    def file_name(self) -> str:
        """Name of the file."""
        return f"{self.name}.onnx"

    @property
    def page_size(self) -> tuple[int, int]:
        """(height, width) in pixels of a page to check a detector with: its own, or a usual one where both are open."""
        sides = [side for side in self.shapes[1][-2:] if isinstance(side, int)]
        return (sides[0], sides[1]) if len(sides) == 2 else _OPEN_PAGE


def exported_nets(bundle: BundleManifest, options: ExportOptions, classes: int) -> Iterator[ExportedNet]:
    """Make the exported form of each net of a bundle.

    Args:
        bundle: The bundle.
        options: How it is exported.
        classes: Number of the recognizer's classes, with blank and space.

    Raises:
        ConfigurationError: A file is missing or not the manifest's, or a recipe does not fit its net.
        MalformedRequest: A net can't be converted to the opset.
    """
    for name, manifest in bundle.nets().items():
        path = verified_path(manifest.file)
        shapes = _shapes(manifest, options, classes)
        try:
            model = _exported(path, manifest, options, shapes)
        except RayocrError as exc:
            raise type(exc)(f"{name}.onnx can't be made: {exc.message}") from exc
        yield ExportedNet(name, manifest, path, model, shapes)


def _exported(
    path: Path, manifest: NetManifest, options: ExportOptions, shapes: tuple[Dimensions, Dimensions]
) -> onnx.ModelProto:
    model = read_net(path)
    model = with_opset(model, options.opset_of(opset_of(model)))
    if options.precision == "int8" and manifest.int8 is not None:  # the classifier of lines has no recipe
        quantize(model, manifest.int8.activations)
    elif options.precision == "fp16":
        model = halve(model)
    batch, channels, height, width = shapes[0] if not options.raw_pixels else _planes(shapes[0])
    set_shapes(model, (batch, channels, height, width), shapes[1])
    if options.raw_pixels:
        take_pixels(model, manifest.input)
        set_shapes(model, *shapes)
    return valid(model)


def _planes(pixels: Dimensions) -> Dimensions:
    batch, height, width, channels = pixels
    return batch, channels, height, width


def _shapes(manifest: NetManifest, options: ExportOptions, classes: int) -> tuple[Dimensions, Dimensions]:
    """The shapes of input and output. Only lines keep an open width, since each has its own."""
    batch: int | str = "batch" if options.size is None else 1
    height: int | str
    width: int | str
    output: Dimensions
    match manifest:
        case DetectionManifest():
            height, width = options.size or ("height", "width")
            output = (batch, 1, height, width)
        case RecognitionManifest():
            height, width = manifest.height_px, "width"
            output = (batch, "steps", classes)
        case DirectionManifest():
            height, width = manifest.height_px, manifest.width_px
            output = (batch, 2)
        case _:
            raise TypeError(f"no shapes for {type(manifest).__name__}")
    return ((batch, height, width, 3) if options.raw_pixels else (batch, 3, height, width)), output
