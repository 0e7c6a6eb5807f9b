"""Finds the size of the page that a picture becomes."""

from typing import Final

__all__ = ["page_size"]

# Cameras and screens write 72 or 96 dpi and mean nothing by it. No scanner works at less than 100. Faxes have 204 x 98.
_MIN_STATED_DPI: Final = 100
_MIN_OTHER_DPI: Final = 50
_MAX_STATED_DPI: Final = 4800
_MAX_RATIO: Final = 4

# A picture without a resolution counts as a usual scan, no longer than A4.
_ASSUMED_DPI: Final = 200
_A4_LENGTH_PT: Final = 841.89

# The longest side that a page can have (ISO 32000-1, annex C.2), and the shortest that viewers show.
_MAX_SIDE_PT: Final = 14_400
_MIN_SIDE_PT: Final = 3

_POINTS_PER_INCH: Final = 72


def page_size(width_px: int, height_px: int, dpi: tuple[float, float]) -> tuple[float, float]:
    """Find the size of a picture's page.

    Args:
        width_px: Width of the picture as stored.
        height_px: Height of the picture as stored.
        dpi: The resolution that the picture states, across and down; any value if it states none.

    Returns:
        (width, height) in points: by the picture's own resolution if that makes sense, else at 200 dpi, but no longer
        than A4.
    """
    longer = max(width_px, height_px)
    if _is_sensible(dpi):
        width, height = width_px / dpi[0] * _POINTS_PER_INCH, height_px / dpi[1] * _POINTS_PER_INCH
        if max(width, height) <= _MAX_SIDE_PT and min(width, height) >= _MIN_SIDE_PT:
            return round(width, 3), round(height, 3)
    scale = min(_POINTS_PER_INCH / _ASSUMED_DPI, _A4_LENGTH_PT / longer)
    return max(round(width_px * scale, 3), _MIN_SIDE_PT), max(round(height_px * scale, 3), _MIN_SIDE_PT)


def _is_sensible(dpi: tuple[float, float]) -> bool:
    low, high = min(dpi), max(dpi)
    # Not a number fails each comparison.
    return low >= _MIN_OTHER_DPI and _MIN_STATED_DPI <= high <= _MAX_STATED_DPI and high <= _MAX_RATIO * low
