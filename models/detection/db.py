"""Turns the detector's probability map into quads (DB, arXiv:1911.08947, section 3.4)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.errors import ModelOutputError
from models.manifests.manifest import DetectionManifest
from models.settings import DetectionOptions

__all__ = ["DbThresholds", "db_quads", "reading_quads"]

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.uint8]
Contour = npt.NDArray[np.int32]
Rectangle = tuple[float, float, float, float, float]

# A stamp joins lines to a region whose rectangle has a low score, but not as low as that of a drawing. Such a region is
# parted where it is thicker than the page's lines are, and a part of this length, in their thickness, is a line.
_LEAST_SCORE_OF_JOINED = 0.3
_THICKER = 1.5
_LEAST_LENGTH_OF_PART = 3.0
_NEIGHBORS = np.ones((2, 2), dtype=np.uint8)
# A quad so many times as high as wide holds a line that runs downwards, not one wide letter.
_VERTICAL_ASPECT = 1.5


@dataclass(frozen=True, slots=True)
class DbThresholds:
    """The thresholds by which pixels and regions count as text, as `DetectionManifest` describes each."""

    threshold: float
    box_threshold: float
    unclip_ratio: float
    lone_character_px: float = 0.0
    least_side_px: float = 3.0
    dilation_px: int = 2

    @classmethod
    def of(cls, manifest: DetectionManifest, options: DetectionOptions) -> "DbThresholds":
        """The options' values, and the manifest's for those that the options do not set."""
        return cls(
            manifest.threshold if options.threshold is None else options.threshold,
            manifest.box_threshold if options.box_threshold is None else options.box_threshold,
            manifest.unclip_ratio if options.unclip_ratio is None else options.unclip_ratio,
            manifest.lone_character_px,
            manifest.least_side_px,
            manifest.dilation_px,
        )


def db_quads(
    probability: Floats, page_size: tuple[int, int], thresholds: DbThresholds, *, is_whole_page: bool = True
) -> tuple[Floats, Floats]:
    """Find text-line quads in one probability map.

    Each connected region of text pixels is replaced by its rectangle of least area, scored by the mean probability
    inside, and grown by `area * unclip_ratio / perimeter` on each side (the paper's unclipping, which for a rectangle
    needs no polygon offsetting: the offset shape's rectangle of least area is the same rectangle with longer sides).
    Lines that a stamp joins to one region are parted where it covers them.

    Args:
        probability: (H, W) float32 in [0, 1]. Read only.
        page_size: (width, height) of the page in pixels, to which the map is stretched.
        thresholds: The values that decide which pixels and regions are text.
        is_whole_page: Whether quads are clipped to the page. On a part of a page they stay rectangles that may reach
            beyond it.

    Returns:
        points (K, 4, 2) float32, page pixels, clockwise from the text's top left; scores (K,) float32. The quads are
        in no particular order. K may be 0.

    Raises:
        ModelOutputError: `probability` is not 2-D or holds NaN: model file and manifest disagree.
    """
    if probability.ndim != 2 or np.isnan(probability).any():
        raise ModelOutputError(
            f"the detector returned an array of shape {probability.shape}{' with NaN' if probability.ndim == 2 else ''}"
            " instead of a probability map: model file and manifest disagree"
        )
    square = np.ones((thresholds.dilation_px, thresholds.dilation_px), dtype=np.uint8)
    mask = np.asarray(cv2.dilate((probability > thresholds.threshold).astype(np.uint8), square), dtype=np.uint8)
    rectangles, scores, rest = _rectangles(_contours(mask), probability, thresholds)
    joined = [contour for contour, score in rest if score > _LEAST_SCORE_OF_JOINED]
    if joined and rectangles:
        thickness = float(np.median([min(rectangle[2:4]) for rectangle in rectangles]))
        parts, of_parts, _ = _rectangles(_thin_parts(mask, joined, thickness), probability, thresholds)
        lines = [index for index, part in enumerate(parts) if max(part[2:4]) > _LEAST_LENGTH_OF_PART * thickness]
        rectangles += [parts[index] for index in lines]
        scores += [of_parts[index] for index in lines]
    if not rectangles:
        return np.empty((0, 4, 2), np.float32), np.empty(0, np.float32)
    grown = _unclipped(np.array(rectangles, dtype=np.float64), thresholds.unclip_ratio)
    quads = reading_quads(grown)
    height, width = probability.shape
    quads *= np.array([page_size[0] / width, page_size[1] / height])
    if is_whole_page:
        np.clip(quads, 0, np.array(page_size, dtype=np.float64), out=quads)
    keep = (np.linalg.norm(quads[:, 0] - quads[:, 1], axis=1) > thresholds.least_side_px) & (
        np.linalg.norm(quads[:, 0] - quads[:, 3], axis=1) > thresholds.least_side_px
    )
    return quads[keep].astype(np.float32), np.array(scores, dtype=np.float32)[keep]


def _rectangles(
    contours: Sequence[Contour], probability: Floats, thresholds: DbThresholds
) -> tuple[list[Rectangle], list[float], list[tuple[Contour, float]]]:
    """The rectangles of contours that are text, their scores, and the other contours with theirs."""
    rectangles: list[Rectangle] = []
    scores: list[float] = []
    rest: list[tuple[Contour, float]] = []
    for contour in contours:
        center, size, angle = cv2.minAreaRect(contour)
        if min(size) < thresholds.least_side_px:
            continue
        box = np.asarray(cv2.boxPoints((center, size, angle)), dtype=np.float32)
        # The rectangle of a lone character is mostly the region's faint edge, which says nothing about its text.
        least = thresholds.threshold if size[0] * size[1] < thresholds.lone_character_px else None
        score = _mean_inside(probability, box, least)
        if score < thresholds.box_threshold:
            rest.append((contour, score))
            continue
        rectangles.append((center[0], center[1], size[0], size[1], angle))
        scores.append(score)
    return rectangles, scores, rest


def _thin_parts(mask: Mask, joined: Sequence[Contour], thickness: float) -> list[Contour]:
    """The contours of what is left of regions without the parts that are thicker than a line, such as a stamp."""
    region = np.asarray(cv2.drawContours(np.zeros_like(mask), joined, -1, 1, cv2.FILLED), np.uint8) & mask
    side = round(_THICKER * thickness)
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    thick = cv2.dilate(cv2.morphologyEx(region, cv2.MORPH_OPEN, disk), _NEIGHBORS)
    return _contours(region & ~np.asarray(thick, np.uint8))


def _contours(mask: Mask) -> list[Contour]:
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    return [np.asarray(contour, dtype=np.int32) for contour in contours]


def _mean_inside(probability: Floats, box: npt.NDArray[np.float32], least: float | None) -> float:
    """The mean probability inside a box: of all pixels, or of those with more than `least`."""
    height, width = probability.shape
    (low_x, low_y), (high_x, high_y) = box.min(axis=0).tolist(), box.max(axis=0).tolist()
    left, right = (min(max(x, 0), width - 1) for x in (math.floor(low_x), math.ceil(high_x)))
    top, bottom = (min(max(y, 0), height - 1) for y in (math.floor(low_y), math.ceil(high_y)))
    inside = np.zeros((bottom - top + 1, right - left + 1), dtype=np.uint8)
    cv2.fillPoly(inside, [(box - (left, top)).astype(np.int32)], 1)
    part = probability[top : bottom + 1, left : right + 1]
    if least is not None:
        inside &= part > least
    return float(cv2.mean(part, inside)[0])


def _unclipped(rectangles: npt.NDArray[np.float64], ratio: float) -> npt.NDArray[np.float64]:
    """Grow both sides of rectangles, each given as center x, center y, width, height and angle in degrees: (K, 5)."""
    sides = rectangles[:, 2:4]
    distance = sides.prod(axis=1) * ratio / (2 * sides.sum(axis=1))
    grown = rectangles.copy()
    grown[:, 2:4] += 2 * distance[:, None]
    return grown


def reading_quads(rectangles: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Corners of rectangles, (K, 4, 2), each starting where its text starts.

    A line runs to the right, along the side nearer to the horizontal. If the other side is much longer, the line runs
    along that one: to the right if it leads to the right by more than the line is thick, else downwards, as in text
    that was turned clockwise.
    """
    radians = np.deg2rad(rectangles[:, 4])
    sides = rectangles[:, 2:4]
    axes = np.stack(
        [np.stack([np.cos(radians), np.sin(radians)], axis=1), np.stack([-np.sin(radians), np.cos(radians)], axis=1)],
        axis=1,
    )
    rows = np.arange(len(rectangles))
    level = np.argmax(np.abs(axes[:, :, 0]), axis=1)
    along = np.where(sides[rows, 1 - level] >= _VERTICAL_ASPECT * sides[rows, level], 1 - level, level)
    reading = axes[rows, along]
    length, thickness = sides[rows, along], sides[rows, 1 - along]
    run_right = (along == level) | (length * np.abs(reading[:, 0]) >= thickness * np.abs(reading[:, 1]))
    backwards = np.where(run_right, reading[:, 0] < 0, reading[:, 1] < 0)
    reading[backwards] *= -1
    down = np.stack([-reading[:, 1], reading[:, 0]], axis=1)
    half_length = reading * (length / 2)[:, None]
    half_thickness = down * (thickness / 2)[:, None]
    center = rectangles[:, :2]
    return np.stack(
        [
            center - half_length - half_thickness,
            center + half_length - half_thickness,
            center + half_length + half_thickness,
            center - half_length + half_thickness,
        ],
        axis=1,
    )
