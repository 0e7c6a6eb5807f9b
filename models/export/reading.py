"""Reads a page with a detector and a recognizer alone, without the further passes and corrections of the service."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from models.detection.db import DbThresholds, db_quads
from models.export.drawing import Cell
from models.manifests.manifest import DetectionManifest, RecognitionManifest
from models.recognition.crops import crop_line
from models.recognition.ctc import CtcDecoder
from models.recognition.widths import LineWidths, width_table
from models.settings import DetectionOptions

__all__ = ["Net", "read_cells"]

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

Net = Callable[[Pixels], Floats]
"""A net that can be run: it takes (N, H, W, 3) uint8 RGB and gives its output."""


def read_cells(
    page: Pixels,
    cells: Sequence[Cell],
    nets: tuple[Net, Net],
    manifests: tuple[DetectionManifest, RecognitionManifest],
    decode: CtcDecoder,
) -> list[str]:
    """Read some cells of a page.

    Args:
        page: (H, W, 3) uint8 RGB, of a size that the detector takes.
        cells: The cells.
        nets: The detector and the recognizer.
        manifests: Their descriptions.
        decode: Makes text of the recognizer's classes.

    Returns:
        The text of each cell, in the same order; empty if nothing is found there.
    """
    (detect, recognize), (detection, recognition) = nets, manifests
    height, width = page.shape[:2]
    points, _ = db_quads(detect(page[None])[0, 0], (width, height), DbThresholds.of(detection, DetectionOptions()))
    middles = points.mean(axis=1)
    widths = LineWidths(width_table(recognition.width_multiple_px, recognition.width_px))
    texts = []
    for cell in cells:
        left, top, right, bottom = cell.box
        is_inside = ((middles >= (left, top)) & (middles < (right, bottom))).all(axis=1)
        words = []
        for quad in sorted(points[is_inside], key=lambda one: float(one[:, 0].mean())):
            (output,) = recognize(crop_line(page, quad, recognition.height_px, widths).pixels[None])
            classes = output.argmax(axis=-1).astype(np.int32)
            words.append(decode(classes, output.max(axis=-1), np.zeros_like(output[:, 0])).text)
        texts.append(" ".join(words))
    return texts
