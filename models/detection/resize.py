"""The size at which the detector sees a page."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.manifests.manifest import DetectionManifest
from models.page import PageWarning

__all__ = ["DetectionInput", "detection_size", "resize_page"]

# Below this share of the page's size, letters that were 12 pixels high (8 points at 110 dpi) fall under the 8 pixels
# that the DB backbone, which halves four times before its finest feature map is joined, can still tell apart.
_WARN_BELOW_SCALE = 0.67


@dataclass(frozen=True, slots=True)
class DetectionInput:
    """A page made ready for the detector.

    Args:
        pixels: (height, width, 3) uint8 RGB, both sides multiples of the manifest's `size_multiple_px`.
        page_size: (width, height) of the page it was made from, in pixels.
        number: Of that page, for warnings.
        warnings: Whether it was scaled down so far that small text may be lost.
    """

    pixels: npt.NDArray[np.uint8]
    page_size: tuple[int, int]
    number: int
    warnings: tuple[PageWarning, ...] = ()


def detection_size(width: int, height: int, manifest: DetectionManifest) -> tuple[int, int]:
    """The detector's input size for a page.

    Args:
        width: Of the page, in pixels.
        height: Of the page, in pixels.
        manifest: Gives the least shortest side, the greatest longest side (it wins), and the multiple.

    Returns:
        (width, height) in pixels.

    >>> from models.manifests import load_manifest
    >>> detection_size(463, 1013, load_manifest("ppocrv6-small").detection)
    (736, 1600)
    """
    scale = max(1.0, manifest.shortest_side_px / min(width, height))
    scale = min(scale, manifest.longest_side_px / max(width, height))
    multiple = manifest.size_multiple_px

    def side(length: int) -> int:
        return max(multiple, round(length * scale / multiple) * multiple)

    return side(width), side(height)


def resize_page(pixels: npt.NDArray[np.uint8], number: int, manifest: DetectionManifest) -> DetectionInput:
    """Scale a page to the detector's input size.

    Args:
        pixels: (height, width, 3) uint8 RGB. Read only.
        number: The page's number, for the warning.
        manifest: See `detection_size`.
    """
    height, width = pixels.shape[:2]
    size = detection_size(width, height, manifest)
    warnings: tuple[PageWarning, ...] = ()
    scale = min(size[0] / width, size[1] / height)
    if scale < _WARN_BELOW_SCALE:
        message = (
            f"text was searched at {size[0]}x{size[1]} pixels, {scale:.0%} of the page's {width}x{height}: "
            "very small text may be missing"
        )
        warnings = (PageWarning("scaled_down", message, number),)
    # Area averaging where much is thrown away: linear interpolation would skip whole strokes.
    interpolation = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    resized = pixels if size == (width, height) else cv2.resize(pixels, size, interpolation=interpolation)
    return DetectionInput(np.asarray(resized, dtype=np.uint8), (width, height), number, warnings)
