"""Reads a model folder as ModelScope's hub gives it: which net it holds, and what a manifest says of it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from models.errors import ConfigurationError

__all__ = ["HubNet", "read_hub_folder"]

_CONFIGURATION, _VOCABULARY = "configuration.json", "vocab.txt"
_WEIGHTS = ("pytorch_model.pt", "pytorch_model.bin")
_DETECTORS = {"resnet18": "DBModel", "proxylessnas": "DBNasModel"}
# The class of the first character. Class 0 is the blank, and class 1 of the later nets stands for unknown characters.
_FIRST_CLASS = {"CRNN": 1, "ConvNextViT": 2, "LightweightEdge": 2}
# All of ModelScope's recognizers tell so many classes apart, whatever their vocabulary.
_CLASSES = 7644
_CHUNKS = {"count": 3, "width_px": 300, "overlap_px": 48}
_UNIT = {"mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0]}
# Subtracted from pixels in the order BGR, as ModelScope's preprocessor does it.
_DETECTOR_MEAN = (123.68, 116.78, 103.94)


@dataclass(frozen=True, slots=True)
class HubNet:
    """The net of one folder.

    Args:
        section: Its section of a manifest.
        architecture: Name of its class in the package modelscope.
        weights: The file of its weights.
        fields: The fields of its section, without files.
        charset: One character a line for each class but the blank; None for a detector.
        sample: Shape of an input to compare nets on.
        license: License that the folder's README.md names.
    """

    section: Literal["detection", "recognition"]
    architecture: str
    weights: Path
    fields: dict[str, Any]
    charset: str | None
    sample: tuple[int, int, int, int]
    license: str


def read_hub_folder(folder: Path) -> HubNet:
    """Read a folder.

    Raises:
        ConfigurationError: It is not a model folder, lacks a file, or holds a net that can't be imported.
    """
    path = folder / _CONFIGURATION
    try:
        configuration = json.loads(path.read_bytes())
        model = configuration["model"]
        settings = model.get("inference_kwargs", {})
        task = configuration.get("task")
        if not isinstance(settings, dict):
            raise TypeError(f"inference_kwargs is {settings!r}")
    except OSError as exc:
        raise ConfigurationError(
            f"{folder} is not a model folder of ModelScope: its {_CONFIGURATION} can't be read ({exc.strerror})"
        ) from exc
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ConfigurationError(f"{path} is not the configuration of a model of ModelScope: {exc!r}") from exc
    weights = next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)
    if task == "ocr-detection":
        section, architecture, fields, charset, sample = "detection", *_detector(path, model, settings)
    elif task == "ocr-recognition":
        section, architecture, fields, charset, sample = "recognition", *_recognizer(path, model, settings)
    else:
        raise ConfigurationError(f"{path} is of task {task!r}: only ocr-detection and ocr-recognition can be imported")
    if weights is None:
        raise ConfigurationError(f"{folder} holds no weights: {' or '.join(_WEIGHTS)} is missing; download it again")
    return HubNet(
        "detection" if section == "detection" else "recognition",
        architecture,
        weights,
        fields,
        charset,
        sample,
        _license(folder),
    )


def _detector(
    path: Path, model: dict[str, Any], settings: dict[str, Any]
) -> tuple[str, dict[str, Any], None, tuple[int, int, int, int]]:
    if model.get("model_type") != "DBNet":
        kind = model.get("model_type", "SegLink++, the default of ModelScope, which runs on TensorFlow")
        raise ConfigurationError(f"{path} is of a detector of type {kind}: only DBNet can be imported")
    architecture = _DETECTORS.get(str(model.get("backbone")))
    if architecture is None:
        raise ConfigurationError(
            f"{path} has the backbone {model.get('backbone')!r}: only {' and '.join(_DETECTORS)} can be imported"
        )
    short = _number(path, settings, "image_short_side", 736)
    # ModelScope's post-processing of polygons and of rectangles has other constants.
    box_threshold, unclip_ratio = (0.7, 2.0) if settings.get("return_polygon") else (0.3, 1.5)
    # An A4 page then goes through the net as in ModelScope's own pipeline: its short side has that length.
    first = round(short * 2**0.5 / 32) * 32
    fields = {
        "algorithm": "db",
        "input": {"channels": "bgr", "mean": [value / 255 for value in _DETECTOR_MEAN], "std": _UNIT["std"]},
        "size_multiple_px": 32,
        "shortest_side_px": int(short),
        "longest_side_px": max(2000, first),
        "first_side_px": first,
        "small_line_px": 12.0,
        "threshold": _number(path, settings, "thresh", 0.2),
        "box_threshold": box_threshold,
        "unclip_ratio": unclip_ratio,
        "least_side_px": 3.0,
        "dilation_px": 1,
        "sigmoid": "inside",
    }
    return architecture, fields, None, (1, 3, 320, 448)


def _recognizer(
    path: Path, model: dict[str, Any], settings: dict[str, Any]
) -> tuple[str, dict[str, Any], str, tuple[int, int, int, int]]:
    architecture = str(model.get("recognizer"))
    if architecture not in _FIRST_CLASS:
        raise ConfigurationError(
            f"{path} has the recognizer {architecture!r}: only {', '.join(_FIRST_CLASS)} can be imported"
        )
    height, width = (int(_number(path, settings, key, None)) for key in ("img_height", "img_width"))
    is_chunked = bool(settings.get("do_chunking"))
    if is_chunked != (architecture == "ConvNextViT") or (is_chunked and width != 804):
        raise ConfigurationError(
            f"{path} says do_chunking {is_chunked} and img_width {width} for {architecture}: ConvNextViT reads chunks "
            "of a line of 804 columns, and the others none"
        )
    fields = {
        "algorithm": "ctc",
        "input": {"channels": "rgb", **_UNIT},
        "height_px": height,
        "width_multiple_px": 4,
        "width_px": width,
        "padding": 0,
        **({"chunks": _CHUNKS} if is_chunked else {}),
        "softmax": "outside",
    }
    sample = (6, 3, height, 300) if is_chunked else (2, 3, height, width)
    return architecture, fields, _charset(path.parent / _VOCABULARY, architecture), sample


def _charset(path: Path, architecture: str) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as exc:
        raise ConfigurationError(f"the folder of a recognizer needs {path}: {exc.strerror}; download it again") from exc
    except UnicodeDecodeError as exc:
        raise ConfigurationError(f"the vocabulary {path} is not UTF-8 text: {exc}") from exc
    characters = text.removesuffix("\n").split("\n")
    before = _FIRST_CLASS[architecture] - 1
    missing = _CLASSES - 1 - before - len(characters)
    # A CRNN gives unknown characters the class behind the last one, if there is one.
    if not 0 <= missing <= 1 - before:
        expected = f"{_CLASSES - 1 - before}" + ("" if before else f" or {_CLASSES - 2}")
        raise ConfigurationError(
            f"the vocabulary {path} has {len(characters)} lines, but {architecture} tells {expected} characters apart: "
            "it is of another net, or cut off"
        )
    return "".join(f"{one}\n" for one in [*[""] * before, *characters, *[""] * missing])


def _number(path: Path, settings: dict[str, Any], key: str, default: float | None) -> float:
    value = settings.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ConfigurationError(f"{path} has no usable inference_kwargs.{key}: {value!r}")
    return value


def _license(folder: Path) -> str:
    """The license that the README.md of a folder names in its head; `unknown` if it names none."""
    try:
        lines = (folder / "README.md").read_text(encoding="utf-8", errors="replace").splitlines()[:60]
    except OSError:
        return "unknown"
    named = (line.partition(":")[2].strip() for line in lines if line.lower().startswith("license:"))
    return next((name for name in named if name), "unknown")
