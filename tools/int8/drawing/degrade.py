"""What scanners, cameras, printers and compression do to a picture.

Every function takes and returns (H, W, 3) float32 RGB, 0 to 255, and changes no array that it is given.
"""

import cv2
import numpy as np

from tools.int8.drawing.sheet import Color, Floats
from tools.int8.drawing.words import Rng

__all__ = [
    "blurred",
    "cloud",
    "compressed",
    "contrasted",
    "faded",
    "grained",
    "moved",
    "paper",
    "perspective",
    "photocopied",
    "rescaled",
    "shaded",
    "speckled",
]


def cloud(rng: Rng, height: int, width: int, cells: int) -> Floats:
    """Smooth noise, (H, W) float32 in [0, 1], with about `cells` hills along the longer side."""
    scale = cells / max(height, width)
    small = rng.random((max(2, round(height * scale)), max(2, round(width * scale)))).astype(np.float32)
    smooth = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.float32)
    return np.clip(smooth, 0, 1)


def paper(rng: Rng, height: int, width: int, color: Color, unevenness: float) -> Floats:
    """An empty sheet whose brightness varies a little over it."""
    sheet = np.empty((height, width, 3), dtype=np.float32)
    sheet[:] = color
    return sheet + (unevenness * (cloud(rng, height, width, 6) - 0.5))[:, :, None]


def shaded(rng: Rng, pixels: Floats, strength: float) -> Floats:
    """Light that falls unevenly: wide shadows that take up to `strength` of the brightness."""
    height, width = pixels.shape[:2]
    return pixels * (1 - strength * cloud(rng, height, width, int(rng.integers(2, 5))))[:, :, None]


def faded(rng: Rng, pixels: Floats, strength: float) -> Floats:
    """Ink that is pale in some places: up to `strength` of the way to the paper's color."""
    height, width = pixels.shape[:2]
    pale = cloud(rng, height, width, int(rng.integers(3, 12)))
    # A thermal head has weak dots: narrow stripes along the paper.
    pale = pale * (0.7 + 0.6 * rng.random((1, width)).astype(np.float32))
    ground = np.quantile(pixels[::8, ::8], 0.9, axis=(0, 1)).astype(np.float32)
    return pixels + (ground - pixels) * (strength * np.clip(pale, 0, 1))[:, :, None]


def contrasted(pixels: Floats, contrast: float, brightness: float) -> Floats:
    """Contrast scaled around the mean, which is then moved by `brightness`."""
    middle = pixels.mean(axis=(0, 1), keepdims=True)
    return np.asarray(middle + (pixels - middle) * contrast + brightness, dtype=np.float32)


def grained(rng: Rng, pixels: Floats, sigma: float, grain_px: float = 0.0) -> Floats:
    """Noise of a sensor: of each color its own, its grains `grain_px` wide."""
    noise = rng.standard_normal(pixels.shape, dtype=np.float32)
    if grain_px:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), grain_px), dtype=np.float32)
        noise /= float(noise.std())
    return pixels + sigma * noise


def speckled(rng: Rng, pixels: Floats, share: float) -> Floats:
    """Specks of dirt and of missing ink, of one to four pixels; `share` of the pixels are one's center."""
    result = pixels.copy()
    height, width = pixels.shape[:2]
    for _ in range(round(share * height * width)):
        y, x = int(rng.integers(height)), int(rng.integers(width))
        tall, wide = (int(extent) for extent in rng.integers(1, 3, size=2))
        result[y : y + tall, x : x + wide] = rng.uniform(0, 110) if rng.random() < 0.7 else 250
    return result


def photocopied(rng: Rng, pixels: Floats, hardness: float) -> Floats:
    """A copy of a copy: letters grow thicker or thinner, grays go to black and white, edges get ragged."""
    kernel = np.ones((2, 2), dtype=np.uint8)
    grow = cv2.erode if rng.random() < 0.5 else cv2.dilate
    changed = pixels + rng.uniform(0, 0.5) * (np.asarray(grow(pixels, kernel), dtype=np.float32) - pixels)
    rough = grained(rng, changed, 18, 0.7)
    level = float(rng.uniform(120, 170))
    hard = 250 / (1 + np.exp(-(rough - level) * hardness))
    return np.asarray(hard.mean(axis=2, keepdims=True).repeat(3, axis=2), dtype=np.float32)


def blurred(pixels: Floats, sigma: float) -> Floats:
    """Out of focus."""
    return pixels if sigma <= 0 else np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), dtype=np.float32)


def moved(rng: Rng, pixels: Floats, length_px: int) -> Floats:
    """A camera that moved while it looked."""
    kernel = np.zeros((length_px, length_px), dtype=np.float32)
    angle = rng.uniform(0, np.pi)
    reach = (length_px - 1) / 2
    for step in np.linspace(-reach, reach, 4 * length_px):
        kernel[round(reach + step * np.sin(angle)), round(reach + step * np.cos(angle))] += 1
    kernel /= kernel.sum()
    return np.asarray(cv2.filter2D(pixels, -1, kernel, borderType=cv2.BORDER_REPLICATE), dtype=np.float32)


def rescaled(pixels: Floats, factor: float) -> Floats:
    """Detail lost: made smaller by `factor` and blown up again."""
    height, width = pixels.shape[:2]
    small = cv2.resize(pixels, (round(width * factor), round(height * factor)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def compressed(pixels: Floats, quality: int) -> Floats:
    """Through JPEG and back."""
    whole = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    _, file = cv2.imencode(".jpg", whole[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR_RGB), dtype=np.float32)


def perspective(rng: Rng, size: tuple[int, int], degrees: float, keystone: float) -> Floats:
    """A picture laid down not quite straight: (3, 3) float32 homography.

    Args:
        rng: Source of randomness.
        size: Width and height of the picture, in pixels.
        degrees: Most rotation, each way.
        keystone: Most shift of a corner, as a share of the width.
    """
    width, height = size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    target = corners + rng.uniform(-keystone * width, keystone * width, size=(4, 2)).astype(np.float32)
    bent = cv2.getPerspectiveTransform(corners, target)
    turn = np.eye(3)
    turn[:2] = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-degrees, degrees), 1)
    return np.asarray(turn @ bent, dtype=np.float32)
