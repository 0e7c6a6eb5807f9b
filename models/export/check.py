"""Checks exported nets: each gives nearly what the bundle's own net gives, and together they read a drawn page.

The pages are drawn here, so that a check needs no files.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from models.errors import ConfigurationError, ModelOutputError
from models.export.nets import ExportedNet
from models.export.options import Precision
from models.export.reading import Net, read_rows
from models.manifests.manifest import DetectionManifest, DirectionManifest, NetInput, RecognitionManifest
from models.recognition.crops import fit_line
from models.recognition.ctc import CtcDecoder
from models.recognition.widths import LineWidths, width_table
from models.runtime.base import normalized

__all__ = ["BOUNDS", "Bound", "Difference", "check_reading", "compare", "drawn_page", "open_net"]

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_ROW_PX, _LEFT_PX, _BASE_PX = 60, 16, 44
_TEXTS = ("INVOICE 2041", "TOTAL 13.50", "2041")
# Of nets with open sizes: pages at a time, and their height and width.
_BATCHES = ((1, 320, 640), (2, 256, 384))
# Where both nets see no text, they hardly differ; such places would hide what happens at the others.
_LEAST_PROBABILITY = 0.01


@dataclass(frozen=True, slots=True)
class Bound:
    """The most that a net's output, probabilities in [0, 1], may differ from that of the bundle's own net.

    Args:
        greatest: The greatest absolute difference of any value; None for no bound.
        mean: The mean absolute difference of the values that either net puts above 0.01; None for no bound.
    """

    greatest: float | None = None
    mean: float | None = None


#: The bound of each precision. fp16 and int8 move the edges of text in a map, where single pixels change a lot. The
#: nets of ppocrv6-small stay below .004 and .065.
BOUNDS: dict[Precision, Bound] = {
    "f32": Bound(greatest=1e-4),
    "fp16": Bound(mean=0.02),
    "int8": Bound(mean=0.15),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """How far an exported net's output is from that of the bundle's own net, measured as in `Bound`."""

    greatest: float
    mean: float


def open_net(path: Path, net_input: NetInput, *, raw_pixels: bool) -> Net:
    """Open an exported file in ONNX Runtime, on one thread of the CPU.

    Args:
        path: The file.
        net_input: How pixels become the net's input.
        raw_pixels: Whether the file does that itself.

    Returns:
        A function from (N, H, W, 3) uint8 RGB to the net's output.

    Raises:
        ModelOutputError: ONNX Runtime can't load or run the file.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as exc:  # the binding's exceptions share no public base
        raise ModelOutputError(f"ONNX Runtime can't load {path.name}: {exc}") from exc
    name = session.get_inputs()[0].name

    def run(batch: Pixels) -> Floats:
        try:
            (output,) = session.run(None, {name: batch if raw_pixels else normalized(batch, net_input)})
        except Exception as exc:
            raise ModelOutputError(f"ONNX Runtime can't run {path.name} on {batch.shape}: {exc}") from exc
        return cast(Floats, output)

    return run


def drawn_page(height: int, width: int) -> tuple[Pixels, list[str]]:
    """Draw a page of up to three rows of text, black on white.

    Args:
        height: Of the page, in pixels; at least 60.
        width: Of the page, in pixels; at least 128.

    Returns:
        (height, width, 3) uint8 RGB, and the text of each row from the top.
    """
    page = np.full((height, width, 3), 255, dtype=np.uint8)
    font, scale, stroke = cv2.FONT_HERSHEY_SIMPLEX, 1.1, 2
    rows = [text for text in _TEXTS if cv2.getTextSize(text, font, scale, stroke)[0][0] + 2 * _LEFT_PX <= width]
    rows = rows[: height // _ROW_PX]
    for index, text in enumerate(rows):
        place = (_LEFT_PX, _BASE_PX + _ROW_PX * index)
        cv2.putText(page, text, place, font, scale, (0, 0, 0), stroke, cv2.LINE_AA)
    return page, rows


def compare(net: ExportedNet, own: Net, exported: Net, precision: Precision) -> Difference:
    """Run an exported net and the bundle's own on the same pixels.

    Raises:
        ModelOutputError: They differ by more than the bound of the precision, or in shape.
    """
    differences = []
    for batch in _batches(net):
        expected, found = own(batch), exported(batch)
        if expected.shape != found.shape or not np.isfinite(found).all():
            raise ModelOutputError(
                f"{net.file_name} returned an array of shape {found.shape} in place of {expected.shape}, or values "
                "that are no numbers, so nothing was exported: try another precision or opset"
            )
        apart = np.abs(expected - found)
        is_telling = np.maximum(expected, found) > _LEAST_PROBABILITY
        differences.append(Difference(float(apart.max()), float(apart[is_telling].mean()) if is_telling.any() else 0.0))
    worst = Difference(max(one.greatest for one in differences), max(one.mean for one in differences))
    bound = BOUNDS[precision]
    for what in ("greatest", "mean"):
        most, value = getattr(bound, what), getattr(worst, what)
        if most is not None and value > most:
            raise ModelOutputError(
                f"{net.file_name} in {precision} differs from the bundle's own net by {value:.3g} ({what} difference "
                f"of a probability), more than {most:g}, so nothing was exported: try another precision or opset"
            )
    return worst


def _batches(net: ExportedNet) -> list[Pixels]:
    """Drawn inputs of one net, of the shapes that it takes."""
    batch = net.shapes[0][0]
    manifest = net.manifest
    if isinstance(manifest, DetectionManifest):
        sizes = [(count, height, width) for count, height, width in _BATCHES]
        if isinstance(batch, int):
            height, width = net.page_size
            sizes = [(batch, height, width)]
        pages = [(count, drawn_page(height, width)[0]) for count, height, width in sizes]
        return [np.stack([page, page[::-1]][:count]) for count, page in pages]
    page, rows = drawn_page(*_BATCHES[0][1:])
    lines = [page[_ROW_PX * index : _ROW_PX * (index + 1)] for index in range(len(rows))]
    if isinstance(manifest, DirectionManifest):
        lines += [line[::-1, ::-1] for line in lines]
        widths = LineWidths((manifest.width_px,))
    else:
        assert isinstance(manifest, RecognitionManifest)
        widths = LineWidths(width_table(manifest.width_multiple_px))
    fitted = [fit_line(line, manifest.height_px, widths).pixels for line in lines]
    if isinstance(batch, int):
        return [one[None] for one in fitted]
    by_width = {one.shape: [other for other in fitted if other.shape == one.shape] for one in fitted}
    return [np.stack(same) for same in by_width.values()]


def check_reading(
    net: ExportedNet, recognition: ExportedNet, own: tuple[Net, Net], exported: tuple[Net, Net], decode: CtcDecoder
) -> None:
    """Read a drawn page with an exported detector and the exported recognizer.

    Args:
        net: The detector.
        recognition: The recognizer.
        own: The bundle's own nets of both.
        exported: The exported nets of both.
        decode: Makes text of the recognizer's classes.

    Raises:
        ConfigurationError: The bundle's own nets read none of the page's rows, so nothing can be checked.
        ModelOutputError: A row that the bundle's own nets read is not found, or misread.
    """
    assert isinstance(net.manifest, DetectionManifest)
    assert isinstance(recognition.manifest, RecognitionManifest)
    page, rows = drawn_page(*net.page_size)
    expected, found = (read_rows(page, *nets, net.manifest, recognition.manifest, decode) for nets in (own, exported))
    legible = [row for row in rows if row in expected]
    if not legible:
        raise ConfigurationError(
            f"the bundle's own nets read {expected} on a page with {rows}, so its export can't be checked: only "
            "bundles that read digits can be exported"
        )
    if missing := [row for row in legible if row not in found]:
        raise ModelOutputError(
            f"{net.file_name} and {recognition.file_name} read {found} on a page with {rows}, where the bundle's own "
            f"nets read {missing[0]!r} too, so nothing was exported: try another precision or a larger size"
        )
