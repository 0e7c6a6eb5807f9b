"""Input and output of the net that finds regions: PicoDet (arXiv:2111.00902) and other nets of its kind.

Such a net looks at each cell of several grids, the coarser ones for larger regions. Of each cell it gives the
probabilities of the classes, and the distances from the cell's middle to the sides of a region, each as a distribution
over whole numbers of cells (generalized focal loss, arXiv:2006.04388).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.errors import ModelOutputError
from models.structure.result import RegionKind

__all__ = ["LayoutDecoding", "RegionBox", "decoded_boxes", "scaled_page"]

Floats = npt.NDArray[np.float32]

# Two boxes that share so much of their union are one region. Regions do not overlap on paper, whatever their kinds.
_SAME_REGION = 0.5
# So many boxes, the surest ones, are looked at before and after those of the same region are removed. A newspaper page
# has about 100 regions.
_MOST_CANDIDATES, _MOST_BOXES = 2000, 200


@dataclass(frozen=True, slots=True)
class LayoutDecoding:
    """What a net that finds regions expects and gives.

    Args:
        height: Height of the net's input, in pixels.
        width: Width of the net's input, in pixels.
        classes: The kinds of region of its classes, in the net's order; None for a class that is not wanted.
        strides: Sides of a cell of each of its grids, in pixels of its input, in the order of its outputs.
        threshold: The least probability of a region.
    """

    height: int
    width: int
    classes: tuple[RegionKind | None, ...]
    strides: tuple[int, ...]
    threshold: float


@dataclass(frozen=True, slots=True)
class RegionBox:
    """A region that the net found.

    Args:
        kind: What it is.
        confidence: The net's probability, in [0, 1].
        box: Left, top, right and bottom, in pixels of the upright page.
    """

    kind: RegionKind
    confidence: float
    box: tuple[float, float, float, float]


def scaled_page(pixels: npt.NDArray[np.uint8], decoding: LayoutDecoding) -> npt.NDArray[np.uint8]:
    """Scale a page to the net's size, each way by itself, as the net was trained.

    Args:
        pixels: (height, width, 3) uint8, RGB. Read only.
        decoding: What the net expects.
    """
    # Nets of this family were trained on pages that were scaled so, without smoothing: they find less in smoother ones.
    scaled = cv2.resize(pixels, (decoding.width, decoding.height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(scaled, dtype=np.uint8)


def decoded_boxes(
    outputs: Sequence[Floats], decoding: LayoutDecoding, page_size: tuple[int, int]
) -> tuple[RegionBox, ...]:
    """Make boxes of what the net gave for one page.

    Args:
        outputs: For each grid (cells, classes) float32, probabilities; then for each grid (cells, 4 * bins) float32,
            logits of the distances to the left, top, right and bottom.
        decoding: What the net gives.
        page_size: Width and height of the upright page, in pixels.

    Returns:
        Boxes, the surest first, no two of which are the same region.

    Raises:
        ModelOutputError: The outputs do not fit `decoding`: model file and manifest disagree.
    """
    grids = len(decoding.strides)
    if len(outputs) != 2 * grids:
        raise ModelOutputError(
            f"the layout net gave {len(outputs)} outputs instead of {2 * grids}: model file and manifest disagree"
        )
    found = [
        _of_grid(scores, distances, stride, decoding)
        for scores, distances, stride in zip(outputs[:grids], outputs[grids:], decoding.strides, strict=True)
    ]
    corners, scores, classes = (np.concatenate(values) for values in zip(*found, strict=True))
    surest = np.argsort(-scores, kind="stable")[:_MOST_CANDIDATES]
    scale = np.array([page_size[0] / decoding.width, page_size[1] / decoding.height] * 2)
    limit = np.array([*page_size, *page_size], dtype=np.float64)
    corners = np.clip(corners[surest].astype(np.float64) * scale, 0, limit)
    scores, classes = scores[surest], classes[surest]
    sizes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    kept = cv2.dnn.NMSBoxes(sizes.tolist(), scores.tolist(), decoding.threshold, _SAME_REGION, top_k=_MOST_CANDIDATES)
    boxes: list[RegionBox] = []
    for index in np.asarray(kept, dtype=np.intp).ravel().tolist():
        kind = decoding.classes[classes[index]]
        if kind is not None and (sizes[index, 2:] > 1).all():
            left, top, right, bottom = corners[index].round(1).tolist()
            boxes.append(RegionBox(kind, round(float(scores[index]), 4), (left, top, right, bottom)))
    return tuple(boxes[:_MOST_BOXES])


def _of_grid(
    scores: Floats, distances: Floats, stride: int, decoding: LayoutDecoding
) -> tuple[Floats, Floats, npt.NDArray[np.intp]]:
    """The boxes of one grid: corners (N, 4) in pixels of the net's input, probabilities (N,) and classes (N,)."""
    across = -(-decoding.width // stride)
    cells = across * -(-decoding.height // stride)
    is_right = scores.shape == (cells, len(decoding.classes)) and distances.shape[:1] == (cells,)
    if not is_right or distances.ndim != 2 or distances.shape[1] % 4 or not distances.shape[1]:
        raise ModelOutputError(
            f"the layout net gave arrays of shape {scores.shape} and {distances.shape} for the grid of {stride} pixels,"
            f" which should have {cells} cells and {len(decoding.classes)} classes: model file and manifest disagree"
        )
    best = scores.max(axis=1)
    at = np.flatnonzero(best >= decoding.threshold)  # not NaN
    logits = distances[at].reshape(len(at), 4, distances.shape[1] // 4)
    weights = np.exp(logits - logits.max(axis=2, keepdims=True))
    mean = (weights * np.arange(logits.shape[2], dtype=np.float32)).sum(axis=2) / weights.sum(axis=2)
    middle = np.stack([at % across, at // across], axis=1).astype(np.float32) + np.float32(0.5)
    corners = np.concatenate([middle - mean[:, :2], middle + mean[:, 2:]], axis=1) * stride
    is_finite = np.isfinite(corners).all(axis=1)
    return corners[is_finite], best[at][is_finite], scores[at].argmax(axis=1)[is_finite]
