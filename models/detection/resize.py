"""The sizes at which the detector sees a page."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from models.manifests.manifest import DetectionManifest
from models.upright import upright_pixels, upright_size

__all__ = ["DetectionInput", "first_size", "full_size", "resize_page"]

# Documents come in any size: half as many sizes of input, each of which costs a runtime a third of a second when it
# first comes. Cameras make few.
_PAPER_STEP = 2
# Print that is far too small for an input leaves no quads there by which to see it. At this share of the page it leaves
# some wherever the full size could read it (docs/decisions/0014-detection-scale.md).
_LEAST_FIRST_SCALE = 0.3


@dataclass(frozen=True, slots=True)
class DetectionInput:
    """A page made ready for the detector.

    Args:
        pixels: (height, width, 3) uint8 RGB, both sides multiples of the manifest's `size_multiple_px`.
        page_size: (width, height) in pixels of the page it was made from, turned as this is.
        number: Of that page, for warnings.
        is_paper: Whether it shows a document, and not a scene.
        rotation: Degrees (0, 90, 180, 270) clockwise by which it was turned.
    """

    pixels: npt.NDArray[np.uint8]
    page_size: tuple[int, int]
    number: int
    is_paper: bool
    rotation: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the input, in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def scale(self) -> float:
        """Pixels of the input to one of the page, in the direction in which that is less."""
        return min(self.size[0] / self.page_size[0], self.size[1] / self.page_size[1])

    def turned(self, rotation: int) -> "DetectionInput":
        """The same input for a page that is to be turned clockwise by so many degrees; not for one turned already."""
        page_size = upright_size(self.page_size, rotation)
        return replace(self, pixels=upright_pixels(self.pixels, rotation), page_size=page_size, rotation=rotation)


def full_size(width: int, height: int, manifest: DetectionManifest) -> tuple[int, int]:
    """The largest input for a page: for scenes, and for pages with small text.

    Args:
        width: Of the page, in pixels.
        height: Of the page, in pixels.
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


def first_size(width: int, height: int, manifest: DetectionManifest, *, is_paper: bool) -> tuple[int, int]:
    """The input at which a page is looked at first: never more pixels than `full_size`.

    Larger than the manifest's `first_side_px` for a huge page, of which it is three tenths.

    Args:
        width: Of the page, in pixels.
        height: Of the page, in pixels.
        manifest: Gives the longest side, and what `full_size` needs.
        is_paper: Whether it shows a document, and not a scene.

    Returns:
        (width, height) in pixels.

    >>> from models.manifests import load_manifest
    >>> first_size(463, 1013, load_manifest("ppocrv6-small").detection, is_paper=True)
    (448, 960)
    """
    scale = max(_LEAST_FIRST_SCALE, manifest.first_side_px / max(width, height))
    first = _scaled(width, height, scale, (_PAPER_STEP if is_paper else 1) * manifest.size_multiple_px)
    full = full_size(width, height, manifest)
    return first if first[0] * first[1] < full[0] * full[1] else full


def resize_page(pixels: npt.NDArray[np.uint8], number: int, size: tuple[int, int], *, is_paper: bool) -> DetectionInput:
    """Scale a page to an input.

    Args:
        pixels: (height, width, 3) uint8 RGB. Read only; not copied where it has the size already.
        number: The page's number, for warnings.
        size: (width, height) of the input, in pixels.
        is_paper: Whether it shows a document, and not a scene.
    """
    height, width = pixels.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    # Area averaging where much is thrown away: linear interpolation would skip whole strokes.
    interpolation = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    resized = pixels if size == (width, height) else cv2.resize(pixels, size, interpolation=interpolation)
    return DetectionInput(np.asarray(resized, dtype=np.uint8), (width, height), number, is_paper)


def _scaled(width: int, height: int, scale: float, multiple: int) -> tuple[int, int]:
    def side(length: int) -> int:
        return max(multiple, round(length * scale / multiple) * multiple)

    return side(width), side(height)
