"""Tries a net on a drawn page: whether it finds the lines and reads them, and if not, with which input it would."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.detection.db import DbThresholds, db_quads
from models.errors import ConfigurationError, RayocrError
from models.export.check import open_net
from models.export.drawing import Cell, drawn_page
from models.manifests.manifest import DetectionManifest, NetInput, RecognitionManifest
from models.recognition.crops import fit_line
from models.recognition.ctc import CtcDecoder, load_characters
from models.recognition.widths import LineWidths, width_table
from models.runtime.base import probabilities
from models.settings import DetectionOptions

__all__ = ["check_detector", "check_recognizer", "raw_output"]

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_PAGE_PX, _NARROW_PX = (320, 640), 256
# Ink and paper. The last pair is of one brightness if red and blue are exchanged: a net that was trained with the other
# order of channels sees hardly any ink there.
_COLORS = (
    ((0, 0, 0), (255, 255, 255)),
    ((60, 60, 60), (230, 225, 220)),
    ((20, 40, 110), (250, 235, 190)),
    ((35, 160, 100), (235, 100, 141)),
)
# The share of drawn lines that a net must find or read, and by how much another order of channels must not be better.
_ENOUGH, _CLEARLY_MORE = 0.75, 0.1
_REACH_PX = 10
# What toolkits subtract from pixels in [0, 1], and divide them by.
_USUAL = (
    ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    ((0.0, 0.0, 0.0), (1 / 255, 1 / 255, 1 / 255)),
    ((0.4078, 0.4580, 0.4850), (1.0, 1.0, 1.0)),
)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a net makes of the drawn lines.

    Args:
        share: The share of lines that are right.
        count: The number of lines.
        example: What was read in place of what was drawn, for one wrong line of a recognizer.
        is_same_length: Whether most wrong lines have as many characters as were drawn.
    """

    share: float
    count: int
    example: tuple[str, str] = ("", "")
    is_same_length: bool = False


def raw_output(path: Path, net_input: NetInput, height: int, width: int) -> Floats:
    """What a net gives for two drawn pages of that size, and two white ones: (4, ...) float32."""
    page = drawn_page(max(height, 60), max(width, 128))[0][:height, :width]
    white = np.full_like(page, 255)
    return open_net(path, net_input, raw_pixels=False)(np.stack([page, page, white, white]))


def check_detector(path: Path, manifest: DetectionManifest, name: Path) -> None:
    """Find the lines of drawn pages.

    Args:
        path: The ONNX file.
        manifest: Its description.
        name: The name by which people know it.

    Raises:
        ConfigurationError: Too few are found. It names the channels, mean and std with which they would be.
    """

    def found(net_input: NetInput) -> _Reading:
        run = open_net(path, net_input, raw_pixels=False)
        right, drawn = 0.0, 0
        for page, cells in _pages(_PAGE_PX[1]):
            maps = probabilities(run(page[None]), manifest.activation)
            thresholds = DbThresholds.of(manifest, DetectionOptions())
            quads, _ = db_quads(maps[0, 0], (page.shape[1], page.shape[0]), thresholds)
            in_cells = [_inside(quads, cell) for cell in cells]
            strays = len(quads) - sum(len(one) for one in in_cells)
            lines = sum(_covers(one, cell, page) for one, cell in zip(in_cells, cells, strict=True))
            right += max(0, lines - strays)
            drawn += len(cells)
        return _Reading(right / drawn, drawn)

    _judge(name, manifest.input, found, "finds")


def check_recognizer(path: Path, manifest: RecognitionManifest, name: Path) -> None:
    """Read drawn lines.

    Args:
        path: The ONNX file.
        manifest: Its description, whose charset is a file.
        name: The name by which people know the file.

    Raises:
        ConfigurationError: Too few are read right, or the charset holds nothing that can be drawn. It names the
            channels, mean and std with which they would be read, or the charset.
    """
    characters, blank = load_characters(manifest.charset, {})
    known = set("".join(characters).upper())
    if not known.issuperset("0123456789"):
        raise ConfigurationError(
            f"the charset of {name} has no digits, so no lines can be drawn that it should read: write its manifest by "
            "hand and read pages of your own with it"
        )
    width = _PAGE_PX[1] if known.issuperset("INVOICE") else _NARROW_PX
    widths = LineWidths(width_table(manifest.width_multiple_px, manifest.width_px))
    decode = CtcDecoder(characters, blank)

    def read(net_input: NetInput) -> _Reading:
        run = open_net(path, net_input, raw_pixels=False)
        pairs = []
        for page, cells in _pages(width):
            for cell in cells:
                left, top, right, bottom = cell.box
                crop = fit_line(page[top:bottom, left:right], manifest.height_px, widths, manifest.padding)
                (output,) = probabilities(run(crop.pixels[None]), manifest.activation)
                text = decode(output.argmax(axis=-1).astype(np.int32), output.max(axis=-1), output[:, 0]).text
                pairs.append((text.upper().replace(" ", ""), cell.text.replace(" ", "")))
        wrong = [(text, drawn) for text, drawn in pairs if text != drawn]
        same = sum(len(text) == len(drawn) for text, drawn in wrong)
        return _Reading(
            1 - len(wrong) / len(pairs), len(pairs), wrong[0] if wrong else ("", ""), 2 * same > max(1, len(wrong))
        )

    _judge(name, manifest.input, read, "reads")


def _judge(name: Path, net_input: NetInput, measure: Callable[[NetInput], _Reading], verb: str) -> None:
    """Refuse an input with which too few lines are right, and name one with which enough are."""
    own = best = measure(net_input)
    cure = net_input
    for other in _others(net_input):
        is_other_order = (other.mean, other.std) == (net_input.mean, net_input.std)
        if own.share >= _ENOUGH and not is_other_order:
            continue
        try:
            reading = measure(other)
        except RayocrError:
            continue  # with another normalization some nets give no numbers
        if reading.share > best.share + (_CLEARLY_MORE if cure == net_input else 0):
            best, cure = reading, other
    if own.share >= _ENOUGH and cure == net_input:
        return
    said = f"{name} {verb} {own.share:.0%} of {own.count} drawn lines with {_shown(net_input)}"
    if own.example[1]:
        said += f" ({own.example[0]!r} where {own.example[1]!r} was drawn)"
    if best.share >= _ENOUGH:
        raise ConfigurationError(f"{said}. With {_shown(cure)} it {verb} {best.share:.0%}: give those")
    if own.is_same_length:
        raise ConfigurationError(f"{said}. The lengths are right, so the charset is another net's, or in another order")
    raise ConfigurationError(f"{said}, and not enough with other usual values: mean, std or charset are of another net")


def _others(net_input: NetInput) -> Iterator[NetInput]:
    orders = {"gray": ("gray",), "rgb": ("rgb", "bgr"), "bgr": ("bgr", "rgb")}[net_input.channels]
    for channels in orders:
        for mean, std in ((net_input.mean, net_input.std), *_USUAL):
            values = {"channels": channels, "mean": mean[: net_input.planes], "std": std[: net_input.planes]}
            if (other := NetInput.model_validate(values)) != net_input:
                yield other


def _pages(width: int) -> Iterator[tuple[Pixels, list[Cell]]]:
    page, cells = drawn_page(_PAGE_PX[0], width)
    share = page.astype(np.float32) / 255
    for ink, paper in _COLORS:
        yield np.rint(share * paper + (1 - share) * ink).astype(np.uint8), cells


def _inside(quads: Floats, cell: Cell) -> Floats:
    left, top, right, bottom = cell.box
    low, high = (left - _REACH_PX, top - _REACH_PX), (right + _REACH_PX, bottom + _REACH_PX)
    return quads[((quads >= low) & (quads <= high)).all(axis=(1, 2))]


def _covers(quads: Floats, cell: Cell, page: Pixels) -> bool:
    """Whether quads cover at least half of the columns of a cell's ink, which need not be one word."""
    left, top, right, bottom = cell.box
    part = page[top:bottom, left:right].astype(np.int16)
    columns = np.flatnonzero((np.abs(part - part[0, 0]).max(axis=2) > 40).any(axis=0)) + left
    covered = np.zeros(len(columns), dtype=bool)
    for quad in quads:
        covered |= (columns >= quad[:, 0].min()) & (columns <= quad[:, 0].max())
    return bool(covered.mean() >= 0.5)


def _shown(net_input: NetInput) -> str:
    mean, std = (" ".join(f"{value:.4g}" for value in values) for values in (net_input.mean, net_input.std))
    return f"--channels {net_input.channels} --mean {mean!r} --std {std!r}"
