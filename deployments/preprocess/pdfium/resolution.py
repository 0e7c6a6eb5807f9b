"""Chooses the resolution of a page's drawing by the page's contents."""

import math
from dataclasses import dataclass

from deployments.preprocess.pdfium.contents import Contents, Picture

__all__ = ["Resolution", "resolution", "suitable_dpi"]

# The resolution if nothing is known of the text: in outlines, in form fields, in pictures on a part of the page.
_DEFAULT_DPI = 200.0

# 10 points are 21 pixels high at 150 dpi, and 6 points 25 at 300.
_ORDINARY_PT, _ORDINARY_DPI = 10.0, 150.0
_SMALL_PT, _SMALL_DPI = 6.0, 300.0

# Pages of still smaller text are mostly small, and only small ones are drawn so large.
_TINY_LINE_PX = 25.0
_TINY_PAGE_PIXELS = 9_000_000

# The share of a page's characters that may be smaller than the deciding size: superscripts, small print in figures.
_SMALLEST_SHARE = 0.05

# A scan covers all of the page except its margins.
_SCAN_COVERAGE = 0.8
_SCAN_DPI = (72.0, 600.0)

# A scan in layers (ISO 16485) has its text in masks that are finer than the pictures behind them.
_LAYERED_COVERAGE = 1.5

# JPEG and most other formats can't hold longer sides.
_MAX_SIDE = 65_000


@dataclass(frozen=True, slots=True)
class Resolution:
    """The size in which a page is drawn.

    Args:
        dpi: Pixels an inch.
        width: Width in pixels.
        height: Height in pixels.
        wanted_dpi: Pixels an inch without the limit on pixels.
    """

    dpi: float
    width: int
    height: int
    wanted_dpi: float


def resolution(dpi: float, width_pt: float, height_pt: float, max_pixels: int) -> Resolution:
    """Keep a page within the limit on pixels.

    Args:
        dpi: Pixels an inch that the page should have.
        width_pt: The page's width in points.
        height_pt: The page's height in points.
        max_pixels: The most pixels that the drawing may have.
    """
    scale = dpi / 72
    fitting = min(scale, _MAX_SIDE / width_pt, _MAX_SIDE / height_pt)
    if (width_pt * fitting) * (height_pt * fitting) > max_pixels:
        fitting = math.sqrt(max_pixels) / math.sqrt(width_pt) / math.sqrt(height_pt)
    width, height = max(1, round(width_pt * fitting)), max(1, round(height_pt * fitting))
    # A drawing that is one pixel wide must not exceed the limit by its length.
    width, height = min(width, max_pixels // height, _MAX_SIDE), min(height, max_pixels // width, _MAX_SIDE)
    return Resolution(fitting * 72, max(1, width), max(1, height), dpi)


def suitable_dpi(contents: Contents, width_pt: float, height_pt: float) -> float:
    """Choose the pixels an inch for a page.

    Args:
        contents: The page's contents.
        width_pt: The page's width in points.
        height_pt: The page's height in points.
    """
    covered = sum(picture.coverage for picture in contents.pictures)
    if covered > _SCAN_COVERAGE:
        low = _DEFAULT_DPI if covered > _LAYERED_COVERAGE else _SCAN_DPI[0]
        return min(max(_scan_dpi(contents.pictures, covered), low), _SCAN_DPI[1])
    size = _small_size(contents.text_sizes)
    if size is None:
        dpi = _DEFAULT_DPI
    elif size >= _SMALL_PT:
        share = min(1.0, (_ORDINARY_PT - size) / (_ORDINARY_PT - _SMALL_PT)) if size < _ORDINARY_PT else 0.0
        dpi = _ORDINARY_DPI + share * (_SMALL_DPI - _ORDINARY_DPI)
    else:
        most = 72 * math.sqrt(_TINY_PAGE_PIXELS) / math.sqrt(width_pt) / math.sqrt(height_pt)
        dpi = min(max(_SMALL_DPI, min(_TINY_LINE_PX * 72 / size, most)), _SCAN_DPI[1])
    if contents.pictures or contents.outline_glyphs or contents.annotations or not contents.is_complete:
        dpi = max(dpi, _DEFAULT_DPI)
    return dpi


def _scan_dpi(pictures: list[Picture], covered: float) -> float:
    """Tell the resolution of a scan by its finest pictures that make up a third of the covered area.

    So a small logo does not decide, and a scan in strips has the resolution of its strips.
    """
    so_far = 0.0
    for picture in sorted(pictures, key=lambda picture: -picture.dpi):
        so_far += picture.coverage
        if so_far >= covered / 3:
            return picture.dpi
    return _DEFAULT_DPI


def _small_size(sizes: list[tuple[float, float]]) -> float | None:
    """Find the size, in points, that only few characters fall below."""
    total = sum(count for _, count in sizes)
    so_far = 0.0
    for size, count in sorted(sizes):
        so_far += count
        if so_far >= _SMALLEST_SHARE * total:
            return size
    return None
