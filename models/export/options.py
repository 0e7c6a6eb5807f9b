"""Says how a bundle is exported, and reads the sizes that people write."""

import math
import re
from dataclasses import dataclass
from typing import Literal

from models.errors import ConfigurationError, MalformedRequest
from models.manifests import BundleManifest
from models.manifests.manifest import NetManifest

__all__ = ["OPEN", "ExportOptions", "Precision", "check_options", "parse_size"]

Precision = Literal["f32", "fp16", "int8"]

#: The size by which people ask for inputs of any height and width.
OPEN = "dynamic"
# Scales for each channel of the weights came with this opset.
_INT8_OPSET = 13
# Below the least side, the check finds no text that it could read; an input of the greatest takes the detector 2 GB.
_LEAST_SIDE_PX, _MOST_SIDE_PX = 128, 4096


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How the nets of a bundle are exported.

    Args:
        size: (height, width) in pixels of the detectors' input. None leaves batch, height and width open.
        precision: `f32`, as the nets are; `fp16`, with weights and arithmetic in float16; `int8`, with the convolutions
            of the bundle's recipes on 8-bit integers.
        raw_pixels: Whether the files take (N, H, W, 3) uint8 RGB, and normalize the pixels themselves.
        opset: ONNX opset of the files. None keeps that of the bundle's files, if the precision allows it.
    """

    size: tuple[int, int] | None = None
    precision: Precision = "f32"
    raw_pixels: bool = False
    opset: int | None = None

    def opset_of(self, own: int) -> int:
        """The opset in which a net is written whose file has the opset `own`."""
        least = _INT8_OPSET if self.precision == "int8" else own
        return max(own, least) if self.opset is None else self.opset


def parse_size(text: str, bundle: BundleManifest) -> tuple[int, int] | None:
    """Read the size of the detectors' input.

    Args:
        text: `640` for 640x640, `HEIGHTxWIDTH`, or `dynamic`.
        bundle: Gives the multiples that the sides must be.

    Returns:
        (height, width) in pixels; None for `dynamic`.

    Raises:
        MalformedRequest: The text is not a size, or the nets can't take that size.
    """
    if text == OPEN:
        return None
    found = re.fullmatch(r"([0-9]{1,6})(?:x([0-9]{1,6}))?", text)
    if found is None:
        raise MalformedRequest(f"the size {text!r} is not a size: give 640, 480x640 (height x width) or {OPEN}")
    height = int(found[1])
    width = int(found[2] or height)
    multiple = math.lcm(*(net.size_multiple_px for net in bundle.detectors()))
    least = math.ceil(_LEAST_SIDE_PX / multiple) * multiple
    if min(height, width) < least or max(height, width) > _MOST_SIDE_PX:
        raise MalformedRequest(f"the size {text}: give sides of {least} to {_MOST_SIDE_PX} pixels")
    cures = [_nearest(side, multiple) for side in dict.fromkeys((height, width)) if side % multiple]
    if cures:
        raise MalformedRequest(
            f"the size {text}: {bundle.name} takes multiples of {multiple} pixels; take {', and '.join(cures)}"
        )
    return height, width


def _nearest(side: int, multiple: int) -> str:
    below = side // multiple * multiple
    return f"{below} or {below + multiple} in place of {side}"


def check_options(options: ExportOptions, bundle: BundleManifest) -> None:
    """Refuse what can't be exported, before any work is done.

    Raises:
        ConfigurationError: A net of the bundle is of a kind that can't be exported, or int8 was asked for, and a net
            has no recipe.
        MalformedRequest: The opset is too old for int8.
    """
    is_special = any(net.input.channels == "gray" or net.activation is not None for net in bundle.nets().values())
    if is_special or bundle.recognition.width_px is not None:
        raise ConfigurationError(
            f"{bundle.name} has a net of gray input, of a fixed width or with logits, which can't be exported: take "
            "the ONNX file itself, and what the manifest says of it"
        )
    if options.precision != "int8":
        return
    nets: dict[str, NetManifest] = {"detection": bundle.detection, "recognition": bundle.recognition}
    if bundle.detection_documents is not None:
        nets["detection_documents"] = bundle.detection_documents
    if missing := [name for name, net in nets.items() if net.int8 is None]:
        raise ConfigurationError(
            f"precision int8: the manifest of {bundle.name} names no int8 recipe for {', '.join(missing)}: make one "
            f"with `python -m tools.int8`, or export fp16 or f32"
        )
    if options.opset is not None and options.opset < _INT8_OPSET:
        raise MalformedRequest(
            f"precision int8 needs opset {_INT8_OPSET} or newer, where each channel of the weights has a scale; "
            f"opset {options.opset} was asked for"
        )
