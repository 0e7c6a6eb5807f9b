"""Street and indoor scenes: textures, signs in perspective, text on them, seen by a hasty camera."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from tools.int8.drawing import degrade
from tools.int8.drawing.chinese import chinese, japanese
from tools.int8.drawing.fonts import HAND, LATIN, SIMPLIFIED, TRADITIONAL, Face
from tools.int8.drawing.sheet import Color, Floats, Sheet, Style, text_width
from tools.int8.drawing.words import Rng, amount, code, number, phone, phrase, pick, time

__all__ = ["scene"]


def scene(rng: Rng) -> Sheet:
    """One picture of 1280 x 720 pixels, now and then of 800 x 1200 or 640 x 480."""
    width, height = pick(rng, ((1280, 720),) * 8 + ((800, 1200), (640, 480)))
    sheet = Sheet(background(rng, height, width), rng)
    taken = np.zeros((height, width), dtype=bool)
    wanted = int(rng.integers(4, 15))
    for _ in range(4 * wanted):
        plane, size = _plane(rng, sheet.size)
        corners = np.array([[[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]]], dtype=np.float32)
        outline = np.rint(cv2.perspectiveTransform(corners, plane)).astype(np.int32)
        area = np.zeros((height, width), dtype=np.uint8)
        cv2.fillPoly(area, [outline[0]], 1.0)
        if taken[area > 0].any():
            continue
        taken |= area > 0
        _sign(rng, sheet, outline, plane, size)
        wanted -= 1
        if not wanted:
            break
    return _photographed(rng, sheet)


def background(rng: Rng, height: int, width: int) -> Floats:
    """Clouds of color in several sizes with walls, windows, tiles and cables over them: (H, W, 3) float32 RGB."""
    first, second = _color(rng), _color(rng)
    pixels = np.empty((height, width, 3), dtype=np.float32)
    blend = degrade.cloud(rng, height, width, int(rng.integers(2, 5)))[:, :, None]
    pixels[:] = np.array(first) * blend + np.array(second) * (1 - blend)
    for cells, strength in ((12, 40), (50, 25), (220, 20)):
        pixels += float(rng.uniform(0, strength)) * (degrade.cloud(rng, height, width, cells) - 0.5)[:, :, None]
    for _ in range(int(rng.integers(0, 14))):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        wide, tall = int(rng.integers(20, width // 2)), int(rng.integers(20, height // 2))
        cv2.rectangle(pixels, (x, y), (x + wide, y + tall), _color(rng), pick(rng, (-1, -1, 2, 6)))
    if rng.random() < 0.4:  # tiles, bricks, shutters
        step, dark = int(rng.integers(12, 60)), float(rng.uniform(10, 50))
        pixels[::step] -= dark
        if rng.random() < 0.6:
            pixels[:, :: int(step * rng.uniform(1, 3))] -= dark
    for _ in range(int(rng.integers(0, 10))):
        ends = rng.integers(0, (width, height), size=(2, 2))
        thickness = int(rng.integers(1, 6))
        cv2.line(pixels, tuple(map(int, ends[0])), tuple(map(int, ends[1])), _color(rng), thickness, cv2.LINE_AA)
    return degrade.blurred(pixels, float(rng.uniform(0.3, 3)))


def _plane(rng: Rng, size: tuple[int, int]) -> tuple[Floats, tuple[int, int]]:
    """A rectangle somewhere in the scene: homography from it to the picture, and its width and height."""
    wide = int(size[0] * rng.uniform(0.07, 0.5))
    tall = int(wide * rng.uniform(0.15, 0.7))
    flat = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], dtype=np.float32)
    angle = np.deg2rad(float(rng.normal(0, 7)))
    lean = float(rng.normal(0, 0.15))
    turn = np.array([[np.cos(angle), -np.sin(angle) + lean], [np.sin(angle), np.cos(angle)]], dtype=np.float32)
    at = rng.uniform((0, 0), (max(1, size[0] - wide), max(1, size[1] - tall)))
    target = flat @ turn.T + at.astype(np.float32)
    # One side farther away than the other.
    middle, far = target[1:3].mean(axis=0), float(rng.uniform(0.65, 1.0))
    if rng.random() < 0.5:
        target[1:3] = middle + (target[1:3] - middle) * far
    else:
        middle = (target[0] + target[3]) / 2
        target[[0, 3]] = middle + (target[[0, 3]] - middle) * far
    transform = cv2.getPerspectiveTransform(flat, target.astype(np.float32))
    return np.asarray(transform, dtype=np.float32), (wide, tall)


def _sign(rng: Rng, sheet: Sheet, outline: npt.NDArray[np.int32], plane: Floats, size: tuple[int, int]) -> None:
    """A plate, or none, with one to four lines."""
    mask = np.zeros(sheet.pixels.shape[:2], dtype=np.uint8)
    cv2.fillPoly(mask, [outline[0]], 1.0)
    ground = float(sheet.pixels[mask > 0].mean()) if mask.any() else 128.0
    if rng.random() < 0.7:
        plate = _color(rng)
        cv2.fillPoly(sheet.pixels, [outline[0]], plate, cv2.LINE_AA)
        ground = sum(plate) / 3
        if rng.random() < 0.4:
            cv2.polylines(sheet.pixels, [outline[0]], True, _color(rng), int(rng.integers(1, 6)), cv2.LINE_AA)
    color = _against(rng, ground)
    faces = pick(rng, (LATIN, LATIN, LATIN, HAND, SIMPLIFIED, TRADITIONAL))
    rows = int(rng.integers(1, 4)) if size[1] > 60 else 1
    y = size[1] * 0.08
    for _ in range(rows):
        room = size[1] * 0.84 / rows
        letters = int(min(room * rng.uniform(0.55, 0.95), 220))
        face = pick(rng, faces)
        style = Style(
            face,
            max(letters, 8),
            color,
            spacing_px=float(pick(rng, (0, 0, 0, letters * 0.12))),
            opacity=float(rng.uniform(0.75, 1)),
            shadow=pick(rng, (None, None, None, _color(rng))),
        )
        text, style = _fitted(rng, face, style, size[0] * 0.92)
        y += room
        spare = size[0] - text_width(text, style)
        sheet.write(text, style, spare * pick(rng, (0.1, 0.5, 0.5)), y - room * 0.25, plane)


def _fitted(rng: Rng, face: Face, style: Style, width: float) -> tuple[str, Style]:
    """A text that the width has room for, made narrower or smaller where it has not."""
    text = _text(rng, face)
    if (ratio := width / max(1.0, text_width(text, style))) < 1:
        narrow = max(ratio, 0.7)
        size = max(7, int(style.size_px * min(1, ratio / narrow)))
        style = replace(style, size_px=size, stretch=narrow, spacing_px=style.spacing_px * ratio)
    return text, style


def _text(rng: Rng, face: Face) -> str:
    if face in SIMPLIFIED and rng.random() < 0.85:
        return chinese(rng, int(rng.integers(2, 9)))
    if face in TRADITIONAL and rng.random() < 0.85:
        length = int(rng.integers(2, 9))
        return japanese(rng, length) if rng.random() < 0.4 else chinese(rng, length, "big5")
    short: tuple[Callable[[], str], ...] = (
        lambda: phrase(rng, 1, 1, "upper"),
        lambda: phrase(rng, 1, 3),
        lambda: phrase(rng, 2, 4, "title"),
        lambda: number(rng),
        lambda: amount(rng),
        lambda: phone(rng),
        lambda: time(rng),
        lambda: code(rng, 6),
        lambda: phrase(rng, 1, 2, "upper") + pick(rng, ("!", " %", " &", "?", " 24h", " @", " ->")),
        lambda: f"www.{phrase(rng, 1, 1, 'lower')}.com",
    )
    return pick(rng, short)()


def _color(rng: Rng) -> Color:
    """Any color: dull ones as often as loud ones."""
    gray = rng.uniform(15, 245)
    red, green, blue = np.clip(gray + rng.normal(0, pick(rng, (8, 60))) * rng.uniform(-1, 1, size=3), 0, 255)
    return float(red), float(green), float(blue)


def _against(rng: Rng, ground: float) -> Color:
    """A color that can be told from a ground of that brightness, now and then barely."""
    least = float(pick(rng, (35, 80, 120, 120)))
    for _ in range(50):
        color = _color(rng)
        if abs(sum(color) / 3 - ground) > least:
            return color
    return (250.0, 250.0, 250.0) if ground < 128 else (10.0, 10.0, 10.0)


def _photographed(rng: Rng, sheet: Sheet) -> Sheet:
    pixels = sheet.pixels
    if rng.random() < 0.7:
        pixels = degrade.shaded(rng, pixels, float(rng.uniform(0.1, 0.7)))
    if rng.random() < 0.4:
        pixels = degrade.contrasted(pixels, float(rng.uniform(0.35, 1.0)), float(rng.uniform(-30, 30)))
    if rng.random() < 0.35:
        pixels = degrade.moved(rng, pixels, int(rng.integers(3, 9)))
    if rng.random() < 0.3:
        pixels = degrade.rescaled(pixels, float(rng.uniform(0.4, 0.8)))
    pixels = degrade.blurred(pixels, float(rng.uniform(0, 1.6)))
    pixels = degrade.grained(rng, pixels, float(rng.uniform(1, 14)), float(rng.uniform(0, 1.2)))
    sheet.pixels = degrade.compressed(pixels, int(rng.integers(40, 96)))
    return sheet
