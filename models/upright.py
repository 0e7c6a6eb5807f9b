"""Turns sizes, points and pixels of a stored page upright, and turns points back."""

import numpy as np
import numpy.typing as npt

__all__ = ["stored_points", "upright_pixels", "upright_points", "upright_size"]

Size = tuple[int, int]


def upright_size(size: Size, rotation: int) -> Size:
    """The width and height of a page after it was turned.

    Args:
        size: (width, height).
        rotation: Degrees (0, 90, 180, 270) clockwise.
    """
    return size if rotation % 180 == 0 else (size[1], size[0])


def upright_points(points: npt.NDArray[np.float32], size: Size, rotation: int) -> npt.NDArray[np.float32]:
    """The places of a page's points after it was turned.

    Args:
        points: (..., 2) float32, (x, y) in pixels of the page as stored.
        size: (width, height) of the page as stored.
        rotation: Degrees (0, 90, 180, 270) clockwise that turn it upright.

    Returns:
        (..., 2) float32, in pixels of the upright page.

    >>> upright_points(np.array([10, 20], np.float32), (200, 100), 90).tolist()
    [80.0, 10.0]
    """
    x, y = points[..., 0], points[..., 1]
    width, height = size
    if rotation == 90:
        x, y = height - y, x
    elif rotation == 180:
        x, y = width - x, height - y
    elif rotation == 270:
        x, y = y, width - x
    return np.stack([x, y], axis=-1)


def stored_points(points: npt.NDArray[np.float32], size: Size, rotation: int) -> npt.NDArray[np.float32]:
    """The places of the upright page's points on the page as stored, the inverse of `upright_points`.

    Args:
        points: (..., 2) float32, (x, y) in pixels of the upright page.
        size: (width, height) of the page as stored.
        rotation: Degrees (0, 90, 180, 270) clockwise that turn it upright.

    Returns:
        (..., 2) float32, in pixels of the page as stored.
    """
    return upright_points(points, upright_size(size, rotation), -rotation % 360)


def upright_pixels(pixels: npt.NDArray[np.uint8], rotation: int) -> npt.NDArray[np.uint8]:
    """Turn a picture. The result is a copy, unless there is nothing to turn.

    Args:
        pixels: (height, width, 3) uint8.
        rotation: Degrees (0, 90, 180, 270) clockwise.
    """
    return pixels if rotation == 0 else np.ascontiguousarray(np.rot90(pixels, -rotation // 90))
