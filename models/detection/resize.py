"""Scales pages to the sizes of the detector's inputs."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from models.manifests.manifest import DetectionManifest
from models.upright import upright_pixels, upright_size

__all__ = ["DetectionInput", "first_size", "full_size", "resize_page"]

# Documents come in any size. Larger steps halve the number of input sizes, each of which costs a runtime a third of a
# second when it first comes. Cameras make few sizes.
_DOCUMENT_STEP = 2
# Print that is far too small for an input leaves no quads that would show it. At this share of the page it leaves some
# if it can be read at the full size (docs/decisions/0014-detection-scale.md).
_LEAST_FIRST_SCALE = 0.3


@dataclass(frozen=True, slots=True)
class DetectionInput:
    """A page made ready for the detector.

    Args:
        pixels: (height, width, 3) uint8 RGB, both sides multiples of the manifest's `size_multiple_px`.
        page_size: (width, height) in pixels of the page, turned as the input is.
        number: The page's number, for warnings.
        is_document: Whether the page is a document, and not a scene.
        rotation: Degrees (0, 90, 180, 270) clockwise by which the page was turned.
    """

    pixels: npt.NDArray[np.uint8]
    page_size: tuple[int, int]
    number: int
    is_document: bool
    rotation: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the input, in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def scale(self) -> float:
        """Pixels of the input for one of the page, in the direction that has fewer."""
        return min(self.size[0] / self.page_size[0], self.size[1] / self.page_size[1])

    def turned(self, rotation: int) -> "DetectionInput":
        """Turn an input that is not turned yet, clockwise by so many degrees."""
        page_size = upright_size(self.page_size, rotation)
        return replace(self, pixels=upright_pixels(self.pixels, rotation), page_size=page_size, rotation=rotation)


def full_size(width: int, height: int, manifest: DetectionManifest) -> tuple[int, int]:
    """The size of the largest input for a page, which scenes and pages with small text need.

    Args:
        width: Width of the page, in pixels.
        height: Height of the page, in pixels.
        manifest: Gives the least shortest side, the greatest longest side (it wins), and the multiple.

    Returns:
        (width, height) in pixels.

    >>> from models.manifests import load_manifest
    >>> full_size(463, 1013, load_manifest("ppocrv6-small").detection)
    (736, 1600)
    """
    scale = max(1.0, manifest.shortest_side_px / min(width, height))
    scale = min(scale, manifest.longest_side_px / max(width, height))
    return _scaled(width, height, scale, manifest.size_multiple_px)


def first_size(width: int, height: int, manifest: DetectionManifest, *, is_document: bool) -> tuple[int, int]:
    """The size of the input for a page's first pass, which never has more pixels than `full_size`.

    For a huge page it is three tenths of the page, and larger than the manifest's `first_side_px`.

    Args:
        width: Width of the page, in pixels.
        height: Height of the page, in pixels.
        manifest: Gives the longest side, and the limits of `full_size`.
        is_document: Whether the page is a document, and not a scene.

    Returns:
        (width, height) in pixels.

    >>> from models.manifests import load_manifest
    >>> first_size(463, 1013, load_manifest("ppocrv6-small").detection, is_document=True)
    (448, 960)
    """
    scale = max(_LEAST_FIRST_SCALE, manifest.first_side_px / max(width, height))
    first = _scaled(width, height, scale, (_DOCUMENT_STEP if is_document else 1) * manifest.size_multiple_px)
    full = full_size(width, height, manifest)
    return first if first[0] * first[1] < full[0] * full[1] else full


def resize_page(
    pixels: npt.NDArray[np.uint8], number: int, size: tuple[int, int], *, is_document: bool
) -> DetectionInput:
    """Scale a page to an input.

    Args:
        pixels: (height, width, 3) uint8 RGB. Read only, and not copied if the page has the size already.
        number: The page's number, for warnings.
        size: (width, height) of the input, in pixels.
        is_document: Whether the page is a document, and not a scene.
    """
    height, width = pixels.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    # A page that is scaled down a lot is averaged by area: linear interpolation would skip whole strokes.
    interpolation = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    resized = pixels if size == (width, height) else cv2.resize(pixels, size, interpolation=interpolation)
    return DetectionInput(np.asarray(resized, dtype=np.uint8), (width, height), number, is_document)


def _scaled(width: int, height: int, scale: float, multiple: int) -> tuple[int, int]:
    def side(length: int) -> int:
        return max(multiple, round(length * scale / multiple) * multiple)

    return side(width), side(height)
