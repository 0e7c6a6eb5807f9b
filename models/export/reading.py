"""Reads a page with a detector and a recognizer alone, without the further passes and corrections of the service."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from models.detection.db import DbThresholds, db_quads
from models.manifests.manifest import DetectionManifest, RecognitionManifest
from models.recognition.crops import crop_line
from models.recognition.ctc import CtcDecoder
from models.recognition.widths import LineWidths, width_table
from models.settings import DetectionOptions

__all__ = ["Net", "read_rows"]

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

Net = Callable[[Pixels], Floats]
"""From (N, H, W, 3) uint8 RGB to the output of a net."""


def read_rows(
    page: Pixels,
    detect: Net,
    recognize: Net,
    detection: DetectionManifest,
    recognition: RecognitionManifest,
    decode: CtcDecoder,
) -> list[str]:
    """Read the lines of a page, from the top.

    Args:
        page: (H, W, 3) uint8 RGB, of a size that the detector takes.
        detect: The detector.
        recognize: The recognizer.
        detection: Description of the detector.
        recognition: Description of the recognizer.
        decode: Makes text of the recognizer's classes.
    """
    height, width = page.shape[:2]
    probability = detect(page[None])[0, 0]
    points, _ = db_quads(probability, (width, height), DbThresholds.of(detection, DetectionOptions()))
    widths = LineWidths(width_table(recognition.width_multiple_px))
    texts = []
    for quad in sorted(points, key=lambda one: float(one[:, 1].mean())):
        (output,) = recognize(crop_line(page, quad, recognition.height_px, widths).pixels[None])
        classes = output.argmax(axis=-1).astype(np.int32)
        texts.append(decode(classes, output.max(axis=-1), np.zeros_like(output[:, 0])).text)
    return texts
