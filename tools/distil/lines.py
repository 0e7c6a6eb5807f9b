"""Draws single lines of text as a detector would cut them out: printed, worn, scanned or photographed."""

import re
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from tools.distil.fonts import Fonts, LineFont, opened
from tools.distil.texts import Texts
from tools.int8.drawing import degrade
from tools.int8.drawing.words import Rng

__all__ = ["HEIGHT_PX", "MOST_COLUMNS", "DrawnLine", "draw_line"]

#: Height of the net's input.
HEIGHT_PX = 32
#: Wider lines are not drawn.
MOST_COLUMNS = 640
_INK = 0.25
# Smaller letters can't be read behind a coarse fax or a dot matrix printer.
_LEAST_DOTTED_PX, _LEAST_FAXED_PX = 26, 14
_FINE_PRINTER_PX = 40

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A line, and what is written on it.

    Args:
        pixels: (32, columns) uint8.
        text: Its text.
        places: The middle of each character of the text, in columns, float32.
        whole: (any height, any width) uint8, the line before it was scaled.
    """

    pixels: npt.NDArray[np.uint8]
    text: str
    places: Floats
    whole: npt.NDArray[np.uint8]


def draw_line(rng: Rng, texts: Texts, fonts: Fonts) -> DrawnLine:
    """Draw one line.

    Args:
        rng: Source of all randomness.
        texts: What may be written.
        fonts: What it may be set in.
    """
    while True:
        # Now and then a label, and a value that was filled in.
        faces = [fonts.pick(rng) for _ in range(2 if rng.random() < 0.06 else 1)]
        known = frozenset.intersection(*(face.letters for face in faces))
        text = "".join(one for one in texts(rng) if ord(one) in known or one == " ").strip()
        if text and (line := _drawn(rng, re.sub(" +", " ", text), faces)) is not None:
            return line


def _drawn(rng: Rng, text: str, faces: list[LineFont]) -> DrawnLine | None:
    """Draw the text, unless nothing of it is seen or it gets too wide."""
    em = float(np.exp(rng.uniform(np.log(9.5), np.log(44))))
    finer = 1 if rng.random() < 0.45 else 2
    ink, places = _inked(rng, text, faces, round(em * finer))
    if em * finer > _LEAST_DOTTED_PX and rng.random() < 0.08:
        ink = _dotted(ink, em * finer)
    ink, places = _laid(rng, ink, places, em * finer)
    if finer == 2:
        half = (ink.shape[1] // 2, ink.shape[0] // 2)
        places = places * np.float32(half[0] / ink.shape[1])
        ink = np.asarray(cv2.resize(ink, half, interpolation=cv2.INTER_AREA), np.float32)
    rows, columns = np.flatnonzero(ink.max(axis=1) > _INK), np.flatnonzero(ink.max(axis=0) > _INK)
    if len(rows) < 2 or len(columns) < 2:
        return None
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    high = bottom - top
    ink = _with_rulings(rng, ink, (top, bottom, left, right))
    if rng.random() < 0.15:  # the lines above and below
        pitch = max(high + 1, round(high * rng.uniform(1.0, 1.4)))
        other = np.roll(ink[:, ::-1], pitch if rng.random() < 0.5 else -pitch, axis=0)
        if pitch + high < len(ink):
            ink = np.maximum(ink, other)
    # Detectors leave more or less paper around, and now and then cut into the letters.
    share = rng.uniform(0.42, 0.95) if rng.random() < 0.9 else rng.uniform(0.95, 1.06)
    room = high / share - high
    above = rng.uniform(0.25, 0.75) * room
    before, after = (rng.uniform(-0.03, 0.45) * high for _ in range(2))
    if rng.random() < 0.08:
        after = rng.uniform(0, 3) * high
    y0, y1 = max(0, round(top - above)), min(len(ink), round(bottom + room - above))
    x0, x1 = max(0, round(left - before)), min(ink.shape[1], round(right + after))
    gray = _worn(rng, ink[y0:y1, x0:x1], em)
    width = max(8, round((x1 - x0) * HEIGHT_PX / (y1 - y0) * rng.choice((1, 1, 1, rng.uniform(0.85, 1)))))
    if width > MOST_COLUMNS:
        return None
    places = (places - x0) * np.float32(width / (x1 - x0))
    whole = np.clip(np.rint(gray), 0, 255).astype(np.uint8)
    pixels = np.asarray(cv2.resize(whole, (width, HEIGHT_PX), interpolation=cv2.INTER_LINEAR), np.uint8)
    return DrawnLine(pixels, text, np.clip(places, 0, width - 1).astype(np.float32), whole)


def _inked(rng: Rng, text: str, faces: list[LineFont], size: int) -> tuple[Floats, Floats]:
    """Ink of the text, (H, W) float32 in [0, 1], and the middle of each character."""
    first, other = (opened(face.path, max(size, 7)) for face in (faces[0], faces[-1]))
    begins = text.rfind(" ", 0, len(text) // 2 + 4) + 1  # of the other font
    letters = size * rng.uniform(-0.03, 0.14) if rng.random() < 0.15 else 0.0
    roll = rng.random()
    gap = 0.0 if roll < 0.72 else size * (rng.uniform(-0.08, 0) if roll < 0.8 else rng.exponential(0.5))
    ascent, descent = first.getmetrics()
    pad = size + 4
    starts = np.empty(len(text) + 1, np.float32)
    x = 0.0
    for index, letter in enumerate(text):
        starts[index] = x
        x += (other if index >= begins else first).getlength(letter) + letters + (gap if letter == " " else 0)
    starts[-1] = x
    image = Image.new("L", (max(1, int(x)) + 2 * pad, ascent + descent + 2 * pad))
    draw = ImageDraw.Draw(image)
    pieces = re.finditer(r"\S" if letters else r"\S+", text)
    for piece in pieces:
        place = (pad + float(starts[piece.start()]), ascent + pad)
        used = other if piece.start() >= begins else first
        draw.text(place, piece.group(), fill=255, font=used, anchor="ls")
    ink = np.asarray(image, dtype=np.float32) / np.float32(255)
    if rng.random() < 0.2:
        kernel = np.ones((2, 2), np.uint8)
        thicker = rng.random() < 0.6
        changed = cv2.dilate(ink, kernel) if thicker else cv2.erode(ink, kernel)
        ink = ink + np.float32(rng.uniform(0.2, 1) if thicker else rng.uniform(0.1, 0.6)) * (changed - ink)
    return ink, ((starts[:-1] + starts[1:] - letters) / 2 + pad).astype(np.float32)


def _dotted(ink: Floats, size: float) -> Floats:
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


def _laid(rng: Rng, ink: Floats, places: Floats, size: float) -> tuple[Floats, Floats]:
    """The paper not quite straight, letters narrower, wider or slanted, a base line that bends."""
    height, width = ink.shape
    stretch = float(rng.uniform(0.8, 1.25)) if rng.random() < 0.5 else 1.0
    slant = float(rng.uniform(-0.12, 0.3)) if rng.random() < 0.15 else 0.0
    turn = float(rng.normal(0, 0.5)) if rng.random() < 0.5 else 0.0
    turn = np.deg2rad(np.clip(turn, -1.5, 1.5)) * min(1.0, 12 * height / width)
    if stretch != 1 or slant or turn:
        middle = height / 2
        matrix = np.array([[stretch, -slant, slant * middle], [turn * stretch, 1, -turn * stretch * width / 2]])
        size_px = (int(width * max(1.0, stretch)), height)
        ink = np.asarray(cv2.warpAffine(ink, matrix, size_px, flags=cv2.INTER_LINEAR), np.float32)
        places = places * np.float32(stretch)
    if rng.random() < 0.08:
        x = np.arange(ink.shape[1], dtype=np.float32)
        bend = size * rng.uniform(0.03, 0.12) * np.sin(x / rng.uniform(6, 25) / size + rng.uniform(0, 6))
        rows = np.arange(height, dtype=np.float32)[:, None] + bend[None].astype(np.float32)
        ink = np.asarray(cv2.remap(ink, np.tile(x, (height, 1)), rows, cv2.INTER_LINEAR), np.float32)
    return ink, places


def _with_rulings(rng: Rng, ink: Floats, box: tuple[int, int, int, int]) -> Floats:
    """Rules below, above and beside the text, as forms and tables have them."""
    top, bottom, left, right = box
    high = bottom - top
    thick = max(1, round(high * rng.uniform(0.02, 0.09)))
    dark = np.float32(rng.uniform(0.4, 1))
    if rng.random() < 0.12:
        y = bottom + round(high * rng.uniform(-0.04, 0.35))
        ink[y : y + thick, max(0, round(left - high * rng.uniform(0, 2))) :] = dark
    if rng.random() < 0.04:
        y = max(0, top - round(high * rng.uniform(0.06, 0.35)))
        ink[y : y + thick] = dark
    if rng.random() < 0.1:
        x = max(0, left - round(high * rng.uniform(0.12, 0.45)))
        ink[:, x : x + thick] = dark
    if rng.random() < 0.05:
        x = right + round(high * rng.uniform(0.12, 0.45))
        ink[:, x : x + thick] = dark
    return ink


def _worn(rng: Rng, ink: Floats, em: float) -> Floats:
    """Paper and ink, and what printers, scanners and cameras do to them: (H, W) float32, 0 to 255."""
    roll = rng.random()
    paper, dark = (255.0, 0.0) if roll < 0.2 else (rng.uniform(170, 255), rng.uniform(0, 110))
    if 0.2 <= roll < 0.3:  # little contrast
        paper = rng.uniform(90, 240)
        dark = paper - rng.uniform(25, 70)
    if rng.random() < 0.25:
        ink = _blurred(ink, rng.uniform(0.3, 0.35 + 0.035 * em))
    gray = np.asarray(paper + (dark - paper) * ink, dtype=np.float32)
    if rng.random() < 0.05:
        gray = degrade.speckled(rng, gray, float(rng.uniform(0.0005, 0.004)))
    if rng.random() < 0.35:
        kinds = (_thermal, _photocopy, _photograph, _fax, _textured)
        gray = kinds[int(rng.integers(len(kinds)))](rng, gray, em)
    if rng.random() < 0.4:
        gray = gray + np.float32(rng.choice((2, 5, 12, 22))) * rng.standard_normal(gray.shape, dtype=np.float32)
    if rng.random() < 0.09:
        gray = 255 - gray
    if rng.random() < 0.35:
        whole = np.clip(np.rint(gray), 0, 255).astype(np.uint8)
        _, file = cv2.imencode(".jpg", whole, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 90))])
        gray = np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.float32)
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
