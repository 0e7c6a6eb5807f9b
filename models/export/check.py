"""Checks exported nets: each gives nearly what the bundle's own net gives, and together they read a drawn page."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from models.errors import ConfigurationError, ModelOutputError
from models.export.drawing import CELL_PX, drawn_page, spread
from models.export.nets import ExportedNet
from models.export.options import Precision
from models.export.ranges import check_ranges
from models.export.reading import Net, read_cells
from models.manifests.manifest import DetectionManifest, DirectionManifest, NetInput, RecognitionManifest
from models.recognition.crops import fit_line
from models.recognition.ctc import CtcDecoder
from models.recognition.widths import LineWidths, width_table
from models.runtime.base import normalized

__all__ = ["BOUNDS", "Bound", "Difference", "check_reading", "compare", "open_net"]

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

# Of nets with open sizes: pages at a time, and their height and width.
_BATCHES = ((1, 320, 640), (2, 256, 384))
# Cells of a page that are read, and that nets of lines are compared on.
_READ, _LINES = 6, 3
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
#: nets of ppocrv6-small stay below .005 and .05.
BOUNDS: dict[Precision, Bound] = {
    "f32": Bound(greatest=1e-4),
    "fp16": Bound(mean=0.02),
    "int8": Bound(mean=0.1),
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


def compare(net: ExportedNet, own: Net, exported: Net, precision: Precision) -> Difference:
    """Run an exported net and the bundle's own on the same pixels.

    Raises:
        ModelOutputError: They differ by more than the bound of the precision, or in shape, or float16 is too small for
            a value inside the net.
    """
    batches = _batches(net)
    if precision == "fp16":
        # of a usual size, since each value inside the net is kept
        is_page = isinstance(net.manifest, DetectionManifest)
        small = drawn_page(*_BATCHES[0][1:])[0][None] if is_page else batches[0]
        check_ranges(net.path, normalized(small, net.manifest.input))
    differences = []
    for batch in batches:
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
    page, cells = drawn_page(_LINES * CELL_PX[0], CELL_PX[1])
    lines = [page[top:bottom, left:right] for left, top, right, bottom in (cell.box for cell in cells)]
    if isinstance(manifest, DirectionManifest):
        lines += [line[::-1, ::-1] for line in lines]
        widths = LineWidths((manifest.width_px,))
    else:
        assert isinstance(manifest, RecognitionManifest)
        widths = LineWidths(width_table(manifest.width_multiple_px, manifest.width_px))
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
        ConfigurationError: The bundle's own nets read none of the page's lines, so nothing can be checked.
        ModelOutputError: A line that the bundle's own nets read is not found, or misread.
    """
    assert isinstance(net.manifest, DetectionManifest)
    assert isinstance(recognition.manifest, RecognitionManifest)
    page, cells = drawn_page(*net.page_size)
    cells = spread(cells, _READ)
    expected, found = (
        read_cells(page, cells, nets, (net.manifest, recognition.manifest), decode) for nets in (own, exported)
    )
    legible = [index for index, cell in enumerate(cells) if expected[index] == cell.text]
    if not legible:
        raise ConfigurationError(
            f"the bundle's own nets read {expected[0]!r} where {cells[0].text!r} was drawn, and none of {len(cells)} "
            "lines right, so its export can't be checked: only bundles that read digits can be exported"
        )
    for index in legible:
        if found[index] != expected[index]:
            raise ModelOutputError(
                f"{net.file_name} and {recognition.file_name} read {found[index]!r} where {expected[index]!r} was "
                "drawn and the bundle's own nets read it, so nothing was exported: try another precision or a larger "
                "size"
            )
