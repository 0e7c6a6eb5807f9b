"""What printers, scanners, cameras and compression do to a line's ink."""

import cv2
import numpy as np
import numpy.typing as npt

from tools.int8.drawing import degrade
from tools.int8.drawing.words import Rng

__all__ = ["dotted", "hardened", "worn"]

# Smaller letters can't be read behind a coarse fax.
_LEAST_FAXED_PX = 14
_FINE_PRINTER_PX = 40

Floats = npt.NDArray[np.float32]


def hardened(rng: Rng, ink: Floats) -> Floats:
    """Black and white, as a scanner or a fax machine decides for each of its pixels: (H, W) float32, 0 or 1.

    Strokes break and run together, edges get ragged.
    """
    height, width = ink.shape
    soft = _blurred(ink, float(rng.uniform(0.3, 0.9)))
    if rng.random() < 0.6:
        soft = soft + np.float32(rng.uniform(0.03, 0.18)) * rng.standard_normal(soft.shape, dtype=np.float32)
    level: Floats | float = float(rng.uniform(0.3, 0.65))
    if rng.random() < 0.4:
        level = level + np.float32(rng.uniform(0.1, 0.5)) * (degrade.cloud(rng, height, width, width // 12 + 4) - 0.5)
    return (soft > level).astype(np.float32)


def dotted(ink: Floats, size: float) -> Floats:
    """The ink as the needles of a dot matrix printer leave it."""
    cell = max(2, round(size / (12 if size < _FINE_PRINTER_PX else 15)))  # needles for the height of an em
    height, width = ink.shape[0] // cell, ink.shape[1] // cell
    small = cv2.resize(ink[: height * cell, : width * cell], (width, height), interpolation=cv2.INTER_AREA)
    axis = (np.arange(cell) - (cell - 1) / 2) / (cell / 2)
    dot = np.clip(1.6 - 1.3 * np.hypot(axis[:, None], axis[None]), 0, 1).astype(np.float32)
    dots = np.kron((np.asarray(small) > 0.4).astype(np.float32), dot)
    result = np.zeros_like(ink)
    result[: height * cell, : width * cell] = dots
    return result


def worn(rng: Rng, ink: Floats, em: float, is_scanned: bool) -> Floats:
    """Paper and ink, and what printers, scanners and cameras do to them: (H, W) float32, 0 to 255."""
    roll = rng.random()
    paper, dark = (255.0, 0.0) if roll < 0.2 else (rng.uniform(170, 255), rng.uniform(0, 110))
    if 0.2 <= roll < 0.3:  # little contrast
        paper = rng.uniform(90, 240)
        dark = paper - rng.uniform(30, 80)
    if rng.random() < 0.25:
        ink = _blurred(ink, rng.uniform(0.3, 0.35 + 0.035 * em))
    gray = np.asarray(paper + (dark - paper) * ink, dtype=np.float32)
    if rng.random() < 0.05:
        gray = degrade.speckled(rng, gray, float(rng.uniform(0.0005, 0.004)))
    if not is_scanned and rng.random() < 0.35:
        kinds = (_thermal, _photocopy, _photograph, _fax, _textured)
        gray = kinds[int(rng.integers(len(kinds)))](rng, gray, em)
    if rng.random() < 0.15:
        gray = _scratched(rng, gray)
    if rng.random() < 0.35:
        sigma = np.float32(rng.uniform(0.01, 0.1) * abs(paper - dark))
        gray = gray + sigma * rng.standard_normal(gray.shape, dtype=np.float32)
    if rng.random() < 0.04:
        gray = 255 - gray
    if rng.random() < 0.35:
        whole = np.clip(np.rint(gray), 0, 255).astype(np.uint8)
        _, file = cv2.imencode(".jpg", whole, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 90))])
        gray = np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.float32)
    return gray


def _scratched(rng: Rng, gray: Floats) -> Floats:
    """Some of the line is lost: dots that a printer's head lacks, a fold, a smear, uneven contrast."""
    gray = gray.copy()
    height, width = gray.shape
    low, high = float(gray.min()), float(gray.max())
    roll = rng.random()
    if roll < 0.3:  # rows without ink
        gray[int(rng.integers(height)) :: int(rng.integers(7, 2 * height + 8))] = high
    elif roll < 0.65:  # small pieces
        for _ in range(int(rng.integers(1, 2 + width // (2 * height)))):
            tall, wide = (max(1, round(height * rng.uniform(0.04, share))) for share in (0.5, 0.25))
            y, x = int(rng.integers(height)), int(rng.integers(width))
            gray[y : y + tall, x : x + wide] = high if rng.random() < 0.6 else rng.uniform(low, high)
    else:
        curve = np.clip((gray - low) / max(1.0, high - low), 0, 1) ** np.float32(np.exp(rng.uniform(-0.9, 0.9)))
        gray = (low + (high - low) * curve).astype(np.float32)
    return gray


def _blurred(ink: Floats, sigma: float) -> Floats:
    """Out of focus."""
    return np.asarray(cv2.GaussianBlur(ink, (0, 0), sigma), np.float32)


def _thermal(rng: Rng, gray: Floats, em: float) -> Floats:
    return degrade.faded(rng, gray[..., None], float(rng.uniform(0.2, 0.65)))[..., 0]


def _photocopy(rng: Rng, gray: Floats, em: float) -> Floats:
    low, high = float(gray.min()), float(gray.max())
    full = (gray - low) * np.float32(255 / max(1.0, high - low))
    return degrade.photocopied(rng, full[..., None].repeat(3, axis=2), float(rng.uniform(0.02, 0.09)))[..., 0]


def _photograph(rng: Rng, gray: Floats, em: float) -> Floats:
    gray = degrade.shaded(rng, gray[..., None], float(rng.uniform(0.1, 0.6)))[..., 0]
    if em > 16 and rng.random() < 0.4:
        return degrade.moved(rng, gray, int(rng.integers(2, 3 + int(em / 12))))
    return _blurred(gray, float(rng.uniform(0.4, 0.4 + 0.04 * em)))


def _fax(rng: Rng, gray: Floats, em: float) -> Floats:
    if em < _LEAST_FAXED_PX:
        return _photocopy(rng, gray, em)
    height, width = gray.shape
    coarse = min(1.0, float(rng.uniform(16, 30)) / em)
    small = (max(1, round(width * coarse)), max(1, round(height * coarse * rng.choice((1, 1, 0.7)))))
    rough = cv2.resize(gray, small, interpolation=cv2.INTER_AREA)
    rough = rough + np.float32(0.08 * np.ptp(gray)) * rng.standard_normal(rough.shape, dtype=np.float32)
    hard = (rough > np.float32((float(gray.max()) + float(gray.min())) / 2)).astype(np.float32) * 255
    return np.asarray(cv2.resize(hard, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _textured(rng: Rng, gray: Floats, em: float) -> Floats:
    height, width = gray.shape
    strength = float(rng.uniform(10, 60))
    return gray + np.float32(strength) * (degrade.cloud(rng, height, width, max(4, int(rng.integers(4, 80)))) - 0.5)
