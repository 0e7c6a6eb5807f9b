"""Writes the README.md of an export from the manifest, the files and the templates beside this module."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

from models.export.check import Difference
from models.export.graph import opset_of
from models.export.nets import ExportedNet
from models.export.options import OPEN, ExportOptions
from models.manifests import BundleManifest
from models.manifests.manifest import DetectionManifest, NetInput, RecognitionManifest

__all__ = ["readme_text"]

_TEMPLATES = Path(__file__).parent / "templates"

_PRECISION_NOTES = {
    "f32": "Weights and arithmetic are float32.",
    "fp16": "Weights and arithmetic are float16; input and output are float32.",
    "int8": "The convolutions of the bundle's int8 recipes take 8-bit integers; the rest is float32. A runtime that "
    "does not know the pattern of QuantizeLinear and DequantizeLinear computes them in float32 and gains nothing.",
}
_PIXELS = "The nets take RGB pixels from 0 to 255 as they are, and normalize them themselves."
_PLANES = "The nets take normalized pixels, a plane for each channel: (pixel / 255 - mean) / std."
_DETECTION_NOTES = (
    "{use} Each value is the probability that this pixel of the input belongs to the middle part of a line of text. "
    "{fit}"
)
_USES = {
    "detection": "It finds the lines of any page.",
    "detection_documents": "It finds the lines of documents, which are printed or written on a bright ground.",
}
_FIT_FIXED = "Scale a page, both sides alike, until it fits the input, and fill the rest with its mean color."
_FIT_OPEN = (
    "Scale a large page down. Fill it with its mean color up to the next multiples of {size_multiple_px} pixels."
)
_THRESHOLDS = """\

| threshold | value | meaning |
|---|---|---|
| `threshold` | {threshold} | A pixel of a higher probability is text; connected ones are a region. |
| `box_threshold` | {box_threshold} | A region's rectangle of least area with a lower mean probability is dropped. |
| `unclip_ratio` | {unclip_ratio} | A rectangle is grown on each side by area * ratio / perimeter. |
| `size_multiple_px` | {size_multiple_px} | Height and width of an input are multiples of this. |
"""
_LONE_CHARACTER = (
    "| `lone_character_px` | {lone_character_px:g} | A rectangle of fewer pixels is judged by the mean over the pixels "
    "above `threshold` alone. |\n"
)
_RECOGNITION_NOTES = (
    "A line is cut out of the page, turned level, and scaled to {height_px} pixels of height. Its width stays open in "
    "each export, since lines differ: a multiple of {width_multiple_px} pixels, at least {height_px} * length / "
    "thickness of the line, with gray (127) behind a line that is shorter. The values are the probabilities of the "
    "classes at each step, from the left of the line to its right. The service drops a line whose characters have a "
    "mean probability below 0.5."
)
_DIRECTION_NOTES = (
    "A line is scaled to {height_px} pixels of height, with gray (127) behind it; of a longer line the middle is "
    "taken. The values are the probabilities that it is the right way up, and that it is upside down."
)


def readme_text(
    bundle: BundleManifest,
    options: ExportOptions,
    nets: Sequence[ExportedNet],
    differences: Mapping[str, Difference],
    sizes: Mapping[str, int],
    characters: Sequence[str],
    blank: int,
) -> str:
    """Make the text of the README.md.

    Args:
        bundle: The bundle.
        options: How it was exported.
        nets: The exported nets.
        differences: The result of each net's check, by name.
        sizes: Bytes of each file, by name.
        characters: Text of each class.
        blank: Class of the CTC blank.
    """
    recognition = next(net for net in nets if isinstance(net.manifest, RecognitionManifest))
    values = {
        **_command_values(bundle, options),
        **_example_values(bundle.detection, bundle.recognition, options),
        "opsets": ", ".join(sorted({str(opset_of(net.model)) for net in nets})),
        "rows": "\n".join(_row(net, differences[net.name], sizes[net.file_name]) for net in nets),
        "charset_bytes": str(sizes["charset.txt"]),
        "nets": "\n".join(_section(net) for net in nets).rstrip(),
        "blank": str(blank),
        "space_note": (
            f"Class {characters.index(' ')} is the space, whose line holds one space."
            if " " in characters
            else "There is no space."
        ),
        "input_name": recognition.model.graph.input[0].name,
        "output_name": recognition.model.graph.output[0].name,
    }
    for name, file in (("python", "example.py.txt"), ("cpp", "example.cpp.txt")):
        values[name] = _filled(file, values).rstrip()
    return _filled("README.md", values)


def _filled(file: str, values: Mapping[str, str]) -> str:
    return Template((_TEMPLATES / file).read_text(encoding="utf-8")).substitute(values)


def _command_values(bundle: BundleManifest, options: ExportOptions) -> dict[str, str]:
    more = " --raw-pixels" if options.raw_pixels else ""
    if options.opset is not None:
        more += f" --opset {options.opset}"
    return {
        "bundle": bundle.name,
        "description": bundle.description,
        "origin": bundle.origin,
        "license": bundle.license,
        "size": OPEN if options.size is None else f"{options.size[0]}x{options.size[1]}",
        "precision": options.precision,
        "more": more,
        "precision_note": _PRECISION_NOTES[options.precision],
        "pixels_note": _PIXELS if options.raw_pixels else _PLANES,
    }


def _row(net: ExportedNet, difference: Difference, size_bytes: int) -> str:
    return f"| `{net.file_name}` | {size_bytes} | {difference.greatest:.2g} | {difference.mean:.2g} |"


def _section(net: ExportedNet) -> str:
    given, returned = net.model.graph.input[0].name, net.model.graph.output[0].name
    is_pixels = net.shapes[0][-1] == 3
    kind = "uint8, NHWC, RGB" if is_pixels else f"float32, NCHW, {_normalization(net.manifest.input)}"
    return f"""\
### {net.file_name}

| | name | shape | what it is |
|---|---|---|---|
| input | `{given}` | {_shape(net.shapes[0])} | {kind} |
| output | `{returned}` | {_shape(net.shapes[1])} | float32, probabilities |

{_notes(net)}"""


def _notes(net: ExportedNet) -> str:
    manifest = net.manifest
    values = manifest.model_dump()
    table = ""
    if isinstance(manifest, DetectionManifest):
        fit = _FIT_FIXED if isinstance(net.shapes[1][-1], int) else _FIT_OPEN.format(**values)
        notes = _DETECTION_NOTES.format(use=_USES[net.name], fit=fit)
        table = (_THRESHOLDS + (_LONE_CHARACTER if manifest.lone_character_px else "")).format(**values)
    elif isinstance(manifest, RecognitionManifest):
        notes = _RECOGNITION_NOTES.format(**values)
    else:
        notes = _DIRECTION_NOTES.format(**values)
    return f"{textwrap.fill(notes, 120)}\n{table}"


def _normalization(net_input: NetInput) -> str:
    mean, std = (", ".join(f"{value:g}" for value in values) for values in (net_input.mean, net_input.std))
    return f"channels {net_input.channels.upper()}, mean ({mean}), std ({std}) in that order"


def _shape(dimensions: Sequence[int | str]) -> str:
    return f"({', '.join(map(str, dimensions))})"


def _example_values(
    detection: DetectionManifest, recognition: RecognitionManifest, options: ExportOptions
) -> dict[str, str]:
    order = "[..., ::-1]" if recognition.input.channels == "bgr" else ""
    channel = "2 - c" if recognition.input.channels == "bgr" else "c"
    multiple = detection.size_multiple_px
    values = {
        "python_size": f"(-(-side // {multiple}) * {multiple} for side in page.shape[:2])",
        "python_batch": f"((pixels{order} / 255 - mean) / std).transpose(2, 0, 1)[None].astype(np.float32)",
        "detection_mean": str(detection.input.mean),
        "detection_std": str(detection.input.std),
        "recognition_mean": str(recognition.input.mean),
        "recognition_std": str(recognition.input.std),
        "threshold": str(detection.threshold),
        "unclip_ratio": str(detection.unclip_ratio),
        "height": str(recognition.height_px),
        "multiple": str(recognition.width_multiple_px),
        "cpp_constants": f"  const float mean[] = {{{_floats(recognition.input.mean)}}}, "
        f"spread[] = {{{_floats(recognition.input.std)}}};\n",
        "cpp_type": "float",
        "cpp_fill": f"input[(c * rows + y) * columns + x] = (pixel[{channel}] / 255.0f - mean[c]) / spread[c];",
        "cpp_shape": "1, 3, rows, columns",
        "cpp_element": "ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT",
    }
    if options.size is not None:
        values["python_size"] = f"{options.size[0]}, {options.size[1]}"
    if options.raw_pixels:
        values |= {
            "python_batch": "pixels[None]",
            "cpp_constants": "",
            "cpp_type": "unsigned char",
            "cpp_fill": "input[3 * (y * columns + x) + c] = pixel[c];",
            "cpp_shape": "1, rows, columns, 3",
            "cpp_element": "ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8",
        }
    return values


def _floats(values: Sequence[float]) -> str:
    """Literals of C++."""
    return ", ".join(f"{float(value)!r}f" for value in values)
